"""An owner says where its systems are told what happens, and with which secret."""

from __future__ import annotations

import base64
import datetime as dt
import json
import secrets
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from common import clock
from common.db import command, lock, step, take_turn
from common.errors import NotFound
from common.ids import uuid7
from common.outbox import emit
from common.transitions import advance
from common.webhooks import PREFIX
from notifications.models import WebhookDelivery, WebhookEndpoint
from notifications.webhooks.addresses import parse_url
from notifications.webhooks.catalogue import FILTERS, TEST, message
from notifications.webhooks.errors import EndpointDisabled, EventTypeUnknown, TooManyEndpoints
from notifications.webhooks.payloads import moment
from notifications.webhooks.states import (
    ENDPOINT_TRANSITIONS,
    WEBHOOK_TRANSITIONS,
    DisabledReason,
    EndpointStatus,
    WebhookStatus,
)

MOST_ENDPOINTS: Final = 10  # of one partner
SECRET_BYTES: Final = 32  # Standard Webhooks asks for 24 to 64
OVERLAP: Final = dt.timedelta(hours=24)  # in which an old secret signs beside the new one


@dataclass(frozen=True)
class Opened:
    """An endpoint with its secret, which is never shown again."""

    endpoint: WebhookEndpoint
    secret: str


@command
def create(*, partner_id: uuid.UUID, url: str, description: str, event_types: Collection[str]) -> Opened:
    """Send the partner's messages of these types to a URL from now on.

    Raises: WebhookUrlRefused, EventTypeUnknown, TooManyEndpoints
    """
    parse_url(url)
    filters = _filters(event_types)
    take_turn(f"webhook_endpoints:{partner_id}")
    living = WebhookEndpoint.objects.filter(partner_id=partner_id).exclude(status=EndpointStatus.DELETED)
    if living.count() >= MOST_ENDPOINTS:
        raise TooManyEndpoints(most=MOST_ENDPOINTS)
    secret = new_secret()
    endpoint = WebhookEndpoint.objects.create(
        partner_id=partner_id,
        url=url,
        description=description,
        event_types=filters,
        secret=secret,
        rotated_at=clock.now(),
    )
    return Opened(endpoint, secret)


@command
def change(
    *,
    partner_id: uuid.UUID,
    endpoint_id: uuid.UUID,
    url: str | None = None,
    description: str | None = None,
    event_types: Collection[str] | None = None,
) -> WebhookEndpoint:
    """Change what is given; what waits goes to the new URL. Locks: the endpoint.

    Raises: NotFound, WebhookUrlRefused, EventTypeUnknown
    """
    if url is not None:
        parse_url(url)
    filters = None if event_types is None else _filters(event_types)
    row = _hold(partner_id, endpoint_id)
    changes = {"url": url, "description": description, "event_types": filters}
    given = {name: value for name, value in changes.items() if value is not None}
    for name, value in given.items():
        setattr(row, name, value)
    row.save(update_fields=[*given, "updated_at"])
    return row


@command
def rotate_secret(*, partner_id: uuid.UUID, endpoint_id: uuid.UUID) -> Opened:
    """Sign with a new secret; the last one signs beside it for a day, and one before that no more.

    Locks: the endpoint.      Raises: NotFound
    """
    row, now = _hold(partner_id, endpoint_id), clock.now()
    row.old_secret, row.old_secret_until = row.secret, now + OVERLAP
    row.secret, row.rotated_at = new_secret(), now
    row.save(update_fields=["old_secret", "old_secret_until", "secret", "rotated_at", "updated_at"])
    return Opened(row, row.secret)


@command
def enable(*, partner_id: uuid.UUID, endpoint_id: uuid.UUID) -> WebhookEndpoint:
    """Send again what happens from now on. Locks: the endpoint.      Raises: NotFound, IllegalTransition"""
    row = _hold(partner_id, endpoint_id)
    row.status = advance(ENDPOINT_TRANSITIONS, row.state, "enable")
    row.disabled_reason, row.disabled_at, row.failing_since, row.warned_at = "", None, None, None
    row.save()
    return row


@command
def disable(*, partner_id: uuid.UUID, endpoint_id: uuid.UUID) -> WebhookEndpoint:
    """Send nothing any more; what waited is given up and can be replayed.

    Locks: the endpoint, what waits.      Raises: NotFound, IllegalTransition
    """
    row = _hold(partner_id, endpoint_id)
    stop(row, DisabledReason.OWNER)
    return row


@command
def delete(*, partner_id: uuid.UUID, endpoint_id: uuid.UUID) -> None:
    """Forget the endpoint's secrets and show it no more. Locks: the endpoint, what waits.      Raises: NotFound"""
    row = _hold(partner_id, endpoint_id)
    row.status = advance(ENDPOINT_TRANSITIONS, row.state, "delete")
    row.secret = row.old_secret = row.old_secret_until = None
    row.save()
    give_up_waiting(row.pk)


@command
def send_test(*, partner_id: uuid.UUID, endpoint_id: uuid.UUID) -> WebhookDelivery:
    """Queue a message of the type `webhook.test`, whatever the filters are. Raises: NotFound, EndpointDisabled"""
    row, now, pk = _hold(partner_id, endpoint_id), clock.now(), uuid7()
    if row.state is not EndpointStatus.ENABLED:
        raise EndpointDisabled
    return WebhookDelivery.objects.create(
        id=pk,
        endpoint=row,
        message_id=f"test_{pk.hex}",
        type=TEST,
        aggregate=f"test:{pk}",
        body=json.dumps(message(TEST, at=moment(now), data={"endpoint_id": str(row.pk)}), separators=(",", ":")),
        next_at=now,
        created_at=now,
    )


@step
def stop(row: WebhookEndpoint, reason: DisabledReason) -> None:
    """Disable a locked endpoint, and tell its owners where it was not one of them.

    Emits: webhook.disabled      Raises: IllegalTransition
    """
    row.status = advance(ENDPOINT_TRANSITIONS, row.state, "disable")
    row.disabled_reason, row.disabled_at = reason, clock.now()
    row.save()
    give_up_waiting(row.pk)
    if reason is not DisabledReason.OWNER:
        facts = {"endpoint": str(row.pk), "partner": str(row.partner_id), "reason": str(reason)}
        emit("webhook.disabled", key=f"webhook_endpoint:{row.pk}", **facts)


@step
def give_up_waiting(endpoint_id: uuid.UUID) -> int:
    """Give up what waits for an endpoint that is not enabled; what is being sent ends by itself."""
    status = advance(WEBHOOK_TRANSITIONS, WebhookStatus.PENDING, "give_up")
    waiting = WebhookDelivery.objects.filter(endpoint=endpoint_id, status=WebhookStatus.PENDING)
    return waiting.update(status=status, next_at=None, ended_at=clock.now())


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def _hold(partner_id: uuid.UUID, endpoint_id: uuid.UUID) -> WebhookEndpoint:
    for row in lock(WebhookEndpoint, [endpoint_id]):
        if row.partner_id == partner_id and row.state is not EndpointStatus.DELETED:
            return row
    raise NotFound


def _filters(event_types: Collection[str]) -> list[str]:
    found = list(dict.fromkeys(event_types))
    unknown = [name for name in found if name not in FILTERS]
    if unknown or not found:
        raise EventTypeUnknown(unknown=unknown)
    return found
