"""Who waits for a time that another gives back."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from appointments.models.columns import choices
from appointments.states import VisitKind, WaitingStatus
from common import clock
from common.ids import uuid7


class Waiting(models.Model):
    """A patient would take a time of this doctor on these days, between these minutes of the doctor's wall clock.

    The first who waits is asked first. `offer` is the appointment that is, or was, held for the patient.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    doctor = models.ForeignKey("appointments.Doctor", on_delete=models.PROTECT, related_name="waiting")
    patient = models.ForeignKey("users.User", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=choices(VisitKind))
    first_day = models.DateField()
    last_day = models.DateField()
    earliest_minute = models.PositiveSmallIntegerField(default=0, help_text="After midnight on the wall clock.")
    latest_minute = models.PositiveSmallIntegerField(default=1440, help_text="The visit begins before this minute.")
    status = models.CharField(max_length=8, choices=choices(WaitingStatus), default=WaitingStatus.WAITING)
    offer = models.OneToOneField(
        "appointments.Appointment", on_delete=models.PROTECT, null=True, related_name="waited_for"
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name, verbose_name_plural = "place in the waitlist", "waitlist"
        constraints = [
            models.CheckConstraint(condition=Q(status__in=list(WaitingStatus)), name="waiting_status_is_known"),
            models.CheckConstraint(condition=Q(kind__in=list(VisitKind)), name="waiting_kind_is_known"),
            models.CheckConstraint(condition=Q(first_day__lte=F("last_day")), name="waiting_days_in_order"),
            models.CheckConstraint(
                condition=Q(earliest_minute__lt=F("latest_minute"), latest_minute__lte=1440),
                name="waiting_minutes_in_order",
            ),
            models.UniqueConstraint(
                fields=["doctor", "patient", "kind"], condition=Q(status="waiting"), name="waits_once_for_a_doctor"
            ),
        ]
        indexes = [
            models.Index(fields=["doctor", "kind", "id"], name="waiting_for_doctor", condition=Q(status="waiting")),
            models.Index(fields=["patient", "id"], name="waiting_of_patient"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}, {self.first_day:%Y-%m-%d} to {self.last_day:%Y-%m-%d}"

    @property
    def state(self) -> WaitingStatus:
        return WaitingStatus(self.status)
