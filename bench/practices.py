"""Doctors with hours and appointments, written in bulk."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterable

from appointments.models import Appointment, Doctor, Place, WeeklyHours
from appointments.states import AppointmentStatus, DoctorStatus, VisitKind
from common import clock
from users.models import User

CONSULT = dt.timedelta(minutes=20)
WEEK = range(1, 8)
Minutes = tuple[int, int]


def make_doctor(number: int, *, specialisation: str, minutes: Minutes) -> Doctor:
    return make_doctors([(number, specialisation, minutes)])[0]


def make_doctors(said: Iterable[tuple[int, str, Minutes]]) -> list[Doctor]:
    """Write live doctors of these numbers, with hours for both kinds on every day."""
    rows, now = list(said), clock.now()
    users = User.objects.bulk_create(
        User(phone=f"+9170{number:08d}", name=f"Doctor {number}", city="Pune") for number, _, _ in rows
    )
    doctors = Doctor.objects.bulk_create(
        Doctor(
            user=user,
            name=user.name,
            status=DoctorStatus.LIVE,
            registration_number=f"B/{number}",
            council="Bench Medical Council",
            registered_in=2009,
            qualifications="MBBS",
            specialisations=[specialisation],
            languages=["en", "hi"] if number % 3 else ["bn"],
            video_fee_minor=30_000 + number % 50 * 1000,
            in_person_fee_minor=60_000,
            search_text=f"doctor {number} mbbs {specialisation}",
            ratings=number % 40,
            stars=number % 40 * 4,
            approved_at=now,
        )
        for user, (number, specialisation, _) in zip(users, rows, strict=True)
    )
    places = Place.objects.bulk_create(
        Place(doctor=doctor, name="Clinic", address="FC Road", city="Pune", lat=18.52 + index % 100 / 1000, lng=73.85)
        for index, doctor in enumerate(doctors)
    )
    WeeklyHours.objects.bulk_create(
        WeeklyHours(
            doctor=doctor,
            weekday=weekday,
            from_minute=begins,
            to_minute=ends,
            kinds=[str(kind) for kind in VisitKind],
            place=place,
        )
        for doctor, place, (_, _, (begins, ends)) in zip(doctors, places, rows, strict=True)
        for weekday in WEEK
    )
    return doctors


def book(doctor: Doctor, count: int, *, since: dt.datetime, per_day: int, patients: list[User] | None = None) -> None:
    """Write confirmed consults at random slots of the doctor's day (6:00 to 22:00 in India), so many a day."""
    chance = random.Random(f"{doctor.registration_number}")
    crowd = patients or User.objects.bulk_create(
        User(phone=f"+9171{number:08d}", name=f"Patient {number}", city="Pune") for number in range(per_day)
    )
    first = since.replace(hour=0, minute=30, second=0, microsecond=0) + dt.timedelta(days=1)  # 6:00 in India
    rows: list[Appointment] = []
    for day in range(count // per_day + 1):
        for place in sorted(chance.sample(range(48), min(per_day, count - len(rows)))):
            begins = first + dt.timedelta(days=day) + place * CONSULT
            rows.append(
                Appointment(
                    doctor=doctor,
                    patient=crowd[len(rows) % len(crowd)],
                    kind=VisitKind.VIDEO,
                    status=AppointmentStatus.CONFIRMED,
                    starts_at=begins,
                    ends_at=begins + CONSULT,
                    busy_from=begins,
                    busy_until=begins + CONSULT,
                    terms="prepaid",
                    fee_minor=60_000,
                    currency="INR",
                    full_refund_until=begins,
                    late_refund_percent=50,
                )
            )
    Appointment.objects.bulk_create(rows)
