"""What is measured on the road: places, and temperatures that decide about bags."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.conf import settings

from common import clock
from common.db import command, lock, lock_one, step
from common.errors import NotFound
from common.geo import Point
from orders.errors import MeasuredInFuture, NotOnTheRoad
from orders.models import Box, Order, OrderBag, Ping, Reading, Rider
from orders.services.placing import in_degrees
from orders.services.records import COURIER, SYSTEM, hold_order, note, take_step, tell
from orders.states import HOLDS_BAGS, BagFate, OrderStatus
from stock import services as stock
from stock.components import TemperatureBand

AHEAD: Final = dt.timedelta(minutes=2)  # how wrong a device's clock may be
MEASURED: Final = frozenset(
    {OrderStatus.ACCEPTED, OrderStatus.PACKED, OrderStatus.DISPATCHED, OrderStatus.DELIVERED, OrderStatus.FAILED}
)


@dataclass(frozen=True)
class Place:
    at: dt.datetime
    point: Point


@dataclass(frozen=True)
class Temperature:
    sensor: str
    at: dt.datetime
    celsius: Decimal


@command
def record_pings(*, order_id: uuid.UUID, partner_id: uuid.UUID, places: Sequence[Place]) -> int:
    """Write down where the courier was, in whatever order it is told; return how many places were new.

    Locks: the order, its rider.      Raises: NotFound, NotOnTheRoad, MeasuredInFuture
    """
    return keep_pings(hold_order(order_id, bank_id=partner_id), places)


@step
def keep_pings(order: Order, places: Sequence[Place]) -> int:
    """`record_pings` of a locked order. Locks: its rider.      Raises: NotOnTheRoad, MeasuredInFuture"""
    if order.state not in {OrderStatus.DISPATCHED, OrderStatus.FAILED}:
        raise NotOnTheRoad
    _refuse_future([place.at for place in places], "pings")
    before = order.pings.count()
    rows = [
        Ping(order=order, at=place.at, lat=in_degrees(place.point.lat), lng=in_degrees(place.point.lng))
        for place in places
    ]
    Ping.objects.bulk_create(rows, ignore_conflicts=True)
    latest = max(rows, key=lambda row: row.at)
    for rider in lock(Rider, [order.rider_id] if order.rider_id else []):
        if rider.located_at is None or rider.located_at < latest.at:
            rider.lat, rider.lng, rider.located_at = latest.lat, latest.lng, latest.at
            rider.save(update_fields=["lat", "lng", "located_at"])
    return order.pings.count() - before


@command
def record_readings(*, box_id: uuid.UUID, partner_id: uuid.UUID, temperatures: Sequence[Temperature]) -> Box:
    """Write down what a box's sensors say, in whatever order it is told, once for each sensor and moment.

    Out of the band for longer than `COLD_CHAIN_GRACE` by any one sensor is a breach: at once, and once, the box's
    bags are quarantined, wherever they are, and both sides told. What is measured after the hand-over does not count.

    Locks: the order, the box, the bags.      Emits: order.breached, reservation.ended, stock.low
    Raises: NotFound, NotOnTheRoad, MeasuredInFuture
    """
    order_id = Box.objects.filter(pk=box_id, bank_id=partner_id).values_list("order_id", flat=True).first()
    if order_id is None:
        raise NotFound
    order, box = hold_order(order_id), lock_one(Box, box_id)
    if order.state not in MEASURED:
        raise NotOnTheRoad
    _refuse_future([one.at for one in temperatures], "readings")
    band = TemperatureBand(box.min_c, box.max_c)
    Reading.objects.bulk_create(
        [
            Reading(
                box=box,
                sensor=one.sensor,
                at=one.at,
                temperature_c=one.celsius,
                is_inside=band.contains(one.celsius),
            )
            for one in temperatures
        ],
        ignore_conflicts=True,
    )
    found = _excursion(box, order)
    box.out_since = found.open_since
    if found.breached_since is not None and box.breached_at is None:
        _breach(order, box, found.breached_since)
    box.save(update_fields=["out_since", "breached_at", "closed_at"])
    return box


@dataclass(frozen=True)
class _Excursion:
    """Since when the box is out of its band, as its latest readings say, and since when it was for too long."""

    open_since: dt.datetime | None
    breached_since: dt.datetime | None


def _excursion(box: Box, order: Order) -> _Excursion:
    """Look at the whole log, sensor by sensor: readings may come in any order, so no state between two calls counts.

    An excursion lasts from its first reading outside to the next one inside; without one, to the last one outside.
    """
    by_sensor: dict[str, list[tuple[dt.datetime, bool]]] = defaultdict(list)
    log = Reading.objects.filter(box=box, at__gte=box.packed_at - AHEAD)
    if order.state is OrderStatus.DELIVERED and order.ended_at is not None:
        log = log.filter(at__lte=order.ended_at)
    for sensor, at, is_inside in log.order_by("at").values_list("sensor", "at", "is_inside"):
        by_sensor[sensor].append((at, is_inside))
    breaches, still_out = [], []
    for moments in by_sensor.values():
        since: dt.datetime | None = None
        for at, is_inside in moments:
            if since is None and not is_inside:
                since = at
            if since is not None and at - since > settings.COLD_CHAIN_GRACE:
                breaches.append(since)
            if is_inside:
                since = None
        if since is not None:
            still_out.append(since)
    return _Excursion(min(still_out, default=None), min(breaches, default=None))


def _breach(order: Order, box: Box, since: dt.datetime) -> None:
    box.breached_at = clock.now()
    open_bags = OrderBag.objects.filter(box=box, fate__in=[BagFate.KEPT, BagFate.SENT, BagFate.DELIVERED])
    units = list(open_bags.values_list("unit_id", flat=True))
    if order.state in HOLDS_BAGS:  # nothing has left: other bags take their place, in another box
        open_bags.update(fate=BagFate.LOST)
        box.closed_at = box.breached_at
    facts = {"order": str(order.pk), "box": box.label, "since": since.isoformat()}
    quarantined = stock.quarantine_units(unit_ids=units, actor=SYSTEM, facts=facts)
    note(order, "breach", role=COURIER, actor=SYSTEM, facts={**facts, "bags": len(quarantined)})
    if order.state is OrderStatus.PACKED:
        take_step(order, "unpack", role=SYSTEM, actor=SYSTEM, facts={"lost": len(units)})
    tell(order, "order.breached", box=str(box.pk), bags=len(quarantined), status=order.status)


def _refuse_future(moments: Sequence[dt.datetime], field: str) -> None:
    latest = clock.now() + AHEAD
    if early := [f"/{field}/{place}/at" for place, at in enumerate(moments) if at > latest]:
        raise MeasuredInFuture(pointers=early)
