"""Every movement of money as a balanced entry, written once."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import Sum

from common import clock
from common.db import lock, step
from common.ids import uuid7
from common.money import Currency, Money
from payments.models import Account, Posting
from payments.parties import PLATFORM, Party
from payments.states import AccountKind


@dataclass(frozen=True, slots=True)
class Holder:
    """An account by its owner, kind and detail; the currency comes with the amount."""

    kind: AccountKind
    owner: Party = PLATFORM
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One side of an entry: `minor` above zero is a debit, below a credit."""

    holder: Holder
    minor: int
    currency: Currency


def debit(holder: Holder, money: Money) -> Line:
    return Line(holder, money.minor, money.currency)


def credit(holder: Holder, money: Money) -> Line:
    return Line(holder, -money.minor, money.currency)


@step
def post_entry(*, kind: str, reference: str, lines: Iterable[Line]) -> bool:
    """Write the entry once; return whether this call did. Lines of nothing are left out.

    The reference names the movement for ever: a second call with it writes nothing, whoever makes it and whenever.
    The database refuses an entry that is not balanced, at the commit.
    """
    sides = [line for line in lines if line.minor]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO payments_entry (reference, kind, created_at) VALUES (%s, %s, %s)"
            " ON CONFLICT (reference) DO NOTHING RETURNING id",
            [reference, kind, clock.now()],
        )
        made = cursor.fetchone()
    if made is None:
        return False
    accounts = {key: account_of(*key) for key in sorted({(s.holder, s.currency) for s in sides}, key=repr)}
    Posting.objects.bulk_create(
        [
            Posting(
                entry_id=made[0],
                account_id=accounts[side.holder, side.currency],
                amount_minor=side.minor,
                currency=side.currency,
            )
            for side in sides
        ]
    )
    return True


@step
def account_of(holder: Holder, currency: Currency) -> uuid.UUID:
    """Return the id of the account, which is opened when it is needed first."""
    names = {
        "kind": holder.kind,
        "detail": holder.detail,
        "currency": currency,
        "owner_user_id": holder.owner.user_id,
        "owner_partner_id": holder.owner.partner_id,
    }
    found = Account.objects.filter(**names).values_list("pk", flat=True).first()
    if found is not None:
        return uuid.UUID(str(found))
    Account.objects.bulk_create([Account(pk=uuid7(), **names)], ignore_conflicts=True)
    return uuid.UUID(str(Account.objects.values_list("pk", flat=True).get(**names)))


@step
def lock_balance(holders: Sequence[Holder], currency: Currency) -> list[int]:
    """Hold the accounts until the commit and return their balances, debits above zero, in the given order.

    Locks: the accounts.
    """
    ids = [account_of(holder, currency) for holder in holders]
    lock(Account, ids)
    totals = Posting.objects.filter(account_id__in=ids).values_list("account_id").annotate(total=Sum("amount_minor"))
    by_account = dict(totals)
    return [by_account.get(pk, 0) for pk in ids]
