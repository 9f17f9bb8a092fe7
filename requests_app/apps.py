from django.apps import AppConfig


class RequestsAppConfig(AppConfig):
    name = "requests_app"
    verbose_name = "Requests"

    def ready(self) -> None:
        from requests_app import handlers, personal_data  # noqa: F401, PLC0415  (both register what they hold)
