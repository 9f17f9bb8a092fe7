"""Bags that have left for an order and may not be used: recalled, or incompatible after all."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Any, Final

from common.db import lock, step
from orders.models import Order, OrderBag
from orders.services.records import BANK, SYSTEM, note, tell
from orders.states import BagFate
from stock import services as stock
from stock.states import CrossmatchResult

LEFT: Final = (BagFate.SENT, BagFate.DELIVERED)


@step
def warn_of_recalled(*, unit_ids: Collection[uuid.UUID]) -> None:
    """Tell both sides of every order that these bags have left for not to use them. Why, it says to nobody.

    Bags that had not left were discarded, and `make_up_for` keeps others.

    Locks: the orders.      Emits: order.bags_unfit
    """
    for order, dins in _left_for(unit_ids):
        _warn(order, "recall", dins)


@step
def take_crossmatch(*, order_id: uuid.UUID, unit_id: uuid.UUID, result: CrossmatchResult, member_id: uuid.UUID) -> None:
    """Write into the order's history what a bag's crossmatch said, also that of one that left without.

    Incompatible after it has left, the bag is quarantined wherever it is, and both sides are told.

    Locks: the order, the bag.      Emits: order.bags_unfit, stock.low
    """
    for order in lock(Order, [order_id]):
        bag = OrderBag.objects.filter(order=order, unit=unit_id).select_related("unit").order_by("-pk").first()
        if bag is None:
            continue
        facts = {"bags": [bag.unit.din], "result": str(result)}
        note(order, "crossmatch", role=BANK, actor=f"member:{member_id}", facts=facts)
        if result is CrossmatchResult.INCOMPATIBLE and bag.fate in LEFT:
            stock.quarantine_units(unit_ids=[unit_id], actor=SYSTEM, facts={"order": str(order.pk)})
            _warn(order, "withdraw", [bag.unit.din])


def _left_for(unit_ids: Collection[uuid.UUID]) -> list[tuple[Order, list[str]]]:
    bags = OrderBag.objects.filter(unit__in=unit_ids, fate__in=LEFT)
    orders = lock(Order, set(bags.values_list("order_id", flat=True)))
    dins: dict[uuid.UUID, list[str]] = {}
    for order_id, din in bags.order_by("unit__din").values_list("order_id", "unit__din"):
        dins.setdefault(order_id, []).append(din)
    return [(order, dins[order.pk]) for order in orders if order.pk in dins]


def _warn(order: Order, verb: str, dins: list[str]) -> None:
    facts: dict[str, Any] = {"bags": dins}
    note(order, verb, role=SYSTEM, actor=SYSTEM, facts=facts)
    tell(order, "order.bags_unfit", **facts)
