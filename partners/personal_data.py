"""What this app holds of a person."""

from __future__ import annotations

import uuid

from partners import selectors
from partners.services.forgetting import delete_traces
from users.personal_data import Holding, Rows, hold, leaves_traces

FIELDS = ("id", "about_partner_id", "category", "text", "subject_kind", "subject_id", "status", "answer", "created_at")


def complaints(user_id: uuid.UUID) -> Rows:
    return list(selectors.complaints_by_person(user_id).order_by("pk").values(*FIELDS))


hold(
    Holding(
        "complaints",
        "To look into what you complained of, and to answer you.",
        "You and the administrators; not whom you complained about.",
        "As long as the account.",
        "That there was a case and how it ended, without words or name.",
        complaints,
    )
)
leaves_traces(delete_traces)
