"""Who may call which route of requests and donations, and what each side may learn of the other."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from rest_framework.test import APIClient

from common.models import OutboxEvent
from partners.models import Partner
from partners.states import Role
from requests_app.models import Assignment, RequestEvent
from requests_app.services import promises
from tests.donations.scenes import verify
from tests.factories import (
    make_arrived,
    make_donor,
    make_hospital,
    make_promise,
    make_request,
    make_user,
    member_client,
    person_client,
)
from tests.partners.factories import make_member, make_partner
from users.models import Donor

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("unthrottled")]

LISTS = ["partner/requests", "partner/donations"]
READS = [
    "partner/requests/{request}",
    "partner/requests/{request}/candidates",
    "partner/requests/{request}/assignments",
    "partner/assignments/{assignment}",
]
WRITES = {
    "partner/requests/{request}/cancel": {"reason": "Over."},
    "partner/assignments/{assignment}/arrival": {"code": "000000"},
    "partner/assignments/{assignment}/verify": {
        "donation_type": "whole_blood",
        "volume_ml": 350,
        "haemoglobin_g_dl": 13,
    },
    "partner/assignments/{assignment}/release": {"reason": "Over."},
    "partner/assignments/{assignment}/no-show": {},
    "partner/assignments/{assignment}/defer": {"code": "cold_fever"},
    "partner/assignments/{assignment}/rating": {"stars": 5},
}
POST = {
    "blood_group": "O-",
    "component": "red_cells",
    "units": 1,
    "urgency": "urgent",
    "needed_by": "2030-05-01T20:00:00Z",
}


@pytest.fixture
def world():
    """A hospital's request with a donor on the way, and everybody who might call."""
    owner = make_hospital()
    promise = make_promise(make_request(owner))
    pending, suspended = make_partner(status="pending"), make_partner(status="suspended")
    world = {
        "owner": member_client(owner),
        "coordinator": member_client(make_member(owner.partner, role=Role.COORDINATOR)),
        "inventory": member_client(make_member(owner.partner, role=Role.INVENTORY)),
        "pending": member_client(make_member(pending)),
        "suspended": member_client(make_member(suspended)),
        "other": member_client(make_hospital()),
        "person": person_client(make_donor().user),
        "the donor": person_client(Donor.objects.get(pk=promise.assignment.donor_id).user),
        "anonymous": APIClient(),
    }
    ids = {"request": promise.assignment.request_id, "assignment": promise.assignment.pk}
    return world, ids, promise


EVERYBODY = ["owner", "coordinator", "inventory", "pending", "suspended", "other", "person", "the donor", "anonymous"]
SHUT_OUT = {
    "pending": (403, "partner_not_live"),
    "suspended": (401, "session_ended"),
    "person": (401, "token_invalid"),
    "the donor": (401, "token_invalid"),
    "anonymous": (401, "not_authenticated"),
}


def answer(reply):
    return reply.status_code, reply.json().get("code")


def read_by_everybody(clients, paths):
    """Return what each path answers each caller, by caller."""
    return {who: [answer(clients[who].get(f"/api/v1/{path}")) for path in paths] for who in EVERYBODY}


@pytest.mark.parametrize("path", LISTS)
def test_lists_are_read_by_members_of_live_partners_each_its_own(world, path):
    clients, _, promise = world
    promise = make_arrived(promise)
    verify(promise)

    replies = {who: clients[who].get(f"/api/v1/{path}") for who in EVERYBODY}

    assert {who: answer(reply) for who, reply in replies.items()} == dict.fromkeys(EVERYBODY, (200, None)) | SHUT_OUT
    own = {"owner": 1, "coordinator": 1, "inventory": 1}
    found = {who: len(reply.json().get("results", [])) for who, reply in replies.items()}
    assert found == dict.fromkeys(EVERYBODY, 0) | own


