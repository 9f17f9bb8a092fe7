from importlib import import_module

from django.apps import AppConfig


class UsersConfig(AppConfig):
    name = "users"

    def ready(self) -> None:
        import_module("users.handlers")  # registers them
        import_module("users.holdings")  # registers them
        import_module("users.identity.certificates")  # registers its check
