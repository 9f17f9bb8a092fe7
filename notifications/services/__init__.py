"""Every write of the notifications: telling, sending, receipts, the inbox."""

from notifications.services.inbox import mark_read, prune
from notifications.services.receipts import leave_unsent, record_receipt, record_reply, replay
from notifications.services.telling import Recipient, Subject, notify

__all__ = [
    "Recipient",
    "Subject",
    "leave_unsent",
    "mark_read",
    "notify",
    "prune",
    "record_receipt",
    "record_reply",
    "replay",
]
