"""What an administrator's «stop» to a bank or a hospital means for its orders."""

from __future__ import annotations

import uuid
from typing import Final

from common import outbox
from common.db import step
from orders import selectors
from orders.models import Order
from orders.services.ending import end
from orders.services.records import SYSTEM, hold_order, note, tell
from orders.states import BEFORE_DISPATCH, EndReason, OrderStatus
from partners import selectors as partners

# The bags have left: they arrive, or come back, whoever may work.
ON_THE_ROAD: Final = frozenset({OrderStatus.DISPATCHED, OrderStatus.FAILED})


@step
def name_orders_of(*, partner_id: uuid.UUID) -> None:
    """Name every open order of a partner that may not work any more; each is dealt with by itself.

    Emits: order.side_suspended
    """
    named = {f"order:{pk}": {"order": str(pk)} for pk in selectors.open_orders_of(partner_id)}
    if named:
        outbox.emit_many("order.side_suspended", named)


@step
def end_if_suspended(*, order_id: uuid.UUID) -> None:
    """End an order one of whose sides may not work: nobody owes a fee, and all that was paid goes back.

    What is on the road goes on, and both sides are told.

    Locks: the order, the bags, the purchase, its payments.      Emits: order.cancelled, order.goes_on, stock.low
    """
    order = hold_order(order_id)
    if _may_work(order):
        return
    if order.state in BEFORE_DISPATCH:
        end(order, because=EndReason.SUSPENDED, role=SYSTEM, actor=SYSTEM)
    elif order.state in ON_THE_ROAD:
        note(order, "suspend", role=SYSTEM, actor=SYSTEM)
        tell(order, "order.goes_on")


def _may_work(order: Order) -> bool:
    sides = [side for side in (order.bank_id, order.buyer_partner_id) if side is not None]
    return all(partners.is_live(side) for side in sides)
