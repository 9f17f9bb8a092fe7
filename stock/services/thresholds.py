"""Warnings: one whenever the available units of a kind fall below what the partner wants to have."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from django.db import connection

from common import outbox
from common.blood import BloodGroup
from common.db import command, step, take_turn
from stock.components import Component
from stock.models import StockPolicy, Threshold

_CROSSED: Final = """
    WITH standing AS (
        SELECT threshold.id, coalesce(counted.units, 0) AS units,
            coalesce(counted.units, 0) < threshold.minimum AS is_below
        FROM stock_threshold threshold
        LEFT JOIN stock_stockcount counted
            ON counted.partner_id = threshold.partner_id AND counted.component = threshold.component
            AND counted.blood_group = threshold.blood_group AND counted.status = 'available'
        WHERE threshold.partner_id = ANY(%s)
    )
    UPDATE stock_threshold threshold SET is_below = standing.is_below FROM standing
    WHERE threshold.id = standing.id AND threshold.is_below <> standing.is_below
    RETURNING threshold.id, threshold.partner_id, threshold.component, threshold.blood_group, threshold.minimum,
        standing.units, threshold.is_below
"""


@dataclass(frozen=True)
class Minimum:
    """What a partner wants to have at least of a kind."""

    component: Component
    blood_group: BloodGroup
    minimum: int


@command
def set_thresholds(*, partner_id: uuid.UUID, minimums: Sequence[Minimum], o_neg_floor: int) -> None:
    """Replace the partner's thresholds and its O- floor. What was below and stays so is not told again.

    Emits: stock.low
    """
    take_turn(f"stock.thresholds:{partner_id}")
    known = {(row.component, row.blood_group): row for row in Threshold.objects.filter(partner_id=partner_id)}
    wanted = {(one.component, one.blood_group): one.minimum for one in minimums}
    Threshold.objects.filter(pk__in=[row.pk for kind, row in known.items() if kind not in wanted]).delete()
    Threshold.objects.bulk_create(
        [
            Threshold(partner_id=partner_id, component=component, blood_group=group, minimum=minimum)
            for (component, group), minimum in wanted.items()
        ],
        update_conflicts=True,
        unique_fields=["partner", "component", "blood_group"],
        update_fields=["minimum"],
    )
    StockPolicy.objects.update_or_create(partner_id=partner_id, defaults={"o_neg_floor": o_neg_floor})
    watch([partner_id])


@step
def watch(partner_ids: Iterable[uuid.UUID]) -> None:
    """Compare what is available with the thresholds, after every change: each crossing is told once.

    Whoever changed a count holds its row, so that nobody judges by a number that is about to change.
    Emits: stock.low
    """
    concerned = sorted(set(partner_ids))
    if not concerned:
        return
    with connection.cursor() as cursor:
        cursor.execute(_CROSSED, [concerned])
        crossed = cursor.fetchall()
    for _, partner_id, component, group, minimum, units, is_below in crossed:
        if is_below:
            outbox.emit(
                "stock.low",
                key=f"partner:{partner_id}",
                partner=str(partner_id),
                component=component,
                blood_group=group,
                minimum=minimum,
                available=units,
            )
