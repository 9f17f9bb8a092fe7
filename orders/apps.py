from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "orders"

    def ready(self) -> None:
        from orders import handlers, personal_data  # noqa: F401, PLC0415 - both register what they hold
