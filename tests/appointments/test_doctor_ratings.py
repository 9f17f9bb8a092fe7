"""What patients thought of a consult."""

from __future__ import annotations

import pytest

from appointments.models import Doctor, DoctorRating
from appointments.services.forgetting import forget_person
from appointments.services.rating import hide_words
from common import outbox
from common.db import unit_of_work
from tests.appointments.factories import make_appointment, make_doctor
from tests.conftest import NOON
from tests.factories import make_user, person_client
from tests.partners.factories import client_with

pytestmark = pytest.mark.django_db


def completed(doctor=None, **values):
    return make_appointment(doctor or make_doctor(), NOON, **{"status": "completed", **values})


def rate(visit, user=None, **values):
    body = {"stars": 4, "comment": "Took the time.", **values}
    return person_client(user or visit.patient).post(f"/api/v1/appointments/{visit.pk}/rating", body, format="json")


def test_a_rating_counts_for_the_doctor_and_is_shown_without_a_name():
    visit = completed()

    reply = rate(visit)

    page = client_with().get(f"/api/v1/doctors/{visit.doctor_id}/ratings")
    profile = client_with().get(f"/api/v1/doctors/{visit.doctor_id}").json()
    assert reply.status_code == 201
    assert page.json()["results"] == [reply.json()]
    assert reply.json() | {"created_at": ""} == {"stars": 4, "comment": "Took the time.", "created_at": ""}
    assert (profile["rating_average"], profile["rating_count"]) == (4.0, 1)


def test_a_consult_is_rated_once():
    visit = completed()
    rate(visit)

    again = rate(visit, stars=1)

    assert (again.status_code, again.json()["code"]) == (409, "consult_rated")
    assert (Doctor.objects.get().ratings, Doctor.objects.get().stars) == (1, 4)


@pytest.mark.parametrize("status", ["held", "confirmed", "in_progress", "cancelled", "missed", "lapsed"])
def test_what_was_not_completed_is_not_rated(status):
    reply = rate(completed(status=status, hold_expires_at=NOON))

    assert (reply.status_code, reply.json()["code"]) == (409, "consult_not_over")


def test_nobody_rates_a_consult_of_somebody_else():
    assert rate(completed(), make_user()).status_code == 404


def test_nobody_rates_himself():
    doctor = make_doctor()

    reply = rate(completed(doctor, patient=doctor.user))

    assert (reply.status_code, reply.json()["code"]) == (403, "own_rating")


@pytest.mark.parametrize("stars", [0, 6, 2.5, None])
def test_there_are_one_to_five_stars(stars):
    assert rate(completed(), stars=stars).status_code == 400


def test_words_go_and_stars_stay():
    kept, hidden = completed(), completed()
    rate(kept)
    rate(hidden)

    hide_words(rating_id=DoctorRating.objects.get(appointment=hidden).pk)
    with unit_of_work():
        forget_person(user_id=kept.patient_id)

    assert list(DoctorRating.objects.values_list("stars", "comment")) == [(4, "")] * 2


def test_an_erased_account_leaves_no_words():
    visit = completed()
    rate(visit)
    user = visit.patient
    user.set_password("seven quiet tamarinds")
    user.save()

    person_client(user).post("/api/v1/me/erasure", {"current_password": "seven quiet tamarinds"}, format="json")
    outbox.drain()

    assert DoctorRating.objects.get().comment == ""
