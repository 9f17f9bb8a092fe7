"""What may be read of conversations, by whom: a side is found by its own account, or not at all."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Count, F, OuterRef, Prefetch, Q, QuerySet, Sum

from appointments.selectors import doctors
from chat.masking import mask
from chat.models import ChatBlock, ChatSide, Conversation, Message, Report
from chat.reading import FileBrief, OtherSide, Reader, ShownConversation, ShownMessage, Way
from chat.states import (
    KEEP,
    ChatRole,
    ChatStatus,
    ChatStep,
    ChatSubject,
    DeletedFor,
    MessageKind,
    ReportStatus,
)
from chat.wording import say
from common import clock
from common.errors import NotFound
from common.models import PrivateFile

AROUND: Final = 5  # messages before and behind a reported one that an administrator sees
BATCH: Final = 200  # rows in one look of a sweep
# Whose name the other side always knows; a donor's, or a receiver's, only once they meet.
NAMED: Final = frozenset({ChatRole.PATIENT, ChatRole.DOCTOR})
WAYS: Final[Mapping[ChatRole, tuple[str, str]]] = {
    ChatRole.PATIENT: ("join", "/api/v1/appointments/{}/join"),
    ChatRole.DOCTOR: ("host", "/api/v1/doctor/appointments/{}/host-link"),
}


@dataclass(frozen=True)
class Unread:
    """How much waits for one account."""

    conversations: int
    messages: int


@dataclass(frozen=True)
class Waiting:
    """Somebody for whom messages wait, to be told so."""

    conversation_id: uuid.UUID
    subject: ChatSubject
    user_id: uuid.UUID | None
    partner_id: uuid.UUID | None


@dataclass(frozen=True)
class Decided:
    """What became of a report, and whom it concerns."""

    conversation_id: uuid.UUID
    status: ReportStatus
    reporter: Author
    author: Author


@dataclass(frozen=True)
class Author:
    user_id: uuid.UUID | None
    member_id: uuid.UUID | None
    partner_id: uuid.UUID | None


def sides_of(reader: Reader) -> QuerySet[ChatSide]:
    """Return the sides that are the reader's; a doctor's only while the doctor may see patients."""
    rows = ChatSide.objects.select_related("conversation")
    if reader.partner_id is not None:
        return rows.filter(partner=reader.partner_id, conversation__subject_kind__in=sorted(reader.subjects))
    return rows.filter(~Q(role=ChatRole.DOCTOR) | Q(doctors.practises(OuterRef("user"))), user=reader.user_id)


def conversations_of(
    reader: Reader, *, status: str = "", subject_kind: str = "", subject: uuid.UUID | None = None
) -> QuerySet[ChatSide]:
    """Return the reader's conversations with what a list shows, by the last thing that happened in each."""
    rows = sides_of(reader)
    closed = Q(conversation__closes_at__isnull=False, conversation__closes_at__lte=clock.now())
    if status:
        rows = rows.filter(closed) if status == ChatStatus.CLOSED else rows.exclude(closed)
    wanted: dict[str, Any] = {"conversation__subject_kind": subject_kind, "conversation__subject_id": subject}
    return _shown(rows.filter(**{name: value for name, value in wanted.items() if value}))


def get_side(reader: Reader, conversation_id: uuid.UUID) -> ChatSide:
    """Return the reader's side of a conversation, with it. Raises: NotFound, also for strangers"""
    return _one(sides_of(reader), conversation_id)


def get_conversation(reader: Reader, conversation_id: uuid.UUID) -> ShownConversation:
    """Return a conversation as a list shows it. Raises: NotFound"""
    return shown_conversations([_one(_shown(sides_of(reader)), conversation_id)], language=reader.language)[0]


def messages_of(conversation: Conversation) -> QuerySet[Message]:
    return Message.objects.filter(conversation=conversation).select_related("file")


def get_message(side: ChatSide, message_id: uuid.UUID) -> Message:
    """Return a message of the side's conversation. Raises: NotFound"""
    found = messages_of(side.conversation).filter(pk=message_id).first()
    if found is None:
        raise NotFound
    return found


def file_of(side: ChatSide, message_id: uuid.UUID) -> PrivateFile | None:
    """Return the file of a message that the side may see; None where there is none (any more). Raises: NotFound"""
    message = get_message(side, message_id)
    return None if _is_gone(message, ChatRole(side.role)) else message.file


