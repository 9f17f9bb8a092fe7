"""What people are told, and how it reaches them."""

from notifications.models.devices import PushDevice
from notifications.models.messages import Delivery, Notification, OptOut
from notifications.models.preferences import MessageSettings, Mute
from notifications.models.webhooks import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from notifications.models.wordings import Wording

__all__ = [
    "Delivery",
    "MessageSettings",
    "Mute",
    "Notification",
    "OptOut",
    "PushDevice",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
    "Wording",
]
