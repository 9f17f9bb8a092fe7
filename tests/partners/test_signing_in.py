"""Members on their devices."""

from __future__ import annotations

import pytest

from partners.errors import PartnerSuspended
from partners.models import MemberSession
from partners.services import signing_in
from partners.services.approval import suspend_partner
from tests.partners.factories import (
    PASSWORD,
    client_of,
    client_with,
    make_listing,
    make_member,
    make_partner,
    member_tokens,
    new_phone,
    person_tokens,
)
from users.errors import CredentialsInvalid
from users.services.accounts import Device

AUTH = "/api/v1/partner/auth"
pytestmark = pytest.mark.django_db


def post(path, body, token="", **headers):
    return client_with(token).post(f"{AUTH}/{path}", body, format="json", headers=headers)


def login(member, password=PASSWORD, **headers):
    return post("login", {"phone": member.phone, "password": password}, **headers)


def test_a_member_signs_in_and_is_told_who_and_where_it_is():
    member = make_member()

    answer = login(member)

    assert answer.status_code == 200
    assert set(answer.json()) == {"access", "refresh", "partner", "member"}
    assert answer.json()["member"]["id"] == str(member.pk)
    assert answer.json()["partner"]["id"] == str(member.partner_id)
    assert client_with(answer.json()["access"]).get("/api/v1/partner").status_code == 200


def test_the_number_may_be_written_as_people_write_it():
    member = make_member(phone="+919812345678")

    answer = post("login", {"phone": "098123 45678", "password": PASSWORD})

    assert answer.json()["member"]["id"] == str(member.pk)


def test_members_of_a_pending_partner_may_sign_in():
    assert login(make_member(make_partner(status="pending"))).status_code == 200


@pytest.mark.parametrize(("status", "code"), [("suspended", "partner_suspended"), ("rejected", "partner_rejected")])
def test_members_of_a_stopped_partner_are_told_so(status, code):
    answer = login(make_member(make_partner(status=status)))

    assert (answer.status_code, answer.json()["code"]) == (403, code)


def test_members_of_a_refused_claim_are_told_so():
    answer = login(make_member(make_listing()))

    assert (answer.status_code, answer.json()["code"]) == (403, "partner_rejected")


def test_a_wrong_password_of_a_stopped_partner_says_nothing_about_it():
    answer = login(make_member(make_partner(status="suspended")), "wrong password")

    assert (answer.status_code, answer.json()["code"]) == (401, "credentials_invalid")


def test_unknown_numbers_wrong_passwords_and_inactive_members_get_one_answer():
    known, inactive = make_member(), make_member(is_active=False)

    answers = [
        login(known, "wrong password"),
        login(inactive),
        post("login", {"phone": new_phone(), "password": PASSWORD}),
    ]

    assert {answer.status_code for answer in answers} == {401}
    assert {answer.json()["code"] for answer in answers} == {"credentials_invalid"}


def test_an_unknown_number_costs_a_hash_like_a_known_one(monkeypatch):
    hashed = []
    monkeypatch.setattr(signing_in, "make_password", hashed.append)

    post("login", {"phone": new_phone(), "password": PASSWORD})

    assert hashed == [PASSWORD]


@pytest.mark.parametrize("body", [{}, {"phone": 5, "password": []}, {"phone": "+919812345678"}])
def test_a_sign_in_of_the_wrong_shape_is_400(body):
    assert post("login", body).status_code == 400


def test_guessing_one_number_is_stopped_whatever_address_it_comes_from(settings):
    settings.THROTTLES = settings.THROTTLES | {"sign_in_phone": "3/h"}
    member = make_member()

    answers = [login(member, "wrong password").status_code for _ in range(4)]

    assert answers == [401, 401, 401, 429]
    assert login(member)["Retry-After"]


def test_strangers_who_guess_do_not_keep_a_member_out_of_the_office(settings):
    settings.TRUSTED_PROXIES = 1
    settings.THROTTLES = settings.THROTTLES | {"sign_in_phone": "3/h"}
    member = make_member()
    office = {"X-Forwarded-For": "198.51.100.7"}
    login(member, **office)

    guesses = [login(member, "wrong", **{"X-Forwarded-For": f"203.0.113.{n}"}).status_code for n in range(4)]

    assert guesses == [401, 401, 429, 429]
    assert login(member, **office).status_code == 200


def test_a_suspension_between_the_password_and_the_session_is_seen():
    member = make_member()
    suspend_partner(partner_id=member.partner_id, actor="test", reason="test")

    with pytest.raises(PartnerSuspended):
        open_for(member, member.password)

    assert not MemberSession.objects.exists()


