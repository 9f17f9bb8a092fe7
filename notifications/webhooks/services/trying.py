"""Claiming what is due, and writing down what came of it.

Of one endpoint and one aggregate the oldest open message goes first and holds back the others; an endpoint has a few
messages on their way at most; one that fails is served beside the others, by threads of its own.
"""

from __future__ import annotations

import datetime as dt
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from common import clock
from common.db import command, lock_in_sql, lock_one, step
from common.outbox import emit
from common.transitions import advance
from notifications.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from notifications.webhooks.carrying import Outcome
from notifications.webhooks.services.endpoints import stop
from notifications.webhooks.states import (
    WEBHOOK_TRANSITIONS,
    DisabledReason,
    EndpointStatus,
    Failure,
    WebhookStatus,
)

# The waits of Standard Webhooks 1.0.0 before each attempt: ten within 76 hours.
SCHEDULE: Final[Sequence[dt.timedelta]] = (
    dt.timedelta(0),
    dt.timedelta(seconds=5),
    dt.timedelta(minutes=5),
    dt.timedelta(minutes=30),
    dt.timedelta(hours=2),
    dt.timedelta(hours=5),
    dt.timedelta(hours=10),
    dt.timedelta(hours=14),
    dt.timedelta(hours=20),
    dt.timedelta(hours=24),
)
JITTER: Final = 0.1  # of a wait at most, on top: those that failed together do not come back together
LONGEST_WAIT: Final = dt.timedelta(hours=24)  # that an answer may ask for
WARN_AFTER: Final = dt.timedelta(hours=12)  # of nothing but failures
LEASE: Final = dt.timedelta(seconds=90)  # a look-up and a try take half of it
AT_ONCE: Final = 2  # messages on their way to one endpoint
GONE: Final = 410
_dice = secrets.SystemRandom()

# Endpoints with open messages are found by steps through an index, so that a long backlog of one costs no more.
_CLAIM: Final = """
WITH RECURSIVE busy AS (
    (SELECT endpoint_id FROM notifications_webhookdelivery
     WHERE status IN ('pending', 'sending') ORDER BY endpoint_id LIMIT 1)
    UNION ALL
    SELECT (SELECT later.endpoint_id FROM notifications_webhookdelivery later
            WHERE later.status IN ('pending', 'sending') AND later.endpoint_id > busy.endpoint_id
            ORDER BY later.endpoint_id LIMIT 1)
    FROM busy WHERE busy.endpoint_id IS NOT NULL
), due AS (
    SELECT head.id
    FROM busy
    JOIN notifications_webhookendpoint endpoint ON endpoint.id = busy.endpoint_id
        AND endpoint.status = 'enabled' AND (endpoint.failing_since IS NOT NULL) = %(failing)s
    CROSS JOIN LATERAL (
        SELECT one.id, one.next_at, row_number() OVER (ORDER BY one.next_at, one.id) AS place
        FROM notifications_webhookdelivery one
        WHERE one.endpoint_id = endpoint.id AND one.status IN ('pending', 'sending') AND one.next_at <= %(now)s
            AND NOT EXISTS (
                SELECT FROM notifications_webhookdelivery older
                WHERE older.endpoint_id = one.endpoint_id AND older.aggregate = one.aggregate
                    AND older.status IN ('pending', 'sending') AND (older.number, older.id) < (one.number, one.id)
            )
        ORDER BY one.next_at, one.id
        LIMIT greatest(0, %(at_once)s - (
            SELECT count(*) FROM notifications_webhookdelivery sent
            WHERE sent.endpoint_id = endpoint.id AND sent.status = 'sending' AND sent.next_at > %(now)s
        ))
    ) head
    ORDER BY head.place, head.next_at
    LIMIT %(limit)s
), held AS (
    SELECT free.id, free.status
    FROM notifications_webhookdelivery free
    WHERE free.id IN (SELECT id FROM due) AND free.status IN ('pending', 'sending') AND free.next_at <= %(now)s
    ORDER BY free.id
    FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE notifications_webhookdelivery claimed
SET status = 'sending', next_at = %(until)s, attempts_made = claimed.attempts_made + 1
FROM held
WHERE held.id = claimed.id
RETURNING claimed.id, claimed.attempts_made, held.status
"""


@dataclass(frozen=True)
class Claimed:
    """A message that this worker sends now: its attempt, counted from 1, and what signs it."""

    id: uuid.UUID
    number: int
    url: str
    message_id: str
    body: bytes
    secrets: tuple[str, ...]


