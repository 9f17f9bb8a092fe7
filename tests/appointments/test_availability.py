"""Where and when a doctor says that he sees patients."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest

from appointments.models import Place, TimeException, WeeklyHours
from common.models import OutboxEvent
from tests.appointments.factories import make_appointment, make_doctor, make_hours, make_open_doctor, make_place
from tests.conftest import NOON
from tests.factories import person_client

URL = "/api/v1/doctor/availability"
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
MONDAY = {"weekday": 1, "begins": "09:30", "ends": "13:00", "kinds": ["video"]}
LEAVE = {"leave": True, "starts_at": "2030-05-10T00:00:00+05:30", "ends_at": "2030-05-12T00:00:00+05:30"}
EXTRA = {"leave": False, "starts_at": "2030-05-11T18:00:00Z", "ends_at": "2030-05-11T20:00:00Z", "kinds": ["video"]}
pytestmark = pytest.mark.django_db


def put(doctor, *rows):
    return person_client(doctor.user).put(f"{URL}/hours", {"hours": list(rows)}, format="json")


def post(doctor, **values):
    return person_client(doctor.user).post(f"{URL}/exceptions", values, format="json")


def test_a_week_replaces_the_one_before():
    doctor = make_doctor()
    place = make_place(doctor)
    put(doctor, MONDAY, {**MONDAY, "weekday": 2})
    row = {**MONDAY, "weekday": 5, "kinds": ["in_person"], "place": str(place.pk)}

    reply = put(doctor, row)

    expected = {"zone": "Asia/Kolkata", "hours": [{**row, "valid_from": None, "valid_until": None}]}
    assert (reply.status_code, reply.json()) == (200, expected)
    assert person_client(doctor.user).get(f"{URL}/hours").json() == expected


def test_hours_past_midnight_are_kept_as_two_rows():
    doctor = make_doctor()
    late = {"begins": "22:00", "ends": "02:00", "kinds": ["video"], "valid_from": "2030-06-01"}

    put(doctor, {"weekday": 7, **late})

    rows = WeeklyHours.objects.order_by("-weekday").values_list("weekday", "from_minute", "to_minute", "valid_from")
    assert list(rows) == [(7, 1320, 1440, dt.date(2030, 6, 1)), (1, 0, 120, dt.date(2030, 6, 2))]


@pytest.mark.parametrize(
    ("rows", "code", "pointers"),
    [
        ([MONDAY, {**MONDAY, "begins": "12:00", "ends": "15:00"}], "hours_overlap", ["/hours/1"]),
        ([{**MONDAY, "weekday": 7, "begins": "23:00", "ends": "10:00"}, MONDAY], "hours_overlap", ["/hours/1"]),
        ([{**MONDAY, "ends": "09:30"}], "hours_empty", ["/hours/0"]),
        ([{**MONDAY, "valid_from": "2030-06-02", "valid_until": "2030-06-01"}], "hours_empty", ["/hours/0"]),
        ([MONDAY, {**MONDAY, "weekday": 2, "kinds": ["in_person"]}], "place_missing", ["/hours/1/place"]),
        ([{**MONDAY, "place": str(uuid.uuid4())}], "place_unknown", ["/hours/0/place"]),
        ([{**MONDAY, "ends": "25:00"}], "wall_clock", ["/hours/0/ends"]),
    ],
)
def test_a_week_that_is_wrong_is_pointed_at_and_changes_nothing(rows, code, pointers):
    doctor = make_doctor()
    make_hours(doctor, [3])

    reply = put(doctor, *rows)

    assert reply.status_code == 400
    assert [(error["code"], error["pointer"]) for error in reply.json()["errors"]] == [(code, at) for at in pointers]
    assert WeeklyHours.objects.get().weekday == 3


def test_hours_of_different_seasons_may_say_the_same_time():
    summer, winter = {**MONDAY, "valid_until": "2030-09-30"}, {**MONDAY, "valid_from": "2030-10-01"}

    assert put(make_doctor(), summer, winter).status_code == 200


def test_a_place_of_another_doctor_is_no_place():
    strange = make_place(make_doctor())

    reply = put(make_doctor(), {**MONDAY, "place": str(strange.pk)})

    assert reply.json()["code"] == "place_unknown"


def test_a_place_ends_when_nothing_is_there_any_more():
    doctor = make_doctor()
    client = person_client(doctor.user)
    where = {"name": "Clinic", "address": "12 FC Road", "city": "Pune", "lat": 18.52, "lng": 73.85}
    place = client.post(f"{URL}/places", where, format="json").json()
    put(doctor, {**MONDAY, "kinds": ["in_person"], "place": place["id"]})

    in_use = client.delete(f"{URL}/places/{place['id']}")
    put(doctor)
    ended = client.delete(f"{URL}/places/{place['id']}")

    assert (in_use.status_code, in_use.json()["code"], ended.status_code) == (409, "place_in_use", 204)
    assert client.get(f"{URL}/places").json()["results"] == []
    assert client.delete(f"{URL}/places/{place['id']}").status_code == 404
    assert Place.objects.get().ended_at is not None


def test_a_place_where_a_patient_is_expected_stays():
    doctor = make_doctor()
    place = make_place(doctor)
    make_appointment(doctor, NOON + DAY, kind="in_person", place=place)

    reply = person_client(doctor.user).delete(f"{URL}/places/{place.pk}")

    assert (reply.status_code, reply.json()["code"]) == (409, "place_in_use")


def test_leave_and_extra_hours_are_listed_until_they_are_over_and_taken_back():
    doctor = make_doctor()
    client = person_client(doctor.user)
    leave, extra = post(doctor, **LEAVE, note="Wedding").json(), post(doctor, **EXTRA).json()
    TimeException.objects.create(doctor=doctor, starts_at=NOON - DAY, ends_at=NOON, is_leave=True)

    listed = client.get(f"{URL}/exceptions").json()["results"]
    gone = client.delete(f"{URL}/exceptions/{leave['id']}")

    assert [row["id"] for row in listed] == [extra["id"], leave["id"]]
    assert (leave["leave"], leave["note"], leave["kinds"], extra["kinds"]) == (True, "Wedding", [], ["video"])
    assert gone.status_code == 204
    assert client.delete(f"{URL}/exceptions/{leave['id']}").status_code == 404


def test_leave_over_appointments_is_refused_and_names_them():
    doctor = make_open_doctor()
    booked = make_appointment(doctor, dt.datetime(2030, 5, 10, 4, tzinfo=dt.UTC))
    make_appointment(doctor, dt.datetime(2030, 5, 10, 5, tzinfo=dt.UTC), status="cancelled")
    make_appointment(doctor, dt.datetime(2030, 5, 14, 5, tzinfo=dt.UTC))

    reply = post(doctor, **LEAVE)

    assert (reply.status_code, reply.json()["code"]) == (409, "leave_over_appointments")
    assert reply.json()["appointments"] == [
        {"id": str(booked.pk), "kind": "video", "starts_at": "2030-05-10T04:00:00+00:00"}
    ]
    assert not TimeException.objects.exists()


def test_leave_that_cancels_what_is_booked_says_so_to_those_who_cancel():
    doctor = make_open_doctor()
    make_appointment(doctor, dt.datetime(2030, 5, 10, 4, tzinfo=dt.UTC))

    reply = post(doctor, **LEAVE, cancel_booked=True)

    assert reply.status_code == 201
    assert OutboxEvent.objects.get(name="doctor.leave_added").payload == {
        "doctor": str(doctor.pk),
        "since": "2030-05-09T18:30:00+00:00",
        "until": "2030-05-11T18:30:00+00:00",
    }


@pytest.mark.parametrize(
    ("values", "code", "pointer"),
    [
        ({**LEAVE, "ends_at": "2030-05-09T00:00:00Z"}, "hours_empty", "/ends_at"),
        ({**LEAVE, "ends_at": "2032-05-09T00:00:00Z"}, "hours_empty", "/ends_at"),
        (
            {**LEAVE, "starts_at": "2030-04-01T00:00:00Z", "ends_at": "2030-04-02T00:00:00Z"},
            "exception_past",
            "/ends_at",
        ),
        ({**LEAVE, "starts_at": "2030-05-09T00:00:30Z"}, "whole_minutes", "/starts_at"),
        ({**EXTRA, "kinds": ["in_person"]}, "place_missing", "/place"),
        ({**EXTRA, "kinds": []}, "min_length", "/kinds"),
        ({**EXTRA, "ends_at": "2030-05-13T00:00:00Z"}, "hours_empty", "/ends_at"),
    ],
)
def test_an_exception_that_is_wrong_is_pointed_at(values, code, pointer):
    reply = post(make_doctor(), **values)

    assert reply.status_code == 400
    assert [(error["code"], error["pointer"]) for error in reply.json()["errors"]] == [(code, pointer)]


def test_extra_hours_do_not_overlap_with_others():
    doctor = make_doctor()
    post(doctor, **EXTRA)

    reply = post(doctor, **{**EXTRA, "starts_at": "2030-05-11T19:00:00Z"})

    assert (reply.status_code, reply.json()["code"]) == (400, "hours_overlap")


def test_what_belongs_to_another_doctor_is_not_there():
    doctor, other = make_doctor(), make_doctor()
    place, leave = (
        make_place(other),
        TimeException.objects.create(doctor=other, starts_at=NOON, ends_at=NOON + DAY, is_leave=True),
    )
    client = person_client(doctor.user)

    assert client.delete(f"{URL}/places/{place.pk}").status_code == 404
    assert client.delete(f"{URL}/exceptions/{leave.pk}").status_code == 404
    assert TimeException.objects.count() == 1
