"""What was ordered, at which price, which bags are for it, and what happened to it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q

from common import clock
from common.blood import BloodGroup, Sex
from common.fields import EncryptedTextField
from common.geo import Point
from common.ids import uuid7
from common.money import LARGEST, Currency, Money
from orders.states import (
    BEFORE_DISPATCH,
    HOLDS_BAGS,
    OPEN_FATES,
    BagFate,
    CourierKind,
    EndReason,
    OrderStatus,
    Terms,
)
from stock.compatibility import UNKNOWN
from stock.components import Component

if TYPE_CHECKING:
    from orders.models.booking import CourierBooking

ENDED_EARLY = frozenset({OrderStatus.REJECTED, OrderStatus.CANCELLED})


def party(to: str) -> Any:
    return models.ForeignKey(to, on_delete=models.PROTECT, null=True, related_name="+")


class ContractBill(models.Model):
    """What a hospital with a contract owes a bank for one month."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    bank = models.ForeignKey("partners.Partner", on_delete=models.PROTECT, related_name="+")
    hospital = models.ForeignKey("partners.Partner", on_delete=models.PROTECT, related_name="+")
    month = models.DateField(help_text="Its first day, in the bank's zone.")
    number = models.PositiveSmallIntegerField(default=1, help_text="Rises when more of the month is billed later.")
    amount_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3, choices=[(c, c) for c in Currency])
    paid_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["bank", "hospital", "month", "currency", "number"], name="bill_once_a_month"
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="bill_is_positive"),
        ]
        indexes = [
            models.Index(fields=["bank", "-id"], name="bills_of_bank"),
            models.Index(fields=["hospital", "-id"], name="bills_of_hospital"),
        ]

    def __str__(self) -> str:
        return f"Bill {self.number} of {self.month:%Y-%m}"

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, Currency(self.currency))


class OrderQuerySet(models.QuerySet["Order"]):
    def standing(self, status: OrderStatus, now: dt.datetime) -> OrderQuerySet:
        """Those in this state at the moment, also where no sweep has written it down yet."""
        over = Q(status__in=BEFORE_DISPATCH, due_at__lte=now)
        if status is OrderStatus.CANCELLED:
            return self.filter(Q(status=status) | over)
        return self.filter(status=status).exclude(over)


