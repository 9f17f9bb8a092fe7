"""Friends who bring friends: a code, a welcome for who comes, a reward when the friend has paid."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
import uuid
from typing import Final

from django.db import IntegrityError

from common import clock
from common.db import command, step
from common.money import Currency, Money
from common.outbox import emit
from payments.errors import ReferralOwn, ReferralTooLate, ReferralUnknown, ReferralUsed
from payments.models import Charge, Referral, ReferralCode, Wallet
from payments.services import reductions
from payments.services.ledger import Holder
from payments.states import AccountKind, ChargeStatus, CreditReason
from users import selectors as people

WELCOME: Final = Money(5_000, Currency.INR)
REWARD: Final = Money(10_000, Currency.INR)
MOST_REWARDS: Final = 50  # for one person: more is a trade, not friends
NEW_FOR: Final = dt.timedelta(days=30)  # how long an account is new
ALPHABET: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # nothing that is read as something else
LENGTH: Final = 8
GIVEN: Final = Holder(AccountKind.DISCOUNT)


@command
def own_code(*, user_id: uuid.UUID) -> str:
    """Return the person's code, which is made when it is asked for first."""
    for _ in range(3):  # 32^8 codes: a second try is needed once in a million years
        fresh = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
        ReferralCode.objects.bulk_create([ReferralCode(user_id=user_id, code=fresh)], ignore_conflicts=True)
        found = ReferralCode.objects.filter(user_id=user_id).values_list("code", flat=True).first()
        if found:
            return str(found)
    raise IntegrityError("No free code was found.")


@command
def redeem(*, user_id: uuid.UUID, code: str) -> Wallet:
    """A new person has come by a friend's code and is welcomed with credits, once.

    Locks: the wallet.      Emits: credit.granted
    Raises: ReferralUnknown, ReferralOwn, ReferralUsed, ReferralTooLate, Busy
    """
    friend_id = ReferralCode.objects.filter(code=code).values_list("user_id", flat=True).first()
    if friend_id is None:
        raise ReferralUnknown
    me, friend = people.get_user(user_id), people.get_user(friend_id)
    if friend.created_at >= me.created_at:  # nobody can be brought by who came later: no two reward each other
        raise ReferralOwn
    if not friend.is_active:
        raise ReferralUnknown
    wallet = reductions.hold_wallet(user_id, WELCOME.currency)
    if Referral.objects.filter(referee_id=user_id).exists():
        raise ReferralUsed
    has_paid = Charge.objects.filter(subscription__user_id=user_id, status=ChargeStatus.PAID, due_minor__gt=0).exists()
    if has_paid or clock.now() >= me.created_at + NEW_FOR:
        raise ReferralTooLate
    Referral.objects.create(referee_id=user_id, referrer_id=friend_id)
    grant(wallet, reason=CreditReason.WELCOME, minor=WELCOME.minor, reference=f"welcome:{user_id}")
    return wallet


@step
def reward_friend(*, user_id: uuid.UUID) -> None:
    """The person has paid: whoever brought it has earned credits, once and not without end. Locks: that wallet."""
    row = Referral.objects.filter(referee_id=user_id, rewarded_at=None).first()
    if row is None:
        return
    wallet = reductions.hold_wallet(row.referrer_id, REWARD.currency)
    if Referral.objects.filter(referrer_id=row.referrer_id, rewarded_at__isnull=False).count() >= MOST_REWARDS:
        return
    if not people.contacts([row.referrer_id]):
        return
    row.rewarded_at = clock.now()
    row.save(update_fields=["rewarded_at"])
    grant(wallet, reason=CreditReason.REFERRED, minor=REWARD.minor, reference=f"referral:{user_id}")


@command
def grant_credit(*, user_id: uuid.UUID, amount: Money, words: str) -> Wallet:
    """An administrator gives credits: the same words and amount on one day are one present, sent twice.

    Locks: the wallet.      Emits: credit.granted      Raises: Busy
    """
    wallet = reductions.hold_wallet(user_id, amount.currency)
    digest = hashlib.sha256(f"{amount.minor} {words}".encode()).hexdigest()[:16]
    key = f"grant:{user_id}:{clock.now():%Y%m%d}:{digest}"
    grant(wallet, reason=CreditReason.GRANTED, minor=amount.minor, reference=key, note=words[:120])
    return wallet


@step
def grant(wallet: Wallet, *, reason: CreditReason, minor: int, reference: str, note: str = "") -> None:
    """Emits: credit.granted"""
    if reductions.move_credit(wallet, reason=reason, minor=minor, reference=reference, against=GIVEN, note=note):
        facts = {"user": str(wallet.user_id), "amount": minor, "currency": wallet.currency, "reason": str(reason)}
        emit("credit.granted", key=f"wallet:{wallet.pk}", **facts)
