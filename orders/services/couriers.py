"""Who brings boxes: the bank's own riders."""

from __future__ import annotations

import datetime as dt
import math
import uuid
from typing import Any, Final

from common import clock
from common.db import command, lock, step
from common.errors import NotFound
from common.geo import Point, distance_km
from orders import selectors
from orders.errors import RiderUnknown
from orders.models import Rider
from partners import selectors as partners

FRESH: Final = dt.timedelta(minutes=30)  # an older place of a rider says nothing


@command
def add_rider(*, partner_id: uuid.UUID, name: str, phone: str, vehicle: str = "") -> Rider:
    """Let somebody carry boxes for the bank. Raises: RiderPhoneTaken"""
    return Rider.objects.create(partner_id=partner_id, name=name, phone=phone, vehicle=vehicle)


@command
def change_rider(*, rider_id: uuid.UUID, partner_id: uuid.UUID, changes: dict[str, Any]) -> Rider:
    """Change what is known of a rider; one that is not active is given nothing.

    Locks: the rider.      Raises: NotFound, RiderPhoneTaken
    """
    rider = next((row for row in lock(Rider, [rider_id]) if row.partner_id == partner_id), None)
    if rider is None:
        raise NotFound
    for name, value in changes.items():
        setattr(rider, name, value)
    rider.save(update_fields=list(changes))
    return rider


@step
def take_rider(*, partner_id: uuid.UUID, rider_id: uuid.UUID | None) -> Rider:
    """Return this active rider of the bank, or the one who suits best, held.

    Best is the nearest to the bank of those who carry nothing; when all carry, who carries least. One whose place is
    not known, or was not told lately, is as far as can be.

    Locks: the bank's riders, so that two orders at once see each other.      Raises: RiderUnknown
    """
    wanted = Rider.objects.filter(partner_id=partner_id, is_active=True)
    riders = lock(Rider, (wanted if rider_id is None else wanted.filter(pk=rider_id)).values_list("pk", flat=True))
    riders = [rider for rider in riders if rider.is_active and rider.partner_id == partner_id]
    if not riders:
        raise RiderUnknown
    if rider_id is not None:
        return riders[0]
    load = selectors.loads_of(rider.pk for rider in riders)
    bank = partners.card(partner_id).location
    return min(riders, key=lambda rider: (load.get(rider.pk, 0), _distance(rider, bank), rider.pk))


def _distance(rider: Rider, bank: Point) -> float:
    if rider.lat is None or rider.located_at is None or clock.now() - rider.located_at > FRESH:
        return math.inf
    return distance_km(Point(float(rider.lat), float(rider.lng or 0)), bank)