def test_details_are_read_by_the_partners_own_members(world):
    clients, ids, _ = world

    told = read_by_everybody(clients, [path.format(**ids) for path in READS])

    expected = dict.fromkeys(EVERYBODY, (200, None)) | SHUT_OUT | {"other": (404, "not_found")}
    assert told == {who: [expected[who]] * len(READS) for who in EVERYBODY}


def test_donors_are_dealt_with_by_nobody_but_owners_and_coordinators(world):
    clients, ids, promise = world
    before = Assignment.objects.values().get(pk=promise.assignment.pk)
    expected = {**SHUT_OUT, "other": (404, "not_found"), "inventory": (403, "role_not_allowed")}

    told = {
        (who, path): answer(clients[who].post(f"/api/v1/{path.format(**ids)}", body, format="json"))
        for who in expected
        for path, body in WRITES.items()
    }

    assert told == {(who, path): expected[who] for who, path in told}
    assert Assignment.objects.values().get(pk=promise.assignment.pk) == before


@pytest.mark.parametrize("path", sorted(WRITES))
def test_donors_are_dealt_with_by_owners_and_coordinators(world, path):
    clients, ids, _ = world

    for who in ("coordinator", "owner"):
        reply = clients[who].post(f"/api/v1/{path.format(**ids)}", WRITES[path], format="json")

        assert reply.status_code in (200, 201, 400, 409)


def test_requests_are_posted_by_owners_and_coordinators(world):
    clients, _, _ = world

    told = {who: answer(clients[who].post("/api/v1/partner/requests", POST, format="json")) for who in EVERYBODY}

    expected = {**SHUT_OUT, "inventory": (403, "role_not_allowed")}
    assert told == dict.fromkeys(EVERYBODY, (201, None)) | expected


DONOR_READS = ["requests/nearby", "requests/{request}", "assignments", "me/donations"]
DONOR_WRITES = {
    "requests/{request}/accept": {},
    "requests/{request}/standby": {},
    "assignments/{assignment}/cancel": {"reason": "Ill."},
    "assignments/{assignment}/arrival-code": {},
    "assignments/{assignment}/rating": {"stars": 5},
}
NOT_A_PERSON = {
    "owner": (401, "token_invalid"),
    "coordinator": (401, "token_invalid"),
    "inventory": (401, "token_invalid"),
    "pending": (401, "token_invalid"),
    "suspended": (401, "token_invalid"),
    "other": (401, "token_invalid"),
    "anonymous": (401, "not_authenticated"),
}


def test_what_donors_read_is_for_people(world):
    clients, ids, _ = world

    told = read_by_everybody(clients, [path.format(**ids) for path in DONOR_READS])

    expected = dict.fromkeys(EVERYBODY, (200, None)) | NOT_A_PERSON
    assert told == {who: [expected[who]] * len(DONOR_READS) for who in EVERYBODY}


def test_what_donors_do_is_for_people_and_with_their_own_promises(world):
    clients, ids, promise = world
    before = Assignment.objects.values().get(pk=promise.assignment.pk)
    expected = {**NOT_A_PERSON, "person": (404, "not_found")}

    told = {
        (who, path): answer(clients[who].post(f"/api/v1/{path.format(**ids)}", body, format="json"))
        for who in expected
        for path, body in DONOR_WRITES.items()
        if who != "person" or "assignments" in path
    }

    assert told == {(who, path): expected[who] for who, path in told}
    assert Assignment.objects.values().get(pk=promise.assignment.pk) == before


@pytest.mark.parametrize("path", sorted(DONOR_WRITES))
def test_a_donor_may_do_each_of_these_with_the_own_promise(world, path):
    clients, ids, _ = world

    reply = clients["the donor"].post(f"/api/v1/{path.format(**ids)}", DONOR_WRITES[path], format="json")

    assert reply.status_code in (200, 201, 409)


