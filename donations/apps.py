from django.apps import AppConfig


class DonationsConfig(AppConfig):
    name = "donations"

    def ready(self) -> None:
        from donations import handlers, personal_data  # noqa: F401, PLC0415  (both register what they hold)
