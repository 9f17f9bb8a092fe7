"""Who was there, as far as anybody knows: by their own word, and by that of the meeting's provider."""

from __future__ import annotations

from dataclasses import dataclass

from appointments.models import Appointment, Attendance
from appointments.states import EndedBy, Side


@dataclass(frozen=True, slots=True)
class Came:
    patient: bool
    doctor: bool


def who_came(row: Appointment) -> Came:
    """Return who came: the patient by checking in, the doctor by starting the visit, both by joining the meeting."""
    joined = Attendance.objects.filter(sitting__meeting__appointment=row.pk, joined_at__isnull=False)
    sides = set(joined.values_list("side", flat=True))
    return Came(
        patient=row.checked_in_at is not None or Side.PATIENT in sides,
        doctor=row.started_at is not None or Side.DOCTOR in sides,
    )


def absent_in(found: Came) -> EndedBy:
    """Return who is to be taken for absent when nobody has said so.

    Only a doctor who was there alone has waited for the patient. Else it is the doctor's: whoever is paid for the
    visit opens it or says that the patient did not come, and a patient pays for no visit that nobody held.
    """
    return EndedBy.PATIENT if found.doctor and not found.patient else EndedBy.DOCTOR
