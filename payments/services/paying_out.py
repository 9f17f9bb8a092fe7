"""What is owed goes out: to doctors, and to the partners that sold.

By a provider where the payee has an account that is ready, else by hand: an administrator moves the money and records
it. Where a payout goes is fixed when it is asked for.
"""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from typing import Any, Final

from django.db.models import Sum

from common import clock
from common.db import command, lock_one, on_one_rung, step
from common.errors import Invalid
from common.money import Currency, Money
from common.outbox import emit
from common.transitions import advance
from payments.errors import PayoutAutomatic, PayoutRepeated, PayoutTooLarge
from payments.gateways.base import PARTLY_BACK, Moved, TransferState
from payments.models import Payment, Payout, PayoutAccount, Purchase
from payments.parties import PLATFORM, Party
from payments.services import settling
from payments.services.ledger import Holder, credit, debit, lock_balance, post_entry
from payments.states import (
    PAYOUT_TRANSITIONS,
    PAYS_OUT,
    AccountKind,
    PayoutAccountStatus,
    PayoutStatus,
    Provider,
    PurchaseKind,
    RefundStatus,
)

LONGEST_WAIT: Final = dt.timedelta(hours=1)  # between two tries
GIVE_UP: Final = dt.timedelta(days=3)  # what certainly has not been paid by then is owed again
WORKER: Final = "worker"
ON_ITS_WAY: Final = Holder(AccountKind.PAYING_OUT)
log = logging.getLogger(__name__)


@step
def pay_out_purchase(*, kind: PurchaseKind, reference: uuid.UUID, actor: str) -> Payout | None:
    """Pay its payee the proceeds of a purchase, once: what was paid, less the fee and what has gone back.

    All of it comes from the purchase, its price of that day and its currency. What the payee owes us otherwise is kept
    back. None where nothing is owed, or the payee has the money already because it took it by hand.
    Locks: the payment, the payee's accounts.      Raises: Busy
    """
    paid = Payment.objects.filter(purchase__kind=kind, purchase__reference=reference, is_applied=True)
    payment_id = paid.values_list("pk", flat=True).first()
    if payment_id is None:
        return None
    with on_one_rung(Payment):  # whoever has just closed the purchase holds it already
        payment = lock_one(Payment, payment_id)
    if payment.provider == Provider.OFFLINE or payment.payee == PLATFORM:
        return None
    purchase = payment.purchase
    key = f"purchase:{purchase.pk}"
    known = Payout.objects.filter(key=key).first()
    if known is not None:
        return known
    owed = _owed_for_update(payment.payee, Currency(payment.currency))
    minor = min(proceeds_of(payment), owed)
    if minor <= 0:
        return None
    amount = Money(minor, Currency(payment.currency))
    return _create(payment.payee, amount, key=key, description=purchase.description, actor=actor, purchase=purchase)


@step
def request_payout(*, payee: Party, amount: Money, key: str, description: str, actor: str) -> Payout:
    """Set aside what is to be paid out; `key` names this payout for ever and never pays twice.

    Owed is what was sold for the payee less what it took in by hand. Locks: its accounts.
    Raises: PayoutTooLarge, Busy
    """
    known = Payout.objects.filter(key=key).first()
    if known is not None:
        return known
    owed = _owed_for_update(payee, amount.currency)
    known = Payout.objects.filter(key=key).first()  # a twin had the accounts before
    if known is not None:
        return known
    if amount.minor > owed:
        raise PayoutTooLarge(owed=max(owed, 0))
    return _create(payee, amount, key=key, description=description, actor=actor)


@command
def settle_owed(*, payee: Party, amount: Money, key: str, description: str, actor: str) -> Payout:
    """`request_payout` as a whole act, for administrators and jobs."""
    if amount.minor <= 0:
        raise Invalid
    return request_payout(payee=payee, amount=amount, key=key, description=description, actor=actor)


