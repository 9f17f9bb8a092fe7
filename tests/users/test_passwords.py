"""Passwords: changed by the old, reset by a code."""

from __future__ import annotations

import pytest
from django.contrib.auth.hashers import BCryptSHA256PasswordHasher
from django.test import override_settings

from common.models import OutboxEvent
from tests.factories import PASSWORD
from tests.partners.factories import new_phone
from tests.races import race
from tests.users.people import NEW_PASSWORD, ask, code_of, login, make_person, me, post, wrong
from users.errors import PasswordWrong
from users.models import Session
from users.services import accounts

pytestmark = pytest.mark.django_db


def change(token, current=PASSWORD, password=NEW_PASSWORD):
    return post("password/change", {"current_password": current, "password": password}, token=token)


def reset(phone, password=NEW_PASSWORD, code=None, **headers):
    challenge = ask(phone, "reset_password")
    body = {"challenge_id": str(challenge), "code": code or code_of(challenge) or "000000", "password": password}
    return post("password/reset", body, **headers)


def test_a_new_password_ends_every_other_session():
    person = make_person()
    other, mine = login(person).json(), login(person).json()

    answer = change(mine["access"])

    assert answer.status_code == 204
    assert me(mine["access"]).status_code == 200
    assert me(other["access"]).status_code == 401
    assert (login(person).status_code, login(person, NEW_PASSWORD).status_code) == (401, 200)
    assert OutboxEvent.objects.get().name == "account.password_changed"


@pytest.mark.parametrize(
    ("current", "password", "code", "pointer"),
    [
        ("not this one", NEW_PASSWORD, "password_wrong", "/current_password"),
        (PASSWORD, "12345678", "password_weak", "/password"),
        (PASSWORD, "seven", "password_weak", "/password"),
    ],
)
def test_a_password_is_changed_only_by_the_old_and_to_a_strong_one(current, password, code, pointer):
    person = make_person()

    answer = change(login(person).json()["access"], current, password)

    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert login(person).status_code == 200
    assert not OutboxEvent.objects.exists()


def test_who_holds_a_stolen_token_cannot_guess_the_password_for_long(settings):
    settings.THROTTLES = settings.THROTTLES | {"password": "3/h"}
    token = login(make_person()).json()["access"]

    assert [change(token, f"guess {n}").status_code for n in range(4)] == [400, 400, 400, 429]


def test_a_password_that_changed_between_check_and_lock_is_wrong():
    person = make_person()

    with pytest.raises(PasswordWrong):
        accounts._replace_password(
            user_id=person.pk, session_id=person.pk, proven_hash="the hash of another", new_hash="x"
        )


@pytest.mark.django_db(transaction=True)
def test_of_two_changes_at_once_one_wins():
    person = make_person()
    token = login(person).json()["access"]

    answers = race(
        lambda: change(token, password="paper boats in rain"), lambda: change(token, password="seven dry leaves")
    )

    assert sorted(answer.status_code for answer in answers) == [204, 400]


def test_a_forgotten_password_is_reset_by_a_code_and_ends_every_session():
    person = make_person()
    before = login(person).json()

    answer = reset(person.phone)

    assert answer.status_code == 200
    assert set(answer.json()) == {"access", "refresh", "user"}
    assert me(before["access"]).status_code == 401
    assert me(answer.json()["access"]).status_code == 200
    assert (login(person).status_code, login(person, NEW_PASSWORD).status_code) == (401, 200)


def test_a_wrong_code_changes_nothing_and_costs_a_try():
    person = make_person()
    challenge = ask(person.phone, "reset_password")
    code = code_of(challenge)

    for _ in range(5):
        post("password/reset", {"challenge_id": str(challenge), "code": wrong(code), "password": NEW_PASSWORD})
    answer = post("password/reset", {"challenge_id": str(challenge), "code": code, "password": NEW_PASSWORD})

    assert answer.json()["code"] == "code_invalid"
    assert login(person).status_code == 200


def test_an_unknown_number_and_a_suspended_account_get_one_answer():
    suspended = make_person(is_active=False)

    answers = [reset(phone, code="123456").json() for phone in (new_phone(), suspended.phone)]

    assert [answer["code"] for answer in answers] == ["code_invalid"] * 2
    assert reset(make_person(is_active=False).phone).json()["code"] == "code_invalid"


def test_a_weak_password_is_refused_before_the_code_is_spent():
    person = make_person()
    challenge = ask(person.phone, "reset_password")
    body = {"challenge_id": str(challenge), "code": code_of(challenge)}

    weak = post("password/reset", {**body, "password": "12345678"})

    assert weak.json()["code"] == "password_weak"
    assert post("password/reset", {**body, "password": NEW_PASSWORD}).status_code == 200


def test_a_reset_repeated_under_its_key_is_one_session():
    person = make_person()
    challenge = ask(person.phone, "reset_password")
    body = {"challenge_id": str(challenge), "code": code_of(challenge), "password": NEW_PASSWORD}

    first, again = (post("password/reset", body, **{"Idempotency-Key": "k"}) for _ in range(2))

    assert first.content == again.content
    assert Session.objects.filter(ended_at=None).count() == 1


def test_in_earnest_passwords_are_hashed_by_bcrypt():
    from config.settings import base  # noqa: PLC0415

    with override_settings(PASSWORD_HASHERS=base.PASSWORD_HASHERS):
        from django.contrib.auth.hashers import check_password, make_password  # noqa: PLC0415

        hashed = make_password("é" * 200)
        assert hashed.startswith("bcrypt_sha256$$2b$12$")
        assert check_password("é" * 200, hashed)
        assert not check_password("é" * 199, hashed)
    assert BCryptSHA256PasswordHasher.rounds == 12
