"""What was given, at a partner's or at a camp, and what the two sides thought of each other."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models import F, Q

from common import clock
from common.blood import BloodGroup, DonationType
from common.geo import Point
from common.ids import uuid7
from common.labels import day, minute
from common.points import place_column
from donations.states import (
    HOLDS_PLACE,
    LIVE_CAMP,
    LIVE_ENROLMENT,
    OWES_REPORT,
    CampStatus,
    ConsentForm,
    EnrolmentStatus,
    InvitationStatus,
    RatedBy,
)

REMINDED_HOURS = (3, 1)


class Camp(models.Model):
    """A day on which a partner collects blood somewhere.

    `enrolled` counts the places that are taken, never more than `capacity`. Times and place stay as published.
    `next_invite_at` is when donors nearby are told next, and `invited_upto` how far down their ids that has got.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    partner = models.ForeignKey("partners.Partner", on_delete=models.PROTECT, related_name="+")
    created_by = models.ForeignKey("partners.Member", on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=14, choices=[(s, s) for s in CampStatus], default=CampStatus.DRAFT)
    title = models.CharField(max_length=120)
    description = models.CharField(max_length=2000, blank=True)
    place_name = models.CharField(max_length=120)
    address = models.CharField(max_length=300)
    lat = models.DecimalField(max_digits=9, decimal_places=6)
    lng = models.DecimalField(max_digits=9, decimal_places=6)
    place = place_column()
    zone = models.CharField(max_length=40, help_text="IANA time zone: the partner's when the camp was made.")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    capacity = models.PositiveIntegerField()
    enrolled = models.PositiveIntegerField(default=0)
    cancel_reason = models.CharField(max_length=300, blank=True)
    published_at = models.DateTimeField(null=True)
    reported_at = models.DateTimeField(null=True)
    next_invite_at = models.DateTimeField(null=True, help_text="When donors nearby are told next; none when all were.")
    invited_upto = models.UUIDField(null=True, help_text="The last donor the present round has looked at.")
    invites_held_back = models.BooleanField(default=False, help_text="Somebody was left in peace for a day.")
    remind_at = models.DateTimeField(null=True, help_text="When the enrolled are reminded; none when they were.")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    # Filled by the search around a place only.
    distance_km: float | None = None

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=list(CampStatus)), name="camp_status_is_known"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="camp_ends_after_it_begins"),
            models.CheckConstraint(condition=Q(capacity__gt=0), name="camp_has_room"),
            models.CheckConstraint(condition=Q(enrolled__lte=F("capacity")), name="camp_not_overfull"),
            models.CheckConstraint(
                condition=Q(lat__gte=-90, lat__lte=90, lng__gte=-180, lng__lte=180), name="camp_place_is_on_earth"
            ),
        ]
        indexes = [
            models.Index(fields=["partner", "-id"], name="camps_of_partner"),
            models.Index(
                fields=["partner", "ends_at"], name="camp_owing_report", condition=Q(status__in=sorted(OWES_REPORT))
            ),
            models.Index(fields=["starts_at"], name="camp_starting", condition=Q(status=CampStatus.SCHEDULED)),
            models.Index(fields=["ends_at"], name="camp_ending", condition=Q(status__in=sorted(LIVE_CAMP))),
            models.Index(fields=["next_invite_at"], name="camp_inviting", condition=Q(next_invite_at__isnull=False)),
            models.Index(fields=["remind_at"], name="camp_reminding", condition=Q(remind_at__isnull=False)),
            GistIndex(fields=["place"], name="camp_place", condition=Q(status__in=sorted(LIVE_CAMP))),
        ]

    def __str__(self) -> str:
        return f"{self.title}, {day(self.starts_at)}"

    @property
    def state(self) -> CampStatus:
        return CampStatus(self.status)

    @property
    def stands(self) -> CampStatus:
        """What the camp is at this moment, also where no sweep has written it down yet."""
        return self.state_at(clock.now())

    def state_at(self, now: dt.datetime) -> CampStatus:
        """What the camp is by its hours."""
        if self.state not in LIVE_CAMP or now < self.starts_at:
            return self.state
        return CampStatus.ONGOING if now < self.ends_at else CampStatus.AWAITING_STOCK

    @property
    def places_left(self) -> int:
        """Places that may still be taken: none in a camp that is over."""
        return self.capacity - self.enrolled if self.stands in LIVE_CAMP else 0

    @property
    def location(self) -> Point:
        return Point(float(self.lat), float(self.lng))

    @property
    def opens_on(self) -> dt.date:
        """The camp's date where it is held."""
        return self.starts_at.astimezone(ZoneInfo(self.zone)).date()


