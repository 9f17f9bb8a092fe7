"""Money goes back: at most what came, once per key, reserved in the ledger until the provider has done it."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any, Final

from django.db.models import Sum

from common import clock
from common.db import command, lock_one, step
from common.errors import NotFound
from common.money import Currency, Money, share
from common.outbox import emit
from common.transitions import advance
from payments.errors import NothingToRefund, NotOffline, RefundTooLarge
from payments.gateways.base import Moved, TransferState
from payments.models import Payment, Purchase, Refund
from payments.parties import PLATFORM
from payments.services import invoicing, settling
from payments.services.ledger import Holder, Line, credit, debit, post_entry
from payments.states import (
    PAYMENT_TRANSITIONS,
    REFUND_TRANSITIONS,
    AccountKind,
    PaymentStatus,
    Provider,
    PurchaseKind,
    RefundStatus,
)

DISPUTED: Final = "dispute:"  # begins the key of what is held for a dispute
LONGEST_WAIT: Final = dt.timedelta(hours=6)  # between two looks at a refund; banks take days


@step
def refund_purchase(
    *, kind: PurchaseKind, reference: uuid.UUID, key: str, reason: str, actor: str, minor: int | None = None
) -> Refund | None:
    """Give back what was paid for it, wholly or so many minor units; None when nobody had paid.

    `key` is the caller's name for this refund (`cancel`, say): the same key never gives back twice.
    Locks: the payment.      Raises: RefundTooLarge, Busy
    """
    paid = Payment.objects.filter(purchase__kind=kind, purchase__reference=reference, is_applied=True)
    payment_id = paid.values_list("pk", flat=True).first()
    if payment_id is None:
        return None
    return refund_payment(payment_id=payment_id, key=key, reason=reason, actor=actor, minor=minor)


@step
def refund_payment(*, payment_id: uuid.UUID, key: str, reason: str, actor: str, minor: int | None = None) -> Refund:
    """Give back so many minor units of what this payment brought, or all that is left of it.

    Locks: the payment.      Raises: NotFound, NothingToRefund, RefundTooLarge, Busy
    """
    return refund_locked(lock_one(Payment, payment_id), key=key, reason=reason, actor=actor, minor=minor)


@step
def refund_locked(payment: Payment, *, key: str, reason: str, actor: str, minor: int | None = None) -> Refund:
    """`refund_payment`, for who holds the payment already."""
    known = Refund.objects.filter(payment=payment, key=key).first()
    if known is not None:
        return known
    if payment.state not in (PaymentStatus.SUCCEEDED, PaymentStatus.HELD) or not payment.refundable_minor:
        raise NothingToRefund
    amount = payment.refundable_minor if minor is None else minor
    if amount > payment.refundable_minor:
        raise RefundTooLarge(refundable=payment.refundable_minor)
    return _create(payment, key=key, reason=reason, actor=actor, amount=amount)


@command
def refund_as_payee(
    *, payment_id: uuid.UUID, partner_id: uuid.UUID, member_id: uuid.UUID, key: str, reason: str, minor: int | None
) -> Refund:
    """The partner that was paid gives money back.

    Locks: the payment.      Raises: NotFound, NothingToRefund, RefundTooLarge, Busy
    """
    if not Payment.objects.filter(pk=payment_id, payee_partner_id=partner_id).exists():
        raise NotFound
    actor = f"member {member_id}"
    return refund_payment(payment_id=payment_id, key=f"member:{key}", reason=reason, actor=actor, minor=minor)


@command
def refund_all(*, payment_id: uuid.UUID, actor: str, reason: str) -> Refund:
    """An administrator gives back all that is left.

    Locks: the payment.      Raises: NotFound, NothingToRefund, Busy
    """
    key = f"all:{clock.now():%Y%m%d%H%M%S%f}"
    return refund_payment(payment_id=payment_id, key=key, reason=reason, actor=actor)


@command
def return_held(*, payment_id: uuid.UUID, actor: str, reason: str) -> Refund:
    """An administrator sends back the wrong amount that is held.

    Locks: the payment.      Emits: payment.failed      Raises: NotFound, IllegalTransition, Busy
    """
    payment = lock_one(Payment, payment_id)
    advance(PAYMENT_TRANSITIONS, payment.state, "return")
    refund = _create(payment, key="held", reason=reason, actor=actor, amount=payment.refundable_minor)
    settling.give_up_held(payment, actor=actor)
    return refund


@command
def return_unclaimed(*, payment_id: uuid.UUID) -> Refund | None:
    """Send back money that came late and that nobody has accepted.

    Locks: the payment.      Raises: NotFound, Busy
    """
    payment = lock_one(Payment, payment_id)
    if payment.refund_due_at is None or payment.refund_due_at > clock.now() or payment.is_applied:
        return None
    payment.refund_due_at = None
    payment.save(update_fields=["refund_due_at"])
    if not payment.refundable_minor:
        return None
    reason = "Paid too late, or twice."
    return _create(payment, key="late", reason=reason, actor="scheduler", amount=payment.refundable_minor)


@command
def settle_refund(*, refund_id: uuid.UUID, moved: Moved, actor: str = "worker") -> Refund:
    """Make what the provider says of a refund true here, once.

    Locks: the payment, the refund.      Emits: refund.succeeded, refund.failed      Raises: NotFound, Busy
    """
    row = _locked(refund_id)
    if row.state is not RefundStatus.PENDING:
        return row
    row.provider_ref, row.asked = moved.provider_ref or row.provider_ref, 0
    if moved.amount is not None and moved.amount != row.amount:
        row.failure, row.ask_at = "amount_differs", None  # a person looks: the report of mismatches names it
        row.save()
    elif moved.state is TransferState.SUCCEEDED:
        finish(row, "succeed", actor)
    elif moved.state is TransferState.FAILED:
        row.failure = moved.code
        finish(row, "fail", actor)
    else:
        age = clock.now() - row.created_at
        row.ask_at = clock.now() + min(max(age / 4, settling.FIRST_LOOK), LONGEST_WAIT)
        row.save()
    return row


@command
def refuse_refund(*, refund_id: uuid.UUID, code: str) -> Refund:
    """The provider will not give this money back: it stays whose it was, and a person is told.

    Locks: the payment, the refund.      Emits: refund.failed      Raises: NotFound, Busy
    """
    row = _locked(refund_id)
    if row.state is RefundStatus.PENDING:
        row.failure = code
        finish(row, "fail", "worker")
    return row


@command
def postpone_refund(*, refund_id: uuid.UUID, code: str) -> None:
    """The provider did not answer: ask again, later each time. Locks: the refund.  Raises: NotFound, Busy"""
    row = lock_one(Refund, refund_id)
    row.asked += 1
    row.ask_at = clock.now() + min(dt.timedelta(seconds=2 ** min(row.asked, 15)), LONGEST_WAIT)
    row.failure = code
    row.save(update_fields=["asked", "ask_at", "failure"])


@command
def record_refund(*, refund_id: uuid.UUID, partner_id: uuid.UUID, member_id: uuid.UUID) -> Refund:
    """A member of the partner that was paid by hand has given the money back by hand.

    Locks: the payment, the refund.      Emits: refund.succeeded      Raises: NotFound, NotOffline, Busy
    """
    row = _locked(refund_id)
    if row.payment.payee_partner_id != partner_id:
        raise NotFound
    if row.payment.provider != Provider.OFFLINE:
        raise NotOffline
    if row.state is RefundStatus.PENDING:
        finish(row, "succeed", f"member {member_id}")
    return row


def _locked(refund_id: uuid.UUID) -> Refund:
    payment_id = Refund.objects.filter(pk=refund_id).values_list("payment_id", flat=True).first()
    if payment_id is None:
        raise NotFound
    payment = lock_one(Payment, payment_id)
    row = lock_one(Refund, refund_id)
    row.payment = payment
    return row


@step
def note_outside(payment: Payment, *, key: str, reason: str, actor: str, minor: int, provider_ref: str = "") -> Refund:
    """Write down that so much of a locked payment's money goes back, or is held, without our having asked for it.

    It counts at once; `finish` says how it ended. Raises: RefundTooLarge
    """
    if minor > payment.refundable_minor:
        raise RefundTooLarge(refundable=payment.refundable_minor)
    values = {"is_outside": True, "provider_ref": provider_ref}
    return _create(payment, key=key, reason=reason, actor=actor, amount=minor, **values)


def _create(payment: Payment, *, key: str, reason: str, actor: str, amount: int, **outside: Any) -> Refund:
    is_asked = payment.provider != Provider.OFFLINE and not outside
    row = Refund.objects.create(
        payment=payment,
        key=key,
        reason=reason,
        actor=actor,
        amount_minor=amount,
        currency=payment.received_currency,
        fee_minor=_fee_part(payment, amount),
        ask_at=clock.now() if is_asked else None,
        **outside,
    )
    settling.record(payment, "refund", actor=actor, refund=str(row.pk), amount=amount)
    lines = [*_taken_from(payment, row), credit(_waiting(row), row.amount)]
    post_entry(kind="refund", reference=f"refund:{row.pk}:asked", lines=lines)
    payment.refresh_from_db(fields=["refunded_minor"])
    return row


def _waiting(row: Refund) -> Holder:
    """Return the account in which the money waits: what is on its way, or what a dispute holds."""
    return Holder(AccountKind.REFUNDING, detail="disputed" if row.key.startswith(DISPUTED) else "")


def _fee_part(payment: Payment, amount: int) -> int:
    """Return how much of the fee goes back, so that all parts of a whole refund make the whole fee."""
    if not payment.is_applied or payment.payee == PLATFORM:
        return 0
    returned = payment.refunds.exclude(status=RefundStatus.FAILED).aggregate(total=Sum("fee_minor"))["total"] or 0
    so_far = share(payment.purchase.fee_minor, payment.refunded_minor + amount, payment.amount_minor)
    return max(0, min(so_far - returned, amount))


def _taken_from(payment: Payment, row: Refund) -> list[Line]:
    """Return the debits of those whose money goes back."""
    if not payment.is_applied:
        return [debit(Holder(AccountKind.SUSPENSE), row.amount)]
    purchase: Purchase = payment.purchase
    sold = settling.earned(purchase, row.amount_minor, row.fee_minor)
    return [Line(line.holder, -line.minor, line.currency) for line in sold]


@step
def finish(row: Refund, verb: str, actor: str) -> None:
    """End a pending refund, whose payment is locked: the money has gone, or it stays whose it was.

    Emits: refund.succeeded; refund.failed, except for what was only held for a dispute
    """
    payment = row.payment
    row.status = advance(REFUND_TRANSITIONS, row.state, verb)
    row.ask_at, row.ended_at = None, clock.now()
    row.save()
    purchase = payment.purchase
    facts = {
        **settling.facts_of(payment),
        "refund": str(row.pk),
        "amount": row.amount_minor,
        "currency": row.currency,
        "kind": purchase.kind,
        "reference": str(purchase.reference),
        "outside": row.is_outside,
        "disputed": row.key.startswith(DISPUTED),
    }
    key = f"purchase:{purchase.pk}"
    waiting = debit(_waiting(row), row.amount)
    if row.state is RefundStatus.SUCCEEDED:
        source = settling.source_of_money(payment.provider, payment.payee)
        lines = [waiting, credit(source, Money(row.amount_minor, Currency(row.currency)))]
        post_entry(kind="refund", reference=f"refund:{row.pk}:done", lines=lines)
        invoicing.issue_credit_note(payment, row)
        settling.record(payment, "refunded", actor=actor, refund=str(row.pk))
        emit("refund.succeeded", key=key, **facts)
        return
    back = [Line(line.holder, -line.minor, line.currency) for line in _taken_from(payment, row)]
    post_entry(kind="refund", reference=f"refund:{row.pk}:failed", lines=[waiting, *back])
    settling.record(payment, "refund_fail", actor=actor, refund=str(row.pk), code=row.failure)
    payment.refresh_from_db(fields=["refunded_minor"])
    if not facts["disputed"]:
        emit("refund.failed", key=key, **facts)
