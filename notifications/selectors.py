from __future__ import annotations

import uuid

from django.db.models import QuerySet

from notifications.models import Notification


def inbox_of(user_id: uuid.UUID, *, unread: bool | None = None) -> QuerySet[Notification]:
    """Return the person's notifications; `unread` narrows them to those not read, or to those read."""
    mine = Notification.objects.filter(user_id=user_id)
    return mine if unread is None else mine.filter(read_at__isnull=unread)