@command
def claim(*, limit: int, failing: bool) -> list[Claimed]:
    """Lease due messages of endpoints that fail, or of the others. Locks: the messages, passing over what is held.

    A message whose lease is over was on its way when its worker died: it goes again, under the same id.
    """
    now = clock.now()
    params = {"now": now, "until": now + LEASE, "failing": failing, "at_once": AT_ONCE, "limit": limit}
    taken = {pk: (number, status) for pk, number, status in lock_in_sql(WebhookDelivery, _CLAIM, params)}
    if not taken:
        return []
    lost = [pk for pk, (_, status) in taken.items() if status == WebhookStatus.SENDING]
    WebhookAttempt.objects.bulk_create(
        [
            WebhookAttempt(delivery_id=pk, number=taken[pk][0] - 1, started_at=now - LEASE, error=Failure.WORKER_LOST)
            for pk in lost
        ],
        ignore_conflicts=True,
    )
    rows = WebhookDelivery.objects.filter(pk__in=taken).select_related("endpoint").order_by("next_at", "pk")
    return [
        Claimed(
            id=row.pk,
            number=taken[row.pk][0],
            url=row.endpoint.url,
            message_id=row.message_id,
            body=row.body.encode(),
            secrets=tuple(row.endpoint.secrets_at(now)),
        )
        for row in rows
    ]


@command
def record(*, claimed: Claimed, started_at: dt.datetime, outcome: Outcome) -> None:
    """Write a try down, and what follows of it: success, the next try, or none.

    410 disables the endpoint at once; so does a message that was given up when nothing else was taken since it was
    first tried. What comes after the lease is noted, and counts only if it is a success.

    Locks: the endpoint, the message.      Emits: webhook.failing, webhook.disabled
    """
    endpoint_id = WebhookDelivery.objects.filter(pk=claimed.id).values_list("endpoint", flat=True).first()
    if endpoint_id is None:
        return
    endpoint = lock_one(WebhookEndpoint, endpoint_id)
    row = lock_one(WebhookDelivery, claimed.id)
    WebhookAttempt.objects.update_or_create(
        delivery=row,
        number=claimed.number,
        defaults={
            "started_at": started_at,
            "duration_ms": int(outcome.duration.total_seconds() * 1000),
            "http_status": outcome.http_status,
            "error": outcome.error or "",
            "excerpt": outcome.excerpt,
        },
    )
    is_late = row.state is not WebhookStatus.SENDING or row.attempts_made != claimed.number
    if row.state is not WebhookStatus.SENDING or (is_late and not outcome.is_success):
        return
    row.last_status, row.last_error = outcome.http_status, outcome.error or ""
    row.first_tried_at = row.first_tried_at or started_at
    if outcome.is_success:
        _end(row, "succeed")
        if endpoint.failing_since is not None:
            endpoint.failing_since = endpoint.warned_at = None
            endpoint.save(update_fields=["failing_since", "warned_at"])
    else:
        _fail(row, endpoint, outcome, started_at)
    row.save()


@step
def _fail(row: WebhookDelivery, endpoint: WebhookEndpoint, outcome: Outcome, started_at: dt.datetime) -> None:
    row.tries += 1
    if endpoint.failing_since is None:
        endpoint.failing_since = started_at
        endpoint.save(update_fields=["failing_since"])
    if row.tries >= len(SCHEDULE) or outcome.http_status == GONE or endpoint.state is not EndpointStatus.ENABLED:
        _end(row, "give_up")
        _stop_if_dead(row, endpoint, outcome)
    else:
        row.status = advance(WEBHOOK_TRANSITIONS, row.state, "retry")
        row.next_at = clock.now() + wait_before(row.tries, outcome.retry_after)
    if endpoint.state is EndpointStatus.ENABLED:
        _warn(endpoint)


def wait_before(tries: int, retry_after: dt.timedelta | None) -> dt.timedelta:
    """Return how long to wait after so many failures: what the schedule says, or longer where the answer asks so."""
    wait = SCHEDULE[tries] * (1 + JITTER * _dice.random())
    return max(wait, min(retry_after or dt.timedelta(0), LONGEST_WAIT))


def _end(row: WebhookDelivery, verb: str) -> None:
    row.status = advance(WEBHOOK_TRANSITIONS, row.state, verb)
    row.next_at, row.ended_at = None, clock.now()


@step
def _stop_if_dead(row: WebhookDelivery, endpoint: WebhookEndpoint, outcome: Outcome) -> None:
    if endpoint.state is not EndpointStatus.ENABLED:
        return
    if outcome.http_status == GONE:
        stop(endpoint, DisabledReason.GONE)
    elif endpoint.failing_since and row.first_tried_at and endpoint.failing_since <= row.first_tried_at:
        stop(endpoint, DisabledReason.FAILING)


@step
def _warn(endpoint: WebhookEndpoint) -> None:
    """Tell the owners once that nothing gets through."""
    now = clock.now()
    if endpoint.warned_at is None and endpoint.failing_since and now - endpoint.failing_since >= WARN_AFTER:
        endpoint.warned_at = now
        endpoint.save(update_fields=["warned_at"])
        facts = {"endpoint": str(endpoint.pk), "partner": str(endpoint.partner_id)}
        emit("webhook.failing", key=f"webhook_endpoint:{endpoint.pk}", **facts)
