"""Telling a side that something waits which it has not read."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Final

from chat.models import ChatSide, Conversation
from common import clock, outbox
from common.db import command, lock_one

TELL_AFTER: Final = dt.timedelta(minutes=3)  # whoever has the app open has seen it by then


@command
def tell_waiting(*, conversation_id: uuid.UUID) -> bool:
    """Let each side that has not read for some minutes be told so, once until it reads; say whether one is.

    Locks: the conversation.      Emits: chat.waiting      Raises: NotFound
    """
    conversation, now = lock_one(Conversation, conversation_id), clock.now()
    sides = ChatSide.objects.filter(conversation=conversation, waits_since__lte=now - TELL_AFTER, told_at=None)
    told = list(sides.values_list("pk", flat=True))
    ChatSide.objects.filter(pk__in=told).update(told_at=now)
    for pk in told:
        outbox.emit("chat.waiting", key=f"chat:{conversation.pk}", conversation=str(conversation.pk), side=pk)
    return bool(told)
