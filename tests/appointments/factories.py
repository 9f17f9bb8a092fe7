"""Doctors, their hours and what is booked, with sensible values unless told otherwise."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

from appointments.models import Appointment, Doctor, Place, WeeklyHours
from appointments.services.doctors import find_next_free
from appointments.states import AppointmentStatus, VisitKind
from common import clock
from common.db import unit_of_work
from tests.factories import PUNE, make_user

_numbers = itertools.count(1)
MINUTE = dt.timedelta(minutes=1)
EVERY_KIND = [str(kind) for kind in VisitKind]


def make_doctor(**values: Any) -> Doctor:
    """A live physician in Pune whom one may consult for ₹600 by video or ₹800 in person, twenty minutes each."""
    user = values.pop("user", None) or make_user()
    defaults = {
        "name": user.name,
        "status": "live",
        "registration_number": f"2009/{next(_numbers):06d}",
        "council": "Maharashtra Medical Council",
        "registered_in": 2009,
        "qualifications": "MBBS, MD",
        "specialisations": ["internal_medicine"],
        "languages": ["en", "hi"],
        "video_fee_minor": 60_000,
        "in_person_fee_minor": 80_000,
        "search_text": f"dr {user.name} mbbs, md internal medicine".lower(),
        "approved_at": clock.now(),
    }
    return Doctor.objects.create(user=user, **{**defaults, **values})


def make_place(doctor: Doctor, **values: Any) -> Place:
    here = {"name": "Clinic", "address": "12 FC Road", "city": "Pune", "lat": PUNE[0], "lng": PUNE[1]}
    return Place.objects.create(doctor=doctor, **{**here, **values})


def make_hours(doctor: Doctor, weekdays: Any = range(1, 8), begins: int = 9, ends: int = 17, **values: Any) -> None:
    """Hours for both kinds, from one full hour to another, every day unless told."""
    place = values.pop("place", None) or make_place(doctor)
    WeeklyHours.objects.bulk_create(
        WeeklyHours(
            doctor=doctor,
            weekday=weekday,
            from_minute=begins * 60,
            to_minute=ends * 60,
            place=place,
            **{"kinds": EVERY_KIND, **values},
        )
        for weekday in weekdays
    )


def make_open_doctor(*, begins: int = 9, ends: int = 17, **values: Any) -> Doctor:
    """A doctor with hours, whom a search finds."""
    doctor = make_doctor(**values)
    make_hours(doctor, begins=begins, ends=ends)
    with unit_of_work():
        find_next_free(doctor_ids=[doctor.pk])
    return Doctor.objects.get(pk=doctor.pk)


def make_appointment(doctor: Doctor, starts_at: dt.datetime, **values: Any) -> Appointment:
    """A confirmed consult by video."""
    ends_at = starts_at + doctor.consult_minutes * MINUTE
    defaults = {
        "patient": values.pop("patient", None) or make_user(),
        "kind": "video",
        "status": AppointmentStatus.CONFIRMED,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "busy_from": starts_at - doctor.buffer_before_minutes * MINUTE,
        "busy_until": ends_at + doctor.buffer_after_minutes * MINUTE,
        "terms": "prepaid",
        "fee_minor": 60_000,
        "currency": "INR",
        "full_refund_until": starts_at - dt.timedelta(hours=24),
        "late_refund_percent": 50,
    }
    return Appointment.objects.create(doctor=doctor, **{**defaults, **values})
