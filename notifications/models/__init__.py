"""What people are told, and how it reaches them."""

from notifications.models.announcements import Announcement, AnnouncementEvent
from notifications.models.budgets import ChannelSpend, ChannelTerms
from notifications.models.devices import PushDevice
from notifications.models.messages import Delivery, Notification, OptOut
from notifications.models.preferences import MessageSettings, Mute
from notifications.models.support import SupportEvent, SupportMessage, SupportTicket
from notifications.models.taps import TapLink
from notifications.models.webhooks import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from notifications.models.wordings import Wording

__all__ = [
    "Announcement",
    "AnnouncementEvent",
    "ChannelSpend",
    "ChannelTerms",
    "Delivery",
    "MessageSettings",
    "Mute",
    "Notification",
    "OptOut",
    "PushDevice",
    "SupportEvent",
    "SupportMessage",
    "SupportTicket",
    "TapLink",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
    "Wording",
]
