"""Who was there, as far as anybody knows: by their own word, and by that of the meeting's provider."""

from __future__ import annotations

from dataclasses import dataclass

from appointments import models
from appointments.models import Appointment
from appointments.states import EndedBy, Side


@dataclass(frozen=True, slots=True)
class Attendance:
    patient: bool
    doctor: bool


def attendance_of(row: Appointment) -> Attendance:
    """Return who came: the patient by checking in, the doctor by starting the visit, both by joining the meeting."""
    joined = models.Attendance.objects.filter(sitting__meeting__appointment=row.pk, joined_at__isnull=False)
    sides = set(joined.values_list("side", flat=True))
    return Attendance(
        patient=row.checked_in_at is not None or Side.PATIENT in sides,
        doctor=row.started_at is not None or Side.DOCTOR in sides,
    )


def absent_in(found: Attendance) -> EndedBy:
    """Return who is to be taken for absent when nobody has said so.

    Only a doctor who was there alone has waited for the patient. Else it is the doctor's: whoever is paid for the
    visit opens it or says that the patient did not come, and a patient pays for no visit that nobody held.
    """
    return EndedBy.PATIENT if found.doctor and not found.patient else EndedBy.DOCTOR
