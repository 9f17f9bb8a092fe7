from django.apps import AppConfig


class StockConfig(AppConfig):
    name = "stock"

    def ready(self) -> None:
        from stock import handlers  # noqa: F401, PLC0415  (registers what it listens to)
