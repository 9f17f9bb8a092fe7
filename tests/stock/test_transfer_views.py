"""Exchange over the API: who sees what, and the whole way of a transfer."""

from __future__ import annotations

import datetime as dt
import itertools
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common import clock
from stock.models import Unit
from tests.factories import make_user, member_client, person_client
from tests.partners.factories import client_with, make_member
from tests.requests_app.scenes import events
from tests.stock.exchange import bank, cancel, confirm, dispatch, hospital, offer, request, under_way
from tests.stock.scenes import make_unit

pytestmark = pytest.mark.django_db
API = "/api/v1/partner/transfers"
WRITES = ["offer", "reject", "confirm", "dispatch", "receive", "cancel"]
BODIES = {
    "offer": {},
    "reject": {"reason": "No."},
    "confirm": {},
    "dispatch": {"courier": "Ravi", "box": "B1"},
    "receive": {"units": [{"unit": "x"}]},
    "cancel": {"reason": "No."},
}
_keys = itertools.count(1)


def post(client, path="", body=None, **headers):
    key = headers.pop("key", None) or f"k{next(_keys)}"
    return client.post(f"{API}{path}", body or {}, format="json", headers={"Idempotency-Key": key, **headers})


def need(**values):
    return {
        "blood_group": "B+",
        "component": "red_cells",
        "units": 2,
        "urgency": "urgent",
        "needed_by": (clock.now() + dt.timedelta(hours=8)).isoformat(),
        **values,
    }


def keeper(owner):
    return member_client(make_member(owner.partner, role="inventory"))


def test_a_transfer_walks_through_the_api():
    asker, sender = hospital(), bank(3, 2)
    ours, theirs = keeper(asker), keeper(sender)

    made = post(ours, body=need(requirements=[], note="Ward 3")).json()
    assert (made["status"], made["side"], made["asks"][0]["partner"]["id"]) == (
        "requested",
        "ours_asked",
        str(sender.partner_id),
    )
    seen = theirs.get(f"{API}/{made['id']}").json()
    assert (seen["side"], seen["note"], seen["distance_km"] > 2.9, seen["answer_by"]) == (
        "asked_of_us",
        "Ward 3",
        True,
        made["asks"][0]["answer_by"],
    )
    path = f"/{made['id']}"
    fee = {"amount": 145000, "currency": "INR"}
    assert post(theirs, f"{path}/offer", {"units": 2, "processing_fee": fee}).json()["status"] == "offered"
    assert post(ours, f"{path}/confirm").json()["processing_fee"]["agreed_at"] is not None
    sent = post(theirs, f"{path}/dispatch", {"courier": "Ravi", "box": "B1"}).json()
    assert (sent["status"], sent["box"], {bag["fate"] for bag in sent["bags"]}) == ("in_transit", "B1", {"sent"})
    first, second = sent["bags"]
    refused = {"unit": second["id"], "condition": "damaged", "reason": "cold_chain", "note": "Box at 14 C."}
    got = post(ours, f"{path}/receive", {"units": [{"unit": f"={first['din']}00"}, refused]}).json()

    assert (got["status"], got["units_offered"], got["units_received"]) == ("received", 2, 1)
    assert [(bag["fate"], bag["discard_reason"], bag["note"]) for bag in got["bags"]] == [
        ("accepted", "", ""),
        ("discarded", "cold_chain", "Box at 14 C."),
    ]
    assert [event["verb"] for event in got["history"]] == ["request", "ask", "offer", "confirm", "dispatch", "receive"]
    assert "ask" not in [event["verb"] for event in theirs.get(f"{API}{path}").json()["history"]]


def test_the_same_receipt_sent_twice_is_taken_in_once():
    asker, sender = hospital(), bank(3, 1)
    transfer = under_way(asker, sender)
    body = {"units": [{"unit": Unit.objects.get().din}]}
    client = keeper(asker)

    replies = [post(client, f"/{transfer.pk}/receive", body, key="once") for _ in range(2)]

    assert [reply.status_code for reply in replies] == [200, 200]
    assert replies[1]["Idempotency-Replayed"] == "true"
    assert len(events("transfer.received")) == 1


@pytest.mark.parametrize("verb", ["offer", "dispatch", "receive"])
def test_what_moves_units_needs_a_key(verb):
    reply = keeper(hospital()).post(f"{API}/{uuid.uuid4()}/{verb}", BODIES[verb], format="json")

    assert (reply.status_code, reply.json()["code"]) == (400, "idempotency_key_required")


