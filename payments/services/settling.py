"""What the provider says becomes what is true here: one locked step of a payment, its money in the ledger, its event.

Every answer of a provider ends in `settle`. Repeated, late and out-of-order answers find nothing left to do.
"""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from typing import Any, Final

from common import clock
from common.db import command, lock_one, step
from common.errors import NotFound
from common.money import Currency, Money
from common.outbox import emit
from common.transitions import advance
from payments.gateways.base import ChargeState, Created, Found
from payments.models import Payment, PaymentEvent, Purchase
from payments.parties import PLATFORM, Party
from payments.services import invoicing
from payments.services.ledger import Holder, Line, credit, debit, post_entry
from payments.states import (
    PAYMENT_TRANSITIONS,
    PURCHASE_TRANSITIONS,
    UNPAID,
    AccountKind,
    PaymentStatus,
    Provider,
    PurchaseStatus,
)

LATE_GRACE: Final = dt.timedelta(minutes=15)  # in which an owner may accept late money; then it goes back
LEASE: Final = dt.timedelta(seconds=60)  # who asks a provider holds the errand so long; no call takes a third of it
FIRST_LOOK: Final = dt.timedelta(seconds=20)  # after the payer was sent away, if no webhook comes before
LONGEST_WAIT: Final = dt.timedelta(minutes=10)  # between two looks at an open payment
GIVE_UP: Final = dt.timedelta(days=1)  # after its end an open payment that the provider cannot cancel is over
AFTERCARE: Final = (dt.timedelta(hours=1), dt.timedelta(days=1))  # looks at what ended unpaid
WORKER: Final = "worker"
log = logging.getLogger(__name__)


@command
def record_created(*, payment_id: uuid.UUID, created: Created) -> Payment:
    """Note that the provider has the charge, and how the payer goes on.

    Locks: the payment.      Raises: NotFound, Busy
    """
    row = lock_one(Payment, payment_id)
    if row.state is not PaymentStatus.CREATED:
        return row
    row.provider_ref = created.provider_ref
    row.action_type, row.action_url = created.action.type, created.action.url
    row.client_token = created.action.client_token
    _step(row, "submit", actor=WORKER)
    now = clock.now()
    is_offline = row.provider == Provider.OFFLINE
    row.ask_at = row.expires_at if is_offline else now if row.is_cancel_wanted else now + FIRST_LOOK
    row.asked = 0
    row.save()
    return row


@command
def record_refusal(*, payment_id: uuid.UUID, code: str) -> Payment:
    """The provider will not take the charge.

    Locks: the payment.      Emits: payment.failed      Raises: NotFound, Busy
    """
    row = lock_one(Payment, payment_id)
    if row.state is PaymentStatus.CREATED:
        _end(row, "fail", actor=WORKER, failure=code)
    return row


@command
def settle(*, payment_id: uuid.UUID, found: Found, actor: str = WORKER) -> Payment:
    """Make what the provider says true here, once, however often and in whatever order it is said.

    Money of another amount or currency is held for a person. Money for what is paid or closed is late.
    Locks: the purchase, the payment.
    Emits: payment.succeeded, payment.held, payment.failed, payment.cancelled, payment.expired
    Raises: NotFound, Busy
    """
    purchase_id = Payment.objects.filter(pk=payment_id).values_list("purchase_id", flat=True).first()
    if purchase_id is None:
        raise NotFound
    purchase, row = lock_one(Purchase, purchase_id), lock_one(Payment, payment_id)
    settle_locked(purchase, row, found, actor=actor)
    return row


@command
def abandon(*, payment_id: uuid.UUID) -> Payment:
    """End a payment that never reached the provider, as far as anybody knows: nobody was told where to pay.

    Locks: the payment.      Emits: payment.cancelled, payment.expired      Raises: NotFound, Busy
    """
    row = lock_one(Payment, payment_id)
    if row.state is PaymentStatus.CREATED:
        _end(row, _why_over(row), actor=WORKER)
    return row


@step
def settle_locked(purchase: Purchase, row: Payment, found: Found, *, actor: str) -> None:
    """`settle`, for who holds both rows already."""
    if found.state is ChargeState.PAID:
        _settle_paid(purchase, row, found, actor)
    elif row.state is PaymentStatus.PENDING and found.state is ChargeState.FAILED:
        _end(row, "fail", actor=actor, failure=found.failure)
    elif row.state is PaymentStatus.PENDING and found.state is ChargeState.CANCELLED:
        _end(row, _why_over(row), actor=actor)
    else:
        _look_again(row)


