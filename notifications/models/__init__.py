"""What people are told, and how it reaches them."""

from notifications.models.announcements import Announcement, AnnouncementEvent
from notifications.models.budgets import ChannelSpend, ChannelTerms
from notifications.models.messages import Delivery, Notification, OptOut
from notifications.models.support import SupportEvent, SupportMessage, SupportTicket
from notifications.models.taps import TapLink
from notifications.models.webhooks import WebhookAttempt, WebhookDelivery, WebhookEndpoint

__all__ = [
    "Announcement",
    "AnnouncementEvent",
    "ChannelSpend",
    "ChannelTerms",
    "Delivery",
    "Notification",
    "OptOut",
    "SupportEvent",
    "SupportMessage",
    "SupportTicket",
    "TapLink",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
]
