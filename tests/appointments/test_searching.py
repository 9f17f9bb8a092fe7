"""Doctors as patients find them."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from appointments.jobs import refresh_next_free
from appointments.models import Doctor
from appointments.services.availability import add_leave
from appointments.services.doctors import forget_next_free
from common import outbox
from common.db import unit_of_work
from tests.appointments.factories import make_appointment, make_doctor, make_hours, make_open_doctor, make_place
from tests.conftest import NOON
from tests.factories import KM, PUNE
from tests.partners.factories import client_with

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
URL = "/api/v1/doctors"
pytestmark = pytest.mark.django_db


def search(**query):
    return client_with().get(URL, query)


def found(**query):
    return [row["id"] for row in search(**query).json()["results"]]


def ids(*doctors):
    return [str(doctor.pk) for doctor in doctors]


def test_who_is_free_first_comes_first_and_who_never_is_comes_last():
    never = make_open_doctor(begins=9, ends=9 + 1, horizon_days=1)
    evening, afternoon = make_open_doctor(begins=18, ends=20), make_open_doctor(begins=14, ends=16)
    Doctor.objects.filter(pk=never.pk).update(next_video_at=None, next_in_person_at=None)

    rows = search().json()["results"]

    assert [row["id"] for row in rows] == ids(afternoon, evening, never)
    assert rows[0]["next_video_at"] == "2030-05-01T08:30:00Z"


def test_each_filter_finds_whom_it_names():
    cardiologist = make_open_doctor(specialisations=["cardiology"], languages=["bn"], video_fee_minor=90_000)
    make_open_doctor()

    assert found(specialisation="cardiology") == ids(cardiologist)
    assert found(language="bn") == ids(cardiologist)
    assert found(specialisation="cardiology", language="hi") == []


def test_a_fee_is_compared_for_the_kind_that_is_asked_for():
    doctor = make_open_doctor(video_fee_minor=50_000, in_person_fee_minor=90_000)
    make_open_doctor(video_fee_minor=50_000, currency="BDT")
    make_open_doctor(video_fee_minor=None, in_person_fee_minor=None)

    assert found(fee_max=50_000) == ids(doctor)
    assert found(fee_max=50_000, kind="video") == ids(doctor)
    assert found(fee_max=50_000, kind="in_person") == []


def test_who_gives_no_consults_of_the_kind_is_not_found():
    video, both = make_open_doctor(in_person_fee_minor=None), make_open_doctor()

    assert found(kind="in_person") == ids(both)
    assert found(kind="video") == ids(video, both)


@pytest.mark.parametrize("text", ["desh", "ASHA desh", "mbbs deshpande", "intern desh"])
def test_words_are_found_by_their_beginnings(text):
    doctor = make_open_doctor(search_text="dr asha deshpande mbbs internal medicine")
    make_open_doctor(search_text="dr ravi kulkarni mbbs")

    assert found(q=text) == ids(doctor)


def test_who_is_free_in_time_is_found():
    early, _late = make_open_doctor(begins=14, ends=15), make_open_doctor(begins=18, ends=19)

    assert found(available_by="2030-05-01T15:00:00+05:30") == ids(early)


def test_who_was_booked_up_meanwhile_is_not_shown_as_free():
    doctor = make_open_doctor(begins=14, ends=15)
    for minutes in (0, 20, 40):
        make_appointment(doctor, dt.datetime(2030, 5, 1, 8, 30, tzinfo=dt.UTC) + dt.timedelta(minutes=minutes))

    row = search().json()["results"][0]

    assert row["next_video_at"] == "2030-05-02T08:30:00Z"
    assert found(available_by="2030-05-01T15:00:00+05:30") == []


def test_where_nobody_sees_patients_the_list_is_empty():
    make_open_doctor()

    assert search(lat=0, lng=0, radius_km=5).json()["results"] == []


def test_who_sees_patients_in_a_city_or_near_is_found():
    here, far = make_open_doctor(), make_doctor()
    make_hours(far, place=make_place(far, city="Mumbai", lat=PUNE[0] + 100 * KM))
    only_video = make_open_doctor(in_person_fee_minor=None)

    near = search(lat=float(PUNE[0]), lng=float(PUNE[1]), radius_km=5).json()["results"]

    assert [row["id"] for row in near] == ids(here)
    assert near[0]["places"][0]["distance_km"] == 0
    assert found(city="pune") == ids(here)
    assert found(city="Mumbai") == ids(far)
    assert str(only_video.pk) in found()


def test_the_cheapest_and_the_best_come_first_when_asked():
    cheap = make_open_doctor(video_fee_minor=10_000)
    good = make_open_doctor(ratings=100, stars=480)
    lucky = make_open_doctor(ratings=1, stars=5)

    assert found(order="fee", kind="video")[0] == str(cheap.pk)
    assert found(order="rating") == ids(good, lucky, cheap)


@pytest.mark.parametrize("order", ["next_free", "fee", "rating"])
def test_pages_show_everybody_once_though_all_stand_equal(order):
    doctors = [make_open_doctor() for _ in range(5)]
    url, seen = f"{URL}?limit=2&order={order}", []

    while url:
        page = client_with().get(url).json()
        seen += [row["id"] for row in page["results"]]
        url = page["next"]

    assert sorted(seen) == sorted(ids(*doctors))


@pytest.mark.parametrize("cursor", ["x", "MjAzMHw=", "bm90aGluZ3x4"])
def test_a_cursor_of_another_list_is_refused(cursor):
    reply = search(cursor=cursor)

    assert (reply.status_code, reply.json()["code"]) == (400, "cursor_invalid")


@pytest.mark.parametrize("query", [{"lat": 18}, {"q": "a"}, {"kind": "letter"}, {"fee_max": -1}, {"order": "age"}])
def test_what_cannot_be_looked_for_is_refused(query):
    assert search(**query).status_code == 400


def test_twenty_doctors_cost_as_many_queries_as_one():
    make_open_doctor()
    counts = []

    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            search()
        counts.append(len(queries))
        for _ in range(19):
            doctor = make_open_doctor()
            make_appointment(doctor, NOON + DAY)

    assert counts == [counts[0]] * 2
    assert counts[0] <= 7


def test_the_profile_shows_what_one_agrees_to_and_nothing_private():
    doctor = make_open_doctor(about="Physician.", reject_reason="internal")

    text = client_with().get(f"{URL}/{doctor.pk}").content.decode()

    body = client_with().get(f"{URL}/{doctor.pk}").json()
    assert (body["about"], body["full_refund_hours"], body["late_refund_percent"]) == ("Physician.", 24, 50)
    assert body["registration"]["number"] == doctor.registration_number
    assert doctor.user.phone not in text
    assert "internal" not in text.replace("internal_medicine", "")


def test_a_change_of_time_is_found_by_the_worker():
    doctor = make_open_doctor(begins=14, ends=15)

    add_leave(doctor_id=doctor.pk, starts_at=NOON, ends_at=NOON + 2 * DAY)
    outbox.drain()

    kept = Doctor.objects.get(pk=doctor.pk)
    assert kept.next_video_at == dt.datetime(2030, 5, 3, 8, 30, tzinfo=dt.UTC)


def test_several_changes_that_wait_cost_one_look():
    doctor = make_open_doctor()
    with unit_of_work():
        for _ in range(3):
            forget_next_free(doctor.pk)

    with CaptureQueriesContext(connection) as queries:
        outbox.drain()

    assert sum('UPDATE "appointments_doctor"' in query["sql"] for query in queries) == 1


def test_the_job_looks_again_for_those_whose_time_has_passed_and_for_nobody_else():
    fresh = make_open_doctor(begins=14, ends=15)
    stale, unknown = make_open_doctor(begins=14, ends=15), make_open_doctor(begins=16, ends=17)
    Doctor.objects.filter(pk=stale.pk).update(next_video_at=NOON)
    Doctor.objects.filter(pk=unknown.pk).update(next_video_at=None, next_in_person_at=None, next_computed_at=None)

    assert (refresh_next_free(), refresh_next_free()) == (2, 0)

    assert Doctor.objects.get(pk=stale.pk).next_video_at == fresh.next_video_at
    assert Doctor.objects.get(pk=unknown.pk).next_video_at == dt.datetime(2030, 5, 1, 10, 30, tzinfo=dt.UTC)
