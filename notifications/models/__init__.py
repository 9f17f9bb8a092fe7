"""What people are told, and how it reaches them."""

from notifications.models.messages import Delivery, Notification, OptOut
from notifications.models.webhooks import WebhookAttempt, WebhookDelivery, WebhookEndpoint

__all__ = ["Delivery", "Notification", "OptOut", "WebhookAttempt", "WebhookDelivery", "WebhookEndpoint"]
