"""What is taken off a price: coupons and credits, both decided here and nowhere else.

They are taken in the transaction that fixes the price, settled when it is paid, and given back when it never is.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import F, Q

from common import clock
from common.db import lock, lock_one, step
from common.money import Currency, Money, share
from common.transitions import advance
from payments.errors import CouponElsewhere, CouponNotValid, CouponUnknown, CouponUsed, CouponUsedUp, CreditShort
from payments.models import Coupon, CouponUse, CreditMove, Wallet
from payments.models.credits import HUNDRED
from payments.parties import PLATFORM, Party
from payments.services.ledger import Holder, Line, credit, debit, post_entry
from payments.states import COUPON_USE_TRANSITIONS, AccountKind, CouponKind, CouponUseStatus, CreditReason, PurchaseKind

SPENT = Holder(AccountKind.SUSPENSE, detail="credit")  # credits taken for what is not paid yet


@dataclass(frozen=True, slots=True)
class Held:
    """The locked rows that reductions of one person's purchases come from."""

    user_id: uuid.UUID
    coupons: dict[uuid.UUID, Coupon]
    wallet: Wallet


@step
def hold(
    *, user_id: uuid.UUID, currency: Currency, codes: Iterable[str] = (), references: Iterable[uuid.UUID] = ()
) -> Held:
    """Hold the coupons that are named or were used for these purchases, and the person's wallet.

    Locks: the coupons, the wallet.      Raises: Busy
    """
    used = CouponUse.objects.filter(reference__in=list(references), status=CouponUseStatus.TAKEN)
    wanted = Coupon.objects.filter(Q(code__in=[code for code in codes if code]) | Q(pk__in=used.values("coupon_id")))
    rows = lock(Coupon, list(wanted.values_list("pk", flat=True)))
    return Held(user_id, {row.pk: row for row in rows}, hold_wallet(user_id, currency))


@step
def hold_wallet(user_id: uuid.UUID, currency: Currency) -> Wallet:
    """Open the wallet if need be. Locks: it.      Raises: Busy"""
    names = {"user_id": user_id, "currency": currency}
    Wallet.objects.bulk_create([Wallet(**names)], ignore_conflicts=True)
    return lock_one(Wallet, Wallet.objects.values_list("pk", flat=True).get(**names))


@step
def take_discount(
    held: Held, *, code: str, kind: PurchaseKind, reference: uuid.UUID, amount: Money, plan: str = ""
) -> int:
    """Take one use of the coupon and return what it takes off, at most the amount.

    Raises: CouponUnknown, CouponNotValid, CouponElsewhere, CouponUsedUp, CouponUsed
    """
    if not code:
        return 0
    row = next((one for one in held.coupons.values() if one.code == code and one.is_active), None)
    if row is None:
        raise CouponUnknown
    _refuse_misplaced(row, kind, plan, amount.currency)
    uses = CouponUse.objects.filter(coupon=row, user_id=held.user_id).exclude(status=CouponUseStatus.RETURNED)
    turn = next(number for number in range(1, uses.count() + 2) if not uses.filter(turn=number).exists())
    if turn > row.max_per_person:
        raise CouponUsed
    if row.max_uses is not None and row.used >= row.max_uses:
        raise CouponUsedUp
    minor = worth_of(row, amount)
    if not minor:
        return 0
    # The database counts, so that its check holds even where the lock does not.
    Coupon.objects.filter(pk=row.pk).update(used=F("used") + 1)
    CouponUse.objects.create(
        coupon=row,
        user_id=held.user_id,
        kind=kind,
        reference=reference,
        turn=turn,
        amount_minor=minor,
        currency=amount.currency,
    )
    return minor


def worth_of(row: Coupon, amount: Money) -> int:
    """Return what the coupon takes off this amount."""
    if row.kind == CouponKind.PERCENT:
        return share(amount.minor, row.percent or 0, HUNDRED)
    return min(row.amount_minor or 0, amount.minor)


