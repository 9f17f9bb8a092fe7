"""Who may be consulted, and at which times."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Coalesce, Least, Upper

from appointments.models.columns import choices
from appointments.states import DoctorStatus, VisitKind
from common import clock
from common.ids import uuid7
from common.labels import minute
from common.money import LARGEST, Currency, Money
from partners.searching import SearchDocument

LANGUAGE_LENGTH, CODE_LENGTH = 5, 40
NEVER: Final = dt.datetime(9999, 1, 1, tzinfo=dt.UTC)  # comes after every slot, where NULL would hide its row
# Nobody's first rating makes him the best: each begins as if five patients had given four stars.
PRIOR_RATINGS, PRIOR_STARS = 5, 20


def first_slot(*columns: str) -> Coalesce:
    """When the first of these slots begins, and after all others without any."""
    first = Least(*columns) if len(columns) > 1 else F(columns[0])
    return Coalesce(first, Value(NEVER), output_field=models.DateTimeField())


def lowest_fee(*columns: str) -> Coalesce:
    """Minor units; after all others without any."""
    lowest = Least(*columns) if len(columns) > 1 else F(columns[0])
    return Coalesce(lowest, Value(LARGEST), output_field=models.BigIntegerField())


def standing() -> CombinedExpression:
    """The mean of the ratings in thousandths of a star, negative so that the best come first."""
    return (F("stars") + PRIOR_STARS) * Value(-1000) / (F("ratings") + PRIOR_RATINGS)


VIDEO_AT, IN_PERSON_AT = "next_video_at", "next_in_person_at"
VIDEO_FEE, IN_PERSON_FEE = "video_fee_minor", "in_person_fee_minor"
# What a search orders by, and an index for each.
ORDERS: Final = {
    "first": first_slot(VIDEO_AT, IN_PERSON_AT),
    "first_video": first_slot(VIDEO_AT),
    "first_in_person": first_slot(IN_PERSON_AT),
    "fee": lowest_fee(VIDEO_FEE, IN_PERSON_FEE),
    "fee_video": lowest_fee(VIDEO_FEE),
    "fee_in_person": lowest_fee(IN_PERSON_FEE),
    "standing": standing(),
}


class Specialisation(models.Model):
    """A field of medicine that patients search by. Data, so that an administrator adds one."""

    code = models.CharField(primary_key=True, max_length=CODE_LENGTH)
    name = models.CharField(max_length=80)
    name_hi = models.CharField(max_length=80)
    name_bn = models.CharField(max_length=80)
    snomed = models.CharField(max_length=18, blank=True, help_text="SNOMED CT code, where one is known.")

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Doctor(models.Model):
    """A registered medical practitioner. Nobody finds or books one that no administrator approved.

    The registration is what the council wrote; changing it asks for a new approval. `next_video_at` and
    `next_in_person_at` are the first free slots as last computed, for search only: the truth is in the slots.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.OneToOneField("users.User", on_delete=models.PROTECT, related_name="doctor")
    status = models.CharField(max_length=10, choices=choices(DoctorStatus), default=DoctorStatus.PENDING)
    name = models.CharField(max_length=120, default="", help_text="As the council wrote it; the account's may change.")
    title = models.CharField(max_length=20, blank=True)
    registration_number = models.CharField(max_length=40)
    council = models.CharField(max_length=80)
    registered_in = models.PositiveSmallIntegerField(help_text="Year of registration.")
    qualifications = models.CharField(max_length=200)
    specialisations = ArrayField(models.CharField(max_length=CODE_LENGTH))
    languages = ArrayField(models.CharField(max_length=LANGUAGE_LENGTH))
    about = models.TextField(max_length=2000, blank=True)
    video_fee_minor = models.PositiveBigIntegerField(null=True, help_text="None: no video consults.")
    in_person_fee_minor = models.PositiveBigIntegerField(null=True, help_text="None: no visits in person.")
    currency = models.CharField(max_length=3, choices=choices(Currency), default=Currency.INR)
    pay_at_visit = models.BooleanField(default=False, help_text="Visits in person may be paid there.")
    consult_minutes = models.PositiveSmallIntegerField(default=20)
    buffer_before_minutes = models.PositiveSmallIntegerField(default=0)
    buffer_after_minutes = models.PositiveSmallIntegerField(default=0)
    notice_minutes = models.PositiveIntegerField(default=60, help_text="A slot is bookable so long before it begins.")
    horizon_days = models.PositiveSmallIntegerField(default=60, help_text="How far ahead one may book.")
    full_refund_hours = models.PositiveSmallIntegerField(default=24)
    late_refund_percent = models.PositiveSmallIntegerField(default=50, help_text="Of a cancelling after that.")
    zone = models.CharField(max_length=40, default="Asia/Kolkata", help_text="IANA time zone of the availability.")
    search_text = models.TextField(help_text="Name, qualifications and specialisations, in lower case.")
    next_video_at = models.DateTimeField(null=True)
    next_in_person_at = models.DateTimeField(null=True)
    next_computed_at = models.DateTimeField(null=True, help_text="None: to be computed again.")
    ratings = models.PositiveIntegerField(default=0)
    stars = models.PositiveIntegerField(default=0, help_text="The sum over all ratings.")
    reject_reason = models.CharField(max_length=300, blank=True)
    approved_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=list(DoctorStatus)), name="doctor_status_is_known"),
            models.CheckConstraint(condition=Q(currency__in=list(Currency)), name="doctor_currency_is_known"),
            models.UniqueConstraint(
                Upper("council"),
                Upper("registration_number"),
                condition=~Q(status=DoctorStatus.REJECTED),
                name="doctor_registered_once",
            ),
            models.CheckConstraint(
                condition=Q(consult_minutes__gte=5, consult_minutes__lte=240), name="doctor_consult_has_a_length"
            ),
            models.CheckConstraint(
                condition=Q(buffer_before_minutes__lte=120, buffer_after_minutes__lte=120),
                name="doctor_buffers_are_short",
            ),
            models.CheckConstraint(
                condition=Q(horizon_days__gte=1, horizon_days__lte=365), name="doctor_horizon_is_a_year_at_most"
            ),
            models.CheckConstraint(condition=Q(late_refund_percent__lte=100), name="doctor_refund_is_a_part"),
            models.CheckConstraint(
                condition=(Q(video_fee_minor=None) | Q(video_fee_minor__lte=LARGEST))
                & (Q(in_person_fee_minor=None) | Q(in_person_fee_minor__lte=LARGEST)),
                name="doctor_fees_are_payable",
            ),
            models.CheckConstraint(
                condition=Q(status=DoctorStatus.PENDING)
                | Q(status=DoctorStatus.REJECTED)
                | Q(approved_at__isnull=False),
                name="doctor_live_was_approved",
            ),
        ]
        indexes = [
            GinIndex(fields=["specialisations"], name="doctors_by_specialisation"),
            GinIndex(SearchDocument("search_text"), name="doctors_by_words"),
            *(
                models.Index(order, "id", name=f"doctors_{name}", condition=Q(status="live"))
                for name, order in ORDERS.items()
            ),
            models.Index(
                F("next_computed_at").asc(nulls_first=True), "id", name="doctors_to_compute", condition=Q(status="live")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.registration_number})"

    @property
    def state(self) -> DoctorStatus:
        return DoctorStatus(self.status)

    @property
    def full_name(self) -> str:
        """How a doctor is called: the title, if there is one, and the name."""
        return f"{self.title} {self.name}".strip()

    @property
    def is_live(self) -> bool:
        return self.status == DoctorStatus.LIVE

    def fee(self, kind: VisitKind) -> Money | None:
        """What a consult of the kind costs; None when the doctor gives none."""
        minor = self.video_fee_minor if kind is VisitKind.VIDEO else self.in_person_fee_minor
        return None if minor is None else Money(minor, Currency(self.currency))

    @property
    def video_fee(self) -> Money | None:
        return self.fee(VisitKind.VIDEO)

    @property
    def in_person_fee(self) -> Money | None:
        return self.fee(VisitKind.IN_PERSON)

    @property
    def rating_average(self) -> float | None:
        return round(self.stars / self.ratings, 2) if self.ratings else None

    def offers(self, kind: VisitKind) -> bool:
        """Whether anybody may book a consult of this kind."""
        return self.is_live and self.fee(kind) is not None


