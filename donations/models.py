"""What was given, and what the two sides thought of each other."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from common import clock
from common.blood import BloodGroup, DonationType
from common.ids import uuid7
from donations.states import ConsentForm, InvitationStatus, RatedBy

REMINDED_HOURS = (3, 1)


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
    consent = models.CharField(
        max_length=8,
        blank=True,
        default="",
        db_default="",
        choices=[(form, form) for form in ConsentForm],
        help_text="How the donor consented; empty where the partner has not said.",
    )
    donated_at = models.DateTimeField()
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["assignment"], name="donation_once_per_assignment"),
            models.CheckConstraint(condition=Q(donation_type__in=list(DonationType)), name="donation_type_is_known"),
            models.CheckConstraint(condition=Q(blood_group__in=list(BloodGroup)), name="donation_group_is_known"),
            models.CheckConstraint(condition=Q(volume_ml__gt=0), name="donation_has_volume"),
            models.CheckConstraint(condition=Q(consent__in=["", *ConsentForm]), name="donation_consent_is_known"),
        ]
        indexes = [
            models.Index(fields=["donor", "-id"], name="donations_of_donor"),
            models.Index(fields=["partner", "-id"], name="donations_of_partner"),
        ]


class Certificate(models.Model):
    """The certificate of a donation, made when it is first asked for. Who has the code can see that it is genuine."""

    donation = models.OneToOneField(Donation, on_delete=models.PROTECT, primary_key=True, related_name="certificate")
    number = models.CharField(max_length=20, help_text="Printed; opens nothing.")
    code = models.CharField(max_length=32, help_text="128 random bits.")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["number"], name="certificate_number_once"),
            models.UniqueConstraint(fields=["code"], name="certificate_code_once"),
        ]


class Reminder(models.Model):
    """That a donor was reminded of a promise so many hours before: once, whatever runs twice."""

    assignment = models.ForeignKey("requests_app.Assignment", on_delete=models.CASCADE, related_name="+")
    hours = models.PositiveSmallIntegerField(help_text="Before the donor is expected.")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["assignment", "hours"], name="reminder_once"),
            models.CheckConstraint(condition=Q(hours__in=REMINDED_HOURS), name="reminder_hours_are_known"),
        ]


class Invitation(models.Model):
    """Asking a donor to come back after one visit, as soon as he may give again. Of several visits the latest counts.

    `due_on` is when to look next, in the donor's zone; the donor's own dates decide then.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    assignment = models.OneToOneField("requests_app.Assignment", on_delete=models.CASCADE, related_name="+")
    donor = models.ForeignKey("users.Donor", on_delete=models.CASCADE, related_name="+")
    status = models.CharField(
        max_length=8, choices=[(s, s) for s in InvitationStatus], default=InvitationStatus.WAITING
    )
    due_on = models.DateField()
    created_at = models.DateTimeField(default=clock.now, editable=False)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=list(InvitationStatus)), name="invitation_status_is_known"),
            models.CheckConstraint(
                condition=Q(status=InvitationStatus.WAITING, ended_at=None)
                | (~Q(status=InvitationStatus.WAITING) & Q(ended_at__isnull=False)),
                name="invitation_ends_once",
            ),
            models.UniqueConstraint(
                fields=["donor"], condition=Q(status=InvitationStatus.WAITING), name="one_waiting_invitation_per_donor"
            ),
        ]
        indexes = [
            models.Index(fields=["due_on", "id"], name="invitation_due", condition=Q(status=InvitationStatus.WAITING))
        ]

    @property
    def state(self) -> InvitationStatus:
        return InvitationStatus(self.status)


class Rating(models.Model):
    """One side's view of a visit; once each way."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    assignment = models.ForeignKey("requests_app.Assignment", on_delete=models.PROTECT, related_name="+")
    rated_by = models.CharField(max_length=8, choices=[(side, side) for side in RatedBy])
    stars = models.PositiveSmallIntegerField()
    comment = models.CharField(max_length=1000, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["assignment", "rated_by"], name="rating_once_each_way"),
            models.CheckConstraint(condition=Q(stars__gte=1, stars__lte=5), name="rating_is_one_to_five"),
            models.CheckConstraint(condition=Q(rated_by__in=list(RatedBy)), name="rating_side_is_known"),
        ]
