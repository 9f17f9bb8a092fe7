"""What this app holds of a person, and what must be over before a person may be forgotten."""

from __future__ import annotations

import uuid

from appointments.errors import DoctorHasAppointments
from appointments.selectors import doctors
from common import clock
from users.personal_data import Holding, Rows, hold, refuses_erasure

YOU = "You and the administrators."
PROFILE = (
    *("id", "status", "title", "name", "registration_number", "council", "registered_in", "qualifications"),
    *("specialisations", "languages", "about", "video_fee_minor", "in_person_fee_minor", "currency", "pay_at_visit"),
    *("consult_minutes", "zone", "reject_reason", "approved_at", "created_at"),
)
PLACE = ("id", "name", "address", "city", "lat", "lng", "ended_at", "created_at")
HOURS = ("weekday", "from_minute", "to_minute", "kinds", "place_id", "valid_from", "valid_until")
EXCEPTION = ("id", "starts_at", "ends_at", "is_leave", "kinds", "place_id", "note", "created_at")


def registration(user_id: uuid.UUID) -> Rows:
    return list(doctors.doctors_of_user(user_id).values(*PROFILE))


def availability(user_id: uuid.UUID) -> Rows:
    """Return places, weekly hours and exceptions, each with what it is."""
    found = doctors.availability_of_user(user_id)
    return [
        *({"what": "place", **row} for row in found.places.values(*PLACE)),
        *({"what": "hours", **row} for row in found.hours.values(*HOURS)),
        *({"what": "exception", **row} for row in found.exceptions.values(*EXCEPTION)),
    ]


def ratings(user_id: uuid.UUID) -> Rows:
    rows = doctors.ratings_by_patient(user_id).order_by("pk")
    return list(rows.values("id", "appointment_id", "stars", "comment", "created_at"))


@refuses_erasure(DoctorHasAppointments)
def refuse_while_patients_wait(user_id: uuid.UUID) -> None:
    """Raises: DoctorHasAppointments. Patients count on the doctor."""
    doctor = doctors.find_doctor_of_user(user_id)
    count = 0 if doctor is None else doctors.booked_ahead(doctor.pk, clock.now()).count()
    if count:
        raise DoctorHasAppointments(count=count)


hold(
    Holding(
        "doctor_registration",
        "To let patients find a doctor and know who treats them.",
        "Everybody, once an administrator has approved it; your documents, the administrators alone.",
        "As long as the account.",
        "Your name, registration number and council: what you signed must name you for at least three years.",
        registration,
    )
)
hold(
    Holding(
        "doctor_availability",
        "To offer patients the times at which you see them.",
        "Everybody sees the free times and the places; leave and its notes, you and the administrators.",
        "As long as the account.",
        "The places where patients were seen; no hours and no leave.",
        availability,
    )
)
hold(
    Holding(
        "consult_ratings",
        "To tell patients how others found a doctor.",
        "Everybody, without your name.",
        "As long as the account.",
        "The stars, without words or name.",
        ratings,
    )
)
