"""What this app holds of a person."""

from __future__ import annotations

import uuid

from notifications import selectors
from notifications.models import TapLink
from notifications.owners import Owner
from notifications.services.support import delete_traces
from users.personal_data import Holding, Rows, hold, leaves_traces

DEVICE = ("id", "platform", "app_version", "language", "created_at", "seen_at")
FIELDS = ("id", "kind", "title", "body", "subject_kind", "subject_id", "created_at", "read_at")
TICKET = ("id", "status", "category", "subject", "due_at", "created_at", "updated_at")


def messages(user_id: uuid.UUID) -> Rows:
    return list(selectors.inbox_of(user_id).order_by("pk").values(*FIELDS))


def devices(user_id: uuid.UUID) -> Rows:
    return list(selectors.devices_kept(Owner(user_id=user_id)).order_by("pk").values(*DEVICE))


def choices(user_id: uuid.UUID) -> Rows:
    return selectors.choices_kept(Owner(user_id=user_id))


def links(user_id: uuid.UUID) -> Rows:
    rows = TapLink.objects.filter(user_id=user_id).order_by("pk")
    return list(rows.values("id", "matter", "subject_id", "created_at", "expires_at", "used_at", "act"))


def support_tickets(user_id: uuid.UUID) -> Rows:
    found = []
    for row in selectors.tickets_of_person(user_id).order_by("pk"):
        said = row.messages.order_by("pk")
        messages = [{"author": one.author, "text": one.text, "created_at": one.created_at} for one in said]
        found.append({**{name: getattr(row, name) for name in TICKET}, "messages": messages})
    return found


hold(
    Holding(
        "support_tickets",
        "To answer what you asked the administrators.",
        "You and the administrators.",
        "As long as the account.",
        "That there was a question and how it ended, without words or name.",
        support_tickets,
    )
)
hold(
    Holding(
        "message_links",
        "To let you answer a message with one tap.",
        "Who has the link; only what it was for and how you answered is kept, not the link itself.",
        "Thirty days after it is over.",
        "",
        links,
    )
)
hold(
    Holding(
        "messages",
        "To tell you what concerns you, and to show it in your inbox.",
        "The provider that carries messages sees number and text.",
        "Half a year.",
        "",
        messages,
    )
)
hold(
    Holding(
        "push_devices",
        "To push messages to the apps that you are signed in to.",
        "The provider of push messages sees the app's token and what a locked screen may show.",
        "Until you sign out there, and 270 days after the app was last opened.",
        "",
        devices,
    )
)
hold(
    Holding(
        "message_choices",
        "To send you what you want, when you want it.",
        "Nobody else.",
        "As long as the account.",
        "",
        choices,
    )
)
leaves_traces(delete_traces)
