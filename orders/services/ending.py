"""Orders that end before their bags leave: called off by either side, or by time."""

from __future__ import annotations

import uuid

from common import clock
from common.db import command, step
from common.errors import IllegalTransition, NotFound
from orders.models import Order
from orders.services.records import BANK, RECEIVER, end_bags, hold_order, refuse_over, take_step, tell
from orders.states import BagFate, EndReason, OrderStatus, Terms
from partners import selectors as partners
from payments.parties import Party
from payments.services import purchasing
from payments.states import PurchaseKind
from stock import services as stock

FEES = {OrderStatus.ACCEPTED: "cancel_accepted_minor", OrderStatus.PACKED: "cancel_packed_minor"}


@command
def cancel_as_buyer(*, order_id: uuid.UUID, buyer: Party, actor: str, reason: str) -> Order:
    """Call it off before the bags leave. What was paid goes back but for the fee of the bank's price list.

    Locks: the order, the bags, the purchase, its payments.      Emits: order.cancelled, stock.low
    Raises: NotFound, IllegalTransition, OrderOver
    """
    order = hold_order(order_id)
    if not is_buyer(order, buyer):
        raise NotFound
    refuse_over(order)
    fee_minor = fee_of(order) if partners.is_live(order.bank_id) else 0  # a suspended bank can keep no word
    end(order, because=EndReason.BUYER, role=RECEIVER, actor=actor, reason=reason, fee_minor=fee_minor)
    return order


@command
def cancel_as_bank(*, order_id: uuid.UUID, partner_id: uuid.UUID, member_id: uuid.UUID, reason: str) -> Order:
    """The bank cannot keep its word: everything that was paid goes back.

    Locks: the order, the bags, the purchase, its payments.      Emits: order.cancelled, stock.low
    Raises: NotFound, IllegalTransition, OrderOver
    """
    order = hold_order(order_id, bank_id=partner_id)
    refuse_over(order)
    if order.state is OrderStatus.PLACED:
        raise IllegalTransition(state=order.status, verb="cancel", open=["accept", "reject"])
    end(order, because=EndReason.BANK, role=BANK, actor=f"member:{member_id}", reason=reason)
    return order


@step
def end(order: Order, *, because: EndReason, role: str, actor: str, reason: str = "", fee_minor: int = 0) -> None:
    """End a locked order before dispatch: bags are free, no money is taken any more, what was paid goes back.

    Locks: the bags, the purchase, its payments.      Emits: order.cancelled, stock.low
    Raises: IllegalTransition, Busy
    """
    is_lapsed = because in {EndReason.UNANSWERED, EndReason.UNPAID}
    kept = fee_minor if order.paid_at is not None or order.terms == Terms.MONTHLY else 0
    facts: dict[str, object] = {"because": str(because)}
    if reason:
        facts["reason"] = reason
    if kept:
        facts["fee"] = kept
    take_step(
        order,
        "lapse" if is_lapsed else "cancel",
        role=role,
        actor=actor,
        facts=facts,
        end_reason=because,
        ended_at=clock.now(),
        fee_minor=kept,
    )
    if order.holding is not None:
        stock.release_reservation(holding_id=order.holding, actor=actor)
        end_bags(order, BagFate.FREED)
    if order.terms == Terms.PREPAID:
        purchasing.close_purchase(
            kind=PurchaseKind.ORDER,
            reference=order.pk,
            reason=f"Order {because.replace('_', ' ')}",
            actor=actor,
            keep_minor=kept,
        )
    tell(order, "order.cancelled", because=str(because))


def fee_of(order: Order) -> int:
    """Return what calling it off costs the buyer now, never more than the order."""
    name = FEES.get(order.state)
    return 0 if name is None else min(int(getattr(order, name)), order.total_minor)


def is_buyer(order: Order, buyer: Party) -> bool:
    return buyer.columns("buyer") == {"buyer_user_id": order.buyer_user_id, "buyer_partner_id": order.buyer_partner_id}
