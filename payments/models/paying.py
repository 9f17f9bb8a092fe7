"""What is to be paid, the attempts to pay it, what goes back, and what goes out."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import models
from django.db.models import F, Q

from common import clock
from common.ids import uuid7
from common.money import LARGEST, Currency, Money, in_words
from payments.parties import Party, party_of
from payments.states import (
    LIVE,
    ActionType,
    OfflineMethod,
    PaymentStatus,
    PayoutStatus,
    Provider,
    PurchaseKind,
    PurchaseStatus,
    RefundStatus,
)

REFERENCE = 120  # characters of a provider's reference, or of ours


def side(to: str) -> Any:
    """A person or a partner on one side of a payment."""
    return models.ForeignKey(to, on_delete=models.PROTECT, null=True, related_name="+")


def at_most_one(side_name: str) -> Q:
    return Q(**{f"{side_name}_user": None}) | Q(**{f"{side_name}_partner": None})


def positive(*names: str) -> Q:
    found = Q()
    for name in names:
        found &= Q(**{f"{name}__gt": 0, f"{name}__lte": LARGEST})
    return found


class Purchase(models.Model):
    """What is to be paid, by whom and to whom, registered by the app that sells it; what it is stays with that app.

    No payee is this platform. `lines` are what the invoice says: `{description, hsn, quantity, amount, taxes: [{name,
    rate, amount}]}`, amounts in minor units, whose sum is the amount. `fee_minor` is what the platform keeps of it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=16, choices=[(k, k) for k in PurchaseKind])
    reference = models.UUIDField()
    status = models.CharField(max_length=8, choices=[(s, s) for s in PurchaseStatus], default=PurchaseStatus.OPEN)
    payer_user = side("users.User")
    payer_partner = side("partners.Partner")
    payee_user = side("users.User")
    payee_partner = side("partners.Partner")
    amount_minor = models.BigIntegerField()
    fee_minor = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3, choices=[(c, c) for c in Currency])
    description = models.CharField(max_length=120)
    lines = models.JSONField(default=list)
    closes_at = models.DateTimeField(null=True, help_text="From then on nothing new is begun.")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "reference"], name="purchase_once_per_thing"),
            models.CheckConstraint(condition=Q(kind__in=list(PurchaseKind)), name="purchase_kind_is_known"),
            models.CheckConstraint(condition=Q(status__in=list(PurchaseStatus)), name="purchase_status_is_known"),
            models.CheckConstraint(condition=Q(currency__in=list(Currency)), name="purchase_currency_is_known"),
            models.CheckConstraint(condition=positive("amount_minor"), name="purchase_amount_is_positive"),
            models.CheckConstraint(
                condition=Q(fee_minor__gte=0, fee_minor__lte=F("amount_minor")), name="purchase_fee_within_amount"
            ),
            models.CheckConstraint(
                condition=at_most_one("payer") & ~Q(payer_user=None, payer_partner=None), name="purchase_has_one_payer"
            ),
            models.CheckConstraint(condition=at_most_one("payee"), name="purchase_has_one_payee"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.reference}"

    @property
    def state(self) -> PurchaseStatus:
        return PurchaseStatus(self.status)

    @property
    def payer(self) -> Party:
        return party_of(self.payer_user_id, self.payer_partner_id)

    @property
    def payee(self) -> Party:
        return party_of(self.payee_user_id, self.payee_partner_id)

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, Currency(self.currency))

    def is_payable(self, now: dt.datetime) -> bool:
        """Whether a payment may be begun."""
        return self.state is PurchaseStatus.OPEN and (self.closes_at is None or now < self.closes_at)


