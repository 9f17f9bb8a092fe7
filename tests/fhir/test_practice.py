"""Doctors, their schedules and free slots, for everybody."""

from __future__ import annotations

import datetime as dt

import pytest
from rest_framework.test import APIClient

from common import clock
from tests.appointments.scenes import TOMORROW, book, make_doctor
from tests.fhir.profiles import FHIR, found, parsed

pytestmark = pytest.mark.django_db


def get(path: str):
    return APIClient().get(f"{FHIR}/{path}")


def day(ahead: int) -> str:
    return (clock.now() + dt.timedelta(days=ahead)).date().isoformat()


def test_a_doctor_is_a_practitioner_with_the_councils_registration():
    doctor = make_doctor()

    shown = parsed(get(f"Practitioner/{doctor.pk}"))

    assert shown.name[0].text == "Dr. Asha Rao"
    assert shown.identifier[0].value == doctor.registration_number
    assert shown.identifier[0].assigner.display == "Maharashtra Medical Council"
    assert [one.coding[0].code for one in shown.communication] == ["en", "hi"]


@pytest.mark.parametrize("kind", ["Practitioner", "Schedule"])
@pytest.mark.parametrize("status", ["pending", "suspended", "rejected"])
def test_whom_nobody_may_book_is_not_there(kind, status):
    doctor = make_doctor(status=status)

    assert get(f"{kind}/{doctor.pk}").status_code == 404
    assert found(get(kind)) == []
    assert get(f"Slot?schedule=Schedule/{doctor.pk}").status_code == 404


def test_a_schedule_names_its_doctor_and_how_far_it_reaches():
    doctor = make_doctor(horizon_days=30)

    shown = found(get(f"Schedule?_id={doctor.pk}"))[0]

    assert shown.actor[0].reference == f"Practitioner/{doctor.pk}"
    assert shown.planningHorizon.end - shown.planningHorizon.start == dt.timedelta(days=30)


def test_the_free_slots_of_a_day_are_those_that_the_api_gives():
    doctor = make_doctor()

    shown = found(get(f"Slot?schedule=Schedule/{doctor.pk}&start=ge{day(1)}&start=lt{day(2)}"))

    listed = APIClient().get(f"/api/v1/doctors/{doctor.pk}/slots?from={day(1)}T00:00:00Z&to={day(2)}T00:00:00Z").json()
    assert [one.start for one in shown] == [dt.datetime.fromisoformat(one["starts_at"]) for one in listed["slots"]]
    assert {one.status for one in shown} == {"free"}
    assert len(shown) > 10


def test_a_slot_is_read_while_it_is_free():
    doctor = make_doctor()
    listed = found(get(f"Slot?schedule={doctor.pk}&start=ge{day(1)}&start=lt{day(2)}"))
    slot = next(one for one in listed if one.start == TOMORROW and one.serviceType[0].text == "video")

    before = parsed(get(f"Slot/{slot.id}"))
    book(doctor, starts_at=TOMORROW)

    assert before == slot
    assert get(f"Slot/{slot.id}").status_code == 404


@pytest.mark.parametrize(
    "text", ["nothing", "{pk}", "{pk}.1.video", "{pk}.1.dance", "{pk}.999999999.in-person", "x.1.video"]
)
def test_an_id_that_names_no_free_slot_is_404(text):
    doctor = make_doctor()

    assert get(f"Slot/{text.format(pk=doctor.pk)}").status_code == 404


@pytest.mark.parametrize("query", ["", "?schedule=Schedule/me", "?start=soon"])
def test_slots_are_asked_for_by_their_schedule(query):
    make_doctor()

    assert get(f"Slot{query}").status_code == 400


def test_of_a_year_one_month_is_given_and_of_the_past_nothing():
    doctor = make_doctor(horizon_days=365)

    year = found(get(f"Slot?schedule={doctor.pk}&start=lt{day(365)}"))
    past = found(get(f"Slot?schedule={doctor.pk}&start=lt{day(-1)}"))

    assert max(one.start for one in year) < clock.now() + dt.timedelta(days=31)
    assert past == []


def test_many_doctors_cost_no_more_queries_than_one(django_assert_num_queries):
    [make_doctor() for _ in range(6)]

    with django_assert_num_queries(3):  # one of them for the throttle
        get("Practitioner")
