"""What this app holds of a person."""

from __future__ import annotations

import uuid

from notifications import selectors
from users.personal_data import Holding, Rows, hold

FIELDS = ("id", "kind", "title", "body", "subject_kind", "subject_id", "created_at", "read_at")


def messages(user_id: uuid.UUID) -> Rows:
    return list(selectors.inbox_of(user_id).order_by("pk").values(*FIELDS))


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
