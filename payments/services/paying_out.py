"""What is owed goes out: to doctors, and to the partners that sold."""

from __future__ import annotations

import uuid

from common import clock
from common.db import command, lock_one, step
from common.errors import Invalid
from common.money import Money
from common.outbox import emit
from common.transitions import advance
from payments.errors import PayoutTooLarge
from payments.models import Payout
from payments.parties import Party
from payments.services.ledger import Holder, credit, debit, lock_balance, post_entry
from payments.states import PAYOUT_TRANSITIONS, AccountKind, PayoutStatus


@step
def request_payout(*, payee: Party, amount: Money, key: str, description: str, actor: str) -> Payout:
    """Set aside what is to be paid out; `key` names this payout for ever and never pays twice.

    Owed is what was sold for the payee less what it took in by hand. Locks: its accounts.
    Raises: PayoutTooLarge, Busy
    """
    known = Payout.objects.filter(key=key).first()
    if known is not None:
        return known
    payable, collected = lock_balance(
        [Holder(AccountKind.PAYABLE, payee), Holder(AccountKind.COLLECTED, payee)], amount.currency
    )
    known = Payout.objects.filter(key=key).first()  # a twin had the accounts before
    if known is not None:
        return known
    owed = -payable - collected
    if amount.minor > owed:
        raise PayoutTooLarge(owed=max(owed, 0))
    row = Payout.objects.create(
        **payee.columns("payee"),
        key=key,
        amount_minor=amount.minor,
        currency=amount.currency,
        description=description,
        actor=actor,
    )
    lines = [debit(Holder(AccountKind.PAYABLE, payee), amount), credit(Holder(AccountKind.PAYING_OUT), amount)]
    post_entry(kind="payout", reference=f"payout:{row.pk}:asked", lines=lines)
    return row


@command
def settle_owed(*, payee: Party, amount: Money, key: str, description: str, actor: str) -> Payout:
    """`request_payout` as a whole act, for administrators and jobs."""
    if amount.minor <= 0:
        raise Invalid
    return request_payout(payee=payee, amount=amount, key=key, description=description, actor=actor)


@command
def record_payout(*, payout_id: uuid.UUID, bank_reference: str, actor: str) -> Payout:
    """An administrator has seen the money leave the bank.

    Locks: the payout.      Emits: payout.succeeded      Raises: NotFound, IllegalTransition, Busy
    """
    row = lock_one(Payout, payout_id)
    if row.state is PayoutStatus.SUCCEEDED and row.provider_ref == bank_reference:
        return row
    row.provider_ref = bank_reference
    _finish(row, "succeed", actor)
    lines = [debit(Holder(AccountKind.PAYING_OUT), row.amount), credit(Holder(AccountKind.BANK), row.amount)]
    post_entry(kind="payout", reference=f"payout:{row.pk}:done", lines=lines)
    emit("payout.succeeded", key=f"payout:{row.pk}", **_facts(row))
    return row


@command
def fail_payout(*, payout_id: uuid.UUID, reason: str, actor: str) -> Payout:
    """The money did not arrive: it is owed again.

    Locks: the payout.      Emits: payout.failed      Raises: NotFound, IllegalTransition, Busy
    """
    row = lock_one(Payout, payout_id)
    row.failure = reason[:200]
    _finish(row, "fail", actor)
    payable = Holder(AccountKind.PAYABLE, row.payee)
    lines = [debit(Holder(AccountKind.PAYING_OUT), row.amount), credit(payable, row.amount)]
    post_entry(kind="payout", reference=f"payout:{row.pk}:failed", lines=lines)
    emit("payout.failed", key=f"payout:{row.pk}", **_facts(row))
    return row


def _finish(row: Payout, verb: str, actor: str) -> None:
    row.status = advance(PAYOUT_TRANSITIONS, row.state, verb)
    row.ended_at, row.actor = clock.now(), actor[:60]
    row.save()


def _facts(row: Payout) -> dict[str, object]:
    return {
        "payout": str(row.pk),
        "user": str(row.payee_user_id) if row.payee_user_id else None,
        "partner": str(row.payee_partner_id) if row.payee_partner_id else None,
        "amount": row.amount_minor,
        "currency": row.currency,
    }
