"""Bags of blood. A verified donation makes the first, in quarantine."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.db import models
from django.db.models import F, Q

from common import clock
from common.blood import BloodGroup
from common.ids import uuid7
from stock.compatibility import UNKNOWN
from stock.components import Component
from stock.states import (
    BEFORE_DISPATCH,
    ON_SHELF,
    SENDS,
    UNSERVED,
    Answer,
    CrossmatchResult,
    DiscardReason,
    Fate,
    Finding,
    MandatoryTest,
    ReservationEnd,
    TransferEnd,
    TransferStatus,
    UnitStatus,
    Urgency,
)


class DinCounter(models.Model):
    """The last donation number that a partner gave in a year."""

    partner = models.ForeignKey("partners.Partner", on_delete=models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["partner", "year"], name="din_counter_once"),
            models.CheckConstraint(condition=Q(last__lte=999_999), name="din_counter_has_six_digits"),
        ]


class Collection(models.Model):
    """What is true of a donation, whatever it is made into: who answers for its tests and its group.

    The partner is the first that had a bag of it, and stays so when bags move on.
    """

    din = models.CharField(max_length=13, primary_key=True)
    partner = models.ForeignKey("partners.Partner", on_delete=models.PROTECT, related_name="+")
    blood_group = models.CharField(max_length=4, blank=True, choices=[(g, g) for g in BloodGroup])
    group_confirmed_at = models.DateTimeField(null=True)
    group_confirmed_by = models.CharField(max_length=60, blank=True)
    reactive_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(blood_group="", group_confirmed_at=None)
                | Q(blood_group__in=list(BloodGroup), group_confirmed_at__isnull=False),
                name="collection_group_is_confirmed",
            )
        ]

    def __str__(self) -> str:
        return self.din


class TestResult(models.Model):
    """One mandatory test of a donation: what, by whom, when. Reactive is final."""

    __test__ = False  # no test class for pytest

    collection = models.ForeignKey(Collection, on_delete=models.PROTECT, related_name="results")
    test = models.CharField(max_length=10, choices=[(t, t) for t in MandatoryTest])
    finding = models.CharField(max_length=12, choices=[(f, f) for f in Finding])
    recorded_by = models.CharField(max_length=60)
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["collection", "test"], name="test_once_per_donation"),
            models.CheckConstraint(condition=Q(test__in=list(MandatoryTest)), name="test_is_known"),
            models.CheckConstraint(condition=Q(finding__in=list(Finding)), name="test_finding_is_known"),
        ]


class UnitQuerySet(models.QuerySet["Unit"]):
    def standing(self, status: UnitStatus, now: dt.datetime) -> UnitQuerySet:
        """Those in this state at the moment, also where no sweep has written it down yet."""
        over = Q(status__in=ON_SHELF, expires_at__lte=now)
        lapsed = Q(status=UnitStatus.RESERVED, reserved_until__lte=now)
        if status is UnitStatus.EXPIRED:
            return self.filter(Q(status=status) | over)
        if status is UnitStatus.AVAILABLE:
            return self.filter(Q(status=status) | lapsed).exclude(over)
        if status is UnitStatus.RESERVED:
            return self.filter(status=status).exclude(lapsed).exclude(over)
        return self.filter(status=status).exclude(over)


class Unit(models.Model):
    """One bag: what it holds, whose it is, where it stands.

    `reserved_until` repeats the end of the open reservation, because allocation looks at bags by one index; a
    reserved bag without it is kept until it is released or issued.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    partner = models.ForeignKey("partners.Partner", on_delete=models.PROTECT, related_name="+")
    din = models.CharField(max_length=13, help_text="Donation identification number (ISBT 128), without flags.")
    component = models.CharField(max_length=24, choices=[(c, c.replace("_", " ")) for c in Component])
    status = models.CharField(max_length=12, choices=[(s, s) for s in UnitStatus], default=UnitStatus.QUARANTINED)
    blood_group = models.CharField(max_length=4, choices=[(g, g) for g in BloodGroup])
    volume_ml = models.PositiveSmallIntegerField()
    anticoagulant = models.CharField(max_length=12, blank=True, help_text="Empty where it is not known.")
    collected_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    storage_min_c = models.DecimalField(max_digits=4, decimal_places=1, null=True)
    storage_max_c = models.DecimalField(max_digits=4, decimal_places=1, null=True)
    irradiated = models.BooleanField(default=False)
    leukoreduced = models.BooleanField(default=False)
    cmv_negative = models.BooleanField(default=False)
    k_negative = models.BooleanField(default=False)
    counted = models.BooleanField(default=False, help_text="Known from a count only.")
    split_from = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="parts")
    reserved_until = models.DateTimeField(null=True)
    discard_reason = models.CharField(max_length=12, blank=True, choices=[(r, r) for r in DiscardReason])
    recalled_at = models.DateTimeField(null=True, help_text="The donation was found reactive after the bag had left.")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = UnitQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["din", "component"], name="unit_din_component_once"),
            models.CheckConstraint(condition=Q(status__in=list(UnitStatus)), name="unit_status_is_known"),
            models.CheckConstraint(condition=Q(component__in=list(Component)), name="unit_component_is_known"),
            models.CheckConstraint(condition=Q(blood_group__in=list(BloodGroup)), name="unit_group_is_known"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("collected_at")), name="unit_expires_after_collection"),
            models.CheckConstraint(condition=Q(volume_ml__gt=0), name="unit_has_volume"),
            models.CheckConstraint(
                condition=Q(reserved_until=None) | Q(status=UnitStatus.RESERVED), name="unit_end_of_a_reservation"
            ),
            models.CheckConstraint(
                condition=Q(discard_reason="") | Q(status=UnitStatus.DISCARDED), name="unit_reason_of_a_discard"
            ),
            models.CheckConstraint(
                condition=Q(discard_reason__in=["", *DiscardReason]), name="unit_discard_reason_is_known"
            ),
            models.CheckConstraint(
                condition=Q(recalled_at=None) | ~Q(status__in=sorted(ON_SHELF)), name="unit_recalled_is_never_used"
            ),
        ]
        indexes = [
            models.Index(fields=["partner", "status", "component", "blood_group"], name="units_of_partner"),
            models.Index(fields=["partner", "-id"], name="units_of_partner_newest"),
            models.Index(
                fields=["partner", "component", "blood_group", "expires_at", "id"],
                name="unit_first_to_expire",
                condition=Q(status=UnitStatus.AVAILABLE),
            ),
            models.Index(fields=["expires_at", "id"], name="unit_expiring", condition=Q(status__in=sorted(ON_SHELF))),
            models.Index(fields=["reserved_until", "id"], name="unit_lapsing", condition=Q(status=UnitStatus.RESERVED)),
            models.Index(
                fields=["partner", "component", "blood_group", "expires_at"],
                include=["collected_at", "counted"],
                name="units_on_shelf",
                condition=Q(status__in=sorted(ON_SHELF)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.din} {self.component}"

    @property
    def state(self) -> UnitStatus:
        return UnitStatus(self.status)

    @property
    def is_over(self) -> bool:
        """Whether its life has ended on the shelf, swept or not."""
        return self.state in ON_SHELF and self.expires_at <= clock.now()

    @property
    def is_lapsed(self) -> bool:
        """Whether it was reserved until a moment that has passed."""
        return self.reserved_until is not None and self.reserved_until <= clock.now()

    @property
    def stands(self) -> UnitStatus:
        """The state at the moment, also where no sweep has written it down yet."""
        if self.is_over:
            return UnitStatus.EXPIRED
        return UnitStatus.AVAILABLE if self.is_lapsed else self.state


# What brings a bag to a partner, or ends it there: what the report of waste counts.
IN_AND_OUT: Final = ("collect", "discard", "expire", "receive", "split")


class Movement(models.Model):
    """One change of a unit, and the state after it. Never changed: a trigger refuses it."""

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="movements")
    partner = models.ForeignKey("partners.Partner", on_delete=models.PROTECT, related_name="+")
    verb = models.CharField(max_length=12)
    status = models.CharField(max_length=12)
    actor = models.CharField(max_length=60)
    facts = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [
            models.Index(fields=["partner", "-id"], name="movements_of_partner"),
            models.Index(
                fields=["partner", "created_at"],
                include=["unit", "verb"],
                name="movements_in_and_out",
                condition=Q(verb__in=IN_AND_OUT),
            ),
        ]


class Reservation(models.Model):
    """One bag kept for somebody; those made together share a `holding`. Past its end an open one holds nothing."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    holding = models.UUIDField()
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="reservations")
    purpose = models.CharField(max_length=60, help_text="What it is for, as in «order:<id>».")
    until = models.DateTimeField(null=True, help_text="Empty: until it is released or issued.")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=10, blank=True, choices=[(e, e) for e in ReservationEnd])

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["unit"], condition=Q(ended_at=None), name="one_open_reservation_per_unit"),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_by="")
                | Q(ended_at__isnull=False, ended_by__in=sorted(ReservationEnd)),
                name="reservation_end_has_a_reason",
            ),
        ]
        indexes = [models.Index(fields=["holding"], name="reservations_of_holding")]


class Crossmatch(models.Model):
    """One crossmatch of a bag with a recipient. Never changed: the latest of a reservation, or of a case, counts."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="crossmatches")
    reservation = models.ForeignKey(
        Reservation, on_delete=models.PROTECT, null=True, related_name="+", help_text="Empty: of a bag kept for nobody."
    )
    recipient = models.CharField(max_length=60, blank=True, help_text="The partner's own number of the case, no name.")
    result = models.CharField(max_length=12, choices=[(r, r) for r in CrossmatchResult])
    recorded_by = models.CharField(max_length=60)
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(result__in=list(CrossmatchResult)), name="crossmatch_result_is_known"),
            models.CheckConstraint(
                condition=Q(reservation__isnull=False) | ~Q(recipient=""), name="crossmatch_is_for_somebody"
            ),
        ]


