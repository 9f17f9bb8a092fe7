"""Bags on the road: dispatched, handed over against a code, or brought back."""

from __future__ import annotations

import datetime as dt
import itertools
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from common import clock
from common.db import attempt, command, step
from common.errors import IllegalTransition
from orders.errors import (
    BagNamedTwice,
    BagNotInOrder,
    BagsUnfit,
    BoxBreached,
    PartnerIsLive,
    ReturnIncomplete,
)
from orders.models import Order, OrderBag, Reading
from orders.services import codes
from orders.services.assigning import Courier, way_of
from orders.services.records import BANK, SYSTEM, close_boxes, hold_order, may, note, take_step, tell
from orders.states import BagFate, Fault, Terms
from partners import selectors as partners
from payments.errors import NothingToRefund, RefundTooLarge
from payments.services import purchasing, refunding
from payments.states import PurchaseKind
from stock import selectors as stock_rows
from stock import services as stock
from stock.errors import ReservationLapsed

# domain practice (some use 60): longer out of control, and a bag does not go back on the shelf.
LONGEST_OUT: Final = dt.timedelta(minutes=30)
LATEST_LOG: Final = dt.timedelta(minutes=30)  # between two readings of a box that count as an unbroken log


@dataclass(frozen=True)
class Comeback:
    """How one bag came back: an id or number, how long nobody kept it cold, and whether it looks as it should."""

    unit: str
    minutes_out: int
    is_sound: bool = True


@command
def dispatch(
    *,
    order_id: uuid.UUID,
    partner_id: uuid.UUID,
    member_id: uuid.UUID,
    courier: Courier,
    emergency: stock.Emergency | None = None,
) -> Order:
    """Send the boxes off: the bags are issued, and the receiver gets a code.

    Red cells need a compatible crossmatch where the bank asks for one, or an emergency that two members answer for.
    A courier of the provider is only wanted here: a worker asks for one, and no failure of the provider stops an order.

    Locks: the order, the rider, the bags.      Emits: order.dispatched, unit.issued
    Raises: NotFound, IllegalTransition, DispatchIncomplete, CourierProviderUnavailable, RiderUnknown, ExpectedInPast,
    BoxBreached, ReservationLapsed, UnitExpired, CrossmatchMissing, CrossmatchIncompatible, AuthorisersInvalid
    """
    order = hold_order(order_id, bank_id=partner_id)
    if not may(order, "dispatch"):
        raise IllegalTransition(state=order.status, verb="dispatch", open=[])
    _refuse_breached(order)
    actor = f"member:{member_id}"
    _, code_columns = codes.fresh_code(order)
    take_step(
        order,
        "dispatch",
        role=BANK,
        actor=actor,
        facts={"boxes": list(order.boxes.filter(closed_at=None).values_list("label", flat=True))}
        | ({} if emergency is None else stock.answered_for(partner_id, emergency)),
        dispatched_at=clock.now(),
        **way_of(order, courier, actor=actor),
        **code_columns,
    )
    issued = stock.issue_units(
        holding_id=order.holding or uuid.UUID(int=0),
        actor=actor,
        to=f"order:{order.pk}",
        to_partner_id=order.buyer_partner_id,
        emergency=emergency,
    )
    sent = OrderBag.objects.filter(order=order, fate=BagFate.KEPT).update(fate=BagFate.SENT)
    if sent != len(issued):  # one was lost a moment ago, of which this order has not heard
        raise ReservationLapsed
    tell(order, "order.dispatched", courier=order.courier_kind)
    return order


@command
def deliver(
    *, order_id: uuid.UUID, partner_id: uuid.UUID, member_id: uuid.UUID, code: str, keep_back: bool = False
) -> Order:
    """Hand the bags over to whoever knows the code. No bag of a box that was out of its band is handed over.

    One that was recalled, quarantined or has expired on the way is not either: whoever hands over says that it is
    kept back (`keep_back`), and it is not paid for. It goes back to the bank, which discards it.

    Locks: the order, the payment.      Emits: order.delivered
    Raises: NotFound, IllegalTransition, BoxBreached, BagsUnfit, HandoverCodeWrong, HandoverCodeLocked,
    HandoverCodeExpired
    """
    order = hold_order(order_id, bank_id=partner_id)
    hand_over(order, code=code, role=BANK, actor=f"member:{member_id}", keep_back=keep_back)
    return order


