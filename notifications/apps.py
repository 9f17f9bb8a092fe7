from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "notifications"

    def ready(self) -> None:
        from notifications import handlers, live, personal_data  # noqa: F401, PLC0415 - registers them
        from notifications.webhooks import handlers as webhooks  # noqa: F401, PLC0415 - registers them
