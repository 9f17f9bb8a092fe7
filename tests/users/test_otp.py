"""One-time codes: asked for, guessed, spent."""

from __future__ import annotations

import uuid

import pytest

from common import clock
from common.db import command, unit_of_work
from common.errors import TooMany
from common.models import IdempotentReply, OutboxEvent
from tests.partners.factories import new_phone
from tests.races import meeting, race, without_locks
from tests.users.people import ask, code_of, make_person, post, wrong
from users import selectors
from users.errors import CodeInvalid, PhoneNotServed
from users.models import OtpChallenge
from users.services import otp
from users.states import Purpose

pytestmark = pytest.mark.django_db
RACE = pytest.mark.django_db(transaction=True)


@command
def spend(challenge_id, code, purpose=Purpose.LOGIN):
    return otp.spend_code(challenge_id=challenge_id, code=code, purpose=purpose)


def open_challenge(phone=None, purpose=Purpose.LOGIN):
    """A challenge of a number that has an account, and its code."""
    challenge = otp.request_code(phone=phone or new_phone(), purpose=purpose, account_id=uuid.uuid4(), language="en")
    return challenge, code_of(challenge.id)


def is_refused(*args, **kwargs) -> bool:
    with pytest.raises(CodeInvalid):
        spend(*args, **kwargs)
    return True


@pytest.mark.parametrize("purpose", ["register", "login", "reset_password"])
def test_known_and_unknown_numbers_get_one_answer(noon, purpose):
    noon.move_to(clock.now(), tick=False)
    known = make_person()

    answers = [post("otp", {"phone": phone, "purpose": purpose}) for phone in (known.phone, new_phone())]

    bodies = [answer.json() for answer in answers]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert bodies[0].keys() == bodies[1].keys() == {"challenge_id", "expires_at", "resend_after"}
    assert [{**body, "challenge_id": ""} for body in bodies] == [{**bodies[0], "challenge_id": ""}] * 2
    assert answers[0].headers.keys() == answers[1].headers.keys()


def test_known_and_unknown_numbers_cost_the_same_queries(django_assert_num_queries):
    known = make_person()
    post("otp", {"phone": new_phone(), "purpose": "login"})

    counts = []
    for phone in (known.phone, new_phone()):
        from django.db import connection  # noqa: PLC0415
        from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

        with CaptureQueriesContext(connection) as queries:
            post("otp", {"phone": phone, "purpose": "login"})
        counts.append(len(queries))

    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("purpose", "has_account", "kind"),
    [
        ("register", False, "code"),
        ("register", True, "account_exists"),
        ("login", True, "code"),
        ("login", False, "no_account"),
        ("reset_password", False, "no_account"),
    ],
)
def test_what_the_message_says_is_the_numbers_own_business(purpose, has_account, kind):
    phone = make_person().phone if has_account else new_phone()

    said = selectors.code_to_send(ask(phone, purpose))

    assert (said.kind, bool(said.code)) == (kind, kind == "code")


def test_a_code_is_six_digits_and_nowhere_in_clear():
    _, code = open_challenge()

    row = OtpChallenge.objects.get()
    assert len(code) == 6
    assert code.isdigit()
    assert code not in row.code_digest
    assert code.encode() not in bytes(row.code_sealed)
    assert code not in str(OutboxEvent.objects.get().payload)


def test_the_right_code_is_good_once():
    challenge, code = open_challenge()

    assert spend(challenge.id, code).phone == challenge.phone
    assert is_refused(challenge.id, code)


def test_a_code_of_another_purpose_or_challenge_is_worth_nothing():
    (one, code), (other, _) = open_challenge(), open_challenge(purpose=Purpose.RESET_PASSWORD)

    assert is_refused(one.id, code, Purpose.RESET_PASSWORD)
    assert is_refused(other.id, code, Purpose.RESET_PASSWORD)
    assert is_refused(uuid.uuid4(), code)
    assert {row.attempts_left for row in OtpChallenge.objects.all()} == {otp.ATTEMPTS - 1, otp.ATTEMPTS}
    assert spend(one.id, code)


def test_a_code_dies_after_five_minutes(noon):
    challenge, code = open_challenge()

    noon.shift(otp.LIFETIME.total_seconds() + 1)
    assert is_refused(challenge.id, code)


def test_asking_again_voids_the_code_before(noon):
    phone = new_phone()
    first, code = open_challenge(phone)
    noon.shift(31)
    second, new = open_challenge(phone)

    assert is_refused(first.id, code)
    assert spend(second.id, new)
    assert not OtpChallenge.objects.exclude(code_sealed=None).exists()


def test_four_wrong_guesses_leave_one_try():
    challenge, code = open_challenge()

    for _ in range(4):
        is_refused(challenge.id, wrong(code))

    assert spend(challenge.id, code)


def test_after_five_wrong_guesses_the_right_code_is_worth_nothing():
    challenge, code = open_challenge()

    for _ in range(5):
        is_refused(challenge.id, wrong(code))

    assert is_refused(challenge.id, code)
    row = OtpChallenge.objects.get()
    assert (row.attempts_left, row.code_sealed) == (0, None)
    assert row.closed_at is not None


def test_every_way_to_be_wrong_looks_the_same(unthrottled):
    person, unknown = make_person(), uuid.uuid4()
    spent, expired_or_wrong = ask(person.phone), ask(make_person().phone)
    code = code_of(spent)
    post("login/otp", {"challenge_id": str(spent), "code": code})

    answers = [
        post("login/otp", {"challenge_id": str(challenge), "code": guess})
        for challenge, guess in ((spent, code), (expired_or_wrong, "000000"), (unknown, "000000"))
    ]

    bodies = [{**answer.json(), "request_id": ""} for answer in answers]
    assert bodies == [bodies[0]] * 3
    assert (answers[0].status_code, bodies[0]["code"], bodies[0]["errors"][0]["pointer"]) == (
        400,
        "code_invalid",
        "/code",
    )