class Payment(models.Model):
    """One attempt to pay a purchase.

    `received` is what the provider says arrived. `is_applied`: it paid the purchase; money that did not waits in
    suspense until `refund_due_at`, when it goes back. `refunded_minor` is kept by a trigger on the refunds and
    counts those on their way too. `ask_at`: when the provider is asked next; before, somebody holds the errand.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    purchase = models.ForeignKey(Purchase, on_delete=models.PROTECT, related_name="payments")
    provider = models.CharField(max_length=10, choices=[(p, p) for p in Provider])
    status = models.CharField(max_length=10, choices=[(s, s) for s in PaymentStatus], default=PaymentStatus.CREATED)
    payer_user = side("users.User")
    payer_partner = side("partners.Partner")
    payee_user = side("users.User")
    payee_partner = side("partners.Partner")
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3, choices=[(c, c) for c in Currency])
    received_minor = models.BigIntegerField(default=0)
    received_currency = models.CharField(max_length=3, blank=True)
    refunded_minor = models.BigIntegerField(default=0)
    provider_ref = models.CharField(max_length=REFERENCE, blank=True)
    payment_ref = models.CharField(max_length=REFERENCE, blank=True)
    action_type = models.CharField(max_length=8, choices=[(a, a) for a in ActionType], default=ActionType.NONE)
    action_url = models.TextField(blank=True)
    client_token = models.TextField(blank=True)
    return_url = models.TextField(blank=True)
    expires_at = models.DateTimeField()
    is_applied = models.BooleanField(default=False)
    is_late = models.BooleanField(default=False)
    refund_due_at = models.DateTimeField(null=True)
    is_cancel_wanted = models.BooleanField(default=False)
    ask_at = models.DateTimeField(null=True)
    asked = models.PositiveSmallIntegerField(default=0, help_text="Answers missed in a row.")
    failure = models.CharField(max_length=60, blank=True)
    method = models.CharField(max_length=10, blank=True, choices=[(m, m) for m in OfflineMethod])
    client_key = models.CharField(max_length=64, null=True)  # noqa: DJ001 - the digest of an Idempotency-Key, or none
    client_body = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    paid_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["purchase"], condition=Q(status__in=sorted(LIVE)), name="one_live_payment_per_purchase"
            ),
            models.UniqueConstraint(
                fields=["purchase"], condition=Q(is_applied=True), name="one_applied_payment_per_purchase"
            ),
            models.UniqueConstraint(
                fields=["provider", "provider_ref"], condition=~Q(provider_ref=""), name="payment_provider_ref_once"
            ),
            models.UniqueConstraint(fields=["client_key"], name="payment_client_key_once"),
            models.CheckConstraint(condition=Q(status__in=list(PaymentStatus)), name="payment_status_is_known"),
            models.CheckConstraint(condition=Q(provider__in=list(Provider)), name="payment_provider_is_known"),
            models.CheckConstraint(condition=positive("amount_minor"), name="payment_amount_is_positive"),
            models.CheckConstraint(
                condition=Q(refunded_minor__gte=0, refunded_minor__lte=F("received_minor")),
                name="payment_refunds_within_paid",
            ),
            models.CheckConstraint(
                condition=Q(is_applied=False)
                | Q(
                    status=PaymentStatus.SUCCEEDED,
                    received_minor=F("amount_minor"),
                    received_currency=F("currency"),
                ),
                name="payment_applied_is_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["payer_user", "-id"], name="payments_of_person"),
            models.Index(fields=["payer_partner", "-id"], name="payments_by_partner"),
            models.Index(fields=["payee_partner", "-id"], name="payments_to_partner"),
            models.Index(fields=["payee_user", "-id"], name="payments_to_person"),
            models.Index(fields=["ask_at", "id"], name="payment_to_ask", condition=Q(ask_at__isnull=False)),
            models.Index(fields=["refund_due_at"], name="payment_to_return", condition=Q(refund_due_at__isnull=False)),
            models.Index(fields=["status", "-id"], name="payment_by_status"),
        ]

    def __str__(self) -> str:
        return f"{in_words(self.amount)} by {self.provider}"

    @property
    def state(self) -> PaymentStatus:
        return PaymentStatus(self.status)

    @property
    def payee(self) -> Party:
        return party_of(self.payee_user_id, self.payee_partner_id)

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, Currency(self.currency))

    @property
    def refundable_minor(self) -> int:
        return self.received_minor - self.refunded_minor


class PaymentEvent(models.Model):
    """One step of a payment, and the state after it. Never changed: a trigger refuses it."""

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="events")
    verb = models.CharField(max_length=12)
    status = models.CharField(max_length=10)
    actor = models.CharField(max_length=60)
    facts = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=clock.now)


class Refund(models.Model):
    """Money on its way back to the payer. `key` is the asker's: the same key asks for the same refund.

    `is_outside`: nobody here has asked for it; it was made at the provider, or is held there for a dispute.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    key = models.CharField(max_length=REFERENCE)
    status = models.CharField(max_length=10, choices=[(s, s) for s in RefundStatus], default=RefundStatus.PENDING)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    fee_minor = models.BigIntegerField(default=0, help_text="The part of the platform's fee that goes back too.")
    reason = models.CharField(max_length=200)
    actor = models.CharField(max_length=60)
    is_outside = models.BooleanField(default=False)
    provider_ref = models.CharField(max_length=REFERENCE, blank=True)
    ask_at = models.DateTimeField(null=True)
    asked = models.PositiveSmallIntegerField(default=0)
    failure = models.CharField(max_length=60, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["payment", "key"], name="refund_once_per_key"),
            models.CheckConstraint(condition=Q(status__in=list(RefundStatus)), name="refund_status_is_known"),
            models.CheckConstraint(condition=positive("amount_minor"), name="refund_amount_is_positive"),
            models.CheckConstraint(
                condition=Q(fee_minor__gte=0, fee_minor__lte=F("amount_minor")), name="refund_fee_within_amount"
            ),
        ]
        indexes = [
            models.Index(fields=["ask_at", "id"], name="refund_to_ask", condition=Q(ask_at__isnull=False)),
            models.Index(fields=["provider_ref"], name="refund_by_ref", condition=~Q(provider_ref="")),
        ]

    def __str__(self) -> str:
        return f"{in_words(self.amount)} back"

    @property
    def state(self) -> RefundStatus:
        return RefundStatus(self.status)

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, Currency(self.currency))


