"""Bags into boxes: exactly those that are kept for the order, or equal ones in their place."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from common.db import command
from common.errors import IllegalTransition, NotFound
from orders.errors import BagNamedTwice, BagNotInOrder, BagPacked, BoxMixesBands, OrderUnpaid
from orders.models import Box, Order, OrderBag
from orders.services.records import BANK, hold_order, note, refuse_over, take_step, tell
from orders.states import BagFate, OrderStatus
from stock import selectors as stock_rows
from stock import services as stock
from stock.components import Component, TemperatureBand, facts_of
from stock.errors import UnitAmbiguous


@dataclass(frozen=True)
class Scan:
    """A bag as somebody named it: id, number or text of the bar code; the component where that is not enough."""

    unit: str
    component: str = ""


@command
def pack(*, order_id: uuid.UUID, partner_id: uuid.UUID, member_id: uuid.UUID, box: str, scans: Sequence[Scan]) -> Order:
    """Put bags into one box. The order is packed when every bag is in a box, and every line has its bags.

    Locks: the order, the bags.      Emits: order.packed, stock.low
    Raises: NotFound, IllegalTransition, OrderOver, OrderUnpaid, BagNotInOrder, BagNamedTwice, BagPacked, UnitNotKept,
    UnitExpired, UnitAmbiguous, ReservationLapsed, BoxMixesBands, BoxInUse
    """
    order = hold_order(order_id, bank_id=partner_id)
    refuse_over(order)
    if order.state is not OrderStatus.ACCEPTED:
        raise IllegalTransition(state=order.status, verb="pack", open=[])
    if not order.is_settled:
        raise OrderUnpaid(pay_by=order.pay_by.isoformat() if order.pay_by else None)
    actor = f"member:{member_id}"
    unit_ids = _resolve(order, scans)
    places = stock.pack_units(holding_id=order.holding or uuid.UUID(int=0), unit_ids=unit_ids, actor=actor)
    _replace(order, places)
    bags = list(OrderBag.objects.filter(order=order, fate=BagFate.KEPT, unit__in=unit_ids).select_related("unit"))
    if any(bag.box_id is not None for bag in bags):
        raise BagPacked
    band = _band([Component(bag.unit.component) for bag in bags])
    made = Box.objects.create(order=order, bank_id=partner_id, label=box, min_c=band.min_c, max_c=band.max_c)
    OrderBag.objects.filter(pk__in=[bag.pk for bag in bags]).update(box=made)
    facts = {"box": box, "bags": sorted(bag.unit.din for bag in bags), "replaced": len(places)}
    kept = OrderBag.objects.filter(order=order, fate=BagFate.KEPT)
    if kept.filter(box=None).exists() or kept.count() < sum(line.units for line in order.lines.all()):
        note(order, "box", role=BANK, actor=actor, facts=facts)
        return order
    take_step(order, "pack", role=BANK, actor=actor, facts=facts)
    tell(order, "order.packed")
    return order


def _resolve(order: Order, scans: Sequence[Scan]) -> list[uuid.UUID]:
    """Return the bags that were scanned: the order's own, or others of the bank."""
    known: dict[str, list[OrderBag]] = {}
    for bag in OrderBag.objects.filter(order=order, fate=BagFate.KEPT).select_related("unit"):
        known.setdefault(str(bag.unit_id), []).append(bag)
        known.setdefault(bag.unit.din, []).append(bag)
    found = [_one(order, known, place, scan) for place, scan in enumerate(scans)]
    if twice := [f"/units/{place}/unit" for place, pk in enumerate(found) if pk in found[:place]]:
        raise BagNamedTwice(pointers=twice)
    return found


def _one(order: Order, known: dict[str, list[OrderBag]], place: int, scan: Scan) -> uuid.UUID:
    own = known.get(stock_rows.key_of(scan.unit), [])
    if scan.component:
        own = [bag for bag in own if bag.unit.component == scan.component]
    if len(own) == 1:
        return own[0].unit_id
    if own:
        raise UnitAmbiguous
    try:
        return stock_rows.unit_id_of(order.bank_id, scan.unit, component=scan.component)
    except NotFound:
        raise BagNotInOrder(pointers=[f"/units/{place}/unit"]) from None


def _replace(order: Order, places: dict[uuid.UUID, uuid.UUID]) -> None:
    for bag in OrderBag.objects.filter(order=order, fate=BagFate.KEPT, unit__in=list(places)):
        OrderBag.objects.filter(pk=bag.pk).update(fate=BagFate.REPLACED)
        OrderBag.objects.create(order=order, line_id=bag.line_id, unit_id=places[bag.unit_id])


def _band(components: Sequence[Component]) -> TemperatureBand:
    """Return the band that suits all of them on the road. Raises: BoxMixesBands"""
    bands = [facts_of(component).transport for component in components]
    lows = [band.min_c for band in bands if band.min_c is not None]
    band = TemperatureBand(max(lows, default=None), min(band.max_c for band in bands))
    if band.min_c is not None and band.min_c > band.max_c:
        raise BoxMixesBands
    return band
