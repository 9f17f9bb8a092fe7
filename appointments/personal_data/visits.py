"""What this app holds of a person, and what must be over before a person may be forgotten."""

from __future__ import annotations

import uuid

from appointments.analysis.states import FileStatus
from appointments.errors import DoctorHasAppointments
from appointments.selectors import booking, doctors, files, meetings
from appointments.selectors.analysing import every_observation_of
from appointments.selectors.calendars import feeds_of
from common import clock
from users.personal_data import Holding, Rows, hold, refuses_erasure

APPOINTMENT = (
    *("id", "doctor_id", "kind", "status", "starts_at", "ends_at", "reason", "fee_minor", "currency", "refund_minor"),
    *("paid_at", "checked_in_at", "started_at", "ended_at", "ended_by", "end_reason", "created_at"),
)
WAIT = ("id", "doctor_id", "kind", "first_day", "last_day", "earliest_minute", "latest_minute", "status", "created_at")
YOU = "You and the administrators."
PROFILE = (
    *("id", "status", "title", "name", "registration_number", "council", "registered_in", "qualifications"),
    *("specialisations", "languages", "about", "video_fee_minor", "in_person_fee_minor", "currency", "pay_at_visit"),
    *("consult_minutes", "zone", "reject_reason", "approved_at", "created_at"),
)
PLACE = ("id", "name", "address", "city", "lat", "lng", "ended_at", "created_at")
HOURS = ("weekday", "from_minute", "to_minute", "kinds", "place_id", "valid_from", "valid_until")
EXCEPTION = ("id", "starts_at", "ends_at", "is_leave", "kinds", "place_id", "note", "created_at")
OBSERVED = (
    *("id", "analysis_id", "analysis__analyser", "analysis__engine", "analysis__signed_at", "analysis__note"),
    *("code", "name", "value", "unit", "low", "high", "interpretation", "taken_on", "status"),
)
FILE = ("id", "kind", "title", "taken_on", "status", "created_at")
VERSION = ("number", "name", "size", "scan", "created_at")


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


def appointments(user_id: uuid.UUID) -> Rows:
    return list(booking.appointments_of_patient(user_id).order_by("pk").values(*APPOINTMENT))


def waits(user_id: uuid.UUID) -> Rows:
    return list(booking.all_waits_of(user_id).order_by("pk").values(*WAIT))


def attendances(user_id: uuid.UUID) -> Rows:
    return meetings.attendances_of(user_id)


def medical_files(user_id: uuid.UUID) -> Rows:
    return [
        {
            **{name: getattr(row, name) for name in FILE},
            "versions": [{name: getattr(one, name) for name in VERSION} for one in row.versions.all()],
        }
        for row in files.every_file_of(user_id).exclude(status=FileStatus.DESTROYED)
    ]


def observations(user_id: uuid.UUID) -> Rows:
    rows = every_observation_of(user_id).values(*OBSERVED)
    return [{name.removeprefix("analysis__"): value for name, value in row.items()} for row in rows]


def calendar_feed(user_id: uuid.UUID) -> Rows:
    return feeds_of(user_id)


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
hold(
    Holding(
        "appointments",
        "To keep times with doctors for you, and to give or take what they cost.",
        "The doctor you see.",
        "As long as the account.",
        "When you saw whom and what it cost, without why you came; what is ahead is cancelled.",
        appointments,
    )
)
hold(
    Holding(
        "waitlist",
        "To offer you a time that becomes free.",
        "Nobody.",
        "As long as the account.",
        "That somebody waited, for whom and when.",
        waits,
    )
)
hold(
    Holding(
        "attendances",
        "To know whether a video consultation was held.",
        "The provider of the meeting knows who joined it.",
        "As long as the appointment.",
        "That one of two, no longer named, was there.",
        attendances,
    )
)
hold(
    Holding(
        "medical_files",
        "To keep reports, pictures and letters that you want to have at hand, or to show to a doctor.",
        "You, and doctors who treat you or whom you let.",
        "Until you delete them, and seven days more in which you can bring them back.",
        "",
        medical_files,
    )
)
hold(
    Holding(
        "observations",
        "To show you, and doctors who treat you, the values of the reports that you had read.",
        "You, and doctors who treat you or whom you let.",
        "As long as the file; what a doctor has signed, as long as medical records are kept.",
        "With no name, what a doctor has signed: medical records are kept for at least three years.",
        observations,
    )
)
hold(
    Holding(
        "calendar_feed",
        "To let your calendar program read your appointments at an address of your own.",
        "Whoever you give the address to.",
        "Until you end it.",
        "",
        calendar_feed,
    )
)
