"""Who near a place has blood for whom."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from common.blood import BloodGroup
from common.geo import Point
from partners import selectors as partners
from stock.compatibility import ranked_rows
from stock.components import Component
from stock.selectors.levels import levels_of


@dataclass(frozen=True)
class GroupOffer:
    blood_group: BloodGroup
    units: int
    compatible: bool
    identical: bool


@dataclass(frozen=True)
class Offer:
    """What a live partner near a place has of a component; `units` counts the compatible ones."""

    partner: Any
    distance_km: float
    units: int
    groups: list[GroupOffer]

    @property
    def pk(self) -> uuid.UUID:
        return self.partner.pk


def search(
    origin: Point, *, radius_km: float, blood_group: BloodGroup, component: Component, units: int
) -> list[Offer]:
    """Return the live partners within the radius that have so many compatible units, nearest first; two queries."""
    near = partners.partners_near(origin, radius_km, live=True)
    levels = levels_of([partner.pk for partner in near])
    suitable = {row.donor for row in ranked_rows(blood_group, component)}
    offers = []
    for partner in near:
        groups = [
            GroupOffer(
                level.blood_group,
                level.available,
                compatible=level.blood_group in suitable,
                identical=level.blood_group == blood_group,
            )
            for level in levels.get(partner.pk, [])
            if level.component == component and level.available > 0
        ]
        total = sum(group.units for group in groups if group.compatible)
        if total >= units:
            offers.append(Offer(partner, partner.distance_km, total, groups))
    return offers
