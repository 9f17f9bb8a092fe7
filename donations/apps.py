from django.apps import AppConfig


class DonationsConfig(AppConfig):
    name = "donations"

    def ready(self) -> None:
        from donations import handlers  # noqa: F401, PLC0415  (registers the handlers)
