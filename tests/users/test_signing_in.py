"""In by password or by code, and the ways that stay closed."""

from __future__ import annotations

import base64
import json

import jwt
import pytest

from common import clock
from common.tokens import Realm, issue_pair
from tests.factories import PASSWORD, make_hospital
from tests.partners.factories import member_tokens, new_phone
from tests.races import race
from tests.users.people import ask, code_of, login, make_person, me, post, wrong
from users.errors import CredentialsInvalid
from users.models import Session
from users.services import accounts
from users.services.accounts import Device

pytestmark = pytest.mark.django_db
DEVICE = Device("test", "127.0.0.1")


def test_a_person_signs_in_by_password():
    person = make_person()

    answer = login(person)

    assert answer.status_code == 200
    assert set(answer.json()) == {"access", "refresh", "user"}
    assert me(answer.json()["access"]).json()["id"] == str(person.pk)


def test_the_number_may_be_written_as_people_write_it():
    person = make_person(phone="+919812345678")

    assert login(person).status_code == 200
    assert post("login", {"phone": "098123-45678", "password": PASSWORD}).status_code == 200


def test_a_person_signs_in_by_code():
    person = make_person()
    challenge = ask(person.phone)

    answer = post("login/otp", {"challenge_id": str(challenge), "code": code_of(challenge)})

    assert answer.status_code == 200
    assert answer.json()["user"]["id"] == str(person.pk)


def test_a_code_for_one_purpose_opens_nothing_else():
    person = make_person()
    login_code, reset_code = ask(person.phone, "login"), ask(person.phone, "reset_password")

    crossed = post("login/otp", {"challenge_id": str(reset_code), "code": code_of(reset_code)})
    reset = post(
        "password/reset",
        {"challenge_id": str(login_code), "code": code_of(login_code), "password": "paper boats in rain"},
    )

    assert (crossed.json()["code"], reset.json()["code"]) == ("code_invalid", "code_invalid")


def test_unknown_numbers_wrong_passwords_suspended_and_passwordless_accounts_get_one_answer():
    known, suspended, passwordless = make_person(), make_person(is_active=False), make_person(password=None)

    answers = [
        login(known, "wrong password"),
        login(suspended),
        login(passwordless),
        login(passwordless, ""),
        post("login", {"phone": new_phone(), "password": PASSWORD}),
    ]

    bodies = [{**answer.json(), "request_id": ""} for answer in answers if answer.status_code == 401]
    assert len(bodies) == 4
    assert bodies == [bodies[0]] * 4
    assert bodies[0]["code"] == "credentials_invalid"


@pytest.mark.parametrize("attempt", ["unknown", "wrong", "passwordless"])
def test_every_refusal_costs_one_hash(monkeypatch, attempt):
    person = make_person(password=None if attempt == "passwordless" else PASSWORD)
    hashed = []
    from django.contrib.auth.hashers import MD5PasswordHasher  # noqa: PLC0415

    real = MD5PasswordHasher.encode
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda *args: hashed.append(1) or real(*args))

    login(person, "wrong password") if attempt != "unknown" else post("login", {"phone": new_phone(), "password": "x"})

    assert len(hashed) == 1


def test_guessing_one_number_is_stopped_whatever_address_it_comes_from(settings):
    settings.THROTTLES = settings.THROTTLES | {"sign_in_phone": "3/h"}
    settings.TRUSTED_PROXIES = 1
    person = make_person()

    answers = [login(person, "wrong", **{"X-Forwarded-For": f"198.51.100.{n}"}).status_code for n in range(4)]

    assert answers == [401, 401, 401, 429]
    assert login(person)["Retry-After"]


def from_address(address: str) -> dict[str, str]:
    return {"X-Forwarded-For": address}


def test_strangers_who_guess_do_not_keep_the_owner_out_where_the_owner_has_signed_in(settings):
    settings.TRUSTED_PROXIES = 1
    settings.THROTTLES = settings.THROTTLES | {"sign_in_phone": "5/h"}
    person = make_person()
    login(person, **from_address("198.51.100.7"))

    guesses = [login(person, "wrong", **from_address(f"203.0.113.{n}")).status_code for n in range(6)]
    at_home = login(person, **from_address("198.51.100.7"))
    elsewhere = login(person, **from_address("192.0.2.1"))

    assert guesses == [401] * 4 + [429] * 2  # the owner's first time was from nowhere known
    assert (at_home.status_code, elsewhere.status_code) == (200, 429)


def test_a_subscriber_s_other_ipv6_address_is_as_well_known(settings):
    settings.TRUSTED_PROXIES = 1
    settings.THROTTLES = settings.THROTTLES | {"sign_in_phone": "1/h"}
    person = make_person()
    login(person, **from_address("2001:db8:1:1::5"))

    assert login(person, **from_address("2001:db8:1:1:9::7")).status_code == 200
    assert login(person, **from_address("2001:db8:1:2::5")).status_code == 429


