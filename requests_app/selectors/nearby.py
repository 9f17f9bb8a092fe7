"""Requests near a donor, and donors near a request."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q

from common import clock
from common.geo import Near, bounding_boxes, nearest_first
from requests_app.models import BloodRequest
from requests_app.states import LIVE_REQUEST, RequestStatus
from stock.compatibility import compatible_donors, is_compatible
from stock.components import Component, donation_type_for
from users import matching
from users import selectors as users

FURTHEST_KM = 100.0  # no request reaches farther


@dataclass(frozen=True)
class NearbyRequest:
    """A request as a donor sees it, and how far away it is."""

    request: BloodRequest
    distance_km: float | None

    @property
    def pk(self) -> uuid.UUID:
        return self.request.pk

    @property
    def status(self) -> RequestStatus:
        return self.request.state_at(clock.now())

    @property
    def units_left(self) -> int:
        """Places that may still be taken: none in a closed request."""
        return self.request.units_left if self.status in LIVE_REQUEST else 0

    @property
    def note(self) -> str:
        """Words for those who may come; a closed request has nothing to say to anybody."""
        return self.request.note if self.status in LIVE_REQUEST else ""


def requests_near(*, donor: users.DonorCard, radius_km: float | None) -> list[NearbyRequest]:
    """Return the open requests that the donor's blood can help and whose reach he is within, nearest first."""
    if donor.location is None:
        return []
    radius = min(radius_km or FURTHEST_KM, FURTHEST_KM)
    now = clock.now()
    boxes = reduce(or_, (Q(place__within=box) for box in bounding_boxes(donor.location, radius)))
    rows = BloodRequest.objects.filter(
        boxes, status=RequestStatus.OPEN, expires_at__gt=now, partner__test_world=None
    ).select_related("partner")
    fit = [row for row in rows if is_compatible(row.recipient_group, donor.blood_group, Component(row.component))]
    near: list[Near[Any]] = nearest_first(donor.location, fit, radius)
    return [NearbyRequest(at.row, at.distance_km) for at in near if at.distance_km <= at.row.radius_km]


def candidates(request: BloodRequest, rings: Iterable[Decimal]) -> list[matching.RingCount]:
    """Return how many donors match, per ring and group."""
    component = Component(request.component)
    return matching.count_donors(
        origin=request.location,
        rings=[float(ring) for ring in rings],
        groups=compatible_donors(request.recipient_group, component),
        donation_type=donation_type_for(component),
        zone=request.partner.zone,
        world=request.partner.test_world,
    )