class Enrolment(models.Model):
    """One donor's place in a camp. Who left and enrols again has a second row."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    camp = models.ForeignKey(Camp, on_delete=models.PROTECT, related_name="enrolments")
    donor = models.ForeignKey("users.Donor", on_delete=models.PROTECT, related_name="+")
    status = models.CharField(
        max_length=10, choices=[(s, s) for s in EnrolmentStatus], default=EnrolmentStatus.ENROLLED
    )
    enrolled_at = models.DateTimeField()
    checked_in_at = models.DateTimeField(null=True, help_text="The earliest time that a scanner has told.")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=list(EnrolmentStatus)), name="enrolment_status_is_known"),
            models.UniqueConstraint(
                fields=["camp", "donor"], condition=Q(status__in=sorted(HOLDS_PLACE)), name="enrolled_once_per_camp"
            ),
        ]
        indexes = [
            models.Index(fields=["camp", "-id"], name="enrolments_of_camp"),
            models.Index(fields=["donor", "-id"], name="enrolments_of_donor"),
        ]

    def __str__(self) -> str:
        return f"Enrolment of {minute(self.enrolled_at)}"

    @property
    def state(self) -> EnrolmentStatus:
        return EnrolmentStatus(self.status)

    @property
    def is_live(self) -> bool:
        return self.status in LIVE_ENROLMENT


class CampInvite(models.Model):
    """That a donor was told of a camp: once, whatever happens."""

    camp = models.ForeignKey(Camp, on_delete=models.CASCADE, related_name="invites")
    donor = models.ForeignKey("users.Donor", on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["camp", "donor"], name="donor_told_once_of_camp")]
        indexes = [models.Index(fields=["donor", "created_at"], name="camp_invites_of_donor")]


class CampEvent(models.Model):
    """Who did what to a camp or a place in it. Never changed: a trigger refuses it.

    Deleted only with the place of somebody who was forgotten long ago.
    """

    camp = models.ForeignKey(Camp, on_delete=models.PROTECT, related_name="events")
    enrolment = models.ForeignKey(Enrolment, on_delete=models.PROTECT, null=True, related_name="events")
    verb = models.CharField(max_length=12)
    actor = models.CharField(max_length=60)
    facts = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [models.Index(fields=["camp", "id"], name="events_of_camp")]


class Donation(models.Model):
    """A verified donation: one for an assignment or for a place in a camp, whatever is pressed twice."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    assignment = models.ForeignKey("requests_app.Assignment", on_delete=models.PROTECT, null=True, related_name="+")
    enrolment = models.ForeignKey(Enrolment, on_delete=models.PROTECT, null=True, related_name="+")
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
            models.UniqueConstraint(fields=["enrolment"], name="donation_once_per_enrolment"),
            models.CheckConstraint(
                condition=Q(assignment__isnull=False, enrolment=None) | Q(assignment=None, enrolment__isnull=False),
                name="donation_has_one_occasion",
            ),
            models.CheckConstraint(condition=Q(donation_type__in=list(DonationType)), name="donation_type_is_known"),
            models.CheckConstraint(condition=Q(blood_group__in=list(BloodGroup)), name="donation_group_is_known"),
            models.CheckConstraint(condition=Q(volume_ml__gt=0), name="donation_has_volume"),
            models.CheckConstraint(condition=Q(consent__in=["", *ConsentForm]), name="donation_consent_is_known"),
        ]
        indexes = [
            models.Index(fields=["donor", "-id"], name="donations_of_donor"),
            models.Index(fields=["partner", "-id"], name="donations_of_partner"),
        ]

    def __str__(self) -> str:
        return f"Donation of {minute(self.donated_at)}"


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

    def __str__(self) -> str:
        return self.number


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

    def __str__(self) -> str:
        return f"Reminder of {minute(self.created_at)}"


class Invitation(models.Model):
    """Asking a donor to come back after one visit, to a partner or a camp, as soon as he may give again.

    Of several visits the latest counts.

    `due_on` is when to look next, in the donor's zone; the donor's own dates decide then.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    assignment = models.OneToOneField("requests_app.Assignment", on_delete=models.CASCADE, null=True, related_name="+")
    enrolment = models.OneToOneField(Enrolment, on_delete=models.CASCADE, null=True, related_name="+")
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
                condition=Q(assignment__isnull=False, enrolment=None) | Q(assignment=None, enrolment__isnull=False),
                name="invitation_has_one_occasion",
            ),
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

    def __str__(self) -> str:
        return f"Invitation for {self.due_on:%Y-%m-%d}"

    @property
    def state(self) -> InvitationStatus:
        return InvitationStatus(self.status)


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

    def __str__(self) -> str:
        return f"{self.stars} of 5, {minute(self.created_at)}"
