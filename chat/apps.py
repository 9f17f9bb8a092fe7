from django.apps import AppConfig


class ChatConfig(AppConfig):
    name = "chat"

    def ready(self) -> None:
        from chat import handlers, personal_data  # noqa: F401, PLC0415 - each registers what it holds
        from chat.api import live_shapes  # noqa: F401, PLC0415
