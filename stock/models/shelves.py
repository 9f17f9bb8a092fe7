"""What a partner does with the bags on its shelf: keeps them for somebody, crossmatches them, counts them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from common import clock
from common.blood import BloodGroup
from common.ids import uuid7
from stock.components import Component
from stock.models.units import Unit
from stock.states import CrossmatchResult, ReservationEnd


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

    def __str__(self) -> str:
        return f"{self.minimum} of {self.blood_group} {self.component}"


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

    def __str__(self) -> str:
        return f"Policy of {self.partner}"
