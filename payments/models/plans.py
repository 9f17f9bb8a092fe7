"""Plans, their prices as they were at each time, who is subscribed, and what is charged for it."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import F, Q

from common import clock
from common.ids import uuid7
from common.labels import minute
from common.money import LARGEST, Currency, Money
from payments.states import ChargeKind, ChargeStatus, SubscriptionEnd, SubscriptionStatus

HUNDRED_PER_CENT = 10_000  # basis points


class Plan(models.Model):
    """What a person may subscribe to. `rank` orders plans: to a higher one is an upgrade."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.SlugField(max_length=30)
    name = models.CharField(max_length=60)
    description = models.CharField(max_length=200, blank=True)
    rank = models.PositiveSmallIntegerField(help_text="0 is the plan of everybody who has subscribed to nothing.")
    is_offered = models.BooleanField(default=True, help_text="Untick to take no new subscribers.")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code"], name="plan_code_once"),
            models.UniqueConstraint(fields=["rank"], name="plan_rank_once"),
        ]

    def __str__(self) -> str:
        return self.name


class PlanVersion(models.Model):
    """A plan's price and quotas from one moment on. Never changed: a trigger refuses it; a change is a new version."""

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    price_minor = models.BigIntegerField(help_text="For a period, taxes included, in minor units.")
    currency = models.CharField(max_length=3, choices=[(c, c) for c in Currency], default=Currency.INR)
    months = models.PositiveSmallIntegerField(default=1, help_text="The length of a period.")
    appointments = models.PositiveIntegerField(null=True, blank=True, help_text="In a period; empty: no limit.")
    storage_bytes = models.BigIntegerField(null=True, blank=True, help_text="Kept at once; empty: no limit.")
    tax_points = models.PositiveIntegerField(default=0, help_text="GST within the price, hundredths of a per cent.")
    sac = models.CharField(max_length=8, blank=True, help_text="Service accounting code for the invoice.")
    actor = models.CharField(max_length=60)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "number"], name="plan_version_once"),
            models.CheckConstraint(
                condition=Q(price_minor__gte=0, price_minor__lte=LARGEST), name="plan_price_in_range"
            ),
            models.CheckConstraint(condition=Q(currency__in=list(Currency)), name="plan_currency_is_known"),
            models.CheckConstraint(condition=Q(months__gte=1, months__lte=36), name="plan_months_in_range"),
            models.CheckConstraint(condition=Q(tax_points__lte=HUNDRED_PER_CENT), name="plan_tax_in_range"),
            models.CheckConstraint(
                condition=Q(storage_bytes=None) | Q(storage_bytes__gte=0), name="plan_storage_in_range"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan_id} v{self.number}"

    @property
    def price(self) -> Money:
        return Money(self.price_minor, Currency(self.currency))


class Subscription(models.Model):
    """A person's subscription. What it gives lasts by its times, whether a job has run or not."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey("users.User", on_delete=models.PROTECT, related_name="+")
    version = models.ForeignKey(PlanVersion, on_delete=models.PROTECT, related_name="+")
    next_plan = models.ForeignKey(Plan, on_delete=models.PROTECT, null=True, related_name="+")
    status = models.CharField(
        max_length=8, choices=[(s, s) for s in SubscriptionStatus], default=SubscriptionStatus.PENDING
    )
    anchored_at = models.DateTimeField(null=True, help_text="When the first period began: its day is every period's.")
    period = models.PositiveIntegerField(default=0, help_text="How many months lie between the anchor and the period.")
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    cancels_at_end = models.BooleanField(default=False)
    uses_credits = models.BooleanField(default=True)
    warned_for = models.DateTimeField(null=True, help_text="The end of the period that was announced last.")
    look_at = models.DateTimeField(null=True, help_text="When something is to be done about it next.")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    ended_at = models.DateTimeField(null=True)
    ended_because = models.CharField(max_length=10, blank=True, choices=[(e, e) for e in SubscriptionEnd])

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=~Q(status=SubscriptionStatus.ENDED), name="one_subscription_per_person"
            ),
            models.CheckConstraint(
                condition=Q(status__in=list(SubscriptionStatus)), name="subscription_status_is_known"
            ),
            models.CheckConstraint(
                condition=~Q(status=SubscriptionStatus.ACTIVE)
                | Q(
                    anchored_at__isnull=False,
                    starts_at__isnull=False,
                    ends_at__isnull=False,
                    ends_at__gt=F("starts_at"),
                ),
                name="subscription_active_has_a_period",
            ),
            models.CheckConstraint(
                condition=Q(status=SubscriptionStatus.ENDED, ended_at__isnull=False)
                | (~Q(status=SubscriptionStatus.ENDED) & Q(ended_at=None)),
                name="subscription_end_has_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=["look_at", "id"], name="subscription_to_look_at", condition=Q(look_at__isnull=False)),
            models.Index(fields=["user", "-id"], name="subscriptions_of_person"),
        ]

    def __str__(self) -> str:
        return f"Subscription of {minute(self.created_at)}"

    @property
    def state(self) -> SubscriptionStatus:
        return SubscriptionStatus(self.status)


class Charge(models.Model):
    """What one stretch of a subscription costs, fixed when it is asked for; the purchase's reference is its id.

    `price` is the stretch at the plan's price, `unused` what was paid for the same time before, `discount` the
    coupon's, `credit` the person's credits, `due` the money that is left to pay. `value` (price less discount) is
    what the stretch is worth when a later change asks how much of it is unused.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="charges")
    kind = models.CharField(max_length=8, choices=[(k, k) for k in ChargeKind])
    status = models.CharField(max_length=8, choices=[(s, s) for s in ChargeStatus], default=ChargeStatus.OPEN)
    version = models.ForeignKey(PlanVersion, on_delete=models.PROTECT, related_name="+")
    starts_at = models.DateTimeField(null=True, help_text="A first period begins when it is paid.")
    ends_at = models.DateTimeField(null=True)
    price_minor = models.BigIntegerField()
    unused_minor = models.BigIntegerField(default=0)
    discount_minor = models.BigIntegerField(default=0)
    credit_minor = models.BigIntegerField(default=0)
    due_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3, choices=[(c, c) for c in Currency])
    closes_at = models.DateTimeField(help_text="From then on nobody may begin to pay.")
    reminded = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subscription"], condition=Q(status=ChargeStatus.OPEN), name="one_open_charge_per_subscription"
            ),
            models.UniqueConstraint(
                fields=["subscription", "starts_at"],
                condition=Q(kind=ChargeKind.RENEWAL),
                name="one_renewal_per_period",
            ),
            models.CheckConstraint(condition=Q(kind__in=list(ChargeKind)), name="charge_kind_is_known"),
            models.CheckConstraint(condition=Q(status__in=list(ChargeStatus)), name="charge_status_is_known"),
            models.CheckConstraint(
                condition=Q(unused_minor__gte=0, discount_minor__gte=0, credit_minor__gte=0, due_minor__gte=0)
                & Q(
                    price_minor=F("due_minor") + F("unused_minor") + F("discount_minor") + F("credit_minor"),
                ),
                name="charge_adds_up",
            ),
        ]
        indexes = [
            models.Index(fields=["subscription", "-id"], name="charges_of_subscription"),
        ]

    @property
    def state(self) -> ChargeStatus:
        return ChargeStatus(self.status)

    @property
    def value_minor(self) -> int:
        return self.price_minor - self.discount_minor

    @property
    def due(self) -> Money:
        return Money(self.due_minor, Currency(self.currency))

    def may_be_paid(self, now: dt.datetime) -> bool:
        return self.state is ChargeStatus.OPEN and now < self.closes_at
