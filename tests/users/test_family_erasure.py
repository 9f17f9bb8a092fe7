"""What is held of a person who asked for a patient, and what stays when that person is forgotten."""

from __future__ import annotations

import pytest

from common import outbox
from requests_app.models import AttenderEvent, AttenderRequest
from tests.factories import PASSWORD, make_hospital, make_user, person_client
from tests.requests_app.family_scenes import cancel, issue, make_family, refuse, settle, settled
from tests.stock.scenes import make_unit
from tests.users.dump import dump
from users.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> User:
    user = make_user(name="Anil Patil")
    user.set_password(PASSWORD)
    user.save()
    return user


def erase(person):
    return person_client(person).post("/api/v1/me/erasure", {"current_password": PASSWORD}, format="json")


def test_an_open_family_request_must_be_over_before(person):
    family = make_family(make_hospital(), requester=person)

    refused = erase(person)
    cancel(family)
    done = erase(person)

    assert (refused.status_code, refused.json()["code"]) == (409, "family_request_unfinished")
    assert done.status_code == 200


def test_what_was_given_stays_without_any_name(person):
    owner = make_hospital()
    make_unit(owner.partner)
    family = settled(owner, requester=person, units=1)
    issue(family, owner)
    erase(person)

    outbox.drain()

    settle(family)
    assert (family.patient_name, family.doctor, family.cancel_reason) == ("", "", "")
    assert (family.units_issued, family.patient_age, family.status) == (1, 61, "fulfilled")
    assert AttenderEvent.objects.filter(request=family).exists()
    assert not [word for word in ("Suresh", "Leela", "Anil") if word in dump()]


def test_a_person_s_own_words_are_forgotten(person):
    family = make_family(make_hospital(), requester=person)
    cancel(family)
    erase(person)

    outbox.drain()

    assert AttenderRequest.objects.get().cancel_reason == ""


def test_what_the_hospital_wrote_of_the_patient_is_forgotten(person):
    owner = make_hospital()
    family = make_family(owner, requester=person)
    refuse(family, owner, note="Suresh Patil is on no ward of ours.")
    erase(person)

    outbox.drain()

    assert AttenderRequest.objects.get().refuse_note == ""


def test_the_copy_of_all_data_holds_what_was_asked_for_whom(person):
    make_family(make_hospital(), requester=person)
    make_family(make_hospital())

    answer = person_client(person).get("/api/v1/me/export")

    [row] = answer.json()["holdings"]["family_requests"]
    assert (row["patient_name"], row["doctor"], row["units"]) == ("Suresh Patil", "Dr. Leela Rao", 2)
