"""What a side does in a conversation: say something, read, type, take back."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Final

from chat import selectors
from chat.errors import MessageEmpty, MessageNotYours, MessageTooOld, QuickReplyUnknown
from chat.models import Message, Report
from chat.reading import Reader
from chat.services.turns import (
    append,
    empty,
    hold,
    others_of,
    publish,
    publish_message,
    refuse_silent,
    topic_of,
)
from chat.states import ChatRole, DeletedFor, MessageKind, ReportStatus
from chat.wording import QUICK_REPLIES
from common import clock, live
from common.db import command
from common.files import checking, keeping
from common.files.checking import CheckedFile

DELETE_WITHIN: Final = dt.timedelta(minutes=10)  # a slip is seen soon; what was answered to should stay


@dataclass(frozen=True)
class Sent:
    message: Message
    is_new: bool


def send_file(
    *, reader: Reader, conversation_id: uuid.UUID, client_id: uuid.UUID, name: str, content: bytes, text: str = ""
) -> Sent:
    """Say something by a file, once for each `client_id`.

    Raises: FileEmpty, FileTooLarge, FileTypeUnknown, FileUnreadable, FileUnsafe, and what `send` raises
    """
    selectors.get_side(reader, conversation_id)  # a stranger's file is not even looked at
    checked = checking.check(name=name, content=content)  # takes its time, so before any lock
    return _send(reader, conversation_id, client_id, text=text, quick_reply="", file=checked)


def send(
    *, reader: Reader, conversation_id: uuid.UUID, client_id: uuid.UUID, text: str = "", quick_reply: str = ""
) -> Sent:
    """Say something, in words or by a quick reply, once for each `client_id`: a repeated call returns the same message.

    Raises: NotFound, MessageEmpty, QuickReplyUnknown, ConversationClosed, ChatBlocked
    """
    return _send(reader, conversation_id, client_id, text=text, quick_reply=quick_reply, file=None)


@command
def _send(
    reader: Reader,
    conversation_id: uuid.UUID,
    client_id: uuid.UUID,
    *,
    text: str,
    quick_reply: str,
    file: CheckedFile | None,
) -> Sent:
    """Locks: the conversation.      Emits: file.kept"""
    side = hold(reader, conversation_id)
    conversation, role = side.conversation, ChatRole(side.role)
    author = {"user_id": reader.user_id} if reader.user_id else {"member_id": reader.member_id}
    earlier = selectors.messages_of(conversation).filter(client_id=client_id, **author).first()
    if earlier is not None:
        return Sent(earlier, is_new=False)
    refuse_silent(reader, conversation)
    kind = _kind(role, text=text, quick_reply=quick_reply, has_file=file is not None)
    message = append(
        conversation,
        kind=kind,
        role=role,
        client_id=client_id,
        text=text or None,
        code=quick_reply,
        file=keeping.keep(file) if file is not None else None,
        **author,
    )
    publish_message(message)
    return Sent(message, is_new=True)


@command
def mark_read(*, reader: Reader, conversation_id: uuid.UUID, number: int) -> None:
    """The side has read everything up to this number; a mark never goes back.

    Locks: the conversation.      Raises: NotFound
    """
    side = hold(reader, conversation_id)
    number = min(number, side.conversation.last_number)
    if number <= side.read_up_to:
        return
    theirs = Message.objects.filter(conversation=side.conversation, number__gt=number).exclude(role__in=["", side.role])
    left = list(theirs.order_by("number").values_list("created_at", flat=True))
    side.read_up_to, side.unread = number, len(left)
    side.waits_since, side.told_at = left[0] if left else None, None
    side.save(update_fields=["read_up_to", "unread", "waits_since", "told_at"])
    publish(side.conversation, "chat.read", by=side.role, number=number)


def show_typing(*, reader: Reader, conversation_id: uuid.UUID) -> None:
    """Let the other side see that somebody types; nothing is kept.

    Raises: NotFound, ConversationClosed, ChatBlocked
    """
    side = selectors.get_side(reader, conversation_id)
    refuse_silent(reader, side.conversation)
    topics = [topic_of(other) for other in others_of(side)]
    live.signal(topics, "chat.typing", {"conversation": str(conversation_id), "by": side.role})


@command
def delete(*, reader: Reader, conversation_id: uuid.UUID, message_id: uuid.UUID) -> Message:
    """Take back what one has just written: its place stays, with nothing in it, for both sides.

    What was said between a patient and a doctor belongs to the record: there it goes for the author's side alone, and
    the other keeps it. Words that were reported stay with the administrators until they have decided.

    Locks: the conversation, the file.      Emits: file.discarded
    Raises: NotFound, MessageNotYours, MessageTooOld, ConversationClosed, ChatBlocked
    """
    side = hold(reader, conversation_id)
    message = selectors.get_message(side, message_id)
    is_mine = message.user_id == reader.user_id if reader.user_id else message.member_id == reader.member_id
    if not message.role or not is_mine:
        raise MessageNotYours
    if message.deleted_for:
        return message
    refuse_silent(reader, side.conversation)
    now = clock.now()
    if message.created_at + DELETE_WITHIN <= now:
        raise MessageTooOld
    scope = DeletedFor.AUTHOR if side.conversation.is_medical else DeletedFor.BOTH
    message.deleted_for, message.deleted_at = scope, now
    message.save(update_fields=["deleted_for", "deleted_at"])
    is_reported = Report.objects.filter(message=message, status=ReportStatus.OPEN).exists()
    if scope is DeletedFor.BOTH and not is_reported:
        empty(message)
    publish(side.conversation, "chat.message_deleted", message=str(message.pk), number=message.number)
    return message


def _kind(role: ChatRole, *, text: str, quick_reply: str, has_file: bool) -> MessageKind:
    """Return what a message is. Raises: MessageEmpty, QuickReplyUnknown"""
    if has_file:
        return MessageKind.FILE
    if bool(text) == bool(quick_reply):
        raise MessageEmpty
    if quick_reply and quick_reply not in QUICK_REPLIES[role]:
        raise QuickReplyUnknown(known=list(QUICK_REPLIES[role]))
    return MessageKind.QUICK_REPLY if quick_reply else MessageKind.TEXT
