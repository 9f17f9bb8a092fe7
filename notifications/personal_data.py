"""What this app holds of a person."""

from __future__ import annotations

import uuid

from notifications import selectors
from notifications.owners import Owner
from users.personal_data import Holding, Rows, hold

DEVICE = ("id", "platform", "app_version", "language", "created_at", "seen_at")
FIELDS = ("id", "kind", "title", "body", "subject_kind", "subject_id", "created_at", "read_at")


def messages(user_id: uuid.UUID) -> Rows:
    return list(selectors.inbox_of(user_id).order_by("pk").values(*FIELDS))


def devices(user_id: uuid.UUID) -> Rows:
    return list(selectors.devices_kept(Owner(user_id=user_id)).order_by("pk").values(*DEVICE))


def choices(user_id: uuid.UUID) -> Rows:
    return selectors.choices_kept(Owner(user_id=user_id))


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