class StockCount(models.Model):
    """How many units of a kind a partner has in a state: kept by triggers on the units, never written by hand."""

    partner = models.ForeignKey("partners.Partner", on_delete=models.PROTECT, related_name="+")
    component = models.CharField(max_length=24)
    blood_group = models.CharField(max_length=4)
    status = models.CharField(max_length=12)
    units = models.IntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["partner", "component", "blood_group", "status"], name="stock_count_once")
        ]


class Threshold(models.Model):
    """Below how many available units the partner wants to be warned; `is_below` is what it was told last."""

    partner = models.ForeignKey("partners.Partner", on_delete=models.PROTECT, related_name="+")
    component = models.CharField(max_length=24, choices=[(c, c) for c in Component])
    blood_group = models.CharField(max_length=4, choices=[(g, g) for g in BloodGroup])
    minimum = models.PositiveIntegerField()
    is_below = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["partner", "component", "blood_group"], name="threshold_once"),
            models.CheckConstraint(condition=Q(component__in=list(Component)), name="threshold_component_is_known"),
            models.CheckConstraint(condition=Q(blood_group__in=list(BloodGroup)), name="threshold_group_is_known"),
            models.CheckConstraint(condition=Q(minimum__gt=0), name="threshold_is_positive"),
        ]


class StockPolicy(models.Model):
    """How a partner gives its blood away."""

    partner = models.OneToOneField("partners.Partner", on_delete=models.PROTECT, primary_key=True, related_name="+")
    o_neg_floor = models.PositiveIntegerField(
        default=0, help_text="O- units of each component that are kept for those who can have no other."
    )
    requires_crossmatch = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Red cells and whole blood leave only with a compatible crossmatch on record.",
    )

    class Meta:
        verbose_name_plural = "stock policies"