@step
def hand_over(order: Order, *, code: str, role: str, actor: str, keep_back: bool = False) -> None:
    """`deliver` of a locked order, whoever brought it."""
    if not may(order, "deliver"):
        raise IllegalTransition(state=order.status, verb="deliver", open=[])
    _refuse_breached(order)
    sent = _sent(order)
    unfit = [bag for bag in sent if bag.is_unfit]
    if unfit and (not keep_back or len(unfit) == len(sent)):
        raise BagsUnfit(bags=sorted(bag.unit.din for bag in unfit), all=len(unfit) == len(sent))
    codes.spend_try(order, code)
    _deliver(order, unfit, role=role, actor=actor, facts={"code": True})


@command
def tell_if_late(*, order_id: uuid.UUID) -> bool:
    """Tell both sides, once, that an order should have arrived; return whether it was so.

    Locks: the order.      Emits: order.late
    """
    order = hold_order(order_id)
    if not order.is_late or order.late_told_at is not None:
        return False
    order.late_told_at = clock.now()
    order.save(update_fields=["late_told_at"])
    note(order, "late", role=SYSTEM, actor=SYSTEM)
    tell(order, "order.late")
    return True


@command
def fail(*, order_id: uuid.UUID, partner_id: uuid.UUID, member_id: uuid.UUID, reason: str, fault: Fault) -> Order:
    """The boxes were not handed over. What was paid goes back, but for a fee when the receiver is at fault.

    Locks: the order, the purchase, its payments.      Emits: order.failed      Raises: NotFound, IllegalTransition
    """
    order = hold_order(order_id, bank_id=partner_id)
    _fail(order, reason=reason, fault=fault, role=BANK, actor=f"member:{member_id}")
    return order


@command
def close_as_administrator(*, order_id: uuid.UUID, actor: str, reason: str, is_delivered: bool) -> Order:
    """Close what is on the road for a bank that may not work any more, as somebody has heard from both sides.

    Delivered, it stays paid but for bags that are unfit; failed, everything that was paid goes back.

    Locks: the order, the purchase, its payments.      Emits: order.delivered, order.failed
    Raises: NotFound, PartnerIsLive, IllegalTransition
    """
    order = hold_order(order_id)
    if partners.is_live(order.bank_id):
        raise PartnerIsLive
    if not is_delivered:
        _fail(order, reason=reason, fault=Fault.BANK, role=SYSTEM, actor=actor)
        return order
    unfit = [bag for bag in _sent(order) if bag.is_unfit]
    _deliver(order, unfit, role=SYSTEM, actor=actor, facts={"reason": reason})
    return order


def _sent(order: Order) -> list[OrderBag]:
    return list(OrderBag.objects.filter(order=order, fate=BagFate.SENT).select_related("unit", "line"))


def _deliver(order: Order, unfit: Sequence[OrderBag], *, role: str, actor: str, facts: dict[str, Any]) -> None:
    """Raises: IllegalTransition"""
    less = _price_of(order, unfit)
    if unfit:
        facts = {**facts, "withheld": sorted(bag.unit.din for bag in unfit), "less": less}
    take_step(
        order,
        "deliver",
        role=role,
        actor=actor,
        facts=facts,
        ended_at=clock.now(),
        less_minor=less,
        code_digest="",
        code_sealed=None,
        code_expires_at=None,
    )
    OrderBag.objects.filter(pk__in=[bag.pk for bag in unfit]).update(fate=BagFate.WITHHELD)
    OrderBag.objects.filter(order=order, fate=BagFate.SENT).update(fate=BagFate.DELIVERED)
    close_boxes(order)
    if less and order.terms == Terms.PREPAID:
        _give_back(order, less, actor=actor)
    tell(order, "order.delivered")


def _give_back(order: Order, minor: int, *, actor: str) -> None:
    try:
        with attempt():
            refunding.refund_purchase(
                kind=PurchaseKind.ORDER,
                reference=order.pk,
                key="withheld",
                reason="Bags were withheld",
                actor=actor,
                minor=minor,
            )
    except (RefundTooLarge, NothingToRefund):
        return  # the bank has given back more than that by itself


def _price_of(order: Order, bags: Sequence[OrderBag]) -> int:
    """Return what these bags were charged with, tax included."""
    number = Counter(str(bag.line.component) for bag in bags)
    of_bags = [charge for charge in order.charges if charge["component"] in number]
    return sum(
        (charge["amount_minor"] + charge["tax_minor"]) * number[charge["component"]] // charge["quantity"]
        for charge in of_bags
    )


