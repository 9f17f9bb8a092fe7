"""A payee says where it is paid; the provider says whether it can be."""

from __future__ import annotations

import uuid

from common import clock
from common.crypto import blind_index
from common.db import command, lock, lock_one, step
from common.errors import NotFound
from common.outbox import emit
from common.transitions import advance
from payments.gateways.base import AccountState
from payments.models import PayoutAccount
from payments.models.payees import SHOWN
from payments.parties import Party
from payments.states import PAYOUT_ACCOUNT_TRANSITIONS, PayoutAccountStatus, Provider


@command
def set_account(*, owner: Party, provider: Provider, reference: str, actor: str) -> PayoutAccount:
    """Have the payee paid to this account from now on, in the place of any other, as soon as the provider agrees.

    The same account again is asked about again. What is on its way to another stays on its way there.
    Locks: the payee's account.      Emits: payee.questioned      Raises: PayoutAccountChanging, Busy
    """
    current = _current(owner)
    if current is not None and (current.provider, current.reference) == (provider, reference):
        _question(current)
        return current
    if current is not None:
        _remove(current, actor)
    row = PayoutAccount.objects.create(
        **owner.columns("owner"),
        provider=provider,
        reference=reference,
        ending=reference[-SHOWN:],
        fingerprint=fingerprint_of(provider, reference),
        actor=actor[:60],
    )
    _question(row)
    return row


@command
def remove_account(*, owner: Party, actor: str) -> None:
    """Have the payee paid by hand. Locks: the payee's account.      Raises: NotFound, Busy"""
    current = _current(owner)
    if current is None:
        raise NotFound
    _remove(current, actor)


@step
def forget_account(*, owner: Party, actor: str) -> None:
    """Remove the account if there is one. Locks: the payee's account."""
    current = _current(owner)
    if current is not None:
        _remove(current, actor)


@command
def settle_account(*, account_id: uuid.UUID, found: AccountState) -> PayoutAccount:
    """Make what the provider says of an account true here; the payee is told of a change.

    Locks: the account.      Emits: payee.ready, payee.refused      Raises: NotFound, Busy
    """
    row = lock_one(PayoutAccount, account_id)
    wanted = PayoutAccountStatus.READY if found.is_ready else PayoutAccountStatus.REFUSED
    if row.state in (PayoutAccountStatus.REMOVED, wanted):
        return row
    row.failure = found.code
    _step(row, "confirm" if found.is_ready else "refuse")
    facts = {
        "account": str(row.pk),
        "ending": row.ending,
        "user": str(row.owner_user_id) if row.owner_user_id else None,
        "partner": str(row.owner_partner_id) if row.owner_partner_id else None,
    }
    if found.is_ready:
        emit("payee.ready", key=f"payout_account:{row.pk}", **facts)
    else:
        emit("payee.refused", key=f"payout_account:{row.pk}", **facts)
    return row


@step
def question_accounts(*, provider: str, refs: list[str]) -> bool:
    """Have the provider asked about accounts that it has named; return whether any is ours."""
    prints = [fingerprint_of(provider, ref) for ref in refs]
    found = PayoutAccount.objects.filter(provider=provider, fingerprint__in=prints)
    rows = list(found.exclude(status=PayoutAccountStatus.REMOVED))
    for row in rows:
        _question(row)
    return bool(rows)


def fingerprint_of(provider: str, reference: str) -> str:
    """Return by what an account is found whose name is sealed."""
    return blind_index(f"{provider} {reference}", context="payout account")


def _current(owner: Party) -> PayoutAccount | None:
    held = PayoutAccount.objects.filter(**owner.columns("owner")).exclude(status=PayoutAccountStatus.REMOVED)
    rows = lock(PayoutAccount, held.values_list("pk", flat=True))
    return next((row for row in rows if row.state is not PayoutAccountStatus.REMOVED), None)  # a twin had it before


def _question(row: PayoutAccount) -> None:
    emit("payee.questioned", key=f"questioned:{row.pk}", account=str(row.pk))


def _remove(row: PayoutAccount, actor: str) -> None:
    row.reference, row.actor = None, actor[:60]
    _step(row, "remove")


def _step(row: PayoutAccount, verb: str) -> None:
    row.status = advance(PAYOUT_ACCOUNT_TRANSITIONS, row.state, verb)
    row.changed_at = clock.now()
    row.save()
