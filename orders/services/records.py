"""The one way by which an order changes its state: along the table, with a line of its history, and told."""

from __future__ import annotations

import uuid
from typing import Any, Final

from common import clock, outbox
from common.db import lock_one, step
from common.errors import NotFound
from common.transitions import advance
from orders.errors import OrderOver
from orders.models import Order, OrderBag, OrderEvent
from orders.states import BEFORE_DISPATCH, OPEN, ORDER_TRANSITIONS, BagFate, OrderStatus
from users.services import documents

SYSTEM: Final = "system"
RECEIVER, BANK, COURIER = "receiver", "bank", "courier"
PURPOSE: Final = "order:{}"
# The bank needs the requisition no more.
ENDED: Final = frozenset(OrderStatus) - OPEN


@step
def hold_order(order_id: uuid.UUID, *, bank_id: uuid.UUID | None = None) -> Order:
    """Lock an order, of this bank if one is named. Raises: NotFound"""
    order = lock_one(Order, order_id)
    if bank_id is not None and order.bank_id != bank_id:
        raise NotFound
    return order


@step
def take_step(
    order: Order, verb: str, *, role: str, actor: str, facts: dict[str, Any] | None = None, **changes: Any
) -> None:
    """Take a locked order one step and write it down; `changes` are further columns. Raises: IllegalTransition"""
    order.status = advance(ORDER_TRANSITIONS, order.state, verb)
    if order.state not in BEFORE_DISPATCH:
        changes.setdefault("due_at", None)
    for name, value in changes.items():
        setattr(order, name, value)
    order.save(update_fields=["status", "updated_at", *changes])
    note(order, verb, role=role, actor=actor, facts=facts)
    if order.state in ENDED and order.requisition is not None:
        documents.end_purpose(purpose=PURPOSE.format(order.pk))


@step
def note(order: Order, verb: str, *, role: str, actor: str, facts: dict[str, Any] | None = None) -> None:
    """Write one line of the order's history."""
    OrderEvent.objects.create(
        order=order,
        verb=verb,
        status=order.status,
        role=role,
        actor=actor[:60],
        facts=facts or {},
        created_at=clock.now(),
    )


@step
def tell(order: Order, name: str, **facts: Any) -> None:
    outbox.emit(name, key=f"order:{order.pk}", order=str(order.pk), **facts)


@step
def tell_bill(bill_id: uuid.UUID) -> None:
    outbox.emit("bill.due", key=f"bill:{bill_id}", bill=str(bill_id))


def refuse_over(order: Order) -> None:
    """Raises: OrderOver where time has ended it, swept or not."""
    if order.is_over:
        raise OrderOver


@step
def end_bags(order: Order, fate: BagFate) -> None:
    """Write down what became of the bags that are still kept for it, and close its boxes."""
    OrderBag.objects.filter(order=order, fate=BagFate.KEPT).update(fate=fate)
    close_boxes(order)


@step
def close_boxes(order: Order) -> None:
    order.boxes.filter(closed_at=None).update(closed_at=clock.now())


def may(order: Order, verb: str) -> bool:
    return (order.state, verb) in ORDER_TRANSITIONS
