"""Money that arrived or went back, told to whoever paid; what was bought is told by those who sell."""

from __future__ import annotations

from common.models import OutboxEvent
from common.money import Currency, Money, in_code
from common.outbox import on
from notifications.handlers.addressing import ANSWERING, id_in, members, occasion, people
from notifications.kinds import Kind
from notifications.services import Recipient, notify
from payments import selectors as payments
from payments.states import PurchaseKind

# Whose sellers decide about late money, and have its payer told.
SELLERS_TELL = frozenset({PurchaseKind.ORDER})


@on("payment.succeeded")
def tell_paid(event: OutboxEvent) -> None:
    """Confirm the money, or say that it came too late, unless the seller says what became of it."""
    if event.payload["late"] and event.payload["kind"] in SELLERS_TELL:
        return
    _tell_payer(event, Kind.PAYMENT_LATE if event.payload["late"] else Kind.PAYMENT_RECEIVED)


@on("order.money_late")
def tell_late_for_order(event: OutboxEvent) -> None:
    """Late money has paid its order after all, or goes back: said once, when it is known."""
    _tell_payer(event, Kind.PAYMENT_RECEIVED if event.payload["used"] else Kind.PAYMENT_LATE)


@on("refund.succeeded")
def tell_refunded(event: OutboxEvent) -> None:
    _tell_payer(event, Kind.REFUND_SENT)


def _tell_payer(event: OutboxEvent, kind: Kind) -> None:
    money = Money(event.payload["amount"], Currency(event.payload["currency"]))
    notify(
        kind=kind,
        occasion=occasion(event),
        recipients=_payers(event),
        facts={"amount": in_code(money)},
    )


def _payers(event: OutboxEvent) -> list[Recipient]:
    payer = payments.payer_of(id_in(event, "payment"))
    if payer.partner_id is not None:
        return members(payer.partner_id, ANSWERING)
    return people([payer.user_id] if payer.user_id else [])
