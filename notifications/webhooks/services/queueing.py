"""What happened becomes messages, one for each endpoint that wants to know; and again, when an owner asks."""

from __future__ import annotations

import datetime as dt
import json
import logging
import uuid
from dataclasses import dataclass
from typing import Final

from django.db.models import Q

from common import clock
from common.db import command, delete_in_batches, lock, step
from common.errors import NotFound
from common.ids import uuid7
from common.models import OutboxEvent
from common.retention import retained
from common.transitions import advance
from notifications.models import WebhookDelivery, WebhookEndpoint
from notifications.webhooks.catalogue import BY_EVENT, is_wanted, message
from notifications.webhooks.errors import EndpointDisabled
from notifications.webhooks.payloads import moment
from notifications.webhooks.services.endpoints import give_up_waiting
from notifications.webhooks.states import WEBHOOK_TRANSITIONS, EndpointStatus, WebhookStatus
from partners.states import PartnerStatus

MESSAGES: Final = uuid.UUID("6f1d1a52-3a0e-5d4b-9a55-5f2f6b1f3c77")  # the namespace of their ids
LARGEST: Final = 20_000  # bytes of a message, as Standard Webhooks asks
MOST_REPLAYED: Final = 500  # messages at one call
KEEP: Final = dt.timedelta(days=30)  # what is over; what waits stays
SWEEP: Final = 500
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Replayed:
    """How many messages go again, and how many more failed since then."""

    queued: int
    left: int


@step
def queue(event: OutboxEvent) -> int:
    """Queue a message of the event for each endpoint of the partners concerned that wants it; return how many.

    The same event makes the same ids, whatever is retried. A suspended partner is told of itself only. The number of
    statements does not depend on that of partners or endpoints.
    """
    public = BY_EVENT[event.name]
    try:
        told = public.build(event)
    except NotFound:  # it is gone since, and nobody can look at it any more
        return 0
    if not told.partners:
        return 0
    may_be_told = Q(partner__in=told.partners, status=EndpointStatus.ENABLED)
    if public.family != "partner":
        may_be_told &= Q(partner__status=PartnerStatus.LIVE)
    endpoints = (
        WebhookEndpoint.objects.filter(may_be_told).order_by("pk").values_list("pk", "partner_id", "event_types")
    )
    wanting = [(pk, partner_id) for pk, partner_id, filters in endpoints if is_wanted(public.name, filters)]
    if not wanting:
        return 0
    body = json.dumps(message(public.name, at=moment(event.created_at), data=told.data), separators=(",", ":"))
    if len(body) > LARGEST:
        raise ValueError(f"A message of {public.name} is longer than {LARGEST} bytes.")
    now = clock.now()
    WebhookDelivery.objects.bulk_create(
        [
            WebhookDelivery(
                id=uuid7(),
                endpoint_id=pk,
                message_id=f"evt_{uuid.uuid5(MESSAGES, f'{event.pk}:{partner_id}').hex}",
                type=public.name,
                aggregate=event.key,
                number=event.pk,
                body=body,
                next_at=now,
                created_at=now,
            )
            for pk, partner_id in wanting
        ],
        ignore_conflicts=True,
    )
    return len(wanting)


@command
def replay(*, partner_id: uuid.UUID, endpoint_id: uuid.UUID, delivery_id: uuid.UUID) -> WebhookDelivery:
    """Send a message that is over once more, under its own id.

    Locks: the endpoint, the message.      Raises: NotFound, EndpointDisabled, IllegalTransition while it is tried
    """
    _hold_enabled(endpoint_id, partner_id)
    for row in lock(WebhookDelivery, [delivery_id]):
        if row.endpoint_id == endpoint_id:
            _begin_again(row)
            row.save()
            return row
    raise NotFound


@command
def replay_any(*, delivery_id: uuid.UUID) -> None:
    """Send a message once more for an administrator. Raises: NotFound, EndpointDisabled, IllegalTransition"""
    endpoint_id = WebhookDelivery.objects.filter(pk=delivery_id).values_list("endpoint", flat=True).first()
    _hold_enabled(endpoint_id)
    for row in lock(WebhookDelivery, [delivery_id]):
        _begin_again(row)
        row.save()


@command
def replay_failed(*, partner_id: uuid.UUID, endpoint_id: uuid.UUID, since: dt.datetime) -> Replayed:
    """Send again what was given up and is of `since` or later, the oldest first, as many as one call may.

    Locks: the endpoint, the messages.      Raises: NotFound, EndpointDisabled
    """
    _hold_enabled(endpoint_id, partner_id)
    failed = WebhookDelivery.objects.filter(endpoint=endpoint_id, status=WebhookStatus.FAILED, created_at__gte=since)
    ids = list(failed.order_by("pk").values_list("pk", flat=True)[:MOST_REPLAYED])
    rows = [row for row in lock(WebhookDelivery, ids) if row.state is WebhookStatus.FAILED]
    for row in rows:
        _begin_again(row)
    WebhookDelivery.objects.bulk_update(rows, ["status", "next_at", "tries", "first_tried_at", "ended_at"])
    return Replayed(queued=len(rows), left=failed.count())


@command
def tidy() -> int:
    """Wipe secrets whose time is up, and give up what waits for an endpoint that is disabled; return how many rows.

    Locks: the endpoints.
    """
    now = clock.now()
    spent = WebhookEndpoint.objects.filter(old_secret_until__lte=now).values_list("pk", flat=True)[:SWEEP]
    idle = WebhookDelivery.objects.filter(status=WebhookStatus.PENDING).exclude(endpoint__status=EndpointStatus.ENABLED)
    stranded = set(idle.values_list("endpoint", flat=True)[:SWEEP])
    touched = 0
    for row in lock(WebhookEndpoint, {*spent, *stranded}):
        if row.old_secret_until is not None and row.old_secret_until <= now:
            row.old_secret = row.old_secret_until = None
            row.save(update_fields=["old_secret", "old_secret_until"])
            touched += 1
        if row.state is not EndpointStatus.ENABLED:
            touched += give_up_waiting(row.pk)
    return touched


@retained(
    "webhook_deliveries",
    what="What was sent to partners' systems, and how it ended",
    since="since it was over",
    why="To send it again, and to find out what went wrong.",
    keep=KEEP,
)
def prune(keep: dt.timedelta) -> int:
    """Delete messages that were over long ago, and endpoints that were deleted and have no log left."""
    gone = delete_in_batches(WebhookDelivery.objects.filter(ended_at__lt=clock.now() - keep))
    deleted = WebhookEndpoint.objects.filter(status=EndpointStatus.DELETED, deliveries=None)
    return gone + delete_in_batches(deleted)


def _hold_enabled(endpoint_id: uuid.UUID | None, partner_id: uuid.UUID | None = None) -> WebhookEndpoint:
    for row in lock(WebhookEndpoint, [endpoint_id]):
        if partner_id not in (None, row.partner_id) or row.state is EndpointStatus.DELETED:
            break
        if row.state is not EndpointStatus.ENABLED:
            raise EndpointDisabled
        return row
    raise NotFound


def _begin_again(row: WebhookDelivery) -> None:
    row.status = advance(WEBHOOK_TRANSITIONS, row.state, "replay")
    row.next_at, row.tries, row.first_tried_at, row.ended_at = clock.now(), 0, None, None
