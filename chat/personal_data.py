"""What this app holds of a person."""

from __future__ import annotations

import uuid

from chat import selectors
from chat.services import forgetting
from chat.states import DeletedFor
from users.personal_data import Holding, Rows, hold, leaves_traces

REPORT = ("id", "message_id", "status", "reason", "created_at")


def messages(user_id: uuid.UUID) -> Rows:
    """Return what the person has written; what others wrote is theirs, and can be read in the conversation."""
    return [
        {
            "id": row.pk,
            "conversation_id": row.conversation_id,
            "subject": row.conversation.subject_kind,
            "subject_id": row.conversation.subject_id,
            "number": row.number,
            "text": None if row.deleted_for == DeletedFor.BOTH else row.text,
            "quick_reply": row.code,
            "file": row.file.name if row.file is not None else "",
            "created_at": row.created_at,
            "deleted_at": row.deleted_at,
        }
        for row in selectors.written_by(user_id)
    ]


def reports(user_id: uuid.UUID) -> Rows:
    return [
        {**{name: getattr(row, name) for name in REPORT}, "words": row.words} for row in selectors.reported_by(user_id)
    ]


hold(
    Holding(
        "chat_messages",
        "So that you and whoever waits for you, serves you or treats you can find each other and talk.",
        "The other side of the conversation; the administrators, where one of you reports a message.",
        "Half a year from the end of what it was about; with doctors, three years, as part of the record.",
        "What you wrote to a doctor, or as one, with no name: medical records are kept for at least three years.",
        messages,
    )
)
hold(
    Holding(
        "chat_reports",
        "To look at what you have reported.",
        "The administrators.",
        "As long as the conversation.",
        "That a message was reported and what was decided, without your words.",
        reports,
    )
)
leaves_traces(forgetting.delete_traces)
