"""Orders: the receiver and the bank hear of each step, and the receiver alone of the code."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from common.models import OutboxEvent
from common.outbox import on
from notifications.handlers.addressing import KEEPING, id_in, members, occasion, people
from notifications.kinds import Kind
from notifications.services import Recipient, Subject, notify
from notifications.templates import Fact
from orders import selectors as orders
from orders.selectors import OrderFacts
from orders.services import codes
from orders.states import CourierKind, OrderStatus
from partners import selectors as partners
from partners.states import Role

TO_BANK = {
    "order.placed": Kind.ORDER_PLACED,
    "order.paid": Kind.ORDER_PAID,
    "order.short": Kind.ORDER_SHORT,
    "courier.lost": Kind.COURIER_LOST,
    "order.documented": Kind.ORDER_DOCUMENTED,
}
TO_RECEIVER = {
    "order.rejected": Kind.ORDER_REJECTED,
    "order.packed": Kind.ORDER_PACKED,
    "order.failed": Kind.ORDER_FAILED,
    "order.left": Kind.ORDER_DISPATCHED,
}
TO_BOTH = {
    "order.cancelled": Kind.ORDER_CANCELLED,
    "order.delivered": Kind.ORDER_DELIVERED,
    "order.late": Kind.ORDER_LATE,
    "order.breached": Kind.ORDER_BREACHED,
    "order.goes_on": Kind.ORDER_GOES_ON,
}
URGENT = frozenset({Kind.ORDER_BREACHED, Kind.ORDER_BAGS_UNFIT, Kind.ORDER_FAILED, Kind.ORDER_SHORT, Kind.COURIER_LOST})


@on("order.placed")
@on("order.paid")
@on("order.short")
@on("courier.lost")
@on("order.documented")
def tell_bank(event: OutboxEvent) -> None:
    """The bank has something to do."""
    order = orders.order_facts(id_in(event, "order"))
    _tell(event, TO_BANK[event.name], order, _bank(order), units=order.units, needed_by=order.needed_by)


@on("courier.there")
def tell_not_confirmed(event: OutboxEvent) -> None:
    """Without the receiver's code the order is still on the road, whatever the courier says: the bank finds out."""
    order = orders.order_facts(id_in(event, "order"))
    if order.status is OrderStatus.DISPATCHED:
        _tell(event, Kind.COURIER_THERE, order, _bank(order), units=order.units)


@on("order.accepted")
def tell_accepted(event: OutboxEvent) -> None:
    """The receiver has to pay in time, or, by contract, only to wait."""
    order = orders.order_facts(id_in(event, "order"))
    if event.payload["pay_by"] is None:
        _tell(event, Kind.ORDER_ACCEPTED, order, _receivers(order), units=order.units)
        return
    pay_by = dt.datetime.fromisoformat(event.payload["pay_by"])
    _tell(
        event,
        Kind.ORDER_PAYABLE,
        order,
        _receivers(order),
        valid_until=pay_by,
        units=order.units,
        pay_by=pay_by,
    )


@on("order.rejected")
@on("order.packed")
@on("order.failed")
@on("order.left")
def tell_receiver(event: OutboxEvent) -> None:
    order = orders.order_facts(id_in(event, "order"))
    _tell(event, TO_RECEIVER[event.name], order, _receivers(order), units=order.units)


@on("order.dispatched")
def tell_dispatched(event: OutboxEvent) -> None:
    """Send the receiver the code by itself, in no inbox; then nobody can read it any more.

    What a courier of the provider is to fetch is not on the way yet: `order.left` says when it is.
    """
    order = orders.order_facts(id_in(event, "order"))
    code = orders.code_to_send(order.id)
    if code is not None:
        numbers = [replace(one, user_id=None, member_id=None) for one in _receivers(order)]
        _tell(event, Kind.HANDOVER_CODE, order, numbers, code=code)
        codes.forget_sealed_code(order_id=order.id)
    if event.payload.get("courier") != CourierKind.PROVIDER:
        _tell(event, Kind.ORDER_DISPATCHED, order, _receivers(order), units=order.units)


@on("order.cancelled")
@on("order.delivered")
@on("order.late")
@on("order.breached")
@on("order.goes_on")
def tell_both(event: OutboxEvent) -> None:
    order = orders.order_facts(id_in(event, "order"))
    both = [*_receivers(order), *_bank(order)]
    _tell(event, TO_BOTH[event.name], order, both, units=order.units, bags=event.payload.get("bags", 0))


@on("order.bags_unfit")
def tell_unfit(event: OutboxEvent) -> None:
    """Name the bags by their numbers, and say nothing of why."""
    order = orders.order_facts(id_in(event, "order"))
    numbers = event.payload["bags"]
    both = [*_receivers(order), *_bank(order)]
    _tell(event, Kind.ORDER_BAGS_UNFIT, order, both, numbers=", ".join(numbers), bags=len(numbers))


@on("bill.due")
def tell_bill_due(event: OutboxEvent) -> None:
    bill_id = id_in(event, "bill")
    bank_id, hospital_id = orders.bill_sides(bill_id)
    notify(
        kind=Kind.BILL_DUE,
        occasion=occasion(event),
        recipients=members(hospital_id, (Role.OWNER,)),
        facts={"partner": partners.card(bank_id).name},
        subject=Subject("bill", bill_id),
    )


def _receivers(order: OrderFacts) -> list[Recipient]:
    if order.buyer.user_id is not None:
        return people([order.buyer.user_id])
    return [] if order.buyer.partner_id is None else members(order.buyer.partner_id, KEEPING)


def _bank(order: OrderFacts) -> list[Recipient]:
    return members(order.bank_id, KEEPING)


def _tell(
    event: OutboxEvent,
    kind: Kind,
    order: OrderFacts,
    recipients: list[Recipient],
    *,
    valid_until: dt.datetime | None = None,
    **facts: Fact,
) -> None:
    notify(
        kind=kind,
        occasion=occasion(event),
        recipients=recipients,
        facts={"partner": partners.card(order.bank_id).name, **facts},
        subject=Subject("order", order.id),
        valid_until=valid_until,
        is_critical=kind in URGENT,
    )