def unread_of(reader: Reader) -> Unread:
    """Return how much waits for the reader: counted as it comes, not when it is asked."""
    found = sides_of(reader).filter(unread__gt=0).aggregate(conversations=Count("pk"), messages=Sum("unread"))
    return Unread(found["conversations"], found["messages"] or 0)


def shown_conversations(sides: Sequence[ChatSide], *, language: str) -> list[ShownConversation]:
    """Return the conversations of these sides, as `conversations_of` reads them, for the readers whose they are."""
    others = {side.pk: _other(side) for side in sides}
    titles = doctors.names_of_users(
        other.user_id for other in others.values() if other.role == ChatRole.DOCTOR and other.user_id is not None
    )
    return [_conversation(side, others[side.pk], titles, language) for side in sides]


def shown_messages(side: ChatSide, messages: Iterable[Message], *, language: str) -> list[ShownMessage]:
    """Return the messages as the side may read them now, in the language where they are not typed."""
    return [show(message, role=ChatRole(side.role), of=side.conversation, language=language) for message in messages]


def show(message: Message, *, role: ChatRole, of: Conversation, language: str) -> ShownMessage:
    is_ours, is_gone = message.role == role, _is_gone(message, role)
    text, is_masked = ("", False) if is_gone else _words(message, of, language)
    brief = None
    if message.file is not None and not is_gone:
        brief = FileBrief(message.file.name, message.file.content_type, message.file.size)
    return ShownMessage(
        id=message.pk,
        number=message.number,
        kind=message.kind,
        author=ChatRole(message.role) if message.role else None,
        is_ours=is_ours,
        client_id=message.client_id if is_ours else None,
        text=text,
        code="" if is_gone else message.code,
        is_masked=is_masked,
        is_deleted=is_gone,
        file=brief,
        way=_way(message, role, of),
        about_at=message.about_at,
        created_at=message.created_at,
    )


def is_blocked(reader: Reader) -> bool:
    """Whether an administrator has stopped the person, or the member, from writing."""
    who = {"user": reader.user_id} if reader.user_id else {"member": reader.member_id}
    return ChatBlock.objects.filter(**who, lifted_at=None).exists()


def shown_to_people(keys: Iterable[tuple[uuid.UUID, str]]) -> dict[tuple[uuid.UUID, str], ShownMessage]:
    """Return messages, each by its id and the role of the side that is to see it, to sides that are people.

    What a side may not see any more is left out, and so are partners: a member's role decides what it sees. Two
    queries for any number.
    """
    wanted = set(keys)
    messages = Message.objects.filter(pk__in={message for message, _ in wanted}).select_related("conversation", "file")
    found = {message.pk: message for message in messages}
    sides = ChatSide.objects.filter(
        ~Q(role=ChatRole.DOCTOR) | Q(doctors.practises(OuterRef("user"))),
        conversation__in={message.conversation_id for message in found.values()},
        user__isnull=False,
    )
    languages = {
        (conversation, role): str(language)
        for conversation, role, language in sides.values_list("conversation", "role", "user__language")
    }
    shown = {}
    for pk, role in wanted:
        message = found.get(pk)
        language = None if message is None else languages.get((message.conversation_id, role))
        if message is not None and language is not None:
            shown[pk, role] = show(message, role=ChatRole(role), of=message.conversation, language=language)
    return shown


def sides_waiting(since: dt.datetime) -> list[uuid.UUID]:
    """Return the conversations in which a side has not read for so long, and was not told."""
    rows = ChatSide.objects.filter(waits_since__lte=since, told_at=None).order_by("waits_since")
    return list(dict.fromkeys(rows.values_list("conversation_id", flat=True)[:BATCH]))


def find_waiting(side_id: int) -> Waiting | None:
    """Return who is to be told that messages wait; None when they were read meanwhile."""
    row = ChatSide.objects.select_related("conversation").filter(pk=side_id, unread__gt=0).first()
    if row is None:
        return None
    return Waiting(row.conversation_id, row.conversation.subject, row.user_id, row.partner_id)


def joinable(now: dt.datetime) -> list[uuid.UUID]:
    """Return the conversations in which the way into a video consultation is to be shown by now."""
    rows = Conversation.objects.filter(joinable_at__lte=now).order_by("joinable_at")
    return list(rows.values_list("pk", flat=True)[:BATCH])


