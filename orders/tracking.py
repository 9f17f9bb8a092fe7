"""When an order arrives, as far as anybody can tell."""

from __future__ import annotations

import datetime as dt
import itertools
import uuid
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from common import clock
from common.geo import Point, distance_km
from orders.models import Order, Ping
from orders.states import OrderStatus

LOOK_BACK: Final = dt.timedelta(minutes=20)  # the speed is that of the last so many minutes
STALE: Final = dt.timedelta(minutes=15)  # an older place says nothing of an arrival
SLOWEST_KMH: Final = 4.0  # below walking pace no arrival can be told: the courier stands
DETOUR: Final = 1.3  # roads are longer than the crow's flight: policy


@dataclass(frozen=True)
class Eta:
    expected_at: dt.datetime | None
    basis: str
    remaining_km: float | None
    seen_at: dt.datetime | None


def eta_of(order_id: uuid.UUID, *, zone: str) -> Eta:
    """Return when it should arrive: from where the courier was and how fast, else what the courier said, else nothing.

    Speed is measured along the pings of the last minutes; one that stands still, or was not seen lately, gives none.
    """
    order = Order.objects.get(pk=order_id)
    if order.state is not OrderStatus.DISPATCHED:
        return Eta(None, "", None, None)
    said = Eta(_in(order.expected_at, zone), "courier" if order.expected_at else "", None, None)
    if order.destination is None:
        return said
    pings = list(Ping.objects.filter(order_id=order_id).order_by("-at").only("at", "lat", "lng")[:50])
    if not pings:
        return said
    last = pings[0]
    left = distance_km(Point.of(last), order.destination)
    seen = _in(last.at, zone)
    speed = _speed_kmh([ping for ping in pings if ping.at >= last.at - LOOK_BACK])
    if speed is None or clock.now() - last.at > STALE:
        return Eta(said.expected_at, said.basis, round(left, 3), seen)
    arrival = last.at + dt.timedelta(hours=left * DETOUR / speed)
    return Eta(_in(arrival, zone), "pings", round(left, 3), seen)


def _speed_kmh(pings: list[Ping]) -> float | None:
    """Return the speed along the pings, newest first; None where it tells nothing."""
    way = sum(distance_km(Point.of(a), Point.of(b)) for a, b in itertools.pairwise(pings))
    hours = (pings[0].at - pings[-1].at) / dt.timedelta(hours=1)
    speed = way / hours if hours > 0 else 0.0
    return speed if speed >= SLOWEST_KMH else None


def _in(moment: dt.datetime | None, zone: str) -> dt.datetime | None:
    return None if moment is None else moment.astimezone(ZoneInfo(zone)).replace(microsecond=0)