def test_a_new_password_between_the_check_and_the_session_is_seen():
    member = make_member()

    with pytest.raises(CredentialsInvalid):
        open_for(member, "the hash of the old password")


def open_for(member, proven_hash):
    return signing_in._open(
        partner_id=member.partner_id,
        member_id=member.pk,
        proven_hash=proven_hash,
        device=Device("test", "127.0.0.1"),
    )


def test_a_refresh_gives_a_new_pair_and_its_reuse_ends_the_session():
    first = member_tokens(make_member())

    second = post("refresh", {"refresh": first.refresh})
    again = post("refresh", {"refresh": first.refresh})

    assert second.status_code == 200
    assert (again.status_code, again.json()["code"]) == (401, "refresh_reused")
    assert client_with(second.json()["access"]).get("/api/v1/partner").status_code == 401


def test_tokens_of_the_other_realm_or_kind_are_refused():
    person, member = person_tokens(), member_tokens(make_member())

    assert client_with(person.access).get("/api/v1/partner").status_code == 401
    assert client_with(member.refresh).get("/api/v1/partner").status_code == 401
    assert client_with(member.access).get("/api/v1/me").status_code == 401
    assert post("refresh", {"refresh": person.refresh}).json()["code"] == "token_invalid"
    assert post("refresh", {"refresh": member.access}).json()["code"] == "token_invalid"
    assert post("logout", {"refresh": person.refresh}).json()["code"] == "token_invalid"


@pytest.mark.parametrize("status", ["suspended", "rejected", "listed"])
def test_a_living_token_of_a_stopped_partner_is_refused(status):
    member = make_member()
    client = client_of(member)
    member.partner.status = status
    member.partner.save()

    answer = client.get("/api/v1/partner")

    assert (answer.status_code, answer.json()["code"]) == (401, "session_ended")


def test_a_living_token_of_an_inactive_member_is_refused():
    member = make_member()
    client = client_of(member)
    member.is_active = False
    member.save()

    assert client.get("/api/v1/partner").json()["code"] == "session_ended"


def test_signing_out_takes_effect_at_once():
    pair = member_tokens(make_member())

    assert post("logout", {"refresh": pair.refresh}).status_code == 204
    assert client_with(pair.access).get("/api/v1/partner").json()["code"] == "session_ended"


def test_devices_are_listed_the_last_used_first_and_only_ones_own():
    member = make_member()
    member_tokens(make_member())
    member_tokens(member)
    client = client_of(member)

    devices = client.get(f"{AUTH}/sessions").json()

    assert [device["is_current"] for device in devices] == [True, False]
    assert set(devices[0]) == {"id", "device", "address", "created_at", "last_used_at", "is_current"}


def test_a_device_is_ended_at_once_and_a_strangers_is_unknown():
    member, stranger = make_member(), make_member()
    lost = member_tokens(member)
    client = client_of(member)
    member_tokens(stranger)
    lost_id = MemberSession.objects.filter(account=member).earliest("created_at").pk

    assert client.delete(f"{AUTH}/sessions/{lost_id}").status_code == 204
    assert client.delete(f"{AUTH}/sessions/{lost_id}").status_code == 404
    assert client.delete(f"{AUTH}/sessions/{stranger.sessions.get().pk}").status_code == 404
    assert client_with(lost.access).get("/api/v1/partner").status_code == 401
    assert stranger.sessions.get().ended_at is None


def test_a_new_password_ends_every_other_session():
    member = make_member()
    other, mine = member_tokens(member), member_tokens(member)
    said = {"current_password": PASSWORD, "password": "paper boats in the rain"}

    answer = post("password/change", said, mine.access)

    assert answer.status_code == 204
    assert client_with(mine.access).get("/api/v1/partner").status_code == 200
    assert client_with(other.access).get("/api/v1/partner").status_code == 401
    assert login(member).status_code == 401
    assert login(member, "paper boats in the rain").status_code == 200


@pytest.mark.parametrize(
    ("current", "password", "code", "pointer"),
    [
        ("not this one", "paper boats in the rain", "password_wrong", "/current_password"),
        (PASSWORD, "12345678", "password_weak", "/password"),
    ],
)
def test_a_password_is_changed_only_by_the_old_and_to_a_strong_one(current, password, code, pointer):
    member = make_member()
    said = {"current_password": current, "password": password}

    answer = client_of(member).post(f"{AUTH}/password/change", said, format="json")

    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert login(member).status_code == 200
