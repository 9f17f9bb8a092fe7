"""A new account for whoever holds the number."""

from __future__ import annotations

import pytest

from common.models import IdempotentReply
from tests.partners.factories import new_phone
from tests.races import race
from tests.users.people import ask, code_of, make_person, me, post, wrong
from users.models import OtpChallenge, User

pytestmark = pytest.mark.django_db


def registration(phone=None, **changes):
    challenge = ask(phone or new_phone(), "register")
    return {
        "challenge_id": str(challenge),
        "code": code_of(challenge),
        "name": "Asha Kulkarni",
        "password": "seven quiet tamarinds",
        **changes,
    }


def test_a_person_registers_and_is_signed_in():
    phone = new_phone()

    answer = post("register", registration(phone, language="hi"))

    body = answer.json()
    assert answer.status_code == 201
    assert set(body) == {"access", "refresh", "user"}
    assert (body["user"]["phone"], body["user"]["name"], body["user"]["language"]) == (phone, "Asha Kulkarni", "hi")
    assert me(body["access"]).json() == body["user"]


def test_the_answer_has_a_speakable_id_and_nothing_internal():
    user = post("register", registration()).json()["user"]

    assert user["public_id"] == User.objects.get().public_id
    assert set(user) == {
        "id",
        "public_id",
        "name",
        "phone",
        "email",
        "email_status",
        "language",
        "zone",
        "city",
        "location",
        "is_donor",
        "created_at",
    }


def test_what_a_stranger_adds_is_ignored():
    phone = new_phone()
    more = {
        "is_staff": True,
        "is_superuser": True,
        "is_active": False,
        "phone": new_phone(),
        "id": "x",
        "public_id": "JS",
    }

    post("register", registration(phone) | more)

    user = User.objects.get()
    assert (user.is_staff, user.is_superuser, user.is_active) == (False, False, True)
    assert (user.phone, len(user.public_id) > 4) == (phone, True)


def test_the_password_is_kept_as_a_hash():
    post("register", registration())

    assert "tamarinds" not in User.objects.get().password
    assert User.objects.get().check_password("seven quiet tamarinds")


@pytest.mark.parametrize(
    ("password", "reason"), [("short", "password_too_short"), ("password123", "password_too_common")]
)
def test_a_weak_password_is_refused_and_costs_no_try(password, reason):
    body = registration()

    answer = post("register", {**body, "password": password})

    assert (answer.status_code, answer.json()["code"]) == (400, "password_weak")
    assert reason in answer.json()["reasons"]
    assert answer.json()["errors"][0]["pointer"] == "/password"
    assert post("register", body).status_code == 201


@pytest.mark.parametrize("password", ["x" * 128, "  spaces around  ", "पानी की बूंदें गिरती हैं", "emoji 🙂 is fine too"])
def test_long_and_strange_passwords_are_taken_whole(password):
    phone = new_phone()
    post("register", registration(phone, password=password))

    assert post("login", {"phone": phone, "password": password}).status_code == 200
    assert post("login", {"phone": phone, "password": password[:-1]}).status_code == 401


def test_a_password_of_129_characters_is_refused():
    assert post("register", registration(password="x" * 129)).status_code == 400


def test_a_wrong_code_registers_nobody():
    body = registration()

    answer = post("register", {**body, "code": wrong(body["code"])})

    assert (answer.status_code, answer.json()["code"]) == (400, "code_invalid")
    assert not User.objects.exists()
    assert post("register", body).status_code == 201


def test_a_number_that_has_an_account_gets_no_code_to_register_with():
    person = make_person()
    challenge = ask(person.phone, "register")

    answer = post(
        "register", {"challenge_id": str(challenge), "code": "000000", "name": "X", "password": "seven quiet tamarinds"}
    )

    assert answer.json()["code"] == "code_invalid"
    assert User.objects.get() == person


def test_a_number_that_got_an_account_meanwhile_is_taken():
    phone = new_phone()
    body = registration(phone)
    make_person(phone=phone)

    answer = post("register", body)

    assert (answer.status_code, answer.json()["code"]) == (409, "phone_taken")


@pytest.mark.parametrize("missing", ["challenge_id", "code", "name", "password"])
def test_each_value_is_needed(missing):
    body = registration()
    del body[missing]

    answer = post("register", body)

    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json()["errors"]] == [f"/{missing}"]


@pytest.mark.django_db(transaction=True)
def test_two_registrations_with_one_challenge_make_one_account():
    body = registration()

    answers = race(*[lambda: post("register", body)] * 3)

    assert sorted(answer.status_code for answer in answers) == [201, 400, 400]
    assert User.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_repeated_registration_under_a_key_is_the_same_account():
    body = registration()

    answers = race(*[lambda: post("register", body, **{"Idempotency-Key": "once"})] * 3)

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert User.objects.count() == IdempotentReply.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_challenges_of_one_number_make_one_account(noon):
    phone = new_phone()
    first = registration(phone)
    noon.shift(31)
    second = registration(phone)
    OtpChallenge.objects.filter(pk=first["challenge_id"]).delete()
    made = post("register", second)

    assert post("register", first).json()["code"] == "code_invalid"
    assert made.status_code == 201
    assert User.objects.count() == 1
