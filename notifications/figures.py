"""What administrators count of messages: of every city, because a message knows none."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import Count, Q, QuerySet

from common import figures
from common.figures import Counted, Scope
from notifications.models import Delivery
from notifications.states import REACHED, DeliveryStatus

WAITING: Final = (DeliveryStatus.QUEUED, DeliveryStatus.SENDING, DeliveryStatus.IN_DOUBT, DeliveryStatus.FAILED)


def made(scope: Scope) -> QuerySet[Delivery]:
    """Return the deliveries that were made in the period."""
    return scope.created(Delivery.objects.all())


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
figures.register(MESSAGES)


def by_channel(scope: Scope) -> list[dict[str, Any]]:
    """Return for each channel how many messages there were, by figure; one query."""
    wanted = {name: Count("pk", filter=where or None) for name, where in MESSAGES.parts.items()}
    rows = made(scope).order_by("channel").values("channel")
    return [dict(row) for row in rows.annotate(**wanted)]
