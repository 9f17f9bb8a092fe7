from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.db.models import QuerySet

from notifications.models import Notification


def owners_of(notification_ids: Iterable[uuid.UUID]) -> list[Notification]:
    """Return these notifications of persons, with their owners and kinds only."""
    rows = Notification.objects.filter(pk__in=list(notification_ids), user__isnull=False)
    return list(rows.only("pk", "user_id", "kind", "created_at").order_by("pk"))


def inbox_of(user_id: uuid.UUID, *, unread: bool | None = None) -> QuerySet[Notification]:
    """Return the person's notifications; `unread` narrows them to those not read, or to those read."""
    mine = Notification.objects.filter(user_id=user_id)
    return mine if unread is None else mine.filter(read_at__isnull=unread)