class DoctorEvent(models.Model):
    """Who did what to a doctor's account. Never changed: a trigger refuses it."""

    doctor = models.ForeignKey(Doctor, on_delete=models.PROTECT, related_name="events")
    verb = models.CharField(max_length=16)
    actor = models.CharField(max_length=60, help_text="user:…, admin:… or system")
    facts = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [models.Index(fields=["doctor", "id"], name="events_of_doctor")]


class Place(models.Model):
    """Where a doctor sees patients in person."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    doctor = models.ForeignKey(Doctor, on_delete=models.PROTECT, related_name="places")
    name = models.CharField(max_length=120)
    address = models.CharField(max_length=300)
    city = models.CharField(max_length=80, default="")
    lat = models.DecimalField(max_digits=9, decimal_places=6)
    lng = models.DecimalField(max_digits=9, decimal_places=6)
    ended_at = models.DateTimeField(null=True, help_text="Since when nobody is seen here any more.")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(lat__gte=-90, lat__lte=90, lng__gte=-180, lng__lte=180), name="place_is_on_earth"
            ),
        ]
        indexes = [
            models.Index(fields=["doctor", "id"], name="places_of_doctor"),
            models.Index(fields=["lat", "lng"], name="places_on_the_map", condition=Q(ended_at=None)),
            models.Index(Upper("city"), name="places_by_city", condition=Q(ended_at=None)),
        ]

    def __str__(self) -> str:
        return self.name


class WeeklyHours(models.Model):
    """Each week on this day, in the doctor's zone, from one wall clock time to another.

    Hours that run past midnight are two rows. The place is where visits in person are; none for video only.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    doctor = models.ForeignKey(Doctor, on_delete=models.CASCADE, related_name="weekly_hours")
    weekday = models.PositiveSmallIntegerField(help_text="Monday is 1, Sunday is 7 (ISO 8601).")
    from_minute = models.PositiveSmallIntegerField(help_text="Minutes after midnight on the wall clock.")
    to_minute = models.PositiveSmallIntegerField(help_text="At most 1440, the midnight that ends the day.")
    kinds = ArrayField(models.CharField(max_length=10, choices=choices(VisitKind)))
    place = models.ForeignKey(Place, on_delete=models.PROTECT, null=True, related_name="+")
    valid_from = models.DateField(null=True)
    valid_until = models.DateField(null=True, help_text="Its last day.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(weekday__gte=1, weekday__lte=7), name="weekly_hours_on_a_weekday"),
            models.CheckConstraint(
                condition=Q(from_minute__lt=F("to_minute"), to_minute__lte=1440), name="weekly_hours_within_a_day"
            ),
            models.CheckConstraint(
                condition=Q(kinds__contained_by=list(VisitKind), kinds__len__gt=0),
                name="weekly_hours_are_for_something",
            ),
            models.CheckConstraint(
                condition=~Q(kinds__contains=[VisitKind.IN_PERSON]) | Q(place__isnull=False),
                name="weekly_hours_in_person_have_a_place",
            ),
        ]
        indexes = [models.Index(fields=["doctor"], name="weekly_hours_of_doctor")]


