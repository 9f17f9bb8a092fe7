"""What patients thought of a consult; once each, never taken back."""

from __future__ import annotations

import uuid

from django.db.models import F

from appointments.errors import NotRateable, OwnRating
from appointments.models import Appointment, Doctor, DoctorRating
from appointments.states import AppointmentStatus
from common.db import command, step
from common.errors import NotFound


@command
def rate_doctor(*, appointment_id: uuid.UUID, patient_id: uuid.UUID, stars: int, comment: str = "") -> DoctorRating:
    """The patient rates a completed consult, which counts for the doctor at once.

    Raises: NotFound, NotRateable, OwnRating, ConsultRated
    """
    visit = Appointment.objects.select_related("doctor").filter(pk=appointment_id, patient=patient_id).first()
    if visit is None:
        raise NotFound
    if visit.doctor.user_id == patient_id:
        raise OwnRating
    if visit.state is not AppointmentStatus.COMPLETED:
        raise NotRateable(state=visit.status)
    rating = DoctorRating.objects.create(appointment=visit, doctor_id=visit.doctor_id, stars=stars, comment=comment)
    doctors = Doctor.objects.filter(pk=visit.doctor_id)
    doctors.update(ratings=F("ratings") + 1, stars=F("stars") + stars)
    return rating


@command
def hide_words(*, rating_id: uuid.UUID) -> None:
    """Delete the words of a rating that nobody should read; the stars count on."""
    DoctorRating.objects.filter(pk=rating_id).update(comment="")


@step
def forget_words(*, person_id: uuid.UUID) -> None:
    """Delete the comments of the person's consults, as patient and as doctor."""
    DoctorRating.objects.filter(appointment__patient=person_id).update(comment="")
    DoctorRating.objects.filter(doctor__user=person_id).update(comment="")