class Order(models.Model):
    """Bags ordered of a bank by a person or a hospital.

    `due_at` is when it ends by itself: unanswered at `needed_by`, unpaid a little after `pay_by`. The price is the
    bank's at the moment of ordering, as `charges`. Who receives it knows a code, of which only a digest is kept.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    bank = models.ForeignKey("partners.Partner", on_delete=models.PROTECT, related_name="+")
    buyer_user = party("users.User")
    buyer_partner = party("partners.Partner")
    status = models.CharField(max_length=10, choices=[(s, s) for s in OrderStatus], default=OrderStatus.PLACED)
    terms = models.CharField(max_length=8, choices=[(t, t) for t in Terms])
    contract = models.ForeignKey("partners.Contract", on_delete=models.PROTECT, null=True, related_name="+")
    patient_name = EncryptedTextField(null=True)
    patient_age = models.PositiveSmallIntegerField(null=True)
    patient_sex = models.CharField(max_length=6, blank=True, choices=[(s, s) for s in Sex])
    hospital_name = models.CharField(max_length=200, blank=True)
    ward = EncryptedTextField(null=True)
    requisition = models.UUIDField(null=True, help_text="The document that the patient's doctor has signed.")
    requisition_number = models.CharField(max_length=60, blank=True, help_text="The hospital's own.")
    is_pickup = models.BooleanField(default=False)
    address = EncryptedTextField(null=True)
    lat = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    lng = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    distance_km = models.DecimalField(max_digits=8, decimal_places=3, null=True)
    needed_by = models.DateTimeField()
    note = models.CharField(max_length=300, blank=True)
    charges = models.JSONField(default=list)
    total_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3, choices=[(c, c) for c in Currency])
    cancel_accepted_minor = models.PositiveBigIntegerField(default=0)
    cancel_packed_minor = models.PositiveBigIntegerField(default=0)
    fee_minor = models.PositiveBigIntegerField(default=0, help_text="Kept, or billed, although nothing was delivered.")
    less_minor = models.PositiveBigIntegerField(default=0, help_text="Not owed: bags that were withheld at the door.")
    pay_by = models.DateTimeField(null=True)
    paid_at = models.DateTimeField(null=True)
    bill = models.ForeignKey(ContractBill, on_delete=models.PROTECT, null=True, related_name="orders")
    holding = models.UUIDField(null=True, help_text="Of the bags that the bank keeps for it.")
    due_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=12, blank=True, choices=[(e, e) for e in EndReason])
    courier_kind = models.CharField(max_length=8, blank=True, choices=[(k, k) for k in CourierKind])
    rider = models.ForeignKey("orders.Rider", on_delete=models.PROTECT, null=True, related_name="orders")
    courier = models.CharField(max_length=120, blank=True)
    vehicle = models.CharField(max_length=40, blank=True)
    expected_at = models.DateTimeField(null=True)
    dispatched_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    late_told_at = models.DateTimeField(null=True)
    code_digest = models.CharField(max_length=64, blank=True)
    code_tries_left = models.PositiveSmallIntegerField(default=0)
    code_expires_at = models.DateTimeField(null=True)
    code_sealed = EncryptedTextField(null=True, help_text="Until the receiver was told.")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects = OrderQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=list(OrderStatus)), name="order_status_is_known"),
            models.CheckConstraint(condition=Q(terms__in=list(Terms)), name="order_terms_are_known"),
            models.CheckConstraint(condition=Q(currency__in=list(Currency)), name="order_currency_is_known"),
            models.CheckConstraint(condition=Q(total_minor__lte=LARGEST), name="order_total_is_payable"),
            models.CheckConstraint(
                condition=Q(buyer_user__isnull=False, buyer_partner=None)
                | Q(buyer_user=None, buyer_partner__isnull=False),
                name="order_has_one_buyer",
            ),
            models.CheckConstraint(
                condition=Q(terms=Terms.PREPAID, contract=None)
                | Q(terms=Terms.MONTHLY, contract__isnull=False, buyer_partner__isnull=False),
                name="order_monthly_has_contract",
            ),
            models.CheckConstraint(
                condition=Q(end_reason="") & ~Q(status__in=sorted(ENDED_EARLY))
                | Q(end_reason__in=sorted(EndReason), status__in=sorted(ENDED_EARLY)),
                name="order_end_has_a_reason",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=sorted(set(OrderStatus) - ENDED_EARLY - {OrderStatus.PLACED}))
                | Q(holding__isnull=False),
                name="order_accepted_has_bags",
            ),
            models.CheckConstraint(condition=Q(code_tries_left__lte=5), name="order_code_has_five_tries"),
            models.CheckConstraint(
                condition=Q(is_pickup=True, lat=None, lng=None)
                | Q(is_pickup=False, lat__isnull=False, lng__isnull=False),
                name="order_has_a_place_to_go",
            ),
        ]
        indexes = [
            models.Index(fields=["bank", "-id"], name="orders_of_bank"),
            models.Index(fields=["bank", "status", "-id"], name="orders_of_bank_by_status"),
            models.Index(fields=["buyer_user", "-id"], name="orders_of_person"),
            models.Index(fields=["buyer_partner", "-id"], name="orders_of_hospital"),
            models.Index(fields=["due_at", "id"], name="order_due", condition=Q(due_at__isnull=False)),
            models.Index(
                fields=["expected_at"],
                name="order_late",
                condition=Q(status=OrderStatus.DISPATCHED, late_told_at=None),
            ),
            models.Index(
                fields=["bank", "buyer_partner"],
                name="order_to_bill",
                condition=Q(terms=Terms.MONTHLY, bill=None, ended_at__isnull=False),
            ),
            models.Index(fields=["rider"], name="orders_of_rider", condition=Q(status=OrderStatus.DISPATCHED)),
        ]

    def __str__(self) -> str:
        return f"Order {str(self.pk)[-12:]}"

    @property
    def state(self) -> OrderStatus:
        return OrderStatus(self.status)

    @property
    def total(self) -> Money:
        return Money(self.total_minor, Currency(self.currency))

    @property
    def is_over(self) -> bool:
        """Whether its moment has passed before its bags left, swept or not."""
        return self.state in BEFORE_DISPATCH and self.due_at is not None and self.due_at <= clock.now()

    @property
    def stands(self) -> OrderStatus:
        """The state at the moment, also where no sweep has written it down yet."""
        return OrderStatus.CANCELLED if self.is_over else self.state

    @property
    def ended_because(self) -> str:
        if not self.is_over:
            return self.end_reason
        return str(EndReason.UNANSWERED if self.state is OrderStatus.PLACED else EndReason.UNPAID)

    @property
    def is_settled(self) -> bool:
        """Whether nothing has to be paid before the bags may leave."""
        return self.terms == Terms.MONTHLY or self.paid_at is not None

    @property
    def is_late(self) -> bool:
        return self.state is OrderStatus.DISPATCHED and self.expected_at is not None and self.expected_at < clock.now()

    @property
    def missing(self) -> int:
        """How many bags fewer are kept for it than were ordered; of no meaning before the bank's answer."""
        if self.state not in HOLDS_BAGS or self.is_over:
            return 0
        kept = sum(bag.fate == BagFate.KEPT for bag in self.bags.all())
        return max(0, sum(line.units for line in self.lines.all()) - kept)

    @property
    def needs_requisition(self) -> bool:
        """Whether a doctor's requisition has to come before the bank's yes; hospitals sign their own."""
        return self.buyer_user_id is not None and self.requisition is None

    @property
    def place(self) -> Order | None:
        """Itself, unless it is fetched: then it goes nowhere."""
        return None if self.is_pickup else self

    @property
    def booking(self) -> CourierBooking | None:
        """The provider's courier who was asked for last, where one is to bring it."""
        if self.courier_kind != CourierKind.PROVIDER:
            return None
        return max(self.bookings.all(), key=lambda row: row.pk, default=None)

    @property
    def destination(self) -> Point | None:
        return None if self.lat is None or self.lng is None else Point(float(self.lat), float(self.lng))


