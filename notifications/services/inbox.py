"""A person's inbox, and how long it remembers."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Final

from common import clock
from common.db import command, delete_in_batches, lock_one, step
from common.errors import NotFound
from common.retention import retained
from notifications.models import MessageSettings, Mute, Notification, PushDevice, TapLink

KEEP: Final = dt.timedelta(days=180)


@command
def mark_read(*, user_id: uuid.UUID, notification_id: uuid.UUID) -> Notification:
    """Note when the person first read it; a second time changes nothing.

    Locks: the notification.      Raises: NotFound, also for somebody else's
    """
    row = lock_one(Notification, notification_id)
    if row.user_id != user_id:
        raise NotFound
    if row.read_at is None:
        row.read_at = clock.now()
        row.save(update_fields=["read_at"])
    return row


@step
def forget_person(*, user_id: uuid.UUID) -> None:
    """Delete everything that the person was told, what was still to be, how, and the links that stood in it."""
    Notification.objects.filter(user_id=user_id).delete()
    for model in (PushDevice, Mute, MessageSettings, TapLink):
        model._default_manager.filter(user_id=user_id).delete()


@retained(
    "notifications",
    what="Messages in the inbox, with how each was sent",
    since="since they were written",
    why="To be read again; the words are about the person.",
    keep=KEEP,
    floor=dt.timedelta(days=30),
)
def prune(keep: dt.timedelta) -> int:
    """Delete notifications of half a year ago with their deliveries; return how many went."""
    return delete_in_batches(Notification.objects.filter(created_at__lt=clock.now() - keep))
