from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "payments"

    def ready(self) -> None:
        from payments import handlers, personal_data  # noqa: F401, PLC0415 - registers them
