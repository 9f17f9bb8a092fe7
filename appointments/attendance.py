"""Who was there, as far as anybody knows."""

from __future__ import annotations

from dataclasses import dataclass

from appointments.models import Appointment
from appointments.states import EndedBy


@dataclass(frozen=True, slots=True)
class Attendance:
    patient: bool
    doctor: bool


def attendance_of(row: Appointment) -> Attendance:
    """Return who came: the patient by checking in, the doctor by starting the visit."""
    return Attendance(patient=row.checked_in_at is not None, doctor=row.started_at is not None)


def absent_in(found: Attendance) -> EndedBy:
    """Return who is to be taken for absent when nobody has said so.

    Only a doctor who was there alone has waited for the patient. Else it is the doctor's: whoever is paid for the
    visit opens it or says that the patient did not come, and a patient pays for no visit that nobody held.
    """
    return EndedBy.PATIENT if found.doctor and not found.patient else EndedBy.DOCTOR
