"""Events whose handlers failed too often: each holds back what happened to the same thing later."""

from __future__ import annotations

from typing import Final

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from common import outbox
from common.models import OutboxEvent
from common.queues import Act, Case, Queue


def dead() -> QuerySet[OutboxEvent]:
    return outbox.dead_events().order_by("pk")


def show_dead(row: OutboxEvent) -> Case:
    return Case(
        str(row.pk),
        f"{row.name} of {row.key}",
        row.created_at,
        [("Attempts", row.attempts), ("Error", row.last_error)],
        reverse("admin:common_outboxevent_change", args=[row.pk]),
    )


def _replay(request: HttpRequest, pk: str, words: str) -> None:
    outbox.replay(int(pk))


DEAD: Final = Queue(
    "dead-events",
    "Events given up",
    "A handler failed twelve times. Find the error in the log and mend it; then the event is told again.",
    "common.view_outboxevent",
    "common.change_outboxevent",
    dead,
    show_dead,
    (Act("replay", "Tell it again", _replay),),
    words="",
)
