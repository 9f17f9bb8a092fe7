"""What people are told, and how it reaches them."""

from notifications.models.messages import Delivery, Notification, OptOut

__all__ = ["Delivery", "Notification", "OptOut"]