def kept_long_enough(now: dt.datetime) -> list[uuid.UUID]:
    """Return the conversations that nothing asks to be kept any more; one with an open report stays."""
    open_reports = Report.objects.filter(status=ReportStatus.OPEN).values("message__conversation")
    found: list[uuid.UUID] = []
    for subject in ChatSubject:
        rows = Conversation.objects.filter(subject_kind=subject, closes_at__lte=now - KEEP[subject])
        found += rows.exclude(pk__in=open_reports).order_by("closes_at").values_list("pk", flat=True)[:BATCH]
    return found


def around(report: Report) -> list[Message]:
    """Return the reported message with the few around it, for the administrator who decides."""
    message = report.message
    first, last = message.number - AROUND, message.number + AROUND
    return list(messages_of(message.conversation).filter(number__range=(first, last)).order_by("number"))


def decided(report_id: uuid.UUID) -> Decided:
    """Return what is told of a decision. Raises: NotFound"""
    rows = Report.objects.select_related("message", "member", "message__member")
    row = rows.filter(pk=report_id).first()
    if row is None:
        raise NotFound
    return Decided(row.message.conversation_id, row.state, _author(row), _author(row.message))


def written_by(user_id: uuid.UUID) -> QuerySet[Message]:
    """Return what the person has written, oldest first."""
    rows = Message.objects.filter(user=user_id).select_related("conversation", "file")
    return rows.order_by("pk")


def sides_of_person(user_id: uuid.UUID) -> QuerySet[ChatSide]:
    """Return every side of the person, whatever it was."""
    return ChatSide.objects.filter(user=user_id)


def reported_by(user_id: uuid.UUID) -> QuerySet[Report]:
    return Report.objects.filter(user=user_id).order_by("pk")


def _one(rows: QuerySet[ChatSide], conversation_id: uuid.UUID) -> ChatSide:
    found = rows.filter(conversation=conversation_id).first()
    if found is None:
        raise NotFound
    return found


def _shown(rows: QuerySet[ChatSide]) -> QuerySet[ChatSide]:
    last = Message.objects.filter(number=F("conversation__last_number")).select_related("file")
    return rows.prefetch_related(
        Prefetch("conversation__sides", ChatSide.objects.select_related("user", "partner")),
        Prefetch("conversation__messages", last, to_attr="last_messages"),
    )


def _other(side: ChatSide) -> ChatSide:
    return next(one for one in side.conversation.sides.all() if one.pk != side.pk)


def _conversation(side: ChatSide, other: ChatSide, titles: Mapping[uuid.UUID, str], language: str) -> ShownConversation:
    conversation = side.conversation
    last: list[Message] = getattr(conversation, "last_messages", [])
    shown = shown_messages(side, last, language=language)
    return ShownConversation(
        id=conversation.pk,
        subject_kind=conversation.subject,
        subject_id=conversation.subject_id,
        status=conversation.stands,
        role=ChatRole(side.role),
        other=OtherSide(ChatRole(other.role), _name(other, conversation, titles), other.read_up_to),
        unread=side.unread,
        read_up_to=side.read_up_to,
        last_number=conversation.last_number,
        last_message=shown[0] if shown else None,
        is_masked=conversation.unmasked_at is None,
        opened_at=conversation.opened_at,
        closes_at=conversation.closes_at,
        active_at=side.active_at,
    )


def _name(side: ChatSide, conversation: Conversation, titles: Mapping[uuid.UUID, str]) -> str:
    """Return what the other side may call it; empty for somebody whom it has not met."""
    if side.partner is not None:
        return side.partner.name
    if side.user is None or (side.role not in NAMED and conversation.unmasked_at is None):
        return ""
    return titles.get(side.user.pk, side.user.name)


def _words(message: Message, of: Conversation, language: str) -> tuple[str, bool]:
    """Return what is said, and whether something is hidden in it."""
    if message.code:
        return say(MessageKind(message.kind), message.code, subject=of.subject, language=language), False
    if of.unmasked_at is not None or not message.text:
        return message.text or "", False
    masked = mask(message.text)
    return masked.text, masked.is_masked


def _is_gone(message: Message, role: ChatRole) -> bool:
    if message.deleted_for == DeletedFor.AUTHOR:
        return message.role == role
    return message.deleted_for == DeletedFor.BOTH


def _way(message: Message, role: ChatRole, of: Conversation) -> Way | None:
    if message.code != ChatStep.VIDEO_OPEN or role not in WAYS:
        return None
    rel, href = WAYS[role]
    return Way(rel, href.format(of.subject_id))


def _author(row: Message | Report) -> Author:
    return Author(row.user_id, row.member_id, row.member.partner_id if row.member is not None else None)
