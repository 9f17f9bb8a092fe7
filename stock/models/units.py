"""Bags of blood, and what is true of the donation in them. A verified donation makes the first, in quarantine."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.db import models
from django.db.models import F, Q

from common import clock
from common.blood import BloodGroup
from common.ids import uuid7
from stock.components import Component
from stock.states import ON_SHELF, DiscardReason, Finding, MandatoryTest, UnitStatus


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
    def is_withdrawn(self) -> bool:
        """Whether nobody may be given it, wherever it is: recalled, or taken out of use after it had left."""
        lost = {UnitStatus.QUARANTINED, UnitStatus.DISCARDED, UnitStatus.EXPIRED}
        return self.recalled_at is not None or self.state in lost

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
