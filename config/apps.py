from importlib import import_module

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig


class AdminConfig(DjangoAdminConfig):
    """The admin, under our own site."""

    default_site = "config.site.Site"


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        import_module("config.scopes").register()
        import_module("config.retention")
        import_module("config.events")  # registers its check, when every app has registered its handlers