@pytest.mark.parametrize("path", ["requests/{request}/accept", "requests/{request}/standby"])
def test_whoever_answers_a_request_leaves_the_promise_of_another_alone(world, path):
    clients, ids, promise = world
    before = Assignment.objects.values().get(pk=promise.assignment.pk)

    reply = clients["person"].post(f"/api/v1/{path.format(**ids)}", {}, format="json")

    assert reply.status_code in (200, 201, 409)
    assert Assignment.objects.values().get(pk=promise.assignment.pk) == before


def test_a_promise_is_read_by_its_donor_only(world):
    clients, ids, _ = world
    path = f"/api/v1/assignments/{ids['assignment']}"

    assert clients["the donor"].get(path).status_code == 200
    assert answer(clients["person"].get(path)) == (404, "not_found")
    assert answer(clients["owner"].get(path)) == (401, "token_invalid")
    assert clients["person"].get("/api/v1/assignments").json()["results"] == []


def test_an_id_that_is_nothings_is_404(world):
    clients, _, _ = world
    nothing = {"request": uuid.UUID(int=7), "assignment": uuid.UUID(int=7)}
    bodies = {**WRITES, **DONOR_WRITES}

    for path in [*READS, *WRITES, *DONOR_READS[1:2], *DONOR_WRITES]:
        client = clients["owner"] if path.startswith("partner") else clients["person"]
        url = f"/api/v1/{path.format(**nothing)}"
        reply = client.post(url, bodies[path], format="json") if path in bodies else client.get(url)

        assert answer(reply) == (404, "not_found"), path
        assert client.get(url.replace(str(uuid.UUID(int=7)), "seven")).status_code == 404, path


def test_a_suspended_persons_live_token_accepts_nothing(world):
    donor = make_donor()
    client = person_client(donor.user)
    donor.user.is_active = False
    donor.user.save()

    reply = client.post(f"/api/v1/requests/{make_request().pk}/accept")

    assert answer(reply) == (401, "session_ended")


def test_a_partner_suspended_in_the_middle_loses_its_token(world):
    clients, _, promise = world
    Partner.objects.filter(pk=promise.assignment.request.partner_id).update(status="suspended")

    assert answer(clients["owner"].get("/api/v1/partner/requests")) == (401, "session_ended")


# What each side may learn.


def everything_a_partner_reads(client, ids):
    paths = [*LISTS, *READS]
    return "".join(client.get(f"/api/v1/{path.format(**ids)}").content.decode() for path in paths)


def test_before_the_arrival_the_partner_learns_neither_name_nor_phone(world):
    clients, ids, promise = world
    donor = Donor.objects.select_related("user").get(pk=promise.assignment.donor_id)

    text = everything_a_partner_reads(clients["owner"], ids)

    for secret in (donor.user.name, donor.user.phone, donor.user.public_id, str(donor.pk), str(donor.date_of_birth)):
        assert secret not in text
    row = clients["owner"].get(f"/api/v1/partner/requests/{ids['request']}/assignments").json()["results"][0]
    assert row["visitor"] is None
    assert row["donor"] == {"tag": "none", "score": 0, "blood_group": "O-", "is_group_confirmed": False}


@pytest.mark.parametrize("ending", ["cancel", "no-show", "release"])
def test_of_who_never_came_the_partner_learns_nothing_afterwards_either(noon, world, ending):
    clients, ids, promise = world
    donor = Donor.objects.select_related("user").get(pk=promise.assignment.donor_id)
    noon.move_to(promise.assignment.expires_at)
    owner = member_client(promise.assignment.request.posted_by)
    path = f"assignments/{ids['assignment']}/{ending}"
    who, url = (person_client(donor.user), path) if ending == "cancel" else (owner, f"partner/{path}")
    assert who.post(f"/api/v1/{url}", {"reason": "Over."}, format="json").status_code == 200

    text = everything_a_partner_reads(owner, ids)

    for secret in (donor.user.name, donor.user.phone, donor.user.public_id, str(donor.pk)):
        assert secret not in text


