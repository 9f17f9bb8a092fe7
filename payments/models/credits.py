"""Coupons, credits and the friends that bring them."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from common import clock
from common.ids import uuid7
from common.labels import minute
from common.money import LARGEST, Currency
from payments.states import CouponKind, CouponUseStatus, CreditReason, PurchaseKind

HUNDRED = 100


class Coupon(models.Model):
    """A code that takes something off a price. `used` counts the uses that have not been returned."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.CharField(max_length=30, help_text="Upper-case letters, digits and hyphens.")
    kind = models.CharField(max_length=8, choices=[(k, k) for k in CouponKind])
    percent = models.PositiveSmallIntegerField(null=True, blank=True)
    amount_minor = models.BigIntegerField(null=True, blank=True)
    currency = models.CharField(max_length=3, choices=[(c, c) for c in Currency], default=Currency.INR)
    kinds = ArrayField(models.CharField(max_length=16), help_text="As in subscription,appointment.")
    plans = ArrayField(
        models.CharField(max_length=30), default=list, blank=True, help_text="Codes of plans; empty: every plan."
    )
    max_uses = models.PositiveIntegerField(null=True, blank=True, help_text="By everybody; empty: no limit.")
    max_per_person = models.PositiveSmallIntegerField(default=1)
    valid_from = models.DateTimeField(default=clock.now)
    valid_until = models.DateTimeField(null=True, blank=True, help_text="From then on it is over.")
    is_active = models.BooleanField(default=True)
    used = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code"], name="coupon_code_once"),
            models.CheckConstraint(condition=Q(code__regex=r"^[A-Z0-9-]{3,30}$"), name="coupon_code_is_plain"),
            models.CheckConstraint(
                condition=Q(
                    kind=CouponKind.PERCENT,
                    percent__isnull=False,
                    percent__gte=1,
                    percent__lte=HUNDRED,
                    amount_minor=None,
                )
                | Q(
                    kind=CouponKind.AMOUNT,
                    percent=None,
                    amount_minor__isnull=False,
                    amount_minor__gte=1,
                    amount_minor__lte=LARGEST,
                ),
                name="coupon_says_how_much",
            ),
            models.CheckConstraint(condition=Q(max_uses=None) | Q(used__lte=F("max_uses")), name="coupon_within_limit"),
            models.CheckConstraint(
                condition=Q(kinds__len__gt=0, kinds__contained_by=list(PurchaseKind)), name="coupon_kinds_are_known"
            ),
        ]

    def __str__(self) -> str:
        return self.code


class CouponUse(models.Model):
    """One use of a coupon by one person for one purchase; `turn` counts the person's uses from 1."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    coupon = models.ForeignKey(Coupon, on_delete=models.PROTECT, related_name="uses")
    user = models.ForeignKey("users.User", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=16, choices=[(k, k) for k in PurchaseKind])
    reference = models.UUIDField()
    turn = models.PositiveSmallIntegerField()
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3, choices=[(c, c) for c in Currency])
    status = models.CharField(max_length=8, choices=[(s, s) for s in CouponUseStatus], default=CouponUseStatus.TAKEN)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "reference"], name="one_coupon_per_purchase"),
            models.UniqueConstraint(
                fields=["coupon", "user", "turn"],
                condition=~Q(status=CouponUseStatus.RETURNED),
                name="coupon_turn_once_per_person",
            ),
            models.CheckConstraint(condition=Q(status__in=list(CouponUseStatus)), name="coupon_use_status_is_known"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="coupon_use_is_positive"),
        ]


class Wallet(models.Model):
    """A person's credits in one currency; its balance is the ledger's account `credit` of the person, negated."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey("users.User", on_delete=models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3, choices=[(c, c) for c in Currency])
    balance_minor = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "currency"], name="wallet_once"),
            models.CheckConstraint(condition=Q(balance_minor__gte=0), name="wallet_not_below_zero"),
        ]

    def __str__(self) -> str:
        return f"Credits in {self.currency}"


class CreditMove(models.Model):
    """Credits that came (above zero) or went. Never changed: a trigger refuses it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, related_name="moves")
    reason = models.CharField(max_length=10, choices=[(r, r) for r in CreditReason])
    amount_minor = models.BigIntegerField()
    reference = models.CharField(max_length=120, help_text="Names the move for ever: it happens once.")
    note = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reference"], name="credit_move_once"),
            models.CheckConstraint(condition=~Q(amount_minor=0), name="credit_move_moves_something"),
            models.CheckConstraint(condition=Q(reason__in=list(CreditReason)), name="credit_reason_is_known"),
        ]
        indexes = [models.Index(fields=["wallet", "-id"], name="credit_moves_of_wallet")]


class ReferralCode(models.Model):
    """The code by which a person brings friends."""

    user = models.OneToOneField("users.User", on_delete=models.PROTECT, primary_key=True, related_name="+")
    code = models.CharField(max_length=10)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["code"], name="referral_code_once")]


class Referral(models.Model):
    """Who came by whose code. A person comes once."""

    referee = models.OneToOneField("users.User", on_delete=models.PROTECT, primary_key=True, related_name="+")
    referrer = models.ForeignKey("users.User", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    rewarded_at = models.DateTimeField(null=True, help_text="When the friend had paid for the first time.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(referee=F("referrer")), name="nobody_refers_himself"),
        ]
        indexes = [models.Index(fields=["referrer"], name="referrals_of_person")]

    def __str__(self) -> str:
        return f"Referral of {minute(self.created_at)}"