@command
def repeat_payout(*, payout_id: uuid.UUID, actor: str) -> Payout:
    """An administrator has what failed paid again, to wherever the payee is paid now.

    Locks: the payout, the payee's accounts.
    Raises: NotFound, PayoutRepeated, PayoutTooLarge (it went out otherwise meanwhile), Busy
    """
    row = lock_one(Payout, payout_id)
    if row.state is not PayoutStatus.FAILED or Payout.objects.filter(repeats=row).exists():
        raise PayoutRepeated
    owed = _owed_for_update(row.payee, row.amount.currency)
    if row.amount_minor > owed:
        raise PayoutTooLarge(owed=max(owed, 0))
    values: dict[str, Any] = {"purchase": row.purchase, "repeats": row}
    key, description = f"again:{row.pk}", row.description
    return _create(row.payee, row.amount, key=key, description=description, actor=actor, **values)


@command
def settle_payout(*, payout_id: uuid.UUID, moved: Moved) -> Payout:
    """Make what the provider says of a payout true here, once.

    Locks: the payout.      Emits: payout.succeeded, payout.failed      Raises: NotFound, Busy
    """
    row = lock_one(Payout, payout_id)
    if row.state is not PayoutStatus.PENDING:
        _settle_ended(row, moved)
        return row
    row.provider_ref, row.asked, row.failure = moved.provider_ref, 0, ""
    if moved.amount is not None and moved.amount != row.amount:
        row.failure, row.ask_at = "amount_differs", None  # a person looks: the report of mismatches names it
        row.save()
    elif moved.state is TransferState.SUCCEEDED:
        _succeed(row, Holder(AccountKind.GATEWAY, detail=row.provider), WORKER)
    elif moved.state is TransferState.FAILED:
        _fail(row, moved.code, WORKER)
    else:
        _look_later(row)
    return row


@command
def refuse_payout(*, payout_id: uuid.UUID, code: str) -> Payout:
    """The provider will not pay this: it is owed again, and the payee is told.

    Locks: the payout.      Emits: payout.failed      Raises: NotFound, Busy
    """
    row = lock_one(Payout, payout_id)
    if row.state is PayoutStatus.PENDING:
        _fail(row, code, WORKER)
    return row


@command
def postpone_payout(*, payout_id: uuid.UUID, code: str, is_undone: bool) -> None:
    """The provider cannot pay yet (`is_undone`: it certainly never has), or did not answer: ask again, later each time.

    What is still undone after three days fails. Locks: the payout.      Emits: payout.failed
    Raises: NotFound, Busy
    """
    row = lock_one(Payout, payout_id)
    if row.state is not PayoutStatus.PENDING:
        row.ask_at = None
        row.save(update_fields=["ask_at"])
        return
    row.failure = code
    if is_undone and clock.now() >= row.created_at + GIVE_UP:
        _fail(row, code, WORKER)
        return
    _look_later(row)


@command
def record_payout(*, payout_id: uuid.UUID, bank_reference: str, actor: str) -> Payout:
    """An administrator has seen the money leave the bank.

    Locks: the payout.      Emits: payout.succeeded
    Raises: NotFound, PayoutAutomatic, IllegalTransition, Busy
    """
    row = _by_hand(payout_id)
    if row.state is PayoutStatus.SUCCEEDED and row.provider_ref == bank_reference:
        return row
    row.provider_ref = bank_reference
    _succeed(row, Holder(AccountKind.BANK), actor)
    return row


@command
def fail_payout(*, payout_id: uuid.UUID, reason: str, actor: str) -> Payout:
    """The money did not arrive: it is owed again.

    Locks: the payout.      Emits: payout.failed      Raises: NotFound, PayoutAutomatic, IllegalTransition, Busy
    """
    row = _by_hand(payout_id)
    _fail(row, reason, actor)
    return row


def proceeds_of(payment: Payment) -> int:
    """Return what a payment's purchase has brought its payee: less the fee and what has gone back, or is on its way."""
    fees = payment.refunds.exclude(status=RefundStatus.FAILED).aggregate(total=Sum("fee_minor"))["total"] or 0
    return payment.amount_minor - payment.purchase.fee_minor - (payment.refunded_minor - fees)


