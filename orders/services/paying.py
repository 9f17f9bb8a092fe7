"""Money and orders: paid in time, paid late, and bags that were lost meanwhile."""

from __future__ import annotations

import uuid

from common import clock, outbox
from common.db import attempt, command, lock, step
from orders.models import ContractBill, Order, OrderBag, OrderLine
from orders.services.answering import keep_bags, line_of
from orders.services.ending import end
from orders.services.records import BANK, PURPOSE, SYSTEM, end_bags, hold_order, note, take_step, tell
from orders.states import HOLDS_BAGS, BagFate, EndReason, OrderStatus
from partners import selectors as partners
from payments import selectors as payments
from payments.errors import PurchaseClosed, PurchasePaid
from payments.services import purchasing, refunding
from payments.states import PurchaseKind
from stock import services as stock
from stock.errors import InsufficientStock


@step
def take_money(*, reference: uuid.UUID, payment_id: uuid.UUID, is_late: bool) -> None:
    """Money has arrived for an order or a month. Late, it still pays if the bags can be had; else it goes back.

    Locks: the order or contract bill, the bags, the purchase, its payments.
    Emits: order.paid, order.cancelled, stock.low      Raises: Busy
    """
    if Order.objects.filter(pk=reference).exists():
        order = hold_order(reference)
        if is_late:
            _take_late(order, payment_id)
        elif order.state is OrderStatus.ACCEPTED and order.paid_at is None:
            confirm(order)
        return
    for bill in lock(ContractBill, [reference]):
        if is_late and not _take_late_for_month(payment_id):
            continue
        bill.paid_at = bill.paid_at or clock.now()
        bill.save(update_fields=["paid_at"])


@step
def confirm(order: Order) -> None:
    """A locked order is paid: keep its bags until they leave, or others like them; without any the money goes back.

    Locks: the bags, the purchase, its payments.      Emits: order.paid, order.cancelled, stock.low
    """
    rows = list(order.lines.order_by("place"))
    try:
        with attempt():
            picked = stock.renew_lines(
                partner_id=order.bank_id,
                actor=SYSTEM,
                purpose=PURPOSE.format(order.pk),
                lines=[line_of(order, row) for row in rows],
                holding_id=order.holding or uuid.UUID(int=0),
                good_until=max(clock.now(), order.needed_by),
            )
    except InsufficientStock:
        end(order, because=EndReason.SOLD_OUT, role=SYSTEM, actor=SYSTEM)
        return
    if picked is not None:
        end_bags(order, BagFate.FREED)
        OrderBag.objects.bulk_create(
            OrderBag(order=order, line=row, unit_id=bag.unit_id)
            for row, bags in zip(rows, picked, strict=True)
            for bag in bags
        )
    order.paid_at, order.due_at = clock.now(), None
    order.save(update_fields=["paid_at", "due_at", "updated_at"])
    note(order, "pay", role=SYSTEM, actor=SYSTEM)
    tell(order, "order.paid")


@command
def lapse_if_due(*, order_id: uuid.UUID) -> bool:
    """End an order that nobody answered, or nobody paid, in time; return whether it was due.

    One whose money has arrived in the meantime is confirmed instead.

    Locks: the order, the bags, the purchase, its payments.      Emits: order.cancelled, order.paid, stock.low
    """
    order = hold_order(order_id)
    if not order.is_over:
        return False
    if order.state is OrderStatus.PLACED:
        end(order, because=EndReason.UNANSWERED, role=SYSTEM, actor=SYSTEM)
    elif payments.is_paid(PurchaseKind.ORDER, order.pk):
        confirm(order)
    else:
        end(order, because=EndReason.UNPAID, role=SYSTEM, actor=SYSTEM)
    return True


@step
def note_refund(*, reference: uuid.UUID, verb: str, minor: int) -> None:
    """Write down that money has gone back, or that the provider will not give it back."""
    for order in lock(Order, [reference]):
        note(order, verb, role=SYSTEM, actor=SYSTEM, facts={"amount": minor, "currency": order.currency})


@step
def make_up_for(*, order_id: uuid.UUID, unit_ids: list[uuid.UUID]) -> None:
    """Bags kept for an order were discarded, expired or quarantined: keep others, or tell the bank that it is short.

    Locks: the order, the bags.      Emits: order.short, stock.low
    """
    order = hold_order(order_id)
    lost = OrderBag.objects.filter(order=order, unit__in=unit_ids, fate=BagFate.KEPT).update(fate=BagFate.LOST)
    if order.state not in HOLDS_BAGS or not missing_lines(order):
        return
    if order.state is OrderStatus.PACKED:
        take_step(order, "unpack", role=SYSTEM, actor=SYSTEM, facts={"lost": lost})
    elif lost:
        note(order, "lose", role=SYSTEM, actor=SYSTEM, facts={"lost": lost})
    try:
        with attempt():
            _fill_up(order, actor=SYSTEM)
    except InsufficientStock as short:
        tell(order, "order.short", lost=lost, available=short.facts.get("available", 0))


