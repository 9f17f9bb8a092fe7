"""Money that arrived, went back or went out, told to whoever paid or is paid; what was bought is told by who sells."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Final

from common.models import OutboxEvent
from common.money import Currency, Money, in_code
from common.outbox import on
from notifications.handlers.addressing import ANSWERING, id_in, members, occasion, people
from notifications.kinds import Kind
from notifications.services import Recipient, notify
from notifications.templates import Fact
from partners.states import Role
from payments import selectors as payments
from payments.states import PurchaseKind

# Whose sellers decide about late money, and have its payer told.
SELLERS_TELL = frozenset({PurchaseKind.ORDER, PurchaseKind.APPOINTMENT})

OWNING: Final = (Role.OWNER,)  # who deals with the organisation's own money


@on("payment.succeeded")
def tell_paid(event: OutboxEvent) -> None:
    """Confirm the money, or say that it came too late, unless the seller says what became of it."""
    if event.payload["late"] and event.payload["kind"] in SELLERS_TELL:
        return
    _tell_payer(event, Kind.PAYMENT_LATE if event.payload["late"] else Kind.PAYMENT_RECEIVED)


@on("order.money_late")
@on("appointment.money_late")
def tell_late(event: OutboxEvent) -> None:
    """Late money has paid what was bought after all, or goes back: said once, when it is known."""
    _tell_payer(event, Kind.PAYMENT_RECEIVED if event.payload["used"] else Kind.PAYMENT_LATE)


@on("refund.succeeded")
def tell_refunded(event: OutboxEvent) -> None:
    """What a bank has taken back after a dispute is told as the dispute's end."""
    if event.payload.get("disputed"):
        return
    _tell_payer(event, Kind.REFUND_SENT)
    if event.payload.get("outside"):
        _tell_payee(event, Kind.REFUND_OUTSIDE)


@on("dispute.opened")
def tell_disputed(event: OutboxEvent) -> None:
    _tell_payee(event, Kind.DISPUTE_OPENED)


@on("dispute.won")
def tell_dispute_won(event: OutboxEvent) -> None:
    _tell_payee(event, Kind.DISPUTE_WON)


@on("dispute.lost")
def tell_dispute_lost(event: OutboxEvent) -> None:
    _tell_payee(event, Kind.DISPUTE_LOST)


@on("payout.succeeded")
def tell_paid_out(event: OutboxEvent) -> None:
    _tell_owner(event, Kind.PAYOUT_SENT, amount=_amount(event))


@on("payout.failed")
def tell_payout_failed(event: OutboxEvent) -> None:
    _tell_owner(event, Kind.PAYOUT_FAILED, amount=_amount(event))


@on("payee.ready")
def tell_account_ready(event: OutboxEvent) -> None:
    """Also a warning, should a stranger have changed where the money goes."""
    _tell_owner(event, Kind.PAYOUT_ACCOUNT_READY, ending=event.payload["ending"])


@on("payee.refused")
def tell_account_refused(event: OutboxEvent) -> None:
    _tell_owner(event, Kind.PAYOUT_ACCOUNT_REFUSED, ending=event.payload["ending"])


def _tell_payer(event: OutboxEvent, kind: Kind) -> None:
    payer = payments.payer_of(id_in(event, "payment"))
    _tell(event, kind, _party(payer.user_id, payer.partner_id, ANSWERING), amount=_amount(event))


def _tell_payee(event: OutboxEvent, kind: Kind) -> None:
    """Tell whoever sold it; what the platform itself sells is in the administrators' report."""
    payee = payments.any_payment(id_in(event, "payment")).payee
    _tell(event, kind, _party(payee.user_id, payee.partner_id, OWNING), amount=_amount(event))


def _tell_owner(event: OutboxEvent, kind: Kind, **facts: Fact) -> None:
    """Tell the payee whom the event names."""
    user, partner = event.payload["user"], event.payload["partner"]
    to = _party(uuid.UUID(user) if user else None, uuid.UUID(partner) if partner else None, OWNING)
    _tell(event, kind, to, **facts)


def _tell(event: OutboxEvent, kind: Kind, to: list[Recipient], **facts: Fact) -> None:
    notify(kind=kind, occasion=occasion(event), recipients=to, facts=facts)


def _party(user_id: uuid.UUID | None, partner_id: uuid.UUID | None, roles: Collection[Role]) -> list[Recipient]:
    if partner_id is not None:
        return members(partner_id, roles)
    return people([user_id] if user_id else [])


def _amount(event: OutboxEvent) -> str:
    return in_code(Money(event.payload["amount"], Currency(event.payload["currency"])))