def test_an_idempotency_key_buys_no_extra_guess(unthrottled):
    person = make_person()
    challenge = ask(person.phone)
    code = code_of(challenge)

    for number in range(5):
        body = {"challenge_id": str(challenge), "code": wrong(code)}
        for key in ("same", f"other-{number}"):
            post("login/otp", body, **{"Idempotency-Key": key})

    answer = post("login/otp", {"challenge_id": str(challenge), "code": code}, **{"Idempotency-Key": "last"})
    assert answer.json()["code"] == "code_invalid"
    assert OtpChallenge.objects.get().attempts_left == 0
    assert not IdempotentReply.objects.exists()


@RACE
def test_parallel_guesses_get_five_tries_and_no_more():
    challenge, code = open_challenge()
    guesses = [f"{(int(code) + n) % 10**6:06}" for n in range(1, 21)]

    race(*[lambda guess=guess: spend(challenge.id, guess) for guess in guesses])

    row = OtpChallenge.objects.get()
    assert (row.attempts_left, row.closed_at is None) == (0, False)
    assert is_refused(challenge.id, code)


@RACE
def test_the_right_code_among_parallel_guesses_wins_only_within_the_tries():
    challenge, code = open_challenge()
    for _ in range(5):
        is_refused(challenge.id, wrong(code))

    outcomes = race(*[lambda: spend(challenge.id, code)] * 10)

    assert all(isinstance(outcome, CodeInvalid) for outcome in outcomes)


@RACE
def test_the_right_code_at_the_same_moment_is_spent_once():
    challenge, code = open_challenge()

    outcomes = race(*[lambda: spend(challenge.id, code)] * 5)

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Challenge", *["CodeInvalid"] * 4]


@RACE
def test_control_without_the_lock_guesses_are_not_all_counted(monkeypatch):
    challenge, code = open_challenge()
    with meeting(5) as wait:

        def look_together(model, ids):
            rows = without_locks(model, ids)
            wait()
            return rows

        monkeypatch.setattr(otp, "lock", look_together)
        race(*[lambda: spend(challenge.id, wrong(code))] * 5)

    assert OtpChallenge.objects.get().attempts_left == 4


@RACE
def test_two_who_ask_for_one_number_at_once_leave_one_open_code():
    phone = new_phone()

    outcomes = race(*[lambda: open_challenge(phone)] * 3)

    assert OtpChallenge.objects.filter(closed_at=None).count() == 1
    assert [type(outcome) for outcome in outcomes].count(tuple) == 1
    assert all(isinstance(outcome, tuple | TooMany) for outcome in outcomes)


def test_a_number_is_not_called_again_at_once(noon):
    phone = new_phone()
    body = {"phone": phone, "purpose": "login"}
    post("otp", body)

    early = post("otp", body)
    assert (early.status_code, early.json()["code"]) == (429, "too_many_requests")
    assert 29 <= int(early["Retry-After"]) <= 30
    noon.shift(30)
    assert post("otp", body).status_code == 202


def test_a_number_is_not_called_all_day(noon):
    phone, sent = new_phone(), 0
    for _ in range(60):
        sent += post("otp", {"phone": phone, "purpose": "login"}).status_code == 202
        noon.shift(600)  # ten hours in all

    assert sent <= 30


def test_one_address_cannot_ask_for_many_numbers(settings):
    settings.THROTTLES = settings.THROTTLES | {"otp_address": "3/h"}

    answers = [post("otp", {"phone": new_phone(), "purpose": "login"}) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [202, 202, 202, 429]


def test_a_header_buys_no_new_address(settings):
    settings.THROTTLES = settings.THROTTLES | {"otp_address": "1/h"}

    answers = [
        post(
            "otp",
            {"phone": new_phone(), "purpose": "login"},
            **{"X-Forwarded-For": f"198.51.100.{n}", "X-Real-IP": f"198.51.100.{n}"},
        )
        for n in range(2)
    ]

    assert [answer.status_code for answer in answers] == [202, 429]


@pytest.mark.parametrize("phone", ["+14155552671", "+447911123456"])
def test_countries_we_do_not_serve_get_no_message(phone):
    answer = post("otp", {"phone": phone, "purpose": "login"})

    assert (answer.status_code, answer.json()["code"]) == (400, "phone_not_served")
    assert not OtpChallenge.objects.exists()


def test_a_country_refused_counts_against_nobody():
    with pytest.raises(PhoneNotServed):
        otp.request_code(phone="+14155552671", purpose=Purpose.LOGIN, account_id=None, language="en")


@pytest.mark.parametrize("purpose", ["partner_reset_password", "", "LOGIN", None, 5])
def test_only_a_persons_purposes_can_be_asked_for(purpose):
    answer = post("otp", {"phone": new_phone(), "purpose": purpose})

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "/purpose"


def test_a_sent_code_is_wiped_and_still_good():
    challenge, code = open_challenge()

    with unit_of_work():
        otp.mark_sent(challenge_id=challenge.id)

    assert OtpChallenge.objects.get().code_sealed is None
    assert selectors.code_to_send(challenge.id) is None
    assert spend(challenge.id, code)


def test_old_challenges_are_forgotten(noon):
    open_challenge()
    noon.shift(2 * 86400)
    fresh, _ = open_challenge()

    assert otp.prune() == 1
    assert OtpChallenge.objects.get().pk == fresh.id