def test_a_stranger_in_the_owner_s_network_guesses_ten_times_an_hour_and_no_more(settings, noon):
    settings.TRUSTED_PROXIES = 1
    person = make_person()
    login(person, **from_address("198.51.100.7"))
    noon.shift(3600)

    guesses = [login(person, "wrong", **from_address("198.51.100.7")).status_code for _ in range(12)]

    assert guesses == [401] * 10 + [429] * 2


def test_the_network_of_somebody_else_s_sessions_is_no_known_one(settings):
    settings.TRUSTED_PROXIES = 1
    settings.THROTTLES = settings.THROTTLES | {"sign_in_phone": "1/h"}
    person, stranger = make_person(), make_person()
    login(stranger, **from_address("203.0.113.9"))

    guesses = [login(person, "wrong", **from_address("203.0.113.9")).status_code for _ in range(2)]

    assert guesses == [401, 429]


def test_strangers_who_ask_for_codes_do_not_keep_the_owner_from_asking(settings):
    settings.TRUSTED_PROXIES = 1
    settings.THROTTLES = settings.THROTTLES | {"otp_phone": "2/h", "otp_resend": "1/s"}
    person = make_person()
    login(person, **from_address("198.51.100.7"))
    body = {"phone": person.phone, "purpose": "login"}

    strangers = [post("otp", body, **from_address("203.0.113.9")).status_code for _ in range(3)]
    owner = post("otp", body, **from_address("198.51.100.7"))
    again = [post("otp", body, **from_address("198.51.100.7")).status_code for _ in range(3)]

    assert 429 in strangers
    assert owner.status_code == 202
    assert again[-1] == 429  # nobody's telephone rings all night, whoever asks


def test_guessing_many_numbers_from_one_address_is_stopped(settings):
    settings.THROTTLES = settings.THROTTLES | {"sign_in": "3/h"}

    answers = [login(make_person(), "wrong", **{"X-Forwarded-For": f"6.6.6.{n}"}).status_code for n in range(4)]

    assert answers == [401, 401, 401, 429]


def test_an_idempotency_key_buys_no_guess(settings):
    settings.THROTTLES = settings.THROTTLES | {"sign_in_phone": "3/h"}
    person = make_person()

    answers = [login(person, "wrong", **{"Idempotency-Key": "same"}).status_code for _ in range(4)]

    assert answers == [401, 401, 401, 429]


def test_text_that_is_no_number_does_not_lock_anybody_out(settings):
    settings.THROTTLES = settings.THROTTLES | {"sign_in_phone": "2/h"}

    answers = [post("login", {"phone": "not a number", "password": "x"}).status_code for _ in range(4)]

    assert answers == [400] * 4


def test_a_stranger_who_guesses_cannot_keep_the_owner_from_signing_in_by_code(settings):
    settings.THROTTLES = settings.THROTTLES | {"sign_in_phone": "1/h"}
    person = make_person()
    for _ in range(3):
        login(person, "wrong")

    challenge = ask(person.phone)

    assert post("login/otp", {"challenge_id": str(challenge), "code": code_of(challenge)}).status_code == 200


def test_a_suspended_account_gets_no_session_by_code():
    person = make_person()
    challenge = ask(person.phone)
    code = code_of(challenge)
    accounts.suspend(user_id=person.pk)

    answer = post("login/otp", {"challenge_id": str(challenge), "code": code})

    assert answer.json()["code"] == "code_invalid"
    assert not Session.objects.exists()


def test_a_suspension_ends_what_is_going_on_at_once():
    person = make_person()
    signed_in = login(person).json()
    accounts.suspend(user_id=person.pk)

    assert (me(signed_in["access"]).status_code, me(signed_in["access"]).json()["code"]) == (401, "session_ended")
    assert post("refresh", {"refresh": signed_in["refresh"]}).json()["code"] == "session_ended"
    assert login(person).status_code == 401


def test_a_suspended_account_with_a_session_left_open_is_refused_all_the_same():
    person = make_person()
    signed_in = login(person).json()
    person.is_active = False
    person.save()

    assert me(signed_in["access"]).status_code == 401


def test_old_sessions_stay_dead_when_an_account_is_reinstated():
    person = make_person()
    signed_in = login(person).json()
    accounts.suspend(user_id=person.pk)
    accounts.reinstate(user_id=person.pk)

    assert me(signed_in["access"]).status_code == 401
    assert login(person).status_code == 200


def test_a_suspension_between_the_password_and_the_session_is_seen():
    person = make_person()
    proven = person.password
    accounts.suspend(user_id=person.pk)

    with pytest.raises(CredentialsInvalid):
        accounts._open(user_id=person.pk, proven_hash=proven, device=DEVICE)
    assert not Session.objects.exists()


def test_a_new_password_between_the_check_and_the_session_is_seen():
    person = make_person()

    with pytest.raises(CredentialsInvalid):
        accounts._open(user_id=person.pk, proven_hash="the hash of the old password", device=DEVICE)


