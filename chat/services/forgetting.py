"""The end of what was said: of somebody who is gone, and of conversations that nothing asks to be kept."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.db.models import Q

from chat import selectors
from chat.models import ChatBlock, Conversation, Message, Report
from chat.states import KEEP, MEDICAL, DeletedFor, ReportStatus
from common import clock
from common.db import command, lock, step
from common.files import keeping


@step
def forget_person(*, user_id: uuid.UUID) -> None:
    """Take the words of somebody who is gone out of every conversation but those that belong to a patient's record.

    Locks: the conversations, the files.      Emits: file.discarded
    """
    mine = Message.objects.filter(user=user_id).exclude(conversation__subject_kind__in=sorted(MEDICAL))
    lock(Conversation, mine.values_list("conversation", flat=True).distinct())
    files = list(mine.filter(file__isnull=False).values_list("file", flat=True))
    now = clock.now()
    mine.filter(deleted_for="").update(deleted_for=DeletedFor.BOTH, deleted_at=now)
    mine.update(text=None, file=None)
    Report.objects.filter(user=user_id).update(words=None)
    keeping.discard(file for file in files if file is not None)


@command
def delete_if_old(*, conversation_id: uuid.UUID) -> bool:
    """Delete a conversation that was kept long enough; say whether it was.

    Locks: the conversation, the files.      Emits: file.discarded
    """
    now = clock.now()
    held = lock(Conversation, [conversation_id])
    old = [row for row in held if row.closes_at is not None and row.closes_at + KEEP[row.subject] <= now]
    reported = Report.objects.filter(message__conversation__in=old, status=ReportStatus.OPEN)
    if not old or reported.exists():
        return False
    _delete(old)
    return True


@step
def delete_traces(user_id: uuid.UUID) -> None:
    """Delete what was kept of somebody who was forgotten long ago. Locks: the conversations, the files."""
    ids = selectors.sides_of_person(user_id).values_list("conversation", flat=True)
    _delete(lock(Conversation, ids))
    ChatBlock.objects.filter(user=user_id).delete()


def _delete(rows: Iterable[Conversation]) -> None:
    ids = [row.pk for row in rows]
    files = list(Message.objects.filter(Q(file__isnull=False), conversation__in=ids).values_list("file", flat=True))
    Conversation.objects.filter(pk__in=ids).delete()
    keeping.discard(file for file in files if file is not None)
