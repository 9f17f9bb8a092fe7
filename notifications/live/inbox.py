"""A new message in somebody's inbox."""

from __future__ import annotations

import uuid

from common import live
from common.live import Change
from common.models import OutboxEvent
from common.outbox import on
from notifications import selectors


@on("notification.created")
def show_new_message(event: OutboxEvent) -> None:
    rows = selectors.owners_of(uuid.UUID(pk) for pk in event.payload["notifications"])
    live.publish(
        Change(
            row.user_id,
            event.name,
            {"id": str(row.pk), "kind": row.kind, "updated_at": live.written(row.created_at)},
        )
        for row in rows
        if row.user_id is not None
    )