@pytest.mark.django_db(transaction=True)
def test_of_suspension_and_sign_in_at_once_no_session_is_left_open():
    for _ in range(5):
        person = make_person()

        race(
            lambda person=person: accounts.login(phone=person.phone, password=PASSWORD, device=DEVICE),
            lambda person=person: accounts.suspend(user_id=person.pk),
        )

        assert not Session.objects.filter(account=person, ended_at=None).exists()


@pytest.mark.django_db(transaction=True)
def test_a_repeated_sign_in_under_a_key_is_one_session():
    person = make_person()

    answers = race(*[lambda: login(person, **{"Idempotency-Key": "once"})] * 3)

    assert len({answer.json()["refresh"] for answer in answers}) == 1
    assert Session.objects.count() == 1


# Tokens that are not one's own


def test_tokens_of_members_open_nothing_of_peoples():
    pair = member_tokens(make_hospital())

    assert (me(pair.access).status_code, me(pair.access).json()["code"]) == (401, "token_invalid")
    assert post("refresh", {"refresh": pair.refresh}).json()["code"] == "token_invalid"
    assert post("logout", {"refresh": pair.refresh}).json()["code"] == "token_invalid"


def test_a_persons_id_in_a_members_token_opens_nothing():
    person = make_person()
    signed_in = login(person).json()
    session = Session.objects.get()

    forged = issue_pair(Realm.PARTNER, subject=person.pk, session=session.pk, refresh_jti=session.refresh_jti)

    assert me(forged.access).status_code == 401
    assert me(signed_in["access"]).status_code == 200


def test_refresh_as_access_and_access_as_refresh_are_refused():
    signed_in = login(make_person()).json()

    assert me(signed_in["refresh"]).json()["code"] == "token_invalid"
    assert post("refresh", {"refresh": signed_in["access"]}).json()["code"] == "token_invalid"


def test_an_expired_token_is_refused(noon, settings):
    signed_in = login(make_person()).json()

    noon.shift(settings.ACCESS_LIFETIME.total_seconds() + 6)
    assert me(signed_in["access"]).json()["code"] == "token_invalid"
    assert post("refresh", {"refresh": signed_in["refresh"]}).status_code == 200


def test_unsigned_and_otherwise_signed_tokens_are_refused(settings):
    token = login(make_person()).json()["access"]
    payload = jwt.decode(token, options={"verify_signature": False})
    body = token.split(".")[1]
    nobody = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT"}).encode()).rstrip(b"=").decode()

    assert me(f"{nobody}.{body}.").status_code == 401
    assert me(jwt.encode(payload, "another key that is long enough for HS256", "HS256")).status_code == 401
    assert me(jwt.encode(payload, settings.TOKEN_KEY, "HS256")).status_code == 200
    assert me(token[:-2]).status_code == 401


def test_a_token_cannot_be_moved_to_another_account(settings):
    token, other = login(make_person()).json()["access"], make_person()
    payload = jwt.decode(token, options={"verify_signature": False})

    moved = jwt.encode({**payload, "sub": str(other.pk)}, settings.TOKEN_KEY, "HS256")

    assert me(moved).json()["code"] == "token_invalid"


def test_a_code_guessed_wrong_signs_nobody_in():
    challenge = ask(make_person().phone)

    answer = post("login/otp", {"challenge_id": str(challenge), "code": wrong(code_of(challenge))})

    assert (answer.status_code, answer.json()["code"]) == (400, "code_invalid")
    assert not Session.objects.exists()


@pytest.mark.parametrize(
    "body", [{}, {"phone": 5, "password": []}, {"phone": "+919812345678"}, {"phone": [], "password": {}}]
)
def test_a_sign_in_of_the_wrong_shape_is_400(body):
    answer = post("login", body)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input")


def test_the_administration_counts_attempts_too(settings, client):
    settings.THROTTLES = settings.THROTTLES | {"sign_in_phone": "2/h"}
    admin = make_person(is_staff=True, is_superuser=True)
    form = {"username": admin.phone, "password": "wrong"}

    answers = [client.post("/admin/login/", form).status_code for _ in range(3)]

    assert answers == [200, 200, 429]
    assert client.post("/admin/login/", {**form, "password": PASSWORD}).status_code == 429


def test_an_administrator_signs_in_to_the_administration(client):
    admin = make_person(is_staff=True, is_superuser=True)

    answer = client.post("/admin/login/?next=/admin/", {"username": admin.phone, "password": PASSWORD})

    assert (answer.status_code, answer["Location"]) == (302, "/admin/")


def test_a_suspended_administrator_is_out_at_once(client):
    admin = make_person(is_staff=True, is_superuser=True)
    client.post("/admin/login/", {"username": admin.phone, "password": PASSWORD})
    accounts.suspend(user_id=admin.pk)

    assert client.get("/admin/").status_code == 302


def test_the_clock_of_the_tests_is_the_products():
    assert clock.now().year == 2030