class OrderLine(models.Model):
    """So many bags of one kind."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    place = models.PositiveSmallIntegerField()
    component = models.CharField(max_length=24, choices=[(c, c) for c in Component])
    blood_group = models.CharField(max_length=8)
    units = models.PositiveSmallIntegerField()
    irradiated = models.BooleanField(default=False)
    leukoreduced = models.BooleanField(default=False)
    cmv_negative = models.BooleanField(default=False)
    k_negative = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "place"], name="order_line_once"),
            models.CheckConstraint(condition=Q(component__in=list(Component)), name="order_line_component_is_known"),
            models.CheckConstraint(
                condition=Q(blood_group__in=[*BloodGroup, UNKNOWN]), name="order_line_group_is_known"
            ),
            models.CheckConstraint(condition=Q(units__gt=0), name="order_line_asks_for_units"),
        ]


class OrderBag(models.Model):
    """One bag that is, or was, for an order, and what became of it."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="bags")
    line = models.ForeignKey(OrderLine, on_delete=models.CASCADE, related_name="bags")
    unit = models.ForeignKey("stock.Unit", on_delete=models.PROTECT, related_name="+")
    box = models.ForeignKey("orders.Box", on_delete=models.PROTECT, null=True, related_name="bags")
    fate = models.CharField(max_length=10, choices=[(f, f) for f in BagFate], default=BagFate.KEPT)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(fate__in=list(BagFate)), name="order_bag_fate_is_known"),
            # Which order a bag is kept for, its reservation says, also where one has lapsed and was not swept yet.
            models.UniqueConstraint(
                fields=["unit"],
                condition=Q(fate__in=sorted(OPEN_FATES), box__isnull=False),
                name="bag_in_one_box_at_a_time",
            ),
            models.CheckConstraint(
                condition=~Q(fate__in=[BagFate.SENT, BagFate.DELIVERED, BagFate.RETURNED]) | Q(box__isnull=False),
                name="order_bag_sent_has_box",
            ),
        ]
        indexes = [models.Index(fields=["order", "id"], name="bags_of_order")]

    @property
    def is_unfit(self) -> bool:
        """Whether it may not be given although it has left: recalled, quarantined, or past its life on the road."""
        if self.fate not in {BagFate.SENT, BagFate.DELIVERED, BagFate.WITHHELD}:
            return False
        return self.unit.is_withdrawn or (self.fate == BagFate.SENT and self.unit.expires_at <= clock.now())


class OrderEvent(models.Model):
    """One step of an order, and the state after it. Never changed: a trigger refuses it."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="events")
    verb = models.CharField(max_length=16)
    status = models.CharField(max_length=10)
    role = models.CharField(max_length=10, help_text="receiver, bank, courier or system")
    actor = models.CharField(max_length=60, help_text="user:…, member:…, provider:… or system")
    facts = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [models.Index(fields=["order", "id"], name="events_of_order")]
