"""What a conversation is about, who speaks in it, and how a report ends."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class ChatSubject(StrEnum):
    """What two sides talk about."""

    ASSIGNMENT = "assignment"
    ORDER = "order"
    TRANSFER = "transfer"
    APPOINTMENT = "appointment"


class ChatRole(StrEnum):
    """Who speaks, of the two sides of a subject."""

    DONOR = "donor"
    CENTRE = "centre"  # the partner that waits for the donor
    RECEIVER = "receiver"  # the person or hospital that ordered
    BANK = "bank"
    ASKER = "asker"
    SENDER = "sender"
    PATIENT = "patient"
    DOCTOR = "doctor"


# The two sides of each subject.
ROLES: Final[Mapping[ChatSubject, tuple[ChatRole, ChatRole]]] = {
    ChatSubject.ASSIGNMENT: (ChatRole.DONOR, ChatRole.CENTRE),
    ChatSubject.ORDER: (ChatRole.RECEIVER, ChatRole.BANK),
    ChatSubject.TRANSFER: (ChatRole.ASKER, ChatRole.SENDER),
    ChatSubject.APPOINTMENT: (ChatRole.PATIENT, ChatRole.DOCTOR),
}
# What is said in these belongs to a patient's record: neither side can take it from the other.
MEDICAL: Final = frozenset({ChatSubject.APPOINTMENT})

_DAY: Final = dt.timedelta(days=1)
# How long one may still write when the subject is over: a thing left behind, a bag that did not fit, a question about
# the dose. Policy of this product.
GRACE: Final[Mapping[ChatSubject, dt.timedelta]] = {
    ChatSubject.ASSIGNMENT: _DAY,
    ChatSubject.ORDER: 2 * _DAY,
    ChatSubject.TRANSFER: 2 * _DAY,
    ChatSubject.APPOINTMENT: 3 * _DAY,
}
# How long it is kept from its closing. What is said to a doctor is part of the record, which the Telemedicine Practice
# Guidelines have kept for three years; of the others half a year is what a complaint may need.
KEEP: Final[Mapping[ChatSubject, dt.timedelta]] = {
    subject: 3 * 366 * _DAY if subject in MEDICAL else 180 * _DAY for subject in ChatSubject
}


class ChatStatus(StrEnum):
    """Whether one may write; reading goes on until a conversation is deleted."""

    OPEN = "open"
    CLOSED = "closed"


class MessageKind(StrEnum):
    TEXT = "text"
    QUICK_REPLY = "quick_reply"
    FILE = "file"
    STEP = "step"  # the subject went on: said by nobody


class DeletedFor(StrEnum):
    """For whom a deleted message is gone."""

    AUTHOR = "author"
    BOTH = "both"


class ChatStep(StrEnum):
    """What a step of the subject is called in its conversation."""

    ACCEPTED = "accepted"
    ARRIVED = "arrived"
    DONATED = "donated"
    DEFERRED = "deferred"
    MISSED = "missed"
    RELEASED = "released"
    CANCELLED = "cancelled"
    PLACED = "placed"
    PAID = "paid"
    PACKED = "packed"
    DISPATCHED = "dispatched"
    DELIVERED = "delivered"
    FAILED = "failed"
    RETURNED = "returned"
    REJECTED = "rejected"
    OFFERED = "offered"
    CONFIRMED = "confirmed"
    RECEIVED = "received"
    ENDED = "ended"
    RESCHEDULED = "rescheduled"
    CHECKED_IN = "checked_in"
    STARTED = "started"
    COMPLETED = "completed"
    VIDEO_OPEN = "video_open"
    CLOSED_BY_US = "closed_by_us"  # by an administrator


class ReportReason(StrEnum):
    ABUSE = "abuse"
    SPAM = "spam"
    MONEY = "money"  # blood is not sold: somebody asks for money, or offers it
    PRIVACY = "privacy"
    OTHER = "other"


class ReportStatus(StrEnum):
    OPEN = "open"
    DISMISSED = "dismissed"
    WARNED = "warned"
    CLOSED = "closed"  # the conversation
    BLOCKED = "blocked"  # whoever wrote it


REPORT_TRANSITIONS: Final = {
    (ReportStatus.OPEN, "dismiss"): ReportStatus.DISMISSED,
    (ReportStatus.OPEN, "warn"): ReportStatus.WARNED,
    (ReportStatus.OPEN, "close"): ReportStatus.CLOSED,
    (ReportStatus.OPEN, "block"): ReportStatus.BLOCKED,
}
