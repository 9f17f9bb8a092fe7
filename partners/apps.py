from importlib import import_module

from django.apps import AppConfig


class PartnersConfig(AppConfig):
    name = "partners"

    def ready(self) -> None:
        import_module("partners.handlers")  # registers them
        import_module("partners.personal_data")  # says what is held
