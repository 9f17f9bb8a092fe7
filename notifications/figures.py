"""What administrators count of messages, of every city, because a message knows none; and of partners' webhooks."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from django.db.models import Count, Q, QuerySet, Sum

from common import figures
from common.figures import Counted, Scope
from common.ids import id_floor
from common.money import Currency, Money
from notifications.models import ChannelSpend, Delivery, WebhookDelivery, WebhookEndpoint
from notifications.services.budgeting import terms_now
from notifications.states import REACHED, TEST_MODE, DeliveryStatus
from notifications.webhooks.states import DisabledReason, EndpointStatus, WebhookStatus
from partners import selectors as partners

WAITING: Final = (DeliveryStatus.QUEUED, DeliveryStatus.SENDING, DeliveryStatus.IN_DOUBT, DeliveryStatus.FAILED)


def made(scope: Scope) -> QuerySet[Delivery]:
    """Return the deliveries that were made in the period, but those to nobody in test data."""
    return scope.created(Delivery.objects.exclude(error_code=TEST_MODE))


def posted(scope: Scope) -> QuerySet[WebhookDelivery]:
    """Return the webhooks that were made in the period, for partners of the city."""
    return partners.of_real(scope.created(WebhookDelivery.objects.all()), "endpoint__partner", city=scope.city)


def endpoints(scope: Scope) -> QuerySet[WebhookEndpoint]:
    """Return the addresses that partners have, now."""
    return partners.of_real(WebhookEndpoint.objects.all(), "partner", city=scope.city)


MESSAGES: Final = Counted(
    "notifications.delivery",
    made,
    {
        "all": Q(),
        "arrived": Q(status__in=sorted(REACHED)),
        "sent": Q(status=DeliveryStatus.SENT),
        "waiting": Q(status__in=WAITING),
        "dead": Q(status=DeliveryStatus.DEAD),
        "skipped": Q(status=DeliveryStatus.SKIPPED),
    },
    {"all": "every message", "sent": "taken by the provider", "dead": "given up", "skipped": "not wanted or too late"},
)
WEBHOOKS: Final = Counted(
    "notifications.webhookdelivery",
    posted,
    {
        "all": Q(),
        "succeeded": Q(status=WebhookStatus.SUCCEEDED),
        "on_its_way": Q(status__in=[WebhookStatus.PENDING, WebhookStatus.SENDING]),
        "retried": Q(status__in=[WebhookStatus.PENDING, WebhookStatus.SENDING], tries__gt=0),
        "failed": Q(status=WebhookStatus.FAILED),
    },
    {"all": "every webhook", "retried": "failing, tried again", "failed": "given up"},
)
ENDPOINTS: Final = Counted(
    "notifications.webhookendpoint",
    endpoints,
    {
        "enabled": Q(status=EndpointStatus.ENABLED),
        "failing": Q(status=EndpointStatus.ENABLED, failing_since__isnull=False),
        "switched_off": Q(
            status=EndpointStatus.DISABLED, disabled_reason__in=[DisabledReason.FAILING, DisabledReason.GONE]
        ),
    },
    {"enabled": "addresses in use", "failing": "of them failing", "switched_off": "switched off for failing"},
)
figures.register(MESSAGES, WEBHOOKS, ENDPOINTS)


def by_channel(scope: Scope) -> list[dict[str, Any]]:
    """Return for each channel how many messages there were, by figure; one query."""
    wanted = {name: Count("pk", filter=where or None) for name, where in MESSAGES.parts.items()}
    rows = made(scope).order_by("channel").values("channel")
    return [dict(row) for row in rows.annotate(**wanted)]


def by_channel_and_status(since: dt.datetime) -> list[tuple[str, str, int]]:
    """Return how many deliveries were made since then, by channel and status."""
    rows = Delivery.objects.filter(pk__gte=id_floor(since)).order_by().values_list("channel", "status")
    return list(rows.annotate(number=Count("pk")))


def sent_since(since: dt.datetime, *, made_since: dt.datetime) -> list[tuple[str, int]]:
    """Return by channel how many of the deliveries made since `made_since` providers took since `since`."""
    rows = Delivery.objects.filter(pk__gte=id_floor(made_since), sent_at__gte=since).order_by().values_list("channel")
    return list(rows.annotate(number=Count("pk")))


def webhooks_now() -> dict[str, int]:
    """Return how many addresses of partners fail, and were switched off for it; and how many webhooks wait."""
    ours = partners.of_real(WebhookEndpoint.objects.all(), "partner")
    waiting = WebhookDelivery.objects.filter(status__in=[WebhookStatus.PENDING, WebhookStatus.SENDING])
    return {
        "failing": ours.filter(ENDPOINTS.parts["failing"]).count(),
        "switched_off": ours.filter(ENDPOINTS.parts["switched_off"]).count(),
        "waiting": partners.of_real(waiting, "endpoint__partner").count(),
    }


def spent(scope: Scope) -> list[dict[str, Any]]:
    """Return what the period's days have cost by channel: `messages`, `spent`, and how many were put off."""
    terms = {channel: one.currency for channel, one in terms_now().items()}
    rows = ChannelSpend.objects.filter(day__gte=scope.first, day__lte=scope.last).order_by("channel").values("channel")
    found = rows.annotate(all=Sum("messages"), cost=Sum("spent_minor"), later=Sum("held"))
    return [
        {
            "channel": row["channel"],
            "messages": row["all"],
            "spent": Money(row["cost"], terms.get(row["channel"], Currency.INR)),
            "held": row["later"],
        }
        for row in found
    ]
