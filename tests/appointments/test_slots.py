"""Free times by HTTP and from the database. Every test begins on Wednesday, 1 May 2030, at noon in India."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from appointments.models import TimeException
from appointments.selectors.slots import slot_at, slots
from appointments.states import VisitKind
from common import clock
from tests.appointments.factories import make_appointment, make_doctor, make_hours, make_open_doctor
from tests.conftest import NOON
from tests.partners.factories import client_with

IST = dt.timezone(dt.timedelta(hours=5, minutes=30))
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
TOMORROW = dt.datetime(2030, 5, 2, tzinfo=IST)
pytestmark = pytest.mark.django_db


def get(doctor, begin=TOMORROW, end=TOMORROW + DAY, **query):
    return client_with().get(
        f"/api/v1/doctors/{doctor.pk}/slots", {"from": begin.isoformat(), "to": end.isoformat(), **query}
    )


def starts(doctor, **query):
    return [slot["starts_at"][11:16] for slot in get(doctor, kind="video", **query).json()["slots"]]


def test_a_day_is_cut_into_consults_and_written_in_the_doctors_zone():
    doctor = make_open_doctor(begins=9, ends=10)

    body = get(doctor, kind="in_person").json()

    place = str(doctor.places.get().pk)
    assert (body["zone"], body["empty_because"], body["next_free_at"]) == ("Asia/Kolkata", None, None)
    assert body["slots"] == [
        {
            "starts_at": f"2030-05-02T09:{minute:02d}:00+05:30",
            "ends_at": f"2030-05-02T{9 + (minute + 20) // 60:02d}:{(minute + 20) % 60:02d}:00+05:30",
            "kind": "in_person",
            "place": place,
        }
        for minute in (0, 20, 40)
    ]


def test_the_times_are_written_in_the_zone_that_is_asked_for():
    doctor = make_open_doctor(begins=9, ends=10)

    body = get(doctor, kind="video", zone="Asia/Dhaka").json()

    assert body["slots"][0]["starts_at"] == "2030-05-02T09:30:00+06:00"


def test_both_kinds_come_when_none_is_asked_for():
    doctor = make_open_doctor(begins=9, ends=10)

    kinds = [slot["kind"] for slot in get(doctor).json()["slots"]]

    assert kinds == ["in_person", "video"] * 3


def test_nothing_is_offered_in_the_past_or_within_the_notice():
    doctor = make_open_doctor(begins=9, ends=15, notice_minutes=59)

    assert starts(doctor, begin=TOMORROW - DAY, end=TOMORROW) == ["13:00", "13:20", "13:40", "14:00", "14:20", "14:40"]


def test_nothing_is_offered_beyond_the_horizon():
    doctor = make_open_doctor(begins=9, ends=15, horizon_days=1)

    assert starts(doctor)[-1] == "12:00"


def test_what_is_booked_is_not_offered_with_its_buffers():
    doctor = make_open_doctor(begins=9, ends=11, buffer_after_minutes=10)
    make_appointment(doctor, TOMORROW + 9.5 * HOUR)

    assert starts(doctor) == ["09:00", "10:00", "10:30"]


def test_a_hold_blocks_until_its_time_is_over_whatever_its_status_says():
    doctor = make_open_doctor(begins=9, ends=10)
    make_appointment(doctor, TOMORROW + 9 * HOUR, status="held", hold_expires_at=NOON + HOUR)
    make_appointment(doctor, TOMORROW + 9 * HOUR + HOUR / 3, status="held", hold_expires_at=NOON - HOUR)

    assert starts(doctor) == ["09:20", "09:40"]


@pytest.mark.parametrize("status", ["cancelled", "lapsed", "missed", "completed"])
def test_what_is_over_blocks_nothing(status):
    doctor = make_open_doctor(begins=9, ends=10)
    make_appointment(doctor, TOMORROW + 9 * HOUR, status=status)

    assert starts(doctor) == ["09:00", "09:20", "09:40"]


def test_leave_takes_time_away_and_extra_hours_add_it():
    doctor = make_open_doctor(begins=9, ends=11)
    TimeException.objects.create(
        doctor=doctor, starts_at=TOMORROW + 9 * HOUR, ends_at=TOMORROW + 10.5 * HOUR, is_leave=True
    )
    TimeException.objects.create(
        doctor=doctor, starts_at=TOMORROW + 20 * HOUR, ends_at=TOMORROW + 21 * HOUR, is_leave=False, kinds=["video"]
    )

    assert starts(doctor) == ["10:40", "20:00", "20:20", "20:40"]


def test_hours_past_midnight_are_one_stretch_under_the_date_they_belong_to():
    doctor = make_doctor(consult_minutes=50)
    make_hours(doctor, [4], begins=23, ends=24)
    make_hours(doctor, [5], begins=0, ends=2)

    found = [slot["starts_at"] for slot in get(doctor, end=TOMORROW + 2 * DAY, kind="video").json()["slots"]]

    assert found == [f"2030-05-{moment}:00+05:30" for moment in ("02T23:00", "02T23:50", "03T00:40")]


def test_a_week_in_berlin_keeps_its_wall_clock_over_the_change():
    doctor = make_doctor(zone="Europe/Berlin", horizon_days=365, consult_minutes=60)
    make_hours(doctor, begins=1, ends=5)
    sunday = dt.datetime(2030, 10, 27, tzinfo=dt.timezone(2 * HOUR))

    found = [slot["starts_at"][11:] for slot in get(doctor, sunday, sunday + DAY, kind="video").json()["slots"]]

    assert found == [
        *("01:00:00+02:00", "02:00:00+02:00", "02:00:00+01:00"),
        *("03:00:00+01:00", "04:00:00+01:00"),
    ]


@pytest.mark.parametrize(
    ("change", "kind", "expected"),
    [
        ({"video_fee_minor": None}, "video", ("not_offered", None)),
        ({}, "video", ("not_then", "2030-05-06T09:00:00+05:30")),
        ({"horizon_days": 1}, "video", ("booked_up", None)),
    ],
)
def test_an_empty_answer_says_why_and_where_to_look(change, kind, expected):
    doctor = make_doctor(**change)
    make_hours(doctor, [1], begins=9, ends=10)

    body = get(doctor, kind=kind).json()

    assert (body["slots"], body["empty_because"], body["next_free_at"]) == ([], *expected)


@pytest.mark.parametrize("days", [-1, 0, 32])
def test_a_period_is_a_month_at_most(days):
    reply = get(make_open_doctor(), TOMORROW, TOMORROW + days * DAY)

    assert (reply.status_code, reply.json()["code"]) == (400, "period_too_long")


@pytest.mark.parametrize("status", ["pending", "suspended", "rejected"])
def test_who_is_not_approved_has_no_slots(status):
    doctor = make_open_doctor(status=status)

    assert get(doctor).status_code == 404
    assert slots(doctor, TOMORROW, TOMORROW + DAY, VisitKind.VIDEO, clock.now()) == []
    assert slot_at(doctor, TOMORROW + 9 * HOUR, VisitKind.VIDEO, clock.now()) is None


def test_one_slot_is_found_by_its_beginning_and_by_nothing_else():
    doctor = make_open_doctor(buffer_before_minutes=5, buffer_after_minutes=5)
    nine = TOMORROW + 9 * HOUR

    found = slot_at(doctor, nine, VisitKind.IN_PERSON, clock.now())

    assert (found.starts_at, found.ends_at) == (nine, nine + HOUR / 3)
    assert (found.busy_from, found.busy_until) == (nine - HOUR / 12, nine + 5 * HOUR / 12)
    assert found.place_id == doctor.places.get().pk
    for strange in (nine + HOUR / 60, nine - DAY, nine + 12 * HOUR, dt.datetime.min.replace(tzinfo=dt.UTC)):
        assert slot_at(doctor, strange, VisitKind.IN_PERSON, clock.now()) is None


def test_an_appointment_that_moves_is_not_in_its_own_way():
    doctor = make_open_doctor()
    own = make_appointment(doctor, TOMORROW + 9 * HOUR)

    assert slot_at(doctor, own.starts_at, VisitKind.VIDEO, clock.now()) is None
    assert slot_at(doctor, own.starts_at, VisitKind.VIDEO, clock.now(), without=own.pk) is not None


def test_many_bookings_take_no_more_queries_than_none():
    empty, full = make_open_doctor(), make_open_doctor()
    for hour in range(9, 15):
        make_appointment(full, TOMORROW + hour * HOUR)

    counts = []
    for doctor in (empty, full):
        with CaptureQueriesContext(connection) as queries:
            get(doctor)
        counts.append(len(queries))

    assert counts == [counts[0]] * 2
    assert counts[0] <= 7
