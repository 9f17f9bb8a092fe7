"""A member who has forgotten the password."""

from __future__ import annotations

import uuid

import pytest

from common import clock
from partners.models import MemberSession
from partners.services.approval import suspend_partner
from tests.partners.factories import (
    PASSWORD,
    client_with,
    make_listing,
    make_member,
    make_partner,
    member_tokens,
    new_phone,
)
from tests.races import race
from users import selectors
from users.models import OtpChallenge
from users.services import otp
from users.states import Purpose

AUTH = "/api/v1/partner/auth"
NEW = "paper boats in the rain"
pytestmark = pytest.mark.django_db


def post(path, body, token="", **headers):
    return client_with(token).post(f"{AUTH}/{path}", body, format="json", headers=headers)


def ask(phone):
    return post("otp", {"phone": phone})


def challenge_of(phone) -> dict:
    """Ask for a code; return what a reset needs besides the password."""
    challenge = ask(phone).json()["challenge_id"]
    return {"challenge_id": challenge, "code": selectors.code_to_send(uuid.UUID(challenge)).code or "000000"}


def reset(phone, password=NEW):
    return post("password/reset", {**challenge_of(phone), "password": password})


def login(member, password):
    return post("login", {"phone": member.phone, "password": password})


def is_alive(pair) -> bool:
    return client_with(pair.access).get("/api/v1/partner").status_code == 200


def test_a_member_gets_in_again_with_a_new_password_and_all_other_devices_are_out():
    member = make_member()
    before = member_tokens(member)

    answer = reset(member.phone)

    assert answer.status_code == 200
    assert set(answer.json()) == {"access", "refresh", "partner", "member"}
    assert answer.json()["member"]["id"] == str(member.pk)
    assert not is_alive(before)
    assert client_with(answer.json()["access"]).get("/api/v1/partner").status_code == 200
    assert (login(member, PASSWORD).status_code, login(member, NEW).status_code) == (401, 200)


def test_known_and_unknown_numbers_get_one_answer(noon):
    noon.move_to(clock.now(), tick=False)

    answers = [ask(phone) for phone in (make_member().phone, new_phone(), make_member(is_active=False).phone)]

    bodies = [{**answer.json(), "challenge_id": ""} for answer in answers]
    assert {answer.status_code for answer in answers} == {202}
    assert bodies == [bodies[0]] * 3
    assert set(bodies[0]) == {"challenge_id", "expires_at", "resend_after"}


def test_the_message_says_to_an_unknown_number_that_there_is_no_account():
    challenge = ask(new_phone()).json()["challenge_id"]

    said = selectors.code_to_send(uuid.UUID(challenge))

    assert (said.kind, said.code, said.purpose) == ("no_account", "", Purpose.PARTNER_RESET_PASSWORD)


def test_the_message_is_in_the_members_own_language():
    member = make_member(language="hi")

    ask(member.phone)

    assert OtpChallenge.objects.get().language == "hi"


@pytest.mark.parametrize("phone", ["known", "unknown"])
def test_a_wrong_code_is_refused_and_five_are_enough(phone):
    member = make_member()
    said = challenge_of(member.phone if phone == "known" else new_phone())
    guess = f"{(int(said['code']) + 1) % 10**6:06}"

    answers = [post("password/reset", {**said, "code": guess, "password": NEW}) for _ in range(5)]
    last = post("password/reset", {**said, "password": NEW})

    assert {answer.json()["code"] for answer in [*answers, last]} == {"code_invalid"}
    assert login(member, PASSWORD).status_code == 200


def test_a_persons_code_is_worth_nothing_here():
    member = make_member()
    challenge = otp.request_person_code(phone=member.phone, purpose=Purpose.RESET_PASSWORD, language="en")
    code = selectors.code_to_send(challenge.id).code or "000000"

    answer = post("password/reset", {"challenge_id": str(challenge.id), "code": code, "password": NEW})

    assert answer.json()["code"] == "code_invalid"


def test_a_members_code_is_worth_nothing_to_a_person():
    said = challenge_of(make_member().phone)

    answer = client_with().post("/api/v1/auth/login/otp", said, format="json")

    assert answer.json()["code"] == "code_invalid"


@pytest.mark.parametrize(("status", "code"), [("suspended", "partner_suspended"), ("rejected", "partner_rejected")])
def test_members_of_a_stopped_partner_are_told_so_and_keep_their_password(status, code):
    member = make_member(make_partner(status=status))

    answer = reset(member.phone)

    assert (answer.status_code, answer.json()["code"]) == (403, code)
    member.refresh_from_db()
    assert member.check_password(PASSWORD)
    assert not MemberSession.objects.exists()


def test_members_of_a_refused_claim_are_told_so():
    assert reset(make_member(make_listing()).phone).json()["code"] == "partner_rejected"


def test_a_suspension_while_the_code_is_under_way_is_seen():
    member = make_member()
    said = challenge_of(member.phone)
    suspend_partner(partner_id=member.partner_id, actor="test", reason="test")

    assert post("password/reset", {**said, "password": NEW}).json()["code"] == "partner_suspended"


def test_a_member_who_left_meanwhile_stays_out():
    member = make_member()
    said = challenge_of(member.phone)
    member.is_active = False
    member.save()

    assert post("password/reset", {**said, "password": NEW}).json()["code"] == "code_invalid"


def test_a_weak_password_is_refused_before_the_code_is_spent():
    member = make_member()
    said = challenge_of(member.phone)

    weak = post("password/reset", {**said, "password": "12345678"})

    assert (weak.json()["code"], weak.json()["errors"][0]["pointer"]) == ("password_weak", "/password")
    assert post("password/reset", {**said, "password": NEW}).status_code == 200


def test_a_number_is_not_called_again_at_once_and_not_from_one_address_for_all(settings):
    phone = new_phone()

    assert [ask(phone).status_code for _ in range(2)] == [202, 429]
    settings.THROTTLES = settings.THROTTLES | {"otp_address": "1/h"}
    assert [ask(new_phone()).status_code for _ in range(2)] == [202, 429]


@pytest.mark.parametrize("body", [{}, {"phone": "x"}, {"phone": None}, {"phone": "+14155552671"}])
def test_what_is_no_number_of_ours_is_400(body):
    assert post("otp", body).status_code == 400


@pytest.mark.django_db(transaction=True)
def test_one_code_resets_once():
    member = make_member()
    body = {**challenge_of(member.phone), "password": NEW}

    answers = race(*[lambda: post("password/reset", body)] * 3)

    assert sorted(answer.status_code for answer in answers) == [200, 400, 400]
    assert MemberSession.objects.count() == 1
