"""Who sees whom, and when: two that overlap cannot be written."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value

from appointments.models.columns import choices
from appointments.states import TAKES_TIME, AppointmentStatus, EndedBy, Origin, VisitKind, VisitTerms
from common import clock
from common.fields import EncryptedTextField
from common.ids import uuid7
from common.labels import minute
from common.money import LARGEST, Currency, Money

# Money that arrives in time is told of a little later: so long a hold waits for the news.
SETTLE_GRACE: Final = dt.timedelta(minutes=5)
HOLDS_TIME = Q(status__in=sorted(TAKES_TIME))


def only(column: str) -> Func:
    """This one id as a range: a GiST index of core PostgreSQL compares ranges, and no plain uuid."""
    return Func(F(column), F(column), Value("[]"), function="uuid_range")


def during(start: str, end: str) -> Func:
    return Func(F(start), F(end), function="tstzrange")


class Appointment(models.Model):
    """One doctor and one patient at one time.

    The doctor is taken from `busy_from` to `busy_until`, buffers included; the patient from `starts_at` to `ends_at`.
    Price and refund rule are the doctor's at the moment of booking. A hold is over at `hold_expires_at`, whatever
    the status still says. `sequence` rises with each change that an invitation tells (RFC 5545 §3.8.7.4).
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    doctor = models.ForeignKey("appointments.Doctor", on_delete=models.PROTECT, related_name="appointments")
    patient = models.ForeignKey("users.User", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=choices(VisitKind))
    place = models.ForeignKey("appointments.Place", on_delete=models.PROTECT, null=True, related_name="+")
    status = models.CharField(max_length=12, choices=choices(AppointmentStatus))
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    busy_from = models.DateTimeField()
    busy_until = models.DateTimeField()
    reason = EncryptedTextField(null=True, max_length=1000)
    terms = models.CharField(max_length=10, choices=choices(VisitTerms))
    fee_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3, choices=choices(Currency))
    full_refund_until = models.DateTimeField()
    late_refund_percent = models.PositiveSmallIntegerField()
    hold_expires_at = models.DateTimeField(null=True)
    paid_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    checked_in_at = models.DateTimeField(null=True, help_text="The patient is there.")
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=10, blank=True, choices=choices(EndedBy))
    end_reason = EncryptedTextField(null=True, max_length=1000, help_text="Why it was cancelled, in somebody's words.")
    refund_minor = models.PositiveBigIntegerField(null=True, help_text="Of the fee; once it has ended.")
    sequence = models.PositiveSmallIntegerField(default=0)
    origin = models.CharField(max_length=10, choices=choices(Origin), default=Origin.PATIENT)
    series = models.UUIDField(null=True, help_text="Shared by the visits of one series.")
    follows = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="follow_ups")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=list(AppointmentStatus)), name="appointment_status_is_known"),
            models.CheckConstraint(condition=Q(kind__in=list(VisitKind)), name="appointment_kind_is_known"),
            models.CheckConstraint(condition=Q(terms__in=list(VisitTerms)), name="appointment_terms_are_known"),
            models.CheckConstraint(condition=Q(currency__in=list(Currency)), name="appointment_currency_is_known"),
            models.CheckConstraint(condition=Q(fee_minor__lte=LARGEST), name="appointment_fee_is_payable"),
            models.CheckConstraint(condition=Q(origin__in=list(Origin)), name="appointment_origin_is_known"),
            models.CheckConstraint(
                condition=Q(refund_minor=None) | Q(refund_minor__lte=F("fee_minor")),
                name="appointment_refund_within_fee",
            ),
            models.CheckConstraint(
                condition=Q(busy_from__lte=F("starts_at"), starts_at__lt=F("ends_at"), ends_at__lte=F("busy_until")),
                name="appointment_has_a_length",
            ),
            models.CheckConstraint(
                condition=Q(kind=VisitKind.VIDEO, place=None) | Q(kind=VisitKind.IN_PERSON, place__isnull=False),
                name="appointment_in_person_has_a_place",
            ),
            models.CheckConstraint(
                condition=~Q(status=AppointmentStatus.HELD) | Q(hold_expires_at__isnull=False),
                name="appointment_hold_ends",
            ),
            ExclusionConstraint(
                name="doctor_has_one_at_a_time",
                expressions=[
                    (only("doctor"), RangeOperators.OVERLAPS),
                    (during("busy_from", "busy_until"), RangeOperators.OVERLAPS),
                ],
                condition=HOLDS_TIME,
            ),
            ExclusionConstraint(
                name="patient_has_one_at_a_time",
                expressions=[
                    (only("patient"), RangeOperators.OVERLAPS),
                    (during("starts_at", "ends_at"), RangeOperators.OVERLAPS),
                ],
                condition=HOLDS_TIME,
            ),
        ]
        indexes = [
            models.Index(fields=["doctor", "starts_at", "id"], name="appointments_of_doctor"),
            models.Index(fields=["patient", "-starts_at", "id"], name="appointments_of_patient"),
            models.Index(fields=["doctor", "patient"], name="appointments_treating"),
            models.Index(fields=["hold_expires_at"], name="appointments_held", condition=Q(status="held")),
            models.Index(fields=["starts_at", "id"], name="appointments_ahead", condition=HOLDS_TIME),
            models.Index(fields=["series"], name="appointments_of_series", condition=Q(series__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{minute(self.starts_at)}, {self.status}"

    @property
    def fee(self) -> Money:
        return Money(self.fee_minor, Currency(self.currency))

    @property
    def refund(self) -> Money | None:
        """What goes back of the fee, if it was paid; None while the visit has not ended, or is not paid for here."""
        if self.refund_minor is None or self.terms != VisitTerms.PREPAID:
            return None
        return Money(self.refund_minor, Currency(self.currency))

    @property
    def told_reason(self) -> str | None:
        """Why the patient comes, as the doctor may know it: of what was never agreed, not at all."""
        return None if self.confirmed_at is None else self.reason

    @property
    def state(self) -> AppointmentStatus:
        return AppointmentStatus(self.status)

    @property
    def is_over(self) -> bool:
        """Whether the time to pay or agree has passed, swept or not."""
        ends = self.hold_expires_at
        return self.state is AppointmentStatus.HELD and ends is not None and ends <= clock.now()

    @property
    def stands(self) -> AppointmentStatus:
        """Return the state as it is at this moment: a hold that is over has lapsed, swept or not."""
        return AppointmentStatus.LAPSED if self.is_over else self.state

    @property
    def pay_by(self) -> dt.datetime | None:
        """Return until when paying may be begun; the hold lasts a little longer, for the news of it."""
        if self.state is not AppointmentStatus.HELD or self.terms != VisitTerms.PREPAID:
            return None
        return None if self.hold_expires_at is None else self.hold_expires_at - SETTLE_GRACE


class AppointmentEvent(models.Model):
    """One step of an appointment, and the state after it. Never changed: a trigger refuses it."""

    appointment = models.ForeignKey(Appointment, on_delete=models.CASCADE, related_name="events")
    verb = models.CharField(max_length=16)
    status = models.CharField(max_length=12)
    actor = models.CharField(max_length=60, help_text="user:…, admin:… or system")
    facts = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [models.Index(fields=["appointment", "id"], name="events_of_appointment")]