@command
def fill_up(*, order_id: uuid.UUID, partner_id: uuid.UUID, member_id: uuid.UUID) -> Order:
    """Keep bags in the place of those that were lost, now that there may be some.

    Locks: the order, the bags.      Emits: stock.low      Raises: NotFound, IllegalTransition, InsufficientStock
    """
    order = hold_order(order_id, bank_id=partner_id)
    if order.state is OrderStatus.ACCEPTED:
        _fill_up(order, actor=f"member:{member_id}")
    return order


def missing_lines(order: Order) -> list[tuple[OrderLine, int]]:
    """Return the lines for which fewer bags are kept than ordered, and how many are missing."""
    kept = [bag.line_id for bag in OrderBag.objects.filter(order=order, fate=BagFate.KEPT)]
    rows = [(row, row.units - kept.count(row.pk)) for row in order.lines.order_by("place")]
    return [(row, units) for row, units in rows if units > 0]


def _fill_up(order: Order, *, actor: str) -> None:
    missing = missing_lines(order)
    if not missing:
        return
    _, picked = stock.reserve_lines(
        partner_id=order.bank_id,
        actor=actor,
        purpose=PURPOSE.format(order.pk),
        lines=[line_of(order, row, units=units) for row, units in missing],
        until=order.due_at,
        good_until=max(clock.now(), order.needed_by),
        holding=order.holding,
    )
    OrderBag.objects.bulk_create(
        OrderBag(order=order, line=row, unit_id=bag.unit_id)
        for (row, _), bags in zip(missing, picked, strict=True)
        for bag in bags
    )
    note(order, "fill_up", role=BANK if actor != SYSTEM else SYSTEM, actor=actor)


def _take_late(order: Order, payment_id: uuid.UUID) -> None:
    """Let late money pay, if the order can still be had, and tell its payer; else it goes back."""
    is_waiting = order.state is OrderStatus.ACCEPTED and order.paid_at is None
    is_unpaid = order.state is OrderStatus.CANCELLED and order.end_reason == EndReason.UNPAID
    if is_waiting or is_unpaid:
        try:
            with attempt():
                _take_up(order, is_waiting=is_waiting, payment_id=payment_id)
        except (InsufficientStock, PurchasePaid, PurchaseClosed):
            order.refresh_from_db()
        else:
            return
    if is_unpaid:
        _send_back(order, payment_id)
    tell_late(payment_id, is_used=False)  # what is not sent back here goes back by itself


def _take_late_for_month(payment_id: uuid.UUID) -> bool:
    """Let late money pay a month, and tell its payer; return whether it did: a month is paid once."""
    try:
        with attempt():
            purchasing.accept_late(payment_id=payment_id)
    except (PurchasePaid, PurchaseClosed):
        tell_late(payment_id, is_used=False)
        return False
    tell_late(payment_id, is_used=True)
    return True


def _take_up(order: Order, *, is_waiting: bool, payment_id: uuid.UUID) -> None:
    """Raises: InsufficientStock, PurchasePaid, PurchaseClosed"""
    if is_waiting:
        confirm(order)
        if order.paid_at is None:
            return  # sold out: its end says what becomes of the money
    else:
        _revive(order)
        tell(order, "order.paid")
    purchasing.accept_late(payment_id=payment_id)
    tell_late(payment_id, is_used=True)


@step
def tell_late(payment_id: uuid.UUID, *, is_used: bool) -> None:
    """Tell the payer, in the place of the payments' own word, what became of money that came late."""
    money = payments.any_payment(payment_id).amount
    outbox.emit(
        "order.money_late",
        key=f"payment:{payment_id}",
        payment=str(payment_id),
        amount=money.minor,
        currency=str(money.currency),
        used=is_used,
    )


def _revive(order: Order) -> None:
    now = clock.now()
    if order.needed_by <= now or not partners.is_live(order.bank_id):
        raise InsufficientStock(available=0)
    take_step(
        order,
        "revive",
        role=SYSTEM,
        actor=SYSTEM,
        end_reason="",
        ended_at=None,
        paid_at=now,
        due_at=None,
        holding=uuid.uuid4(),
    )
    keep_bags(order, list(order.lines.order_by("place")), actor=SYSTEM, until=None)


def _send_back(order: Order, payment_id: uuid.UUID) -> None:
    payment = payments.any_payment(payment_id)
    if not payment.is_applied and payment.refundable_minor:
        reason = "Paid too late: the bags are gone."
        refunding.refund_payment(payment_id=payment_id, key="late", reason=reason, actor=SYSTEM)
        note(order, "refund", role=SYSTEM, actor=SYSTEM, facts={"late": True})