class Payout(models.Model):
    """Money on its way to a payee: a settlement to a bank, an honorarium to a doctor.

    By a provider to the payee's `account` there, which stays the same however often it is tried; else by hand.
    `purchase` is what it is the proceeds of, if of one. `ask_at`: when the provider is asked next.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    payee_user = side("users.User")
    payee_partner = side("partners.Partner")
    key = models.CharField(max_length=REFERENCE, unique=True)
    provider = models.CharField(max_length=10, choices=[(p, p) for p in Provider], default=Provider.OFFLINE)
    status = models.CharField(max_length=10, choices=[(s, s) for s in PayoutStatus], default=PayoutStatus.PENDING)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3, choices=[(c, c) for c in Currency])
    description = models.CharField(max_length=120)
    actor = models.CharField(max_length=60)
    account = models.ForeignKey("payments.PayoutAccount", on_delete=models.PROTECT, null=True, related_name="payouts")
    purchase = models.ForeignKey(Purchase, on_delete=models.PROTECT, null=True, related_name="payouts")
    repeats = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="repeated_by")
    provider_ref = models.CharField(max_length=REFERENCE, blank=True)
    ask_at = models.DateTimeField(null=True)
    asked = models.PositiveSmallIntegerField(default=0)
    failure = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=list(PayoutStatus)), name="payout_status_is_known"),
            models.CheckConstraint(condition=positive("amount_minor"), name="payout_amount_is_positive"),
            models.CheckConstraint(
                condition=at_most_one("payee") & ~Q(payee_user=None, payee_partner=None), name="payout_has_one_payee"
            ),
            models.CheckConstraint(
                condition=Q(provider=Provider.OFFLINE, account=None)
                | (~Q(provider=Provider.OFFLINE) & Q(account__isnull=False)),
                name="payout_by_a_provider_has_an_account",
            ),
            models.UniqueConstraint(
                fields=["purchase"], condition=~Q(status=PayoutStatus.FAILED), name="one_payout_per_purchase"
            ),
            models.UniqueConstraint(
                fields=["provider", "provider_ref"],
                condition=~Q(provider=Provider.OFFLINE) & ~Q(provider_ref=""),
                name="payout_provider_ref_once",
            ),
        ]
        indexes = [
            models.Index(fields=["payee_partner", "-id"], name="payouts_to_partner"),
            models.Index(fields=["payee_user", "-id"], name="payouts_to_person"),
            models.Index(fields=["status", "created_at"], name="payout_by_status"),
            models.Index(fields=["ask_at", "id"], name="payout_to_ask", condition=Q(ask_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{in_words(self.amount)} by {self.provider}"

    @property
    def state(self) -> PayoutStatus:
        return PayoutStatus(self.status)

    @property
    def payee(self) -> Party:
        return party_of(self.payee_user_id, self.payee_partner_id)

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, Currency(self.currency))
