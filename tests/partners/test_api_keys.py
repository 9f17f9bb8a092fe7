"""Keys with which a partner's own systems call: made, shown once, scoped, rotated, revoked, and warned of."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common import clock, outbox
from common.logs import redact_text
from common.models import OutboxEvent
from notifications.models import Delivery
from notifications.states import Channel
from partners.errors import LastOwner
from partners.jobs import warn_of_expiring_keys
from partners.models import ApiKey, Member
from partners.scopes import Scope
from partners.services import approval, keys, members
from partners.services.keys import NewKey
from partners.states import KeyMode, Role
from tests.partners.factories import client_of, client_with, make_member

URL = "/api/v1/partner/api-keys"
STOCK = "/api/v1/partner/stock"
pytestmark = pytest.mark.django_db


def make_key(owner=None, *scopes, **values):
    owner = owner or make_member()
    new = {
        "name": "Laboratory",
        "mode": KeyMode.LIVE,
        "scopes": scopes or ("stock:read",),
        "networks": (),
        "calls_per_minute": 300,
        "expires_at": None,
        **values,
    }
    return keys.make_key(partner_id=owner.partner_id, actor_id=owner.pk, new=NewKey(**new))


def code_of(answer):
    return answer.status_code, answer.json().get("code")


def test_an_owner_makes_a_key_that_opens_what_its_scopes_say():
    owner = make_member()
    said = {"name": "Laboratory", "scopes": ["stock:read"], "networks": ["127.0.0.1"]}

    made = client_of(owner).post(URL, said, format="json")

    assert made.status_code == 201, made.json()
    key = made.json()["key"]
    assert key["state"] == "active"
    assert key["networks"] == ["127.0.0.1/32"]
    assert made.json()["token"].startswith(f"{key['begins']}_")
    program = client_with(made.json()["token"])
    assert program.get(STOCK).status_code == 200
    assert code_of(program.put(f"{STOCK}/thresholds", {}, format="json")) == (403, "scope_missing")
    assert code_of(program.get("/api/v1/partner/requests")) == (403, "scope_missing")
    assert code_of(program.get("/api/v1/partner/members")) == (403, "members_only")
    assert code_of(program.post(URL, said, format="json")) == (403, "members_only")


def test_a_secret_is_nowhere_but_in_the_answer_that_makes_it():
    owner = make_member()
    made = make_key(owner)
    secret = made.token.rpartition("_")[2]

    listed = client_of(owner).get(URL).content.decode()
    logged = redact_text(f"GET /x Authorization: {made.token}; {{'token': {made.token!r}}} {made.token}")

    assert secret not in listed
    assert made.key.begins in listed
    assert secret not in str(ApiKey.objects.values())
    assert secret not in str(list(OutboxEvent.objects.values("payload")))
    assert secret not in logged
    assert made.key.begins in logged


@pytest.mark.parametrize(
    "token",
    [
        "jsk_live_000000000000_" + "0" * 48,
        "jsk_live_{prefix}_" + "0" * 48,
        "jsk_test_{prefix}_{secret}",
        "jsk_live_{prefix}_{secret}0",
        "jsk_live_",
    ],
)
def test_what_is_no_key_is_401(token):
    made = make_key()
    secret = made.token.rpartition("_")[2]

    answer = client_with(token.format(prefix=made.key.prefix, secret=secret)).get(STOCK)

    assert code_of(answer) == (401, "api_key_invalid")


def test_a_key_is_worth_nothing_among_people():
    made = make_key()

    assert code_of(client_with(made.token).get("/api/v1/me")) == (401, "token_invalid")


def test_of_a_stopped_partner_no_key_opens_and_again_when_it_works_again():
    made = make_key()
    program = client_with(made.token)

    approval.suspend_partner(partner_id=made.key.partner_id, actor="admin", reason="test")
    stopped = program.get(STOCK)
    approval.reinstate_partner(partner_id=made.key.partner_id, actor="admin")

    assert code_of(stopped) == (403, "partner_suspended")
    assert program.get(STOCK).status_code == 200


def test_a_revoked_key_is_dead_at_once_and_does_not_come_back():
    owner = make_member()
    made = make_key(owner)
    one = f"{URL}/{made.key.pk}"

    first = client_of(owner).post(f"{one}/revoke")
    again = client_of(owner).post(f"{one}/revoke")

    assert (first.json()["state"], again.json()["revoked_at"]) == ("revoked", first.json()["revoked_at"])
    assert code_of(client_with(made.token).get(STOCK)) == (401, "api_key_revoked")
    assert code_of(client_of(owner).post(f"{one}/rotate", {}, format="json")) == (409, "api_key_over")
    assert code_of(client_of(owner).patch(one, {"name": "x"}, format="json")) == (409, "api_key_over")


def test_an_expired_key_is_refused_before_any_sweep(noon):
    made = make_key(expires_at=clock.now() + dt.timedelta(days=1))

    noon.shift(dt.timedelta(days=1))

    assert code_of(client_with(made.token).get(STOCK)) == (401, "api_key_expired")


def test_after_a_rotation_both_secrets_open_until_the_old_one_dies_by_the_clock(noon):
    owner = make_member()
    old = make_key(owner)

    new = keys.rotate_key(
        partner_id=owner.partner_id, key_id=old.key.pk, actor_id=owner.pk, overlap=dt.timedelta(hours=2)
    )
    together = [client_with(token).get(STOCK).status_code for token in (old.token, new.token)]
    noon.shift(dt.timedelta(hours=2))
    after = [client_with(token).get(STOCK).status_code for token in (old.token, new.token)]

    assert together == [200, 200]
    assert after == [401, 200]


def test_without_overlap_every_older_secret_is_dead():
    owner = make_member()
    first = make_key(owner)
    one = f"{URL}/{first.key.pk}/rotate"

    second = client_of(owner).post(one, {"overlap_hours": 168}, format="json").json()["token"]
    refused = client_of(owner).post(one, {"overlap_hours": 1}, format="json")
    third = client_of(owner).post(one, {"overlap_hours": 0}, format="json").json()["token"]

    assert code_of(refused) == (409, "rotation_running")
    assert [client_with(t).get(STOCK).status_code for t in (first.token, second, third)] == [401, 401, 200]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"scopes": []}, "/scopes"),
        ({"scopes": ["stock:all"]}, "/scopes/0"),
        ({"networks": ["10.0.0.0/99"]}, "/networks/0"),
        ({"calls_per_minute": 0}, "/calls_per_minute"),
        ({"expires_at": "2031-05-01T00:00:00"}, "/expires_at"),
        ({"expires_at": "2040-05-01T00:00:00Z"}, "/expires_at"),
        ({"expires_at": "2030-01-01T00:00:00Z"}, "/expires_at"),
        ({"mode": "sandbox"}, "/mode"),
        ({"name": ""}, "/name"),
    ],
)
def test_a_key_that_cannot_be_is_pointed_at(unthrottled, changes, pointer):
    answer = client_of(make_member()).post(URL, {"name": "x", "scopes": ["stock:read"], **changes}, format="json")

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == pointer


def test_a_key_of_another_partner_is_404():
    made, stranger = make_key(), client_of(make_member())

    answers = [
        stranger.get(f"{URL}/{made.key.pk}"),
        stranger.patch(f"{URL}/{made.key.pk}", {"name": "x"}, format="json"),
        stranger.post(f"{URL}/{made.key.pk}/rotate", {}, format="json"),
        stranger.post(f"{URL}/{made.key.pk}/revoke"),
    ]

    assert [answer.status_code for answer in answers] == [404] * 4


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.INVENTORY])
def test_only_owners_manage_keys(role):
    assert code_of(client_of(make_member(role=role)).get(URL)) == (403, "role_not_allowed")


def test_a_key_works_from_its_networks_alone():
    made = make_key(networks=("203.0.113.0/24", "2001:db8::/32"))
    program = client_with(made.token)

    answers = [program.get(STOCK, REMOTE_ADDR=address) for address in ("203.0.113.9", "2001:db8::7", "198.51.100.1")]

    assert [answer.status_code for answer in answers] == [200, 200, 403]
    assert answers[2].json()["code"] == "api_key_network_refused"


def test_a_key_has_a_limit_of_its_own_and_every_answer_says_what_is_left():
    made = make_key(calls_per_minute=2)
    program = client_with(made.token)

    answers = [program.get(STOCK) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[0]["RateLimit-Policy"] == '"key";q=2;w=60'
    assert answers[0]["RateLimit"] == '"key";r=1;t=30'
    assert int(answers[2]["Retry-After"]) in range(1, 31)
    assert client_with(make_key().token).get(STOCK).status_code == 200


def test_last_use_is_written_at_most_every_five_minutes(noon):
    made = make_key()
    program = client_with(made.token)

    def used():
        program.get(STOCK, REMOTE_ADDR="203.0.113.9")
        return ApiKey.objects.values_list("last_used_at", "last_used_address").get()

    first = used()
    noon.shift(dt.timedelta(minutes=4))
    soon = used()
    noon.shift(dt.timedelta(minutes=2))
    later = used()

    assert first[1] == "203.0.113.9"
    assert soon == first
    assert later[0] - first[0] > dt.timedelta(minutes=6)


def test_a_call_by_key_costs_one_query_more_than_a_members():
    owner = make_member()
    program, member = client_with(make_key(owner).token), client_of(owner)
    program.get(STOCK)

    with CaptureQueriesContext(
        connection,
    ) as by_key:
        program.get(STOCK)
    with CaptureQueriesContext(connection) as by_member:
        member.get(STOCK)

    assert len(by_key) == len(by_member) + 1


def test_the_account_of_a_key_is_no_member_to_anybody():
    owner = make_member()
    made = make_key(owner, *[str(scope) for scope in Scope])
    account = Member.objects.get(is_system=True)

    listed = client_of(owner).get("/api/v1/partner/members").json()["results"]
    changed = client_of(owner).patch(f"/api/v1/partner/members/{account.pk}", {"role": "owner"}, format="json")
    sign_in = client_with().post("/api/v1/partner/auth/login", {"phone": "", "password": "x"}, format="json")
    with pytest.raises(LastOwner):
        members.change_member(
            partner_id=owner.partner_id, member_id=owner.pk, actor_id=owner.pk, changes={"is_active": False}
        )

    assert account.role == Role.OWNER
    assert [row["id"] for row in listed] == [str(owner.pk)]
    assert (changed.status_code, sign_in.status_code) == (404, 400)
    assert not account.has_usable_password() if hasattr(account, "has_usable_password") else account.password[0] == "!"
    assert made.key.member_id == account.pk


def test_what_a_key_does_is_written_down_under_its_account():
    made = make_key(None, "stock:write")
    bag = {
        "din": "=Z00012600004200",
        "component": "whole_blood",
        "blood_group": "B+",
        "collected_at": clock.now().isoformat(),
    }

    answer = client_with(made.token).post(f"{STOCK}/units", {"units": [bag]}, format="json")

    assert answer.status_code == 201, answer.json()
    seen = client_with(made.token).get(f"{STOCK}/units/{answer.json()['units'][0]['id']}")
    assert code_of(seen) == (403, "scope_missing")
    made.key.scopes = ["stock:read"]
    made.key.save()
    seen = client_with(made.token).get(f"{STOCK}/units/{answer.json()['units'][0]['id']}").json()
    assert seen["history"][0]["actor"] == f"member:{made.key.member_id}"


def test_owners_are_told_fourteen_and_three_days_before_the_end_once_each(noon):
    owner = make_member()
    make_key(owner, expires_at=clock.now() + dt.timedelta(days=30))
    told = []

    for days in (10, 7, 1, 9, 1):
        noon.shift(dt.timedelta(days=days))
        told.append((keys.warn_of_ends(), keys.warn_of_ends()))

    assert told == [(0, 0), (1, 0), (0, 0), (1, 0), (0, 0)]
    assert OutboxEvent.objects.filter(name="apikey.expiring").count() == 2


def test_every_owner_is_told_in_their_own_language_which_key_ends_and_when(noon):
    owner = make_member(language="en")
    others = [make_member(owner.partner, language=language, role=Role.OWNER) for language in ("hi", "bn")]
    make_member(owner.partner, role=Role.COORDINATOR)
    key = make_key(owner, expires_at=clock.now() + dt.timedelta(days=13)).key

    assert warn_of_expiring_keys() == 1
    outbox.drain()

    sent = {row.language: (row.to, row.body) for row in Delivery.objects.filter(channel=Channel.SMS)}
    assert {language: to for language, (to, _) in sent.items()} == {
        member.language: member.phone for member in (owner, *others)
    }
    assert {language: body for language, (_, body) in sent.items()} == {
        "en": f"JeevanSetu: your API key {key.begins} stops working at 14 May 12:00."
        " Extend it or make another in the partner app.",
        "hi": f"JeevanSetu: API कुंजी {key.begins} 14 मई 12:00 पर काम करना बंद कर देगी। अवधि बढ़ाएँ या नई बनाएँ।",
        "bn": f"JeevanSetu: API কী {key.begins} 14 মে 12:00-এ কাজ করা বন্ধ করবে। মেয়াদ বাড়ান বা নতুন তৈরি করুন।",
    }


def test_an_extended_key_is_warned_of_anew(noon):
    owner = make_member()
    made = make_key(owner, expires_at=clock.now() + dt.timedelta(days=2))
    assert keys.warn_of_ends() == 1

    keys.change_key(
        partner_id=owner.partner_id,
        key_id=made.key.pk,
        actor_id=owner.pk,
        changes={"expires_at": clock.now() + dt.timedelta(days=20)},
    )

    assert keys.warn_of_ends() == 0
    noon.shift(dt.timedelta(days=18))
    assert keys.warn_of_ends() == 1


def test_a_partner_has_at_most_fifty_keys_in_use():
    owner = make_member()
    for _ in range(keys.MOST_KEYS):
        made = make_key(owner)

    assert code_of(client_of(owner).post(URL, {"name": "x", "scopes": ["stock:read"]}, format="json")) == (
        409,
        "too_many_api_keys",
    )
    keys.revoke_key(partner_id=owner.partner_id, key_id=made.key.pk, actor_id=owner.pk)
    assert make_key(owner).key.pk


def test_changed_scopes_hold_from_the_next_call_on():
    owner = make_member()
    made = make_key(owner, "stock:read")
    program = client_with(made.token)

    answer = client_of(owner).patch(f"{URL}/{made.key.pk}", {"scopes": ["reports:read"]}, format="json")

    assert answer.json()["scopes"] == ["reports:read"]
    assert code_of(program.get(STOCK)) == (403, "scope_missing")
    assert program.get(f"{STOCK}/reports/age").status_code == 200