def _fail(order: Order, *, reason: str, fault: Fault, role: str, actor: str) -> None:
    """Raises: IllegalTransition"""
    fee = min(order.cancel_packed_minor, order.total_minor) if fault is Fault.RECEIVER else 0
    take_step(
        order,
        "fail",
        role=role,
        actor=actor,
        facts={"reason": reason, "fault": str(fault), **({"fee": fee} if fee else {})},
        ended_at=clock.now(),
        fee_minor=fee,
        code_digest="",
        code_sealed=None,
        code_expires_at=None,
    )
    if order.terms == Terms.PREPAID:
        purchasing.close_purchase(
            kind=PurchaseKind.ORDER, reference=order.pk, reason="Not delivered", actor=actor, keep_minor=fee
        )
    tell(order, "order.failed")


@command
def take_back(
    *, order_id: uuid.UUID, partner_id: uuid.UUID, member_id: uuid.UUID, comebacks: Sequence[Comeback]
) -> Order:
    """Count what came back of all that was sent, and decide about every bag by its cold chain.

    On the shelf again: sound, its box never out of its band, with a log of temperatures to the end, and at most
    `LONGEST_OUT` out of control. Out of its band or too long out of control: discarded. Without a log: quarantined.

    Locks: the order, the bags.      Emits: order.returned, stock.low
    Raises: NotFound, IllegalTransition, BagNotInOrder, BagNamedTwice, ReturnIncomplete
    """
    order = hold_order(order_id, bank_id=partner_id)
    actor = f"member:{member_id}"
    bags = list(OrderBag.objects.filter(order=order, fate=BagFate.SENT).select_related("unit", "box"))
    told = _by_bag(bags, comebacks)
    logged = {box_id: _is_logged(box_id, order) for box_id in {bag.box_id for bag in bags}}
    returned = [
        stock.Returned(bag.unit_id, _condition(bag, told[bag.pk], is_logged=logged[bag.box_id])) for bag in bags
    ]
    take_step(order, "return", role=BANK, actor=actor, facts={"bags": len(bags)})
    went = stock.return_units(returned=returned, actor=actor, facts={"order": str(order.pk)})
    OrderBag.objects.filter(pk__in=[bag.pk for bag in bags]).update(fate=BagFate.RETURNED)
    close_boxes(order)
    tell(order, "order.returned", went=sorted(went.values()))
    return order


def _refuse_breached(order: Order) -> None:
    breached = order.boxes.filter(closed_at=None, breached_at__isnull=False).values_list("label", flat=True)
    if breached:
        raise BoxBreached(boxes=sorted(breached))


def _by_bag(bags: Sequence[OrderBag], comebacks: Sequence[Comeback]) -> dict[int, Comeback]:
    """Return what is said of each bag. Raises: BagNotInOrder, BagNamedTwice, ReturnIncomplete"""
    known = {name: bag.pk for bag in bags for name in (str(bag.unit_id), bag.unit.din)}
    keys = [stock_rows.key_of(comeback.unit) for comeback in comebacks]
    if strange := [f"/units/{place}/unit" for place, key in enumerate(keys) if key not in known]:
        raise BagNotInOrder(pointers=strange)
    found = [known[key] for key in keys]
    if twice := [f"/units/{place}/unit" for place, pk in enumerate(found) if pk in found[:place]]:
        raise BagNamedTwice(pointers=twice)
    if unsaid := [str(bag.unit_id) for bag in bags if bag.pk not in found]:
        raise ReturnIncomplete(missing=unsaid)
    return dict(zip(found, comebacks, strict=True))


def _condition(bag: OrderBag, comeback: Comeback, *, is_logged: bool) -> stock.Condition:
    breached = bag.box is not None and bag.box.breached_at is not None
    if breached or comeback.minutes_out > LONGEST_OUT / dt.timedelta(minutes=1):
        return stock.Condition.SPOILT
    return stock.Condition.SOUND if comeback.is_sound and is_logged else stock.Condition.DOUBTFUL


def _is_logged(box_id: uuid.UUID | None, order: Order) -> bool:
    """Whether the box's temperatures are known from dispatch to now without a gap."""
    moments = list(Reading.objects.filter(box=box_id, at__gte=order.dispatched_at).values_list("at", flat=True))
    if not moments or order.dispatched_at is None:
        return False
    log = [order.dispatched_at, *sorted(moments), clock.now()]
    return all(later - earlier <= LATEST_LOG for earlier, later in itertools.pairwise(log))