class TimeException(models.Model):
    """One stretch of time that differs from the weekly hours: leave takes it away, extra hours add it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    doctor = models.ForeignKey(Doctor, on_delete=models.CASCADE, related_name="exceptions")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    is_leave = models.BooleanField()
    kinds = ArrayField(models.CharField(max_length=10, choices=choices(VisitKind)), default=list)
    place = models.ForeignKey(Place, on_delete=models.PROTECT, null=True, related_name="+")
    note = models.CharField(max_length=120, blank=True, help_text="For the doctor's own eyes.")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(starts_at__lt=F("ends_at")), name="exception_has_a_length"),
            models.CheckConstraint(
                condition=Q(is_leave=True, kinds=[]) | Q(is_leave=False, kinds__contained_by=list(VisitKind)),
                name="exception_is_leave_or_hours",
            ),
            models.CheckConstraint(
                condition=~Q(kinds__contains=[VisitKind.IN_PERSON]) | Q(place__isnull=False),
                name="exception_in_person_has_a_place",
            ),
        ]
        indexes = [models.Index(fields=["doctor", "ends_at"], name="exceptions_of_doctor")]


class DoctorRating(models.Model):
    """What a patient thought of a consult, once. Shown without a name, and kept without words once forgotten."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    appointment = models.ForeignKey("appointments.Appointment", on_delete=models.PROTECT, related_name="+")
    doctor = models.ForeignKey(Doctor, on_delete=models.PROTECT, related_name="rated")
    stars = models.PositiveSmallIntegerField()
    comment = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["appointment"], name="appointment_rated_once"),
            models.CheckConstraint(condition=Q(stars__gte=1, stars__lte=5), name="doctor_rating_has_one_to_five_stars"),
        ]
        indexes = [models.Index(fields=["doctor", "-id"], name="ratings_of_doctor")]

    def __str__(self) -> str:
        return f"{self.stars} of 5, {minute(self.created_at)}"
