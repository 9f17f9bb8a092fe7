"""The devices on which a person is signed in."""

from __future__ import annotations

import uuid

import pytest
from rest_framework.test import APIClient

from tests.partners.factories import client_with
from tests.races import names, race
from tests.users.people import AUTH, login, make_person, me, post
from users.models import Session

pytestmark = pytest.mark.django_db


def sessions(token: str):
    return client_with(token).get(f"{AUTH}/sessions").json()


def test_devices_are_listed_the_last_used_first_and_only_ones_own(noon):
    person = make_person()
    login(make_person())
    login(person, **{"User-Agent": "JeevanSetu/1.0 (Android 15)"})
    noon.shift(60)
    newest = login(person).json()

    found = sessions(newest["access"])

    assert [device["is_current"] for device in found] == [True, False]
    assert found[1]["device"] == "JeevanSetu/1.0 (Android 15)"
    assert set(found[0]) == {"id", "device", "address", "created_at", "last_used_at", "is_current"}


def test_ending_one_takes_effect_at_once():
    person = make_person()
    lost, mine = login(person).json(), login(person).json()
    lost_id = next(device["id"] for device in sessions(mine["access"]) if not device["is_current"])

    answer = client_with(mine["access"]).delete(f"{AUTH}/sessions/{lost_id}")

    assert answer.status_code == 204
    assert me(lost["access"]).status_code == 401
    assert post("refresh", {"refresh": lost["refresh"]}).status_code == 401
    assert len(sessions(mine["access"])) == 1


def test_a_strangers_device_and_one_that_is_over_are_unknown():
    person, stranger = make_person(), make_person()
    mine, theirs = login(person).json(), login(stranger).json()
    theirs_id, over = Session.objects.get(account=stranger).pk, uuid.uuid4()

    for session_id in (theirs_id, over):
        answer = client_with(mine["access"]).delete(f"{AUTH}/sessions/{session_id}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert me(theirs["access"]).status_code == 200


def test_signing_out_ends_this_device_and_no_other():
    person = make_person()
    one, other = login(person).json(), login(person).json()

    assert post("logout", {"refresh": one["refresh"]}).status_code == 204
    assert me(one["access"]).json()["code"] == "session_ended"
    assert me(other["access"]).status_code == 200


def test_a_refresh_gives_a_new_pair_and_its_reuse_ends_the_session():
    first = login(make_person()).json()

    second = post("refresh", {"refresh": first["refresh"]})
    again = post("refresh", {"refresh": first["refresh"]})

    assert (second.status_code, set(second.json())) == (200, {"access", "refresh"})
    assert (again.status_code, again.json()["code"]) == (401, "refresh_reused")
    assert me(second.json()["access"]).status_code == 401
    assert post("refresh", {"refresh": second.json()["refresh"]}).json()["code"] == "session_ended"


def test_a_reuse_under_an_idempotency_key_still_ends_the_session():
    first = login(make_person()).json()
    second = post("refresh", {"refresh": first["refresh"]}).json()

    again = post("refresh", {"refresh": first["refresh"]}, **{"Idempotency-Key": "k"})

    assert again.json()["code"] == "refresh_reused"
    assert me(second["access"]).status_code == 401


@pytest.mark.django_db(transaction=True)
def test_a_refresh_repeated_under_its_key_is_the_same_pair_and_no_reuse():
    first = login(make_person()).json()

    answers = race(*[lambda: post("refresh", {"refresh": first["refresh"]}, **{"Idempotency-Key": "once"})] * 3)

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert me(answers[0].json()["access"]).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_simultaneous_refreshes_without_a_key_have_one_winner():
    for _ in range(3):
        first = login(make_person()).json()

        answers = race(*[lambda first=first: post("refresh", {"refresh": first["refresh"]})] * 2)

        assert names(answers) == ["Response", "Response"]
        assert sorted(answer.status_code for answer in answers) == [200, 401]


@pytest.mark.parametrize("refresh", ["", "x", "a.b.c", None, 5, [], "x" * 5000])
@pytest.mark.parametrize("path", ["refresh", "logout"])
def test_what_is_no_refresh_token_is_refused(path, refresh):
    assert post(path, {"refresh": refresh}).status_code in (400, 401)


def test_a_list_of_devices_is_for_people_only():
    assert APIClient().get(f"{AUTH}/sessions").status_code == 401
