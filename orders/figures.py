"""What administrators count of orders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Count, F, Q, QuerySet

from common import clock, figures
from common.figures import Counted, Scope
from orders.models import Box, Order
from orders.states import BEFORE_DISPATCH, OrderStatus
from partners import selectors as partners


@dataclass(frozen=True)
class Punctuality:
    """Of the orders of a period: how many arrived, how many after they were expected; and how boxes kept their band."""

    delivered: int
    late: int
    boxes: int
    breached: int


def placed(scope: Scope) -> QuerySet[Order]:
    """Return the orders that were placed in the period, at banks of the city."""
    return partners.of_real(scope.created(Order.objects.all()), "bank", city=scope.city)


def on_the_way(scope: Scope) -> QuerySet[Order]:
    """Return the orders that are on the road now, whenever they were placed."""
    return partners.of_real(Order.objects.filter(status=OrderStatus.DISPATCHED), "bank", city=scope.city)


class Road(Counted):
    """Orders on the road: whether one is late depends on the clock."""

    def rows_of(self, part: str, scope: Scope) -> QuerySet[Any]:
        rows = on_the_way(scope)
        return rows.filter(expected_at__lt=clock.now()) if part == "late" else rows

    def count(self, scope: Scope) -> dict[str, int]:
        now, arrivals = clock.now(), list(on_the_way(scope).values_list("expected_at", flat=True))
        return {"on_the_way": len(arrivals), "late": sum(1 for one in arrivals if one is not None and one < now)}


ORDERS: Final = Counted(
    "orders.order",
    placed,
    {
        "placed": Q(),
        "waiting": Q(status__in=sorted(BEFORE_DISPATCH)),
        "delivered": Q(status=OrderStatus.DELIVERED),
        "cancelled": Q(status__in=[OrderStatus.CANCELLED, OrderStatus.REJECTED]),
        "failed": Q(status__in=[OrderStatus.FAILED, OrderStatus.RETURNED]),
    },
    {"waiting": "not sent yet", "cancelled": "cancelled or refused", "failed": "could not be handed over"},
)
ROAD: Final = Road("orders.order", on_the_way, {"on_the_way": Q(), "late": Q()})
figures.register(ORDERS, ROAD)


def punctuality(scope: Scope) -> Punctuality:
    """Return how the orders that were placed in the period arrived."""
    rows = placed(scope).order_by()
    late = Q(ended_at__gt=F("expected_at"))
    came = rows.filter(status=OrderStatus.DELIVERED).aggregate(all=Count("pk"), late=Count("pk", filter=late))
    boxes = Box.objects.filter(order__in=rows.values("pk")).aggregate(all=Count("pk"), out=Count("breached_at"))
    return Punctuality(came["all"], came["late"], boxes["all"], boxes["out"])
