from importlib import import_module

from django.apps import AppConfig, apps
from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig
from django.db.models.signals import post_migrate


class AdminConfig(DjangoAdminConfig):
    """The admin, under our own site."""

    default_site = "config.site.Site"


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        # After the permissions of the last app, which Django makes at the same signal.
        post_migrate.connect(import_module("config.roles").install, sender=apps.get_app_config("notifications"))
        import_module("config.scopes").register()
        import_module("config.measures")
        import_module("config.retention")
        import_module("config.events")  # registers its check, when every app has registered its handlers
