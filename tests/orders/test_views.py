"""Orders over HTTP: whose they are, what is refused, what is shown, at a constant cost."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common import clock
from orders.models import Order
from orders.services import couriers
from payments.parties import Party
from tests.factories import make_user, member_client, person_client
from tests.files import picture
from tests.orders.scenes import (
    TOTAL,
    accepted,
    dispatched,
    fresh,
    kept,
    line,
    make_bank,
    make_buyer,
    make_contract,
    packed,
    paid,
    place,
    set_prices,
)
from tests.partners.factories import make_member
from tests.stock.scenes import make_unit
from users.services import documents

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("unthrottled")]
API = "/api/v1"
KEY = {"Idempotency-Key": "7"}


def a_document(user):
    return documents.add_document(owner_id=user.pk, kind="other", name="requisition.jpg", content=picture()).pk


def wish(bank, **values):
    return {
        "bank": str(bank.partner_id),
        "lines": [{"blood_group": "B+", "component": "red_cells", "units": 2}],
        "patient": {"name": "Meera Joshi", "age": 42, "sex": "female", "hospital": "Deenanath", "ward": "3B"},
        "deliver_to": {"address": "5 Karve Road", "lat": 18.5089, "lng": 73.8329},
        "needed_by": (clock.now() + dt.timedelta(hours=6)).isoformat(),
        **values,
    }


def post(client, path, body=None, **headers):
    return client.post(f"{API}{path}", body or {}, format="json", headers=headers)


def test_a_person_asks_for_a_price_and_orders_at_it():
    bank, user = make_bank(), make_user()
    client = person_client(user)

    quote = post(client, "/orders/quote", {name: wish(bank)[name] for name in ("bank", "lines", "deliver_to")})
    made = post(client, "/orders", wish(bank))

    assert quote.status_code == 200, quote.content
    assert quote.json()["total"] == made.json()["total"] == {"amount": TOTAL, "currency": "INR"}
    assert made.status_code == 201
    assert made.json()["patient"]["name"] == "Meera Joshi"
    assert Order.objects.get().buyer_user_id == user.pk


@pytest.mark.parametrize("name", ["price", "total", "discount", "currency", "amount"])
def test_a_price_of_the_clients_own_is_refused(name):
    bank = make_bank()
    client = person_client(make_user())

    for body in (wish(bank, **{name: 1}), wish(bank, lines=[{**wish(bank)["lines"][0], name: 1}])):
        reply = post(client, "/orders", body)
        assert reply.status_code == 400
        assert reply.json()["errors"][0]["code"] == "read_only"
        assert reply.json()["errors"][0]["pointer"].endswith(name)
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"lines": []}, "/lines"),
        ({"pickup": True}, "/deliver_to"),
        ({"needed_by": "2030-05-01 18:00"}, "/needed_by"),
        ({"deliver_to": {"address": "x", "lat": 91, "lng": 0}}, "/deliver_to/lat"),
        ({"patient": {"name": "A", "age": -1, "sex": "female", "hospital": "B"}}, "/patient/age"),
    ],
)
def test_a_body_of_the_wrong_shape_is_pointed_at(change, pointer):
    reply = post(person_client(make_user()), "/orders", wish(make_bank(), **change))

    assert reply.status_code == 400
    assert reply.json()["errors"][0]["pointer"] == pointer


def test_a_stranger_finds_no_order_and_nothing_to_do_with_it():
    bank = make_bank(bags=2)
    order = dispatched(bank)
    person, other_bank, other_hospital = (
        person_client(make_user()),
        member_client(make_bank()),
        member_client(make_buyer()),
    )

    for path in ("", "/timeline"):
        assert person.get(f"{API}/orders/{order.pk}{path}").status_code == 404
        assert other_bank.get(f"{API}/partner/orders/{order.pk}{path}").status_code == 404
        assert other_hospital.get(f"{API}/partner/orders/{order.pk}{path}").status_code == 404
    for path, body in (("cancel", {"reason": "x"}), ("code", {})):
        assert post(person, f"/orders/{order.pk}/{path}", body).status_code == 404
    bodies = {
        "accept": {},
        "reject": {"reason": "x"},
        "cancel": {"reason": "x"},
        "fill-up": {},
        "pack": {"box": "B", "units": [{"unit": "x"}]},
        "dispatch": {"courier": "x"},
        "deliver": {"code": "000000"},
        "fail": {"reason": "x", "fault": "bank"},
        "return": {"units": [{"unit": "x", "minutes_out": 1}]},
        "code": {},
        "pings": {"pings": [{"at": clock.now().isoformat(), "lat": 1, "lng": 1}]},
    }
    for path, body in bodies.items():
        assert post(other_bank, f"/partner/orders/{order.pk}/{path}", body, **KEY).status_code == 404, path
    readings = {"readings": [{"sensor": "S", "at": clock.now().isoformat(), "temperature_c": "4"}]}
    box = order.boxes.get().pk
    assert post(other_bank, f"/partner/boxes/{box}/readings", readings).status_code == 404
    assert fresh(order).status == "dispatched"


def test_a_token_of_one_realm_opens_nothing_of_the_other():
    bank = make_bank()
    order = place(bank)

    assert member_client(bank).get(f"{API}/orders/{order.pk}").status_code == 401
    assert person_client(make_user()).get(f"{API}/partner/orders/{order.pk}").status_code == 401


def test_bags_are_moved_by_stock_keepers_only_and_with_a_key():
    bank = make_bank(bags=2)
    order = place(bank)
    coordinator = member_client(make_member(bank.partner, role="coordinator"))
    keeper = member_client(make_member(bank.partner, role="inventory"))
    path = f"/partner/orders/{order.pk}/accept"

    assert post(coordinator, path, **KEY).status_code == 403
    assert post(keeper, path).json()["code"] == "idempotency_key_required"
    first, again = post(keeper, path, **KEY), post(keeper, path, **KEY)

    assert first.status_code == again.status_code == 200
    assert again.headers["Idempotency-Replayed"] == "true"
    assert post(keeper, path, **{"Idempotency-Key": "8"}).status_code == 409


def test_the_whole_way_of_a_hospitals_bulk_order_by_contract():
    bank, hospital = make_bank(bags=4), make_buyer()
    make_contract(bank, hospital)
    make_unit(bank.partner, component="platelets_random")
    buyer, seller = member_client(hospital), member_client(bank)
    body = wish(bank, requisition_number="REQ-7")
    body["lines"] += [{"blood_group": "B+", "component": "platelets_random", "units": 1}]
    del body["patient"]

    order_id = post(buyer, "/partner/orders", body).json()["id"]
    order, path = Order.objects.get(pk=order_id), f"/partner/orders/{order_id}"
    assert post(seller, f"{path}/accept", **KEY).json()["status"] == "accepted"
    for label in ("red_cells", "platelets_random"):
        scans = [{"unit": bag.unit.din} for bag in kept(order) if bag.unit.component == label]
        post(seller, f"{path}/pack", {"box": label, "units": scans}, **{"Idempotency-Key": label})
    sent = post(seller, f"{path}/dispatch", {"courier": "Ravi"}, **KEY).json()
    assert sent["status"] == "dispatched", sent
    assert "code" not in str(sent)
    code = post(buyer, f"{path}/code").json()["code"]
    box = str(order.boxes.get(label="red_cells").pk)
    at = clock.now().isoformat()
    reading = {"sensor": "S", "at": at, "temperature_c": "4.5"}
    cold = post(seller, f"/partner/boxes/{box}/readings", {"readings": [reading]})
    ping = post(seller, f"{path}/pings", {"pings": [{"at": at, "lat": 18.51, "lng": 73.84}]})
    done = post(seller, f"{path}/deliver", {"code": code}, **KEY).json()

    assert (cold.status_code, ping.json()) == (200, {"recorded": 1})
    assert (done["status"], done["terms"], {bag["fate"] for bag in done["bags"]}) == (
        "delivered",
        "monthly",
        {"delivered"},
    )
    steps = buyer.get(f"{API}{path}/timeline").json()["steps"]
    assert [step["verb"] for step in steps][-2:] == ["renew_code", "deliver"]
    assert steps[0]["local"].startswith("2030-05-01 12:00:")


def test_a_person_follows_cancels_and_gets_a_code():
    user = make_user()
    bank = make_bank(bags=4)
    client = person_client(user)
    order = dispatched(bank, buyer=Party.person(user.pk))

    assert len(post(client, f"/orders/{order.pk}/code").json()["code"]) == 6
    shown = client.get(f"{API}/orders/{order.pk}/timeline").json()
    assert shown["eta"]["basis"] == "courier"
    assert post(client, f"/orders/{order.pk}/cancel", {"reason": "Late."}).json()["code"] == "illegal_transition"
    other = accepted(bank, buyer=Party.person(user.pk))
    assert post(client, f"/orders/{other.pk}/cancel", {"reason": "x"}).json()["end_reason"] == "buyer"


def test_lists_are_filtered_by_status_date_bank_and_side():
    user, bank, hospital = make_user(), make_bank(bags=2), make_buyer()
    mine = place(bank, buyer=Party.person(user.pk))
    theirs = accepted(bank, buyer=Party.partner(hospital.partner_id))
    client, seller, buyer = person_client(user), member_client(bank), member_client(hospital)

    def ids(one, path, **query):
        return {row["id"] for row in one.get(f"{API}{path}", query).json()["results"]}

    assert ids(client, "/orders") == {str(mine.pk)}
    assert ids(client, "/orders", bank=str(uuid.uuid4())) == set()
    assert ids(client, "/orders", status="accepted") == set()
    assert ids(seller, "/partner/orders") == {str(mine.pk), str(theirs.pk)}
    assert ids(seller, "/partner/orders", side="placed") == set()
    assert ids(seller, "/partner/orders", status="accepted", side="received") == {str(theirs.pk)}
    assert ids(buyer, "/partner/orders", side="placed") == {str(theirs.pk)}
    tomorrow = (clock.now() + dt.timedelta(days=1)).isoformat()
    assert ids(seller, "/partner/orders", placed_from=tomorrow) == set()
    assert len(ids(seller, "/partner/orders", placed_to=tomorrow)) == 2


@pytest.mark.parametrize(
    "path", ["/partner/orders", "/partner/riders", "/partner/contracts", "/partner/contract-bills"]
)
def test_a_list_costs_the_same_for_one_row_and_for_many(path):
    bank = make_bank(bags=12)
    client = member_client(bank)

    def cost():
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"{API}{path}").status_code == 200
        return len(queries)

    def grow(number):
        paid(bank)
        couriers.add_rider(partner_id=bank.partner_id, name="R", phone=f"+9198220123{number}")
        make_contract(bank, make_buyer())

    grow(10)
    cost()
    one = cost()
    for number in range(11, 16):
        grow(number)

    assert cost() == one


def test_one_order_costs_the_same_for_one_bag_and_for_many():
    bank = make_bank(bags=12)
    client = member_client(bank)

    def cost(order):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"{API}/partner/orders/{order.pk}").status_code == 200
        return len(queries)

    small, large = packed(bank, lines=[line(1)]), packed(bank, lines=[line(9)])
    cost(small)

    assert cost(small) == cost(large)


def test_an_owner_sets_prices_that_everybody_reads():
    bank = make_bank(priced=False)
    owner, coordinator = member_client(bank), member_client(make_member(bank.partner, role="coordinator"))
    body = {
        "processing": [{"component": "red_cells", "charge": 145_000}],
        "delivery": [{"up_to_km": "5", "charge": 15_000}],
        "taxes": {"delivery": 1800},
        "cancellation": {"accepted": 5_000},
    }
    public = f"{API}/partners/{bank.partner_id}/price-list"

    assert owner.get(f"{API}/partner/price-list").json()["code"] == "no_price_list"
    assert coordinator.put(f"{API}/partner/price-list", body, format="json").status_code == 403
    assert owner.put(f"{API}/partner/price-list", body, format="json").status_code == 200
    shown = person_client(make_user()).get(public).json()

    assert shown["processing"] == body["processing"]
    assert shown["delivery"] == [{"up_to_km": 5.0, "charge": 15_000}]
    assert shown["taxes"] == {"name": "GST", "processing": 0, "delivery": 1800}
    double = {**body, "processing": body["processing"] * 2}
    assert owner.put(f"{API}/partner/price-list", double, format="json").status_code == 400


def test_contracts_are_made_by_banks_and_ended_by_either_side():
    bank, hospital = make_bank(), make_buyer()
    owner, theirs, stranger = member_client(bank), member_client(hospital), member_client(make_buyer())
    body = {"hospital": str(hospital.partner_id), "processing": [], "starts_on": "2030-05-01"}

    made = post(owner, "/partner/contracts", body)
    assert made.status_code == 201, made.content
    assert post(owner, "/partner/contracts", body).json()["code"] == "contract_exists"
    assert [row["id"] for row in theirs.get(f"{API}/partner/contracts").json()["results"]] == [made.json()["id"]]
    path = f"/partner/contracts/{made.json()['id']}/end"
    assert post(stranger, path).status_code == 404
    assert post(theirs, path).json()["ended_at"] is not None

    set_prices(bank)
    assert post(owner, "/partner/contracts", body).status_code == 201


def test_nobody_makes_a_contract_with_itself_or_without_prices():
    bank, hospital = make_bank(priced=False), make_buyer()
    body = {"hospital": str(hospital.partner_id), "starts_on": "2030-05-01"}

    assert post(member_client(bank), "/partner/contracts", body).json()["code"] == "no_price_list"
    own = {**body, "hospital": str(bank.partner_id)}
    assert post(member_client(bank), "/partner/contracts", own).json()["code"] == "contract_with_yourself"
    absent = {**body, "hospital": str(uuid.uuid4())}
    assert post(member_client(make_bank()), "/partner/contracts", absent).status_code == 404


def test_riders_are_added_changed_and_not_doubled():
    bank = make_bank()
    client = member_client(bank)
    body = {"name": "Ravi", "phone": "+919822012345"}

    rider = post(client, "/partner/riders", body).json()
    assert post(client, "/partner/riders", body).json()["code"] == "rider_phone_taken"
    path = f"{API}/partner/riders/{rider['id']}"
    assert member_client(make_bank()).patch(path, {"is_active": False}, format="json").status_code == 404
    assert client.patch(path, {"is_active": False}, format="json").json()["is_active"] is False

    assert post(client, "/partner/riders", body).status_code == 201


def test_a_requisition_is_seen_by_the_bank_until_the_order_has_ended():
    user, bank = make_user(), make_bank()
    client, seller = person_client(user), member_client(bank)
    document = a_document(user)
    foreign = a_document(make_user())

    refused = post(client, "/orders", wish(bank, requisition=str(foreign)))
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, "/requisition")
    order = post(client, "/orders", wish(bank, requisition=str(document))).json()["id"]
    path = f"{API}/partner/orders/{order}/requisition"
    assert seller.get(path).status_code == 200
    assert member_client(make_bank()).get(path).status_code == 404
    post(client, f"/orders/{order}/cancel", {"reason": "No."})

    assert seller.get(path).status_code == 404


def test_five_wrong_codes_lock_the_hand_over_also_for_calls_with_keys():
    bank = make_bank(bags=2)
    order = dispatched(bank)
    seller, wrong = member_client(bank), f"{(int(order.code_sealed) + 1) % 10**6:06d}"
    path = f"/partner/orders/{order.pk}/deliver"

    replies = [post(seller, path, {"code": wrong}, **{"Idempotency-Key": str(number)}) for number in range(6)]

    assert [reply.status_code for reply in replies] == [400] * 5 + [423]
    assert [reply.json().get("tries_left") for reply in replies] == [4, 3, 2, 1, 0, None]
    assert fresh(order).code_tries_left == 0
