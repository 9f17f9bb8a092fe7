"""What administrators count of stock: what lies on the shelves, how long it lives, and what was lost."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from django.db.models import Count, Q, QuerySet, Sum

from common import clock, figures
from common.figures import Counted, Scope
from partners import selectors as partners
from stock.models import Movement, StockCount, Unit
from stock.states import DiscardReason, UnitStatus

# Days that a bag still lives, as columns of a chart: up to so many.
LIFE: Final = (("3 days", 3), ("7 days", 7), ("14 days", 14))
HELD: Final = (UnitStatus.AVAILABLE, UnitStatus.RESERVED, UnitStatus.QUARANTINED, UnitStatus.IN_TRANSIT)


class Shelf(Counted):
    """Bags by state: counted where triggers keep the sums, which cost nothing however many bags there are."""

    def count(self, scope: Scope) -> dict[str, int]:
        rows = partners.of_real(
            StockCount.objects.filter(status__in=[str(one) for one in HELD]), "partner", city=scope.city
        )
        found = dict(rows.order_by().values_list("status").annotate(total=Sum("units")))
        return {name: found.get(name, 0) for name in self.parts}


def held(scope: Scope) -> QuerySet[Unit]:
    """Return the bags that partners have, or that are on the way between them, now."""
    return partners.of_real(Unit.objects.filter(status__in=HELD), "partner", city=scope.city)


def free(scope: Scope) -> QuerySet[Unit]:
    """Return the bags that may be given away now."""
    return partners.of_real(
        Unit.objects.filter(status=UnitStatus.AVAILABLE, expires_at__gt=clock.now()), "partner", city=scope.city
    )


def lost(scope: Scope) -> QuerySet[Unit]:
    """Return the bags that were discarded or expired in the period; one that became its components is not lost."""
    moves = Movement.objects.filter(
        verb__in=["discard", "expire"], created_at__gte=scope.start, created_at__lt=scope.end
    )
    with_stock = StockCount.objects.order_by().values("partner")
    moves = partners.of_real(moves.filter(partner__in=with_stock), "partner", city=scope.city)
    gone = Unit.objects.filter(status__in=[UnitStatus.DISCARDED, UnitStatus.EXPIRED], pk__in=moves.values("unit"))
    return gone.exclude(discard_reason=DiscardReason.SEPARATED)


def _within(days: int) -> Q:
    return Q(expires_at__lte=clock.now() + dt.timedelta(days=days))


class Expiring(Counted):
    """Bags that may be given away, by how soon they expire: the conditions move with the clock."""

    def rows_of(self, part: str, scope: Scope) -> QuerySet[Any]:
        return free(scope).filter(_within(3 if part == "expires_in_3_days" else 7))

    def count(self, scope: Scope) -> dict[str, int]:
        return (
            free(scope)
            .order_by()
            .aggregate(
                expires_in_3_days=Count("pk", filter=_within(3)), expires_in_7_days=Count("pk", filter=_within(7))
            )
        )


SHELF: Final = Shelf("stock.unit", held, {str(one): Q(status=one) for one in HELD})
EXPIRING: Final = Expiring("stock.unit", free, {"expires_in_3_days": Q(), "expires_in_7_days": Q()})
LOST: Final = Counted(
    "stock.unit",
    lost,
    {
        "lost": Q(),
        "expired": Q(status=UnitStatus.EXPIRED),
        **{
            f"discarded_{reason}": Q(status=UnitStatus.DISCARDED, discard_reason=reason)
            for reason in DiscardReason
            if reason is not DiscardReason.SEPARATED
        },
    },
)
figures.register(SHELF, EXPIRING, LOST)


def by_group_and_life(scope: Scope) -> list[dict[str, Any]]:
    """Return for each group how many bags may be given away: `blood_group`, `units`, and `d3`, `d7`, `d14` of them at
    most so many days."""
    wanted = {f"d{days}": Count("pk", filter=_within(days)) for _, days in LIFE}
    rows = free(scope).order_by().values("blood_group").annotate(units=Count("pk"), **wanted)
    return [dict(row) for row in rows]


def available_by_partner(scope: Scope, *, component: str = "", blood_group: str = "") -> dict[Any, int]:
    """Return how many bags each partner has to give, by the sums that triggers keep."""
    rows = partners.of_real(
        StockCount.objects.filter(status=UnitStatus.AVAILABLE, units__gt=0), "partner", city=scope.city
    )
    kind = {"component": component, "blood_group": blood_group}
    rows = rows.filter(**{name: value for name, value in kind.items() if value})
    return dict(rows.order_by().values_list("partner").annotate(total=Sum("units")))
