"""What every write of a conversation does: hold it, number what is said, and let both sides see it at once."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from typing import Any, cast

from django.db.models import Q

from chat import selectors
from chat.errors import ChatBlocked, ConversationClosed
from chat.models import ChatSide, Conversation, Message
from chat.reading import Reader
from chat.states import ChatRole, ChatStep, ChatSubject, MessageKind
from common import clock, live
from common.db import lock, lock_one, step
from common.files import keeping


@step
def hold(reader: Reader, conversation_id: uuid.UUID) -> ChatSide:
    """Lock a conversation of the reader's, and return the reader's side of it fresh. Raises: NotFound"""
    side = selectors.get_side(reader, conversation_id)  # whose it is never changes
    conversation = lock_one(Conversation, conversation_id)
    side.refresh_from_db(fields=["unread", "read_up_to", "waits_since", "told_at", "active_at"])
    side.conversation = conversation
    return side


@step
def hold_subject(subject: ChatSubject, subject_id: uuid.UUID) -> Conversation | None:
    """Lock the conversation about this, if there is one."""
    ids = Conversation.objects.filter(subject_kind=subject, subject_id=subject_id).values_list("pk", flat=True)
    return next(iter(lock(Conversation, ids)), None)


def refuse_silent(reader: Reader, conversation: Conversation) -> None:
    """Raises: ConversationClosed, ChatBlocked. The clock closes a conversation, and no sweep."""
    if conversation.is_closed_at(clock.now()):
        raise ConversationClosed
    if selectors.is_blocked(reader):
        raise ChatBlocked


@step
def append(conversation: Conversation, *, kind: MessageKind, role: ChatRole | None = None, **columns: Any) -> Message:
    """Say something in a held conversation: the next number is its, and it waits for whoever has not said it."""
    now = clock.now()
    conversation.last_number += 1
    conversation.save(update_fields=["last_number"])
    message = Message.objects.create(
        conversation=conversation,
        number=conversation.last_number,
        kind=kind,
        role=role or "",
        created_at=now,
        **columns,
    )
    for side in ChatSide.objects.filter(conversation=conversation):
        side.active_at = now
        if role is not None and side.role != role:
            side.unread += 1
            side.waits_since = side.waits_since or now
        side.save(update_fields=["active_at", "unread", "waits_since"])
    return message


@step
def append_step(
    conversation: Conversation, code: ChatStep, *, source: str, about_at: dt.datetime | None = None
) -> Message | None:
    """Write a step of the subject into its held conversation, once for each `source`."""
    if Message.objects.filter(conversation=conversation, source=source).exists():
        return None
    return append(conversation, kind=MessageKind.STEP, code=code, source=source, about_at=about_at)


@step
def empty(message: Message) -> None:
    """Take the words and the file out of a message. Locks: the file.      Emits: file.discarded"""
    file_id = message.file_id
    message.text = message.file = None
    message.save(update_fields=["text", "file"])
    if file_id is not None:
        keeping.discard([file_id])


@step
def publish(conversation: Conversation, name: str, **data: object) -> None:
    """Let both sides see a change at once; the last thing of a transaction."""
    told = {"conversation": str(conversation.pk), "subject": conversation.subject_kind}
    live.publish(
        live.Change(topic_of(side), name, {**told, "role": side.role, **data}) for side in sides_in(conversation)
    )


@step
def publish_message(message: Message) -> None:
    publish(message.conversation, "chat.message", message=str(message.pk), number=message.number)


def sides_in(conversation: Conversation) -> Sequence[ChatSide]:
    return list(ChatSide.objects.filter(conversation=conversation).order_by("pk"))


def topic_of(side: ChatSide) -> uuid.UUID:
    """Return under which id the side's changes are told; it is one party: `chat_side_is_one_party`."""
    return cast(uuid.UUID, side.user_id or side.partner_id)


def others_of(side: ChatSide) -> Iterable[ChatSide]:
    return ChatSide.objects.filter(~Q(pk=side.pk), conversation=side.conversation_id)
