"""How much there is of each kind, and what its partner wants to keep."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection

from common import clock
from common.blood import BloodGroup
from stock.components import Component
from stock.models import StockPolicy, Threshold

# The counts, corrected by what time has done since the last sweep: both sides of the sum are found by an index.
_LEVELS: Final = """
    SELECT partner_id, component, blood_group, status, sum(units)::int
    FROM (
        SELECT partner_id, component, blood_group, status, units FROM stock_stockcount
        WHERE partner_id = ANY(%(partners)s) AND status IN ('quarantined', 'available', 'reserved', 'in_transit')
        UNION ALL
        SELECT partner_id, component, blood_group, status, -1 FROM stock_unit
        WHERE partner_id = ANY(%(partners)s) AND status IN ('quarantined', 'available', 'reserved')
            AND expires_at <= %(now)s
        UNION ALL
        SELECT unit.partner_id, component, blood_group, level.status, level.units
        FROM stock_unit unit, (VALUES ('reserved', -1), ('available', 1)) AS level (status, units)
        WHERE partner_id = ANY(%(partners)s) AND unit.status = 'reserved' AND reserved_until <= %(now)s
            AND expires_at > %(now)s
    ) AS change
    GROUP BY partner_id, component, blood_group, status
    HAVING sum(units) <> 0
"""


@dataclass(frozen=True)
class Level:
    """How many units of a kind a partner has at the moment, by state."""

    component: Component
    blood_group: BloodGroup
    available: int
    reserved: int
    quarantined: int
    in_transit: int


def stock_of(partner_id: uuid.UUID) -> list[Level]:
    """Return the partner's stock by kind, in the order of components and groups."""
    return levels_of([partner_id]).get(partner_id, [])


def thresholds_of(partner_id: uuid.UUID) -> dict[str, Any]:
    """Return the partner's thresholds and its O- floor."""
    rows = Threshold.objects.filter(partner_id=partner_id)
    return {"thresholds": sorted(rows, key=_kind), "o_neg_floor": policy_of(partner_id).o_neg_floor}


def policy_of(partner_id: uuid.UUID) -> StockPolicy:
    """Return how the partner gives its blood away, also where it never said so."""
    return StockPolicy.objects.filter(partner_id=partner_id).first() or StockPolicy(
        o_neg_floor=0, requires_crossmatch=False
    )


def levels_of(partner_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[Level]]:
    """Return the stock of the partners by kind, in the order of components and groups; one query."""
    with connection.cursor() as cursor:
        cursor.execute(_LEVELS, {"partners": list(partner_ids), "now": clock.now()})
        rows = cursor.fetchall()
    kinds: dict[tuple[uuid.UUID, str, str], dict[str, int]] = defaultdict(dict)
    for partner_id, component, group, status, units in rows:
        kinds[partner_id, component, group][status] = units
    levels = defaultdict(list)
    for (partner_id, component, group), units in kinds.items():
        level = Level(
            Component(component),
            BloodGroup(group),
            available=units.get("available", 0),
            reserved=units.get("reserved", 0),
            quarantined=units.get("quarantined", 0),
            in_transit=units.get("in_transit", 0),
        )
        levels[partner_id].append(level)
    return {partner_id: sorted(found, key=_kind) for partner_id, found in levels.items()}


_COMPONENTS: Final = {str(component): place for place, component in enumerate(Component)}
_GROUPS: Final = {str(group): place for place, group in enumerate(BloodGroup)}


def _kind(row: Level | Threshold) -> tuple[int, int]:
    return _COMPONENTS[row.component], _GROUPS[row.blood_group]