@step
def take_credit(held: Held, *, reference: str, amount: Money) -> int:
    """Spend what the person has of this currency, at most the amount, on what is not paid yet; return how much."""
    minor = min(held.wallet.balance_minor, amount.minor) if held.wallet.currency == amount.currency else 0
    if minor:
        spend(held.wallet, reference=reference, minor=minor)
    return minor


@step
def spend(wallet: Wallet, *, reference: str, minor: int) -> None:
    """Take so many credits off a held wallet. Raises: CreditShort"""
    if minor > wallet.balance_minor:
        raise CreditShort
    move_credit(wallet, reason=CreditReason.SPENT, minor=-minor, reference=f"{reference}:spent", against=SPENT)


@step
def move_credit(
    wallet: Wallet, *, reason: CreditReason, minor: int, reference: str, against: Holder, note: str = ""
) -> bool:
    """Put credits into a held wallet (or take them out, below zero), once per reference; return whether this did."""
    if CreditMove.objects.filter(reference=reference).exists():
        return False
    CreditMove.objects.create(wallet=wallet, reason=reason, amount_minor=minor, reference=reference, note=note)
    Wallet.objects.filter(pk=wallet.pk).update(balance_minor=F("balance_minor") + minor)
    wallet.balance_minor += minor
    currency = Currency(wallet.currency)
    person = Holder(AccountKind.CREDIT, Party.person(wallet.user_id))
    lines = [Line(against, minor, currency), Line(person, -minor, currency)]
    post_entry(kind="credit", reference=f"credit:{reference}", lines=lines)
    return True


@step
def give_back(held: Held, *, kind: PurchaseKind, reference: uuid.UUID, key: str) -> None:
    """Return the coupon's use and the credits of what was not bought after all; a second call changes nothing."""
    use = CouponUse.objects.filter(kind=kind, reference=reference, status=CouponUseStatus.TAKEN).first()
    if use is not None:
        _end(use, "return")
        Coupon.objects.filter(pk=use.coupon_id).update(used=F("used") - 1)
        held.coupons[use.coupon_id].used -= 1
    spent = CreditMove.objects.filter(wallet=held.wallet, reference=f"{key}:spent").first()
    if spent is not None:
        back = -spent.amount_minor
        move_credit(held.wallet, reason=CreditReason.RETURNED, minor=back, reference=f"{key}:returned", against=SPENT)


@step
def settle(*, kind: PurchaseKind, reference: uuid.UUID, key: str, discount: Money, spent: Money, seller: Party) -> None:
    """Give the seller what coupon and credits pay: the platform bears the one and owed the other.

    Locks: nothing; the use and the entry happen once by themselves.
    """
    use = CouponUse.objects.filter(kind=kind, reference=reference, status=CouponUseStatus.TAKEN).first()
    if use is not None:
        _end(use, "settle")
    if not discount.minor + spent.minor:
        return
    earned = Holder(AccountKind.REVENUE) if seller == PLATFORM else Holder(AccountKind.PAYABLE, seller)
    lines: Sequence[Line] = [
        debit(Holder(AccountKind.DISCOUNT), discount),
        debit(SPENT, spent),
        credit(earned, discount + spent),
    ]
    post_entry(kind="reduction", reference=f"{key}:reductions", lines=lines)


def _end(use: CouponUse, verb: str) -> None:
    use.status = advance(COUPON_USE_TRANSITIONS, CouponUseStatus(use.status), verb)
    use.ended_at = clock.now()
    use.save(update_fields=["status", "ended_at"])


def _refuse_misplaced(row: Coupon, kind: PurchaseKind, plan: str, currency: Currency) -> None:
    now = clock.now()
    if now < row.valid_from or (row.valid_until is not None and now >= row.valid_until):
        raise CouponNotValid
    if kind not in row.kinds or (row.plans and plan not in row.plans):
        raise CouponElsewhere
    if row.kind == CouponKind.AMOUNT and row.currency != currency:
        raise CouponElsewhere
