"""What became of a payer's money at the provider without our having asked for it: refunds made in its dashboard, and
disputes. The provider's word is made true here, once, however often and in whatever order it is said.
"""

from __future__ import annotations

import logging
import uuid
from typing import Final

from common import clock
from common.db import command, lock, lock_one, step
from common.money import Currency, Money
from common.outbox import emit
from common.transitions import advance
from payments.gateways.base import Aftermath, Disputed, Returned, TransferState
from payments.models import Dispute, Payment, Refund
from payments.services import refunding, settling
from payments.services.ledger import Holder, credit, debit, post_entry
from payments.states import DISPUTE_TRANSITIONS, AccountKind, DisputeStatus, PaymentStatus, RefundStatus

OUTSIDE: Final = "outside:"  # begins the key of a refund that was made at the provider
ACTOR: Final = "provider"
log = logging.getLogger(__name__)


@command
def settle_aftermath(*, payment_id: uuid.UUID, found: Aftermath) -> None:
    """Write down refunds from outside and disputes, with what they do to the ledger.

    What is refunded or held here can be more than is left only while a refund of ours is on its way in vain: that one
    fails first. Locks: the payment, its refunds.
    Emits: refund.succeeded, refund.failed, dispute.opened, dispute.won, dispute.lost
    Raises: NotFound, RefundTooLarge (try again when ours has failed), Busy
    """
    payment = lock_one(Payment, payment_id)
    if not payment.received_minor:
        return
    rows = lock(Refund, Refund.objects.filter(payment=payment).values_list("pk", flat=True))
    for row in rows:
        row.payment = payment
    for one in found.refunds:
        _settle_return(payment, rows, one)
    for disputed in found.disputes:
        _settle_dispute(payment, rows, disputed)
    if payment.state is PaymentStatus.HELD and not payment.refundable_minor:
        settling.give_up_held(payment, actor=ACTOR)


@command
def question_dispute(*, dispute_id: uuid.UUID) -> None:
    """Have the provider asked how a dispute stands. Emits: payment.questioned"""
    row = Dispute.objects.get(pk=dispute_id)
    payment = str(row.payment_id)
    emit("payment.questioned", key=f"questioned:{payment}", payment=payment, refs=[row.provider_ref])


def _settle_return(payment: Payment, rows: list[Refund], found: Returned) -> None:
    key = f"{OUTSIDE}{found.provider_ref}"
    if any(str(row.pk) == found.our_id or (row.provider_ref == found.provider_ref and row.key != key) for row in rows):
        return  # ours: its own errand follows it
    row = next((row for row in rows if row.key == key), None)
    if row is None:
        if found.state is TransferState.FAILED or not _is_of(payment, found.amount.currency, found.provider_ref):
            return
        row = refunding.note_outside(
            payment,
            key=key,
            reason="Given back at the provider.",
            actor=ACTOR,
            minor=found.amount.minor,
            provider_ref=found.provider_ref,
        )
        rows.append(row)
    if row.state is not RefundStatus.PENDING or found.state is TransferState.PENDING:
        return
    refunding.finish(row, "succeed" if found.state is TransferState.SUCCEEDED else "fail", ACTOR)


def _settle_dispute(payment: Payment, rows: list[Refund], found: Disputed) -> None:
    row = Dispute.objects.filter(provider=payment.provider, provider_ref=found.provider_ref).first()
    if row is None:
        if not _is_of(payment, found.amount.currency, found.provider_ref):
            return
        row = _open(payment, rows, found)
    row.answer_by = found.answer_by
    if row.state is DisputeStatus.OPEN and found.state is not DisputeStatus.OPEN:
        _end(payment, rows, row, "win" if found.state is DisputeStatus.WON else "lose")
    row.save()


@step
def _open(payment: Payment, rows: list[Refund], found: Disputed) -> Dispute:
    minor = min(found.amount.minor, payment.refundable_minor)
    if minor < found.amount.minor and any(row.state is RefundStatus.PENDING and not row.is_outside for row in rows):
        minor = found.amount.minor  # held in vain, which `note_outside` refuses
    hold = None
    if minor:
        key = f"{refunding.DISPUTED}{found.provider_ref}"
        hold = refunding.note_outside(payment, key=key, reason="Disputed by the payer.", actor=ACTOR, minor=minor)
        rows.append(hold)
    row = Dispute.objects.create(
        payment=payment,
        provider=payment.provider,
        provider_ref=found.provider_ref,
        amount_minor=found.amount.minor,
        currency=found.amount.currency,
        reason=found.reason[:60],
        answer_by=found.answer_by,
        hold=hold,
    )
    settling.record(payment, "dispute", actor=ACTOR, dispute=str(row.pk), amount=row.amount_minor)
    log.error("a payer disputes a payment", extra={"payment": str(payment.pk), "dispute": str(row.pk)})
    emit("dispute.opened", key=f"purchase:{payment.purchase_id}", **_facts(payment, row))
    return row


@step
def _end(payment: Payment, rows: list[Refund], row: Dispute, verb: str) -> None:
    row.status = advance(DISPUTE_TRANSITIONS, row.state, verb)
    row.ended_at = clock.now()
    hold = next((one for one in rows if one.pk == row.hold_id), None)
    if hold is not None and hold.state is RefundStatus.PENDING:
        refunding.finish(hold, "succeed" if verb == "lose" else "fail", ACTOR)
    beyond = row.amount_minor - (hold.amount_minor if hold is not None else 0)
    if verb == "lose":
        _post_loss(payment, row, beyond)
        emit("dispute.lost", key=f"purchase:{payment.purchase_id}", **_facts(payment, row))
    else:
        emit("dispute.won", key=f"purchase:{payment.purchase_id}", **_facts(payment, row))


@step
def _post_loss(payment: Payment, row: Dispute, minor: int) -> None:
    """What a bank has taken that had gone back before is nobody's but ours to bear."""
    money = Money(minor, Currency(row.currency))
    lines = [
        debit(Holder(AccountKind.DISCOUNT, detail="disputed"), money),
        credit(settling.source_of_money(payment.provider, payment.payee), money),
    ]
    if minor:
        post_entry(kind="dispute", reference=f"dispute:{row.pk}:lost", lines=lines)


def _is_of(payment: Payment, currency: str, ref: str) -> bool:
    if currency == payment.received_currency:
        return True
    log.error("a provider speaks of another currency", extra={"payment": str(payment.pk), "ref": ref})
    return False


def _facts(payment: Payment, row: Dispute) -> dict[str, object]:
    purchase = payment.purchase
    return {
        **settling.facts_of(payment),
        "dispute": str(row.pk),
        "amount": row.amount_minor,
        "currency": row.currency,
        "kind": purchase.kind,
        "reference": str(purchase.reference),
    }
