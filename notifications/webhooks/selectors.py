"""What an owner may read: its endpoints, and what they were sent."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from django.db.models import Prefetch, QuerySet

from common.errors import NotFound
from notifications.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from notifications.webhooks.states import EndpointStatus


@dataclass(frozen=True)
class EndpointFacts:
    """An endpoint as its owners are told of it; its URL may hold what only they know."""

    id: uuid.UUID
    partner_id: uuid.UUID
    host: str


def endpoints_of(partner_id: uuid.UUID) -> QuerySet[WebhookEndpoint]:
    return WebhookEndpoint.objects.filter(partner=partner_id).exclude(status=EndpointStatus.DELETED)


def get_endpoint_of(partner_id: uuid.UUID, endpoint_id: uuid.UUID) -> WebhookEndpoint:
    """Raises: NotFound, also for another partner's."""
    found = endpoints_of(partner_id).filter(pk=endpoint_id).first()
    if found is None:
        raise NotFound
    return found


def deliveries_of(
    partner_id: uuid.UUID,
    endpoint_id: uuid.UUID,
    *,
    status: str | None = None,
    type: str | None = None,  # noqa: A002 - as the query calls it
    since: dt.datetime | None = None,
) -> QuerySet[WebhookDelivery]:
    """Return what an endpoint was sent, or waits to be. Raises: NotFound, also for another partner's endpoint"""
    found = WebhookDelivery.objects.filter(endpoint=get_endpoint_of(partner_id, endpoint_id))
    if status is not None:
        found = found.filter(status=status)
    if type is not None:
        found = found.filter(type=type)
    if since is not None:
        found = found.filter(created_at__gte=since)
    return found


def get_delivery_of(partner_id: uuid.UUID, endpoint_id: uuid.UUID, delivery_id: uuid.UUID) -> WebhookDelivery:
    """Return a message with its tries as `tried`. Raises: NotFound"""
    tries = Prefetch("attempts", queryset=WebhookAttempt.objects.order_by("number"), to_attr="tried")
    found = deliveries_of(partner_id, endpoint_id).filter(pk=delivery_id).prefetch_related(tries).first()
    if found is None:
        raise NotFound
    return found


def endpoint_facts(endpoint_id: uuid.UUID) -> EndpointFacts:
    """Raises: NotFound"""
    row = WebhookEndpoint.objects.filter(pk=endpoint_id).first()
    if row is None:
        raise NotFound
    return EndpointFacts(id=row.pk, partner_id=row.partner_id, host=row.url.partition("://")[2].partition("/")[0])
