"""A conversation follows its subject: opened with it, told of its steps, unmasked by a meeting, closed after it."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from appointments.selectors import booking
from appointments.selectors.meetings import GRACE as JOIN_GRACE
from appointments.states import AppointmentStatus
from chat.models import ChatSide, Conversation
from chat.services.turns import append_step, hold_subject, publish, publish_message
from chat.states import GRACE, ChatRole, ChatStep, ChatSubject
from common import clock
from common.db import command, lock_one, step
from payments.parties import Party

AHEAD: Final = (AppointmentStatus.CONFIRMED, AppointmentStatus.IN_PROGRESS)


class Effect(StrEnum):
    """What a step of the subject means for its conversation, besides that it is told."""

    NONE = "none"
    MEETS = "meets"  # the two have found each other: nothing is masked any more
    ENDS = "ends"
    GOES_ON = "goes_on"  # although it seemed over


@dataclass(frozen=True)
class Step:
    """One thing that happened to a subject; `source` names it, so that it is told once."""

    subject: ChatSubject
    subject_id: uuid.UUID
    code: ChatStep
    source: str
    at: dt.datetime
    effect: Effect = Effect.NONE
    about_at: dt.datetime | None = None


@step
def open_with(taken: Step, sides: Mapping[ChatRole, Party]) -> None:
    """Open the conversation of a subject, once whatever is repeated, and tell its first step."""
    row = Conversation(subject_kind=taken.subject, subject_id=taken.subject_id, opened_at=taken.at)
    Conversation.objects.bulk_create([row], ignore_conflicts=True)
    conversation = hold_subject(taken.subject, taken.subject_id)
    if conversation is not None:
        new = [
            ChatSide(conversation=conversation, role=role, active_at=clock.now(), **_columns(party))
            for role, party in sides.items()
        ]
        ChatSide.objects.bulk_create(new, ignore_conflicts=True)
        _take(conversation, taken)


@step
def follow(taken: Step) -> None:
    """Tell a step of the subject in its conversation; where there is none, nothing happens.

    Locks: the conversation.
    """
    conversation = hold_subject(taken.subject, taken.subject_id)
    if conversation is not None:
        _take(conversation, taken)


@step
def plan_way(*, appointment_id: uuid.UUID, joinable_at: dt.datetime | None) -> None:
    """Note when the way into the video consultation is to be shown; None takes it back. Locks: the conversation."""
    conversation = hold_subject(ChatSubject.APPOINTMENT, appointment_id)
    if conversation is not None:
        conversation.joinable_at = joinable_at
        conversation.save(update_fields=["joinable_at"])


@command
def show_way(*, conversation_id: uuid.UUID) -> bool:
    """Say in the conversation that its video consultation can be joined; return whether it was time to.

    Locks: the conversation.      Raises: NotFound
    """
    conversation, now = lock_one(Conversation, conversation_id), clock.now()
    if conversation.joinable_at is None or conversation.joinable_at > now:
        return False
    visit = booking.appointment_facts(conversation.subject_id)
    source = f"video:{conversation.joinable_at.isoformat()}"
    conversation.joinable_at = None
    conversation.save(update_fields=["joinable_at"])
    if visit.status not in AHEAD or visit.starts_at + JOIN_GRACE <= now:
        return False
    message = append_step(conversation, ChatStep.VIDEO_OPEN, source=source, about_at=visit.starts_at)
    if message is not None:
        publish_message(message)
    return True


def _take(conversation: Conversation, taken: Step) -> None:
    message = append_step(conversation, taken.code, source=taken.source, about_at=taken.about_at)
    if message is None:
        return
    if taken.effect is Effect.MEETS and conversation.unmasked_at is None:
        conversation.unmasked_at = taken.at
    if taken.effect is Effect.ENDS and conversation.closes_at is None:
        conversation.closes_at = taken.at + GRACE[conversation.subject]
        conversation.joinable_at = None
    if taken.effect is Effect.GOES_ON and not conversation.closed_by_us:
        conversation.closes_at = None
    conversation.save(update_fields=["unmasked_at", "closes_at", "joinable_at"])
    publish(conversation, "chat.message", message=str(message.pk), number=message.number)


def _columns(party: Party) -> dict[str, uuid.UUID | None]:
    return {"user_id": party.user_id, "partner_id": party.partner_id}