def _owed_for_update(payee: Party, currency: Currency) -> int:
    """Hold the payee's accounts and return what it is owed; below zero, what it owes."""
    payable, collected = lock_balance(
        [Holder(AccountKind.PAYABLE, payee), Holder(AccountKind.COLLECTED, payee)], currency
    )
    return -payable - collected


def _create(
    payee: Party,
    amount: Money,
    *,
    key: str,
    description: str,
    actor: str,
    purchase: Purchase | None = None,
    repeats: Payout | None = None,
) -> Payout:
    account = PayoutAccount.objects.filter(**payee.columns("owner"), status=PayoutAccountStatus.READY).first()
    if account is not None and amount.currency not in PAYS_OUT.get(Provider(account.provider), ()):
        account = None
    row = Payout.objects.create(
        **payee.columns("payee"),
        key=key,
        amount_minor=amount.minor,
        currency=amount.currency,
        description=description,
        actor=actor[:60],
        account=account,
        provider=account.provider if account is not None else Provider.OFFLINE,
        purchase=purchase,
        repeats=repeats,
        ask_at=clock.now() if account is not None else None,
    )
    lines = [debit(Holder(AccountKind.PAYABLE, payee), amount), credit(ON_ITS_WAY, amount)]
    post_entry(kind="payout", reference=f"payout:{row.pk}:asked", lines=lines)
    return row


def _settle_ended(row: Payout, moved: Moved) -> None:
    row.ask_at = None
    row.save(update_fields=["ask_at"])
    if row.state is PayoutStatus.SUCCEEDED and moved.code == PARTLY_BACK:
        row.failure = PARTLY_BACK  # a person looks: the report of mismatches names it
        row.save(update_fields=["failure"])
    elif row.state is PayoutStatus.SUCCEEDED and moved.state is TransferState.FAILED:
        _fail(row, moved.code, WORKER, verb="reverse", source=Holder(AccountKind.GATEWAY, detail=row.provider))
    elif row.state is PayoutStatus.FAILED and moved.state is TransferState.SUCCEEDED:
        log.error("a payout was made that has failed here", extra={"payout": str(row.pk)})


def _by_hand(payout_id: uuid.UUID) -> Payout:
    row = lock_one(Payout, payout_id)
    if row.provider != Provider.OFFLINE:
        raise PayoutAutomatic
    return row


def _succeed(row: Payout, source: Holder, actor: str) -> None:
    _finish(row, "succeed", actor)
    lines = [debit(ON_ITS_WAY, row.amount), credit(source, row.amount)]
    post_entry(kind="payout", reference=f"payout:{row.pk}:done", lines=lines)
    emit("payout.succeeded", key=f"payout:{row.pk}", **_facts(row))


def _fail(row: Payout, reason: str, actor: str, *, verb: str = "fail", source: Holder = ON_ITS_WAY) -> None:
    row.failure = reason[:200]
    _finish(row, verb, actor)
    lines = [debit(source, row.amount), credit(Holder(AccountKind.PAYABLE, row.payee), row.amount)]
    post_entry(kind="payout", reference=f"payout:{row.pk}:failed", lines=lines)
    emit("payout.failed", key=f"payout:{row.pk}", **_facts(row))


def _finish(row: Payout, verb: str, actor: str) -> None:
    row.status = advance(PAYOUT_TRANSITIONS, row.state, verb)
    row.ended_at, row.ask_at, row.actor = clock.now(), None, actor[:60]
    row.save()


def _look_later(row: Payout) -> None:
    row.asked += 1
    row.ask_at = clock.now() + min(settling.FIRST_LOOK * 2 ** min(row.asked - 1, 10), LONGEST_WAIT)
    row.save()


def _facts(row: Payout) -> dict[str, object]:
    purchase = row.purchase
    return {
        "payout": str(row.pk),
        "user": str(row.payee_user_id) if row.payee_user_id else None,
        "partner": str(row.payee_partner_id) if row.payee_partner_id else None,
        "amount": row.amount_minor,
        "currency": row.currency,
        "kind": purchase.kind if purchase is not None else None,
        "reference": str(purchase.reference) if purchase is not None else None,
    }
