"""Each public type hears its event: the messages and the mark that it was heard commit together."""

from __future__ import annotations

from common.models import OutboxEvent
from common.outbox import on
from notifications.webhooks.catalogue import BY_EVENT
from notifications.webhooks.services import queueing


def tell_systems(event: OutboxEvent) -> None:
    """Queue the event for the systems of the partners whom it concerns."""
    queueing.queue(event)


for _name in BY_EVENT:
    on(_name)(tell_systems)