@command
def postpone(*, payment_id: uuid.UUID, code: str) -> None:
    """The provider did not answer: ask again, later each time.

    Locks: the payment.      Raises: NotFound, Busy
    """
    row = lock_one(Payment, payment_id)
    row.asked += 1
    row.ask_at = clock.now() + min(dt.timedelta(seconds=2 ** min(row.asked, 10)), LONGEST_WAIT)
    row.save(update_fields=["asked", "ask_at"])
    log.warning("a provider did not answer", extra={"payment": str(row.pk), "error_code": code, "asked": row.asked})


@step
def want_cancelled(row: Payment, *, actor: str) -> None:
    """Have the provider take no money for a live, locked payment any more; it ends when the provider says so."""
    row.is_cancel_wanted = True
    if row.provider == Provider.OFFLINE:
        _end(row, "cancel", actor=actor)
        return
    row.ask_at = clock.now() if row.state is PaymentStatus.PENDING else row.ask_at
    row.save(update_fields=["is_cancel_wanted", "ask_at"])


@step
def apply_money(purchase: Purchase, row: Payment, *, actor: str, verb: str) -> None:
    """Let the payment's money pay the purchase: out of suspense, to whom it is owed, with an invoice."""
    purchase.status = advance(PURCHASE_TRANSITIONS, purchase.state, "pay")
    purchase.save(update_fields=["status"])
    row.is_applied, row.refund_due_at = True, None
    row.save(update_fields=["is_applied", "refund_due_at"])
    record(row, verb, actor=actor)
    post_entry(
        kind="sale",
        reference=f"payment:{row.pk}:sale",
        lines=[
            debit(Holder(AccountKind.SUSPENSE), row.amount),
            *earned(purchase, row.amount.minor, purchase.fee_minor),
        ],
    )
    invoicing.issue_invoice(purchase, row)


@step
def record(row: Payment, verb: str, *, actor: str, **facts: Any) -> None:
    """Write one line of the payment's history."""
    PaymentEvent.objects.create(payment=row, verb=verb, status=row.status, actor=actor[:60], facts=facts)


@step
def give_up_held(row: Payment, *, actor: str) -> None:
    """The wrong amount that was held goes back: this attempt has failed."""
    _end(row, "return", actor=actor, failure=row.failure)


def earned(purchase: Purchase, minor: int, fee_minor: int) -> list[Line]:
    """Return the credits of a sale: the fee is the platform's, the rest the payee's; the platform's own sale is all
    revenue."""
    currency = Currency(purchase.currency)
    if purchase.payee == PLATFORM:
        return [credit(Holder(AccountKind.REVENUE), Money(minor, currency))]
    return [
        credit(Holder(AccountKind.PAYABLE, purchase.payee), Money(minor - fee_minor, currency)),
        credit(Holder(AccountKind.REVENUE), Money(fee_minor, currency)),
    ]


def source_of_money(provider: str, payee: Party) -> Holder:
    """Return the account that money of this provider arrives in: the provider's, or the hand of whoever took it."""
    if provider == Provider.OFFLINE:
        return Holder(AccountKind.COLLECTED, payee)
    return Holder(AccountKind.GATEWAY, detail=provider)


def _settle_paid(purchase: Purchase, row: Payment, found: Found, actor: str) -> None:
    received = found.received
    if received is None:
        raise ValueError("A paid charge says how much was paid.")
    if _is_known(row, received):
        row.ask_at = None
        row.save(update_fields=["ask_at"])
        return
    _post_arrival(row, received)
    row.received_minor, row.received_currency = received.minor, received.currency
    row.payment_ref, row.paid_at, row.ended_at, row.ask_at = found.payment_ref, clock.now(), clock.now(), None
    row.action_url = row.client_token = row.failure = ""
    if received != row.amount:
        _hold(row, actor)
        return
    _succeed(purchase, row, actor)


def _is_known(row: Payment, received: Money) -> bool:
    """Whether this money has been written down. Only what is held may be corrected, until it goes back."""
    if not row.received_minor:
        return False
    is_same = received == Money(row.received_minor, Currency(row.received_currency))
    return is_same or row.state is not PaymentStatus.HELD or row.refunded_minor > 0