def test_after_the_arrival_it_knows_who_is_there(world):
    clients, ids, promise = world
    make_arrived(promise)
    donor = Donor.objects.select_related("user").get(pk=promise.assignment.donor_id)

    row = clients["inventory"].get(f"/api/v1/partner/assignments/{ids['assignment']}").json()

    assert row["visitor"] == {
        "public_id": donor.user.public_id,
        "name": donor.user.name,
        "phone": donor.user.phone,
        "sex": "male",
        "date_of_birth": str(donor.date_of_birth),
    }


def test_the_code_is_told_to_the_donor_when_it_is_made_and_never_again(world):
    clients, ids, promise = world
    renewed = clients["the donor"].post(f"/api/v1/assignments/{ids['assignment']}/arrival-code").json()
    codes = {promise.code, renewed["arrival_code"]}
    paths = ["assignments", f"assignments/{ids['assignment']}", f"requests/{ids['request']}", "requests/nearby"]
    paths += ["me/donations", "me/notifications"]
    arrival = clients["owner"].post(
        f"/api/v1/partner/assignments/{ids['assignment']}/arrival",
        {"code": renewed["arrival_code"]},
        format="json",
    )

    texts = [clients["the donor"].get(f"/api/v1/{path}").content.decode() for path in paths]
    texts += [everything_a_partner_reads(clients["owner"], ids), arrival.content.decode()]
    rows = [str(list(model.objects.values())) for model in (Assignment, RequestEvent, OutboxEvent)]

    for text in texts + rows:
        assert "arrival_code" not in text
        assert not [code for code in codes if f'"{code}"' in text or f"'{code}'" in text]
    assert arrival.status_code == 200


def test_a_donor_sees_the_partner_and_no_other_donor(world):
    clients, ids, promise = world
    other = Donor.objects.select_related("user").get(pk=promise.assignment.donor_id)

    text = clients["person"].get(f"/api/v1/requests/{ids['request']}").content.decode()

    assert promise.assignment.request.partner.name in text
    for secret in (other.user.name, other.user.phone, str(other.pk), str(promise.assignment.pk)):
        assert secret not in text


# Lists.


def test_requests_are_filtered_by_state_and_by_when_they_changed(noon):
    owner = make_hospital()
    client = member_client(owner)
    old, changed = make_request(owner), make_request(owner)
    noon.shift(dt.timedelta(minutes=10))
    fresh = make_request(owner, units=2)
    promises.accept(request_id=changed.pk, donor_id=make_donor().pk)

    def read(**query):
        return {row["id"] for row in client.get("/api/v1/partner/requests", query).json()["results"]}

    assert read() == {str(row.pk) for row in (old, changed, fresh)}
    assert read(status="assigned") == {str(changed.pk)}
    assert read(status="fulfilled") == set()
    assert read(updated_since="2030-05-01T12:05:00+05:30") == {str(changed.pk), str(fresh.pk)}
    assert read(updated_since="2030-05-01T12:05:00+05:30", status="open") == {str(fresh.pk)}


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"status": "paused"}, "/status"),
        ({"updated_since": "yesterday"}, "/updated_since"),
        ({"updated_since": "2030-05-01T12:05:00"}, "/updated_since"),
        ({"limit": "0"}, "/limit"),
        ({"limit": "many"}, "/limit"),
        ({"cursor": "nowhere"}, "/cursor"),
    ],
)
def test_what_is_no_filter_is_refused(query, pointer):
    reply = member_client(make_hospital()).get("/api/v1/partner/requests", query)

    assert reply.status_code == 400
    assert [error["pointer"] for error in reply.json()["errors"]] == [pointer]


def test_a_person_without_a_profile_has_no_promises_and_cannot_promise():
    client = person_client(make_user())

    assert client.get("/api/v1/assignments").json()["results"] == []
    assert answer(client.post(f"/api/v1/requests/{make_request().pk}/standby")) == (404, "not_a_donor")
