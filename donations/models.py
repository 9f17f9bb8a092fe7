"""What was given, and what the two sides thought of each other."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from common import clock
from common.blood import BloodGroup, DonationType
from common.ids import uuid7
from donations.states import RatedBy


class Donation(models.Model):
    """A verified donation: one for an assignment, whatever is pressed twice."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    assignment = models.ForeignKey("requests_app.Assignment", on_delete=models.PROTECT, related_name="+")
    donor = models.ForeignKey("users.Donor", on_delete=models.PROTECT, related_name="+")
    partner = models.ForeignKey("partners.Partner", on_delete=models.PROTECT, related_name="+")
    verified_by = models.ForeignKey("partners.Member", on_delete=models.PROTECT, related_name="+")
    unit = models.OneToOneField("stock.Unit", on_delete=models.PROTECT, related_name="+")
    donation_type = models.CharField(max_length=20, choices=[(t, t.replace("_", " ")) for t in DonationType])
    blood_group = models.CharField(max_length=4, choices=[(g, g) for g in BloodGroup])
    volume_ml = models.PositiveSmallIntegerField()
    haemoglobin_g_dl = models.DecimalField(max_digits=4, decimal_places=2)
    weight_kg = models.DecimalField(max_digits=4, decimal_places=1, null=True)
    systolic_mmhg = models.PositiveSmallIntegerField(null=True)
    diastolic_mmhg = models.PositiveSmallIntegerField(null=True)
    pulse_bpm = models.PositiveSmallIntegerField(null=True)
    platelet_count = models.PositiveSmallIntegerField(null=True, help_text="10^9 a litre")
    temperature_c = models.DecimalField(max_digits=3, decimal_places=1, null=True)
    donated_at = models.DateTimeField()
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["assignment"], name="donation_once_per_assignment"),
            models.CheckConstraint(condition=Q(donation_type__in=list(DonationType)), name="donation_type_is_known"),
            models.CheckConstraint(condition=Q(blood_group__in=list(BloodGroup)), name="donation_group_is_known"),
            models.CheckConstraint(condition=Q(volume_ml__gt=0), name="donation_has_volume"),
        ]
        indexes = [
            models.Index(fields=["donor", "-id"], name="donations_of_donor"),
            models.Index(fields=["partner", "-id"], name="donations_of_partner"),
        ]


class Rating(models.Model):
    """One side's view of a visit, or of a family's request; once each way."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    assignment = models.ForeignKey("requests_app.Assignment", on_delete=models.PROTECT, null=True, related_name="+")
    attender_request = models.ForeignKey(
        "requests_app.AttenderRequest", on_delete=models.PROTECT, null=True, related_name="+"
    )
    rated_by = models.CharField(max_length=8, choices=[(side, side) for side in RatedBy])
    stars = models.PositiveSmallIntegerField()
    comment = models.CharField(max_length=1000, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["assignment", "attender_request", "rated_by"], nulls_distinct=False, name="rating_once_each_way"
            ),
            models.CheckConstraint(
                condition=Q(assignment__isnull=False, attender_request=None) & ~Q(rated_by=RatedBy.FAMILY)
                | Q(assignment=None, attender_request__isnull=False) & ~Q(rated_by=RatedBy.DONOR),
                name="rating_is_of_one_thing",
            ),
            models.CheckConstraint(condition=Q(stars__gte=1, stars__lte=5), name="rating_is_one_to_five"),
            models.CheckConstraint(condition=Q(rated_by__in=list(RatedBy)), name="rating_side_is_known"),
        ]
        indexes = [models.Index(fields=["attender_request"], name="ratings_of_family")]