class TransferQuerySet(models.QuerySet["Transfer"]):
    def standing(self, status: TransferStatus, now: dt.datetime) -> TransferQuerySet:
        """Those in this state at the moment, also where no sweep has written it down yet."""
        unmet = Q(status=TransferStatus.REQUESTED, needed_by__lte=now)
        late = unmet | Q(status__in=[TransferStatus.OFFERED, TransferStatus.CONFIRMED], due_at__lte=now)
        if status is TransferStatus.EXPIRED:
            return self.filter(Q(status=status) | late)
        return self.filter(status=status).exclude(late) if status in BEFORE_DISPATCH else self.filter(status=status)


class Transfer(models.Model):
    """Bags that one partner asks for and another sends.

    Transfers that belong to one need share `need`, the id of the first, whose row is the lock for all of them. Whose
    turn it is to act, the state says; `due_at` is the moment at which time acts, and none may act after it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    need = models.UUIDField(help_text="The first transfer of the same need.")
    partner = models.ForeignKey("partners.Partner", on_delete=models.PROTECT, related_name="+")
    sender = models.ForeignKey("partners.Partner", on_delete=models.PROTECT, null=True, related_name="+")
    status = models.CharField(max_length=10, choices=[(s, s) for s in TransferStatus], default=TransferStatus.REQUESTED)
    blood_group = models.CharField(max_length=8, help_text="The recipient's, or «unknown».")
    component = models.CharField(max_length=24, choices=[(c, c.replace("_", " ")) for c in Component])
    units = models.PositiveSmallIntegerField()
    urgency = models.CharField(max_length=8, choices=[(u, u) for u in Urgency])
    needed_by = models.DateTimeField()
    radius_km = models.DecimalField(max_digits=5, decimal_places=2)
    irradiated = models.BooleanField(default=False)
    leukoreduced = models.BooleanField(default=False)
    cmv_negative = models.BooleanField(default=False)
    k_negative = models.BooleanField(default=False)
    recipient_sex = models.CharField(max_length=6, blank=True)
    recipient_age = models.PositiveSmallIntegerField(null=True)
    purpose = models.CharField(max_length=60, blank=True, help_text="What it is for, as in «attender_request:<id>».")
    note = models.CharField(max_length=300, blank=True)
    holding = models.UUIDField(null=True, help_text="Of the bags that the sender keeps for it.")
    units_offered = models.PositiveSmallIntegerField(default=0)
    units_received = models.PositiveSmallIntegerField(default=0, help_text="Sound on arrival.")
    fee_minor = models.PositiveIntegerField(null=True, help_text="The sender's, for each bag, in minor units.")
    fee_currency = models.CharField(max_length=3, blank=True)
    fee_agreed_at = models.DateTimeField(null=True)
    courier = models.CharField(max_length=120, blank=True)
    box = models.CharField(max_length=60, blank=True)
    vehicle = models.CharField(max_length=40, blank=True)
    expected_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=16, blank=True, choices=[(e, e) for e in TransferEnd])
    due_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = TransferQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=list(TransferStatus)), name="transfer_status_is_known"),
            models.CheckConstraint(condition=Q(component__in=list(Component)), name="transfer_component_is_known"),
            models.CheckConstraint(condition=Q(blood_group__in=[*BloodGroup, UNKNOWN]), name="transfer_group_is_known"),
            models.CheckConstraint(condition=Q(urgency__in=list(Urgency)), name="transfer_urgency_is_known"),
            models.CheckConstraint(condition=Q(units__gt=0, radius_km__gt=0), name="transfer_asks_for_units"),
            models.CheckConstraint(
                condition=Q(units__gte=F("units_offered")) & Q(units_offered__gte=F("units_received")),
                name="transfer_gives_no_more_than_asked",
            ),
            models.CheckConstraint(condition=~Q(sender=F("partner")), name="transfer_is_between_two"),
            models.CheckConstraint(
                condition=~Q(status__in=sorted(SENDS))
                | Q(sender__isnull=False, holding__isnull=False, units_offered__gt=0),
                name="transfer_offered_has_sender",
            ),
            models.CheckConstraint(
                condition=Q(due_at__isnull=False, status__in=sorted(BEFORE_DISPATCH), end_reason="")
                | Q(due_at=None) & ~Q(status__in=sorted(BEFORE_DISPATCH)),
                name="transfer_waits_until_a_moment",
            ),
            models.CheckConstraint(
                condition=Q(end_reason="") & ~Q(status__in=sorted(UNSERVED))
                | Q(end_reason__in=sorted(TransferEnd), status__in=sorted(UNSERVED)),
                name="transfer_end_has_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(fee_minor=None, fee_currency="", fee_agreed_at=None)
                | Q(fee_minor__isnull=False, fee_currency__regex=r"\A[A-Z]{3}\Z"),
                name="transfer_fee_has_currency",
            ),
        ]
        indexes = [
            models.Index(fields=["partner", "-id"], name="transfers_of_asker"),
            models.Index(fields=["sender", "-id"], name="transfers_of_sender"),
            models.Index(fields=["need", "id"], name="transfers_of_need"),
            models.Index(fields=["due_at", "id"], name="transfer_due", condition=Q(due_at__isnull=False)),
        ]

    @property
    def state(self) -> TransferStatus:
        return TransferStatus(self.status)

    @property
    def is_late(self) -> bool:
        """Whether its moment has passed, swept or not."""
        return self.due_at is not None and self.due_at <= clock.now()

    @property
    def fee(self) -> Transfer | None:
        """Itself when the sender has stated a fee."""
        return None if self.fee_minor is None else self

    @property
    def stands(self) -> TransferStatus:
        """The state at the moment; an unanswered one goes on to the next partner until its hour has passed."""
        if self.is_late and (self.state is not TransferStatus.REQUESTED or self.needed_by <= clock.now()):
            return TransferStatus.EXPIRED
        return self.state


class TransferAsk(models.Model):
    """One partner asked for a transfer: until when it may answer, and what came of it."""

    transfer = models.ForeignKey(Transfer, on_delete=models.PROTECT, related_name="asks")
    partner = models.ForeignKey("partners.Partner", on_delete=models.PROTECT, related_name="+")
    distance_km = models.DecimalField(max_digits=7, decimal_places=3)
    asked_at = models.DateTimeField()
    answer_by = models.DateTimeField()
    answer = models.CharField(max_length=10, blank=True, choices=[(a, a) for a in Answer])
    answered_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["transfer", "partner"], name="asked_once_for_a_transfer"),
            models.UniqueConstraint(
                fields=["transfer"], condition=Q(answer=Answer.OFFERED), name="one_offer_for_a_transfer"
            ),
            models.CheckConstraint(
                condition=Q(answer="", answered_at=None) | Q(answer__in=sorted(Answer), answered_at__isnull=False),
                name="ask_answer_is_known",
            ),
        ]
        indexes = [
            models.Index(fields=["partner", "transfer"], name="asks_of_partner", condition=Q(answer="")),
        ]

    @property
    def is_open(self) -> bool:
        """Whether the partner may still answer."""
        return not self.answer and clock.now() < self.answer_by


class TransferUnit(models.Model):
    """One bag of a transfer, and what became of it."""

    transfer = models.ForeignKey(Transfer, on_delete=models.PROTECT, related_name="bags")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    fate = models.CharField(max_length=12, choices=[(f, f) for f in Fate], default=Fate.OFFERED)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["transfer", "unit"], name="unit_once_in_a_transfer"),
            models.UniqueConstraint(fields=["unit"], condition=Q(fate=Fate.SENT), name="unit_in_one_box_at_a_time"),
            models.CheckConstraint(condition=Q(fate__in=list(Fate)), name="transfer_unit_fate_is_known"),
        ]


class TransferEvent(models.Model):
    """Who did what to a transfer. Never changed: a trigger refuses it."""

    transfer = models.ForeignKey(Transfer, on_delete=models.PROTECT, related_name="events")
    verb = models.CharField(max_length=12)
    status = models.CharField(max_length=10)
    actor = models.CharField(max_length=60, help_text="member:… or system")
    partner = models.ForeignKey("partners.Partner", on_delete=models.PROTECT, null=True, related_name="+")
    facts = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [models.Index(fields=["transfer", "id"], name="events_of_transfer")]
