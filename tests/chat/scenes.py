"""Conversations with their two sides, and short words for what is done in them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from chat.models import ChatSide, Conversation, Message, Report
from chat.reading import Reader
from chat.services import following, reporting, writing
from chat.services.following import Effect, Step
from chat.states import ROLES, ChatStep, ChatSubject, ReportReason
from common import clock
from common.db import unit_of_work
from payments.parties import Party
from tests.appointments import visit_scenes
from tests.factories import make_hospital, make_user

FIRST: dict[ChatSubject, ChatStep] = {
    ChatSubject.ASSIGNMENT: ChatStep.ACCEPTED,
    ChatSubject.ORDER: ChatStep.PLACED,
    ChatSubject.TRANSFER: ChatStep.OFFERED,
    ChatSubject.APPOINTMENT: ChatStep.CONFIRMED,
}


@dataclass(frozen=True)
class Talk:
    """A conversation, who speaks for each side, and the accounts they sign in with."""

    conversation: Conversation
    one: Reader
    two: Reader
    first: Any
    second: Any

    @property
    def pk(self) -> uuid.UUID:
        return self.conversation.pk


def of_person(user: Any) -> Reader:
    return Reader.person(user.pk, language=user.language)


def of_member(member: Any) -> Reader:
    return Reader.member(member.pk, partner_id=member.partner_id, role=member.role, language=member.language)


def step(subject: ChatSubject, subject_id: uuid.UUID, code: ChatStep, effect: Effect = Effect.NONE) -> Step:
    return Step(subject, subject_id, code, f"test:{uuid.uuid4()}", clock.now(), effect)


def take(talk: Talk, code: ChatStep, effect: Effect = Effect.NONE) -> None:
    """Let the subject take a step."""
    with unit_of_work():
        following.follow(step(talk.conversation.subject, talk.conversation.subject_id, code, effect))
    talk.conversation.refresh_from_db()


def _open(subject: ChatSubject, subject_id: uuid.UUID, parties: tuple[Party, Party]) -> Conversation:
    with unit_of_work():
        sides = dict(zip(ROLES[subject], parties, strict=True))
        following.open_with(step(subject, subject_id, FIRST[subject]), sides)
    return Conversation.objects.get(subject_kind=subject, subject_id=subject_id)


def talk_of_donor(donor: Any | None = None, owner: Any | None = None) -> Talk:
    """A donor and the hospital that waits for him; one message says that he has promised to come."""
    person, member = donor or make_user(), owner or make_hospital()
    parties = (Party.person(person.pk), Party.partner(member.partner_id))
    conversation = _open(ChatSubject.ASSIGNMENT, uuid.uuid4(), parties)
    return Talk(conversation, of_person(person), of_member(member), person, member)


def talk_of_partners() -> Talk:
    asker, sender = make_hospital(), make_hospital()
    parties = (Party.partner(asker.partner_id), Party.partner(sender.partner_id))
    conversation = _open(ChatSubject.TRANSFER, uuid.uuid4(), parties)
    return Talk(conversation, of_member(asker), of_member(sender), asker, sender)


def talk_of_patient(visit: Any | None = None) -> Talk:
    """A patient and a doctor."""
    row = visit or visit_scenes.make_appointment()
    patient, doctor = row.patient, row.doctor.user
    conversation = _open(ChatSubject.APPOINTMENT, row.pk, (Party.person(patient.pk), Party.person(doctor.pk)))
    return Talk(conversation, of_person(patient), of_person(doctor), patient, doctor)


def say(talk: Talk, by: Reader, text: str = "I am at the gate.", client_id: uuid.UUID | None = None) -> Message:
    sent = writing.send(reader=by, conversation_id=talk.pk, client_id=client_id or uuid.uuid4(), text=text)
    return sent.message


def read(talk: Talk, by: Reader, number: int) -> None:
    writing.mark_read(reader=by, conversation_id=talk.pk, number=number)


def report(talk: Talk, by: Reader, message: Message, words: str = "He wants money.") -> Report:
    return reporting.report(
        reader=by, conversation_id=talk.pk, message_id=message.pk, reason=ReportReason.MONEY, words=words
    )


def side(talk: Talk, by: Reader) -> ChatSide:
    who = {"user": by.user_id} if by.user_id else {"partner": by.partner_id}
    return ChatSide.objects.get(conversation=talk.conversation, **who)


def numbers(talk: Talk) -> list[int]:
    rows = Message.objects.filter(conversation=talk.conversation).order_by("number")
    return list(rows.values_list("number", flat=True))


def codes(conversation: Conversation) -> list[str]:
    rows = Message.objects.filter(conversation=conversation).order_by("number")
    return list(rows.values_list("code", flat=True))
