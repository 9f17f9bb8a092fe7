"""Doctors: one registration number, one rating, hours that do not mix, and a next free time that is never old."""

from __future__ import annotations

import datetime as dt

from appointments.errors import ConsultRated
from appointments.models import Doctor, DoctorRating, WeeklyHours
from appointments.services import availability, doctors, rating
from appointments.services.availability import WeekRow
from appointments.states import VisitKind
from common import outbox
from common.db import unit_of_work
from tests.appointments.factories import make_appointment, make_doctor, make_hours, make_open_doctor
from tests.concurrency.scenes import race_test, without_constraints
from tests.conftest import NOON
from tests.races import meeting, names, race, without_locks

pytestmark = race_test


def rates(visit):
    return lambda: rating.rate_doctor(appointment_id=visit.pk, patient_id=visit.patient_id, stars=5)


def test_rating_four_times_at_once_counts_once():
    visit = make_appointment(make_doctor(), NOON, status="completed")

    outcomes = race(*[rates(visit) for _ in range(4)])

    assert names(outcomes) == [*[ConsultRated.__name__] * 3, "DoctorRating"]
    doctor = Doctor.objects.get()
    assert (doctor.ratings, doctor.stars, DoctorRating.objects.count()) == (1, 5, 1)


def test_without_the_constraint_all_would_count():
    visit = make_appointment(make_doctor(), NOON, status="completed")

    with without_constraints((DoctorRating, "appointment_rated_once")):
        outcomes = race(*[rates(visit) for _ in range(4)])

        assert names(outcomes) == ["DoctorRating"] * 4


def test_ratings_of_many_patients_at_once_are_all_counted():
    doctor = make_doctor()
    visits = [make_appointment(doctor, NOON + dt.timedelta(hours=hour), status="completed") for hour in range(6)]

    race(*[rates(visit) for visit in visits])

    doctor.refresh_from_db()
    assert (doctor.ratings, doctor.stars) == (6, 30)


def sets_week(doctor, weekday):
    rows = [WeekRow(weekday, minute, minute + 60, [VisitKind.VIDEO]) for minute in range(0, 600, 60)]
    return lambda: availability.set_week(doctor_id=doctor.pk, rows=rows)


def test_of_two_weeks_at_once_one_is_left():
    doctor = make_doctor()
    make_hours(doctor, [7])

    race(sets_week(doctor, 1), sets_week(doctor, 2), sets_week(doctor, 3))

    assert WeeklyHours.objects.count() == 10
    assert WeeklyHours.objects.values("weekday").distinct().count() == 1


def test_without_the_lock_weeks_would_mix(monkeypatch):
    doctor = make_doctor()
    make_hours(doctor, [7])
    with meeting(3) as wait:
        monkeypatch.setattr(availability, "lock_one", lambda model, pk: without_locks(model, [pk])[0])
        monkeypatch.setattr(availability, "_overlapping", lambda parts: wait() or [])

        race(sets_week(doctor, 1), sets_week(doctor, 2), sets_week(doctor, 3))

    assert WeeklyHours.objects.count() > 10


def looks_and_keeps(doctor):
    def act():
        with unit_of_work():
            doctors.find_next_free(doctor_ids=[doctor.pk])

    return act


def test_what_is_kept_is_never_older_than_the_last_change():
    doctor = make_open_doctor(begins=14, ends=15)

    race(
        *[looks_and_keeps(doctor) for _ in range(4)],
        lambda: availability.add_leave(doctor_id=doctor.pk, starts_at=NOON, ends_at=NOON + dt.timedelta(days=2)),
    )
    outbox.drain()

    doctor.refresh_from_db()
    assert doctor.next_video_at == dt.datetime(2030, 5, 3, 8, 30, tzinfo=dt.UTC)
