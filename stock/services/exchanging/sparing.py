"""Who near a partner can spare what it needs: those who can give all of it first, and the nearest of them.

What a partner can spare of a group is what is good for long enough, and no more than it has above its threshold and,
of O- for a recipient who may have another group, above its floor. Five queries, however many partners there are.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Set
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Final

from django.db import connection

from common import clock
from common.blood import BloodGroup, Sex
from partners import selectors as partners
from stock.compatibility import Recipient, ranked_rows
from stock.components import Component
from stock.models import StockPolicy, Threshold
from stock.selectors import levels_of
from stock.services.allocating import Needs, may_have_last_o_neg

# One branch for each index: most bags are free, and few wait for a sweep.
_SUITABLE: Final = """
    SELECT partner_id, blood_group, count(*)
    FROM (
        SELECT partner_id, blood_group FROM stock_unit unit
        WHERE unit.status = 'available' AND {kind}
        UNION ALL
        SELECT partner_id, blood_group FROM stock_unit unit
        WHERE unit.status = 'reserved' AND unit.reserved_until <= %(now)s AND {kind}
    ) AS free
    GROUP BY partner_id, blood_group
"""
_KIND: Final = """
    unit.partner_id = ANY(%(partners)s) AND unit.component = %(component)s AND unit.blood_group = ANY(%(groups)s)
    AND unit.expires_at > %(good_until)s {needs}
"""


@dataclass(frozen=True)
class Wanted:
    """What is looked for, and until when it must be good."""

    blood_group: Recipient
    component: Component
    units: int
    good_until: dt.datetime
    needs: Needs
    sex: Sex | None = None
    age: int | None = None


@dataclass(frozen=True)
class Candidate:
    """A partner that can spare some of it."""

    partner_id: uuid.UUID
    distance_km: Decimal
    units: int


def candidates(
    partner_id: uuid.UUID, wanted: Wanted, *, radius_km: Decimal, without: Set[uuid.UUID] = frozenset()
) -> list[Candidate]:
    """Return the live partners within the radius of this one that can spare some of it, best first."""
    here = partners.card(partner_id)
    near = partners.partners_near(here.location, float(radius_km), live=True, world=here.world)
    asked = {found.pk: found for found in near if found.pk != partner_id and found.pk not in without}
    spare = _spare(list(asked), wanted)
    found = [
        Candidate(pk, Decimal(str(round(row.distance_km, 3))), spare[pk])
        for pk, row in asked.items()
        if spare.get(pk, 0) > 0
    ]
    return sorted(found, key=lambda one: (one.units < wanted.units, one.distance_km, str(one.partner_id)))


def _spare(partner_ids: list[uuid.UUID], wanted: Wanted) -> dict[uuid.UUID, int]:
    suitable = _suitable(partner_ids, wanted)
    kept = _kept(partner_ids, wanted)
    spare: dict[uuid.UUID, int] = defaultdict(int)
    for partner_id, levels in levels_of(partner_ids).items():
        for level in levels:
            kind = partner_id, str(level.blood_group)
            if level.component == wanted.component and kind in suitable:
                spare[partner_id] += max(0, min(suitable[kind], level.available - kept.get(kind, 0)))
    return spare


def _suitable(partner_ids: list[uuid.UUID], wanted: Wanted) -> dict[tuple[uuid.UUID, str], int]:
    tiers = ranked_rows(wanted.blood_group, wanted.component, sex=wanted.sex, age=wanted.age)
    special = "".join(f"AND unit.{field.name} " for field in fields(Needs) if getattr(wanted.needs, field.name))
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(
            _SUITABLE.replace("{kind}", _KIND.replace("{needs}", special)),
            {
                "partners": partner_ids,
                "component": str(wanted.component),
                "groups": [str(tier.donor) for tier in tiers],
                "good_until": max(now, wanted.good_until),
                "now": now,
            },
        )
        return {(partner_id, group): units for partner_id, group, units in cursor.fetchall()}


def _kept(partner_ids: list[uuid.UUID], wanted: Wanted) -> dict[tuple[uuid.UUID, str], int]:
    """Return how many of a group each partner wants to keep for itself."""
    rows = Threshold.objects.filter(partner_id__in=partner_ids, component=wanted.component)
    kept = {(pk, group): minimum for pk, group, minimum in rows.values_list("partner_id", "blood_group", "minimum")}
    if not may_have_last_o_neg(wanted.blood_group, sex=wanted.sex, age=wanted.age):
        floors = StockPolicy.objects.filter(partner_id__in=partner_ids).values_list("partner_id", "o_neg_floor")
        for partner_id, floor in floors:
            kind = partner_id, str(BloodGroup.O_NEG)
            kept[kind] = max(floor, kept.get(kind, 0))
    return kept
