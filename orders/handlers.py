"""What money, lost and recalled bags, and suspensions mean for orders, and what stays of somebody who is gone."""

from __future__ import annotations

import uuid

from common.models import OutboxEvent
from common.outbox import on
from orders.services import bookings, forgetting, notices, paying, suspending, withdrawing
from payments.states import PurchaseKind
from stock.states import CrossmatchResult, ReservationEnd


@on("payment.succeeded")
def take_money(event: OutboxEvent) -> None:
    """Keep the bags of what is paid; money that came late still pays if there are any."""
    if event.payload["kind"] == PurchaseKind.ORDER:
        paying.take_money(
            reference=uuid.UUID(event.payload["reference"]),
            payment_id=uuid.UUID(event.payload["payment"]),
            is_late=event.payload["late"],
        )


@on("refund.succeeded")
@on("refund.failed")
def note_refund(event: OutboxEvent) -> None:
    """Write into the order's history what became of the money that goes back."""
    if event.payload["kind"] == PurchaseKind.ORDER:
        paying.note_refund(
            reference=uuid.UUID(event.payload["reference"]),
            verb=event.name.replace(".", "_"),
            minor=event.payload["amount"],
        )


@on("reservation.ended")
def replace_lost_bags(event: OutboxEvent) -> None:
    """Keep others in the place of bags that were discarded, expired or quarantined."""
    subject, _, order_id = event.payload["purpose"].partition(":")
    if subject == "order" and event.payload["reason"] == ReservationEnd.LOST:
        units = [uuid.UUID(unit) for unit in event.payload["units"]]
        paying.make_up_for(order_id=uuid.UUID(order_id), unit_ids=units)


@on("courier.notified")
def apply_report(event: OutboxEvent) -> None:
    """Make true what the logistics provider reports."""
    notices.act_on(notice_id=event.payload["notice"])


@on("order.cancelled")
@on("order.failed")
@on("order.delivered")
def call_courier_off(event: OutboxEvent) -> None:
    """Nobody needs to come for what is over."""
    bookings.call_off(order_id=uuid.UUID(event.payload["order"]))


@on("partner.suspended")
def name_orders(event: OutboxEvent) -> None:
    """Have every open order of a partner that may not work dealt with, each in a transaction of its own."""
    suspending.name_orders_of(partner_id=uuid.UUID(event.payload["partner"]))


@on("order.placed")  # it may have been placed while the bank was being suspended
@on("order.side_suspended")
def end_if_suspended(event: OutboxEvent) -> None:
    """End what has not left; what is on the road goes on."""
    suspending.end_if_suspended(order_id=uuid.UUID(event.payload["order"]))


@on("unit.recalled")
def warn_of_recalled(event: OutboxEvent) -> None:
    """Tell those who have got, or are getting, bags of a donation that was withdrawn."""
    withdrawing.warn_of_recalled(unit_ids=[uuid.UUID(unit) for unit in event.payload["units"]])


@on("unit.crossmatched")
def take_crossmatch(event: OutboxEvent) -> None:
    """Show in the order's timeline what was found, also when the bag had left in an emergency."""
    subject, _, order_id = event.payload["purpose"].partition(":")
    if subject == "order":
        withdrawing.take_crossmatch(
            order_id=uuid.UUID(order_id),
            unit_id=uuid.UUID(event.payload["unit"]),
            result=CrossmatchResult(event.payload["result"]),
            member_id=uuid.UUID(event.payload["member"]),
        )


@on("account.erased")
def forget_person(event: OutboxEvent) -> None:
    """Keep no name and no address of a person who is gone."""
    forgetting.forget_person(user_id=uuid.UUID(event.payload["user"]))