def test_nobody_near_has_it():
    reply = post(keeper(hospital()), body=need())

    assert (reply.status_code, reply.json()["code"]) == (409, "nobody_has_it")


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"units": 0}, "/units"),
        ({"units": 51}, "/units"),
        ({"blood_group": "C+"}, "/blood_group"),
        ({"component": "milk"}, "/component"),
        ({"urgency": "soon"}, "/urgency"),
        ({"radius_km": 101}, "/radius_km"),
        ({"requirements": ["warm"]}, "/requirements/0"),
        ({"needed_by": "2030-05-01T06:00:00Z"}, "/needed_by"),
        ({"needed_by": "2030-05-01T06:00:00"}, "/needed_by"),
    ],
)
def test_a_request_of_the_wrong_shape_is_refused(values, pointer):
    asker = hospital()
    bank(3, 2)

    reply = post(keeper(asker), body=need(**values))

    assert (reply.status_code, reply.json()["errors"][0]["pointer"]) == (400, pointer)


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("offer", {"units": 1, "named": ["x"]}),
        ("offer", {"units": 0}),
        ("offer", {"units": 9}),
        ("offer", {"named": ["no such thing"]}),
        ("offer", {"processing_fee": {"amount": -1, "currency": "INR"}}),
        ("offer", {"processing_fee": {"amount": 1, "currency": "rupees"}}),
        ("dispatch", {"courier": "Ravi"}),
        ("dispatch", {"box": "B1"}),
        ("receive", {"units": []}),
        ("receive", {"units": [{"unit": "x", "condition": "warm"}]}),
        ("receive", {"units": [{"unit": "x", "condition": "damaged", "reason": "reactive"}]}),
        ("reject", {}),
        ("cancel", {"reason": ""}),
    ],
)
def test_a_step_of_the_wrong_shape_is_refused(verb, body):
    sender = bank(3, 1)
    transfer = request(hospital())

    assert post(keeper(sender), f"/{transfer.pk}/{verb}", body).status_code == 400


def test_an_asked_partner_sees_it_while_it_is_asked_and_nobody_else_does(noon):
    asker, near, far, stranger = hospital(), bank(1, 1), bank(2, 1), hospital(4)
    transfer = request(asker)
    clients = {name: keeper(owner) for name, owner in [("near", near), ("far", far), ("stranger", stranger)]}

    def sees():
        return {name for name, client in clients.items() if client.get(f"{API}/{transfer.pk}").status_code == 200}

    assert sees() == {"near"}
    noon.shift(dt.timedelta(minutes=15))

    assert sees() == set()
    assert clients["near"].get(API).json()["results"] == []


def test_the_sender_goes_on_seeing_it():
    asker, sender = hospital(), bank(1, 1)
    transfer = request(asker)
    offer(sender, transfer)
    cancel(sender, transfer)

    assert keeper(sender).get(f"{API}/{transfer.pk}").json()["status"] == "cancelled"


def test_another_partner_sees_neither_who_was_asked_nor_what_they_said():
    asker, near, far = hospital(), bank(1, 1), bank(2, 1)
    transfer = request(asker, urgency="critical")

    seen = keeper(near).get(f"{API}/{transfer.pk}").json()

    assert [ask["partner"]["id"] for ask in seen["asks"]] == [str(near.partner_id)]
    assert str(far.partner_id) not in str(seen)


@pytest.mark.parametrize("verb", WRITES)
def test_a_stranger_finds_nothing(verb):
    bank(3, 1)
    transfer = request(hospital())

    reply = post(keeper(hospital(5)), f"/{transfer.pk}/{verb}", BODIES[verb])

    assert (reply.status_code, reply.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("verb", ["", *WRITES])
def test_people_and_strangers_are_unknown_and_coordinators_do_not_move_bags(verb):
    path = f"/{uuid.uuid4()}/{verb}" if verb else ""
    body = BODIES.get(verb) or need()

    assert post(client_with(), path, body).status_code == 401
    assert post(person_client(make_user()), path, body).status_code == 401
    assert post(member_client(make_member(hospital().partner, role="coordinator")), path, body).status_code == 403
    assert post(member_client(hospital(status="pending")), path, body).json()["code"] == "partner_not_live"


def test_lists_say_which_side_and_which_state(noon):
    asker, sender = hospital(), bank(1, 3)
    offered, open_one = request(asker), request(asker, urgency="routine")
    offer(sender, offered)
    theirs = request(sender, urgency="routine") if make_unit(asker.partner) else None

    def listed(owner, **query):
        return [row["id"] for row in keeper(owner).get(API, query).json()["results"]]

    assert listed(asker) == [str(theirs.pk), str(open_one.pk), str(offered.pk)]
    assert listed(asker, side="ours_asked") == [str(open_one.pk), str(offered.pk)]
    assert listed(asker, side="asked_of_us") == [str(theirs.pk)]
    assert listed(asker, status="offered") == [str(offered.pk)]
    noon.shift(dt.timedelta(minutes=31))
    assert listed(asker, status="offered") == []
    assert listed(asker, status="expired") == [str(offered.pk)]
    assert keeper(asker).get(API, {"side": "left"}).status_code == 400


@pytest.mark.parametrize("side", ["ours_asked", "asked_of_us"])
def test_twenty_transfers_cost_no_more_queries_than_one(side):
    asker, sender = hospital(), bank(1, 20)
    client = keeper(asker if side == "ours_asked" else sender)

    def cost():
        with CaptureQueriesContext(connection) as queries:
            assert client.get(API, {"side": side}).status_code == 200
        return len(queries)

    request(asker)
    cost()
    for_one = cost()
    for _ in range(19):
        request(asker)

    assert len(client.get(API).json()["results"]) == 20
    assert cost() == for_one


def test_a_transfer_of_twenty_bags_is_read_in_as_many_queries_as_of_one():
    asker, sender = hospital(), bank(1, 21)
    client = keeper(asker)

    def cost(units):
        transfer = request(asker, units=units)
        offer(sender, transfer)
        confirm(asker, transfer)
        dispatch(sender, transfer)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"{API}/{transfer.pk}").status_code == 200
        return len(queries)

    assert cost(1) == cost(20)