def _post_arrival(row: Payment, money: Money) -> None:
    source, suspense = source_of_money(row.provider, row.payee), Holder(AccountKind.SUSPENSE)
    lines = [debit(source, money), credit(suspense, money)]
    reference = f"payment:{row.pk}:received"
    if row.received_minor:
        before = Money(row.received_minor, Currency(row.received_currency))
        lines += [credit(source, before), debit(suspense, before)]
        reference = f"payment:{row.pk}:corrected:{row.events.count()}"
    post_entry(kind="receipt", reference=reference, lines=lines)


def _hold(row: Payment, actor: str) -> None:
    row.failure = "currency_differs" if row.received_currency != row.currency else "amount_differs"
    verb = "ask" if row.state is PaymentStatus.HELD else "hold"
    _step(row, verb, actor=actor, received=row.received_minor, currency=row.received_currency)
    row.save()
    _tell_held(row)


def _succeed(purchase: Purchase, row: Payment, actor: str) -> None:
    _step(row, "succeed", actor=actor)
    pays = purchase.is_payable(clock.now())  # its time may be over though nobody has closed it yet
    row.is_late = not pays
    if not pays:
        grace = dt.timedelta(0) if purchase.state is PurchaseStatus.PAID else LATE_GRACE
        row.refund_due_at = clock.now() + grace
    row.save()
    if pays:
        apply_money(purchase, row, actor=actor, verb="apply")
    emit(
        "payment.succeeded",
        key=f"purchase:{purchase.pk}",
        **facts_of(row),
        kind=purchase.kind,
        reference=str(purchase.reference),
        late=row.is_late,
    )


def _end(row: Payment, verb: str, *, actor: str, failure: str = "") -> None:
    _step(row, verb, actor=actor, **({"failure": failure} if failure else {}))
    row.failure, row.ended_at, row.asked = failure, clock.now(), 0
    row.action_url = row.client_token = ""
    row.ask_at = None if row.provider == Provider.OFFLINE else clock.now() + AFTERCARE[0]
    row.save()
    purchase = row.purchase
    facts = {**facts_of(row), "kind": purchase.kind, "reference": str(purchase.reference)}
    key = f"purchase:{purchase.pk}"
    match row.state:
        case PaymentStatus.FAILED:
            emit("payment.failed", key=key, **facts)
        case PaymentStatus.CANCELLED:
            emit("payment.cancelled", key=key, **facts)
        case PaymentStatus.EXPIRED:
            emit("payment.expired", key=key, **facts)


def _look_again(row: Payment) -> None:
    """Say when the provider is asked next about a payment that has not changed."""
    now = clock.now()
    if row.state in UNPAID:
        since_end = now - (row.ended_at or now)
        row.ask_at = next((row.ended_at + wait for wait in AFTERCARE if row.ended_at and wait > since_end), None)
    elif row.state is PaymentStatus.PENDING:
        if now >= row.expires_at + GIVE_UP:
            _end(row, _why_over(row), actor=WORKER)
            return
        age = now - row.created_at
        row.ask_at = now + min(max(age / 4, FIRST_LOOK), LONGEST_WAIT)
        if now < row.expires_at:
            row.ask_at = min(row.ask_at, row.expires_at)
    else:
        row.ask_at = None
    row.asked = 0
    row.save(update_fields=["ask_at", "asked"])


def _why_over(row: Payment) -> str:
    return "cancel" if row.is_cancel_wanted else "expire"


def _step(row: Payment, verb: str, *, actor: str, **facts: Any) -> None:
    row.status = advance(PAYMENT_TRANSITIONS, row.state, verb)
    record(row, verb, actor=actor, **facts)


def _tell_held(row: Payment) -> None:
    purchase = row.purchase
    emit(
        "payment.held",
        key=f"purchase:{purchase.pk}",
        **facts_of(row),
        kind=purchase.kind,
        reference=str(purchase.reference),
        received=row.received_minor,
    )


def facts_of(row: Payment) -> dict[str, Any]:
    """What every event of a payment says: ids and money, nothing of a person."""
    return {"payment": str(row.pk), "amount": row.amount_minor, "currency": row.currency, "provider": row.provider}
