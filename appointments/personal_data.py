"""What this app holds of a person."""

from __future__ import annotations

import uuid

from appointments.selectors import meetings
from users.personal_data import Holding, Rows, hold


def attendances(user_id: uuid.UUID) -> Rows:
    return meetings.attendances_of(user_id)


hold(
    Holding(
        "attendances",
        "To know whether a video consultation was held.",
        "The provider of the meeting knows who joined it.",
        "As long as the appointment.",
        "That one of two, no longer named, was there.",
        attendances,
    )
)
