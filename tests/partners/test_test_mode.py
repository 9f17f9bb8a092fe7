"""Test keys act among test data: nothing of it is seen, asked, sent or paid outside, and nothing real from inside."""

from __future__ import annotations

import datetime as dt

import pytest

from common import clock
from common.blood import BloodGroup
from common.errors import NotFound
from common.geo import Point
from common.phone import is_test_number
from donations import selectors as donations
from donations.services import enrolling
from notifications.models import Delivery
from partners import selectors
from partners.models import Member
from partners.scopes import Scope
from partners.services import approval
from partners.states import KeyMode
from requests_app import selectors as requests
from requests_app.models import Ask
from requests_app.services import promises
from stock.models import TransferAsk, Unit
from tests.donations import camp_scenes
from tests.factories import make_donor, make_hospital, make_request, member_client, person_client
from tests.notifications.test_handlers import drain
from tests.orders import scenes as orders
from tests.partners.factories import client_with
from tests.partners.test_api_keys import make_key
from tests.stock.exchange import bank
from users.models import Donor, User
from users.selectors import donor_card

pytestmark = pytest.mark.django_db
API = "/api/v1/partner"


class World:
    """A partner in Pune with a test key, its test data furnished; and real neighbours."""

    def __init__(self) -> None:
        self.owner = make_hospital(kind="both")
        made = make_key(self.owner, *[str(scope) for scope in Scope], mode=KeyMode.TEST)
        self.token, self.key = made.token, made.key
        self.twin = made.key.member.partner
        drain()

    def client(self, part: str = ""):
        client = client_with(self.token)
        if part:
            client.credentials(HTTP_AUTHORIZATION=f"Bearer {self.token}", HTTP_JEEVANSETU_TEST_PART=part)
        return client

    def need(self, **values):
        return {
            "blood_group": "O-",
            "component": "red_cells",
            "units": 1,
            "urgency": "critical",
            "needed_by": (clock.now() + dt.timedelta(hours=8)).isoformat(),
            **values,
        }


@pytest.fixture
def world() -> World:
    return World()


def test_the_first_test_key_finds_a_world_the_same_for_everybody(world):
    shown = world.client().get(f"{API}/test-data")
    stock = world.client().get(f"{API}/stock")

    assert shown.json()["partner"] == str(world.twin.pk)
    assert set(shown.json()["parts"]) == {"twin", "bank", "hospital", "far_bank"}
    assert shown["Jeevansetu-Mode"] == stock["Jeevansetu-Mode"] == "test"
    assert Unit.objects.filter(partner=world.twin, status="available").count() == 3 * 8 * 4
    assert Donor.objects.filter(test_world=world.twin.test_world).count() == 3 * len(BloodGroup)
    assert all(is_test_number(phone) for phone in User.objects.values_list("phone", flat=True))
    assert not Unit.objects.filter(partner=world.owner.partner).exists()
    assert make_key(world.owner, mode=KeyMode.TEST).key.member.partner_id == world.twin.pk


def test_test_data_is_in_no_public_list(world):
    here = Point(float(world.twin.lat), float(world.twin.lng))
    client = client_with()

    directory = client.get("/api/v1/partners").json()["results"]
    near = client.get("/api/v1/partners/nearby", {"lat": here.lat, "lng": here.lng}).json()["results"]
    offers = client.get(
        "/api/v1/stock/search",
        {"lat": here.lat, "lng": here.lng, "blood_group": "O-", "component": "red_cells"},
    ).json()["results"]
    one = client.get(f"/api/v1/partners/{world.twin.pk}")
    prices = client.get(f"/api/v1/partners/{world.twin.pk}/price-list")

    assert [row["id"] for row in directory] == [row["id"] for row in near] == [str(world.owner.partner_id)]
    assert offers == []
    assert (one.status_code, prices.status_code) == (404, 404)


def test_a_test_request_asks_test_donors_alone_and_sends_nothing(world):
    real = make_donor(km_north=1)

    posted = world.client().post(f"{API}/requests", world.need(), format="json")
    drain()

    assert posted.status_code == 201, posted.json()
    asked = set(Ask.objects.values_list("donor_id", flat=True))
    assert asked
    assert real.pk not in asked
    assert set(Donor.objects.filter(pk__in=asked).values_list("test_world", flat=True)) == {world.twin.test_world}
    assert set(Delivery.objects.values_list("status", "error_code")) == {("skipped", "test_mode")}
    counted = world.client().get(f"{API}/requests/{posted.json()['id']}/candidates").json()
    assert "3" in str(counted)


def test_a_real_request_asks_no_test_donor(world):
    real = make_donor(km_north=1)

    make_request(world.owner, urgency="critical")
    drain()

    assert list(Ask.objects.values_list("donor_id", flat=True)) == [real.pk]


def test_real_donors_see_no_test_request_and_cannot_take_one(world):
    real = make_donor(km_north=1)
    posted = world.client().post(f"{API}/requests", world.need(), format="json").json()["id"]
    actual = make_request(world.owner)

    near = requests.requests_near(donor=donor_card(real.pk), radius_km=None)
    shown = person_client(real.user).get(f"/api/v1/requests/{posted}")
    taken = person_client(real.user).post(f"/api/v1/requests/{posted}/accept")
    test_donor = Donor.objects.filter(test_world=world.twin.test_world, blood_group="O-").earliest("pk")
    with pytest.raises(NotFound):
        promises.accept(request_id=actual.pk, donor_id=test_donor.pk)

    assert [row.pk for row in near] == [actual.pk]
    assert (shown.status_code, taken.status_code) == (404, 404)
    assert promises.accept(request_id=posted, donor_id=test_donor.pk).assignment.donor_id == test_donor.pk


def test_transfers_stay_among_test_partners_and_both_sides_can_be_played(world):
    bank(1, 5)
    need = {**world.need(blood_group="B+", units=2), "radius_km": 20}

    asked = world.client("hospital").post(f"{API}/transfers", need, format="json")
    drain()

    assert asked.status_code == 201, asked.json()
    ours = world.client("twin").get(f"{API}/transfers").json()["results"]
    others = world.client("bank").get(f"{API}/transfers").json()["results"]
    assert {row["id"] for row in ours} == {row["id"] for row in others} == {asked.json()["id"]}
    asked_of = set(TransferAsk.objects.values_list("partner__test_world", flat=True))
    assert asked_of == {world.twin.test_world}


def test_a_real_transfer_asks_no_test_partner(world):
    with_bags = bank(1, 5)
    client = member_client(world.owner)

    asked = client.post(f"{API}/transfers", {**world.need(blood_group="B+"), "radius_km": 20}, format="json")

    assert asked.status_code == 201, asked.json()
    assert len(member_client(with_bags).get(f"{API}/transfers").json()["results"]) == 1
    assert world.client().get(f"{API}/transfers").json()["results"] == []


def test_nothing_is_ordered_or_agreed_across_the_border(world):
    real_bank = orders.make_bank(bags=4)
    lines = [{"component": "red_cells", "blood_group": "B+", "units": 1}]
    needed_by = (clock.now() + dt.timedelta(hours=8)).isoformat()

    def quote(client, bank_id):
        body = {"bank": str(bank_id), "lines": lines, "needed_by": needed_by, "pickup": True}
        return client.post(f"{API}/orders/quote", body, format="json")

    test_bank = selectors.test_twin(world.owner.partner_id).parts[1][1]
    outwards, inwards = quote(world.client(), real_bank.partner_id), quote(member_client(world.owner), test_bank)
    among = quote(world.client(), test_bank)
    contract = world.client().post(
        f"{API}/contracts",
        {
            "hospital": str(real_bank.partner_id),
            "starts_on": "2030-05-02",
            "processing": [{"component": "red_cells", "charge": 1}],
        },
        format="json",
    )

    assert (outwards.status_code, inwards.status_code) == (404, 404), (outwards.json(), inwards.json())
    assert among.status_code == 200, among.json()
    assert contract.status_code == 404, contract.json()


def test_no_money_is_taken_in_test_mode(world):
    body = {
        "purchase": {"kind": "order", "id": str(world.twin.pk)},
        "provider": "stripe",
        "return_url": "https://x.example/",
    }

    answer = world.client().post(f"{API}/payments", body, format="json")

    assert (answer.status_code, answer.json()["code"]) == (409, "not_in_test_mode")


def test_camps_of_test_data_are_nobodys_to_find_or_come_to(world):
    real = make_donor(km_north=1)
    member = Member.objects.get(partner=world.twin, is_system=True, pk=world.key.member_id)
    camp = camp_scenes.make_camp(member)
    drain()

    here = Point(float(camp.lat), float(camp.lng))

    assert donations.camps_near(here, 50) == []
    assert person_client(real.user).get(f"/api/v1/camps/{camp.pk}").status_code == 404
    with pytest.raises(NotFound):
        enrolling.enrol(camp_id=camp.pk, donor_id=real.pk)
    assert not Delivery.objects.exclude(error_code="test_mode").exists()


def test_a_reset_begins_anew_for_the_same_keys(world):
    world.client().post(f"{API}/requests", world.need(), format="json")

    answer = world.client().post(f"{API}/test-data/reset")
    drain()

    assert answer.status_code == 200, answer.json()
    assert answer.json()["partner"] != str(world.twin.pk)
    assert world.client().get(f"{API}/requests").json()["results"] == []
    assert world.client().get(API).json()["id"] == answer.json()["partner"]
    assert Unit.objects.filter(partner=answer.json()["partner"]).count() == 3 * 8 * 4
    assert not Donor.objects.filter(test_world=world.twin.test_world, available=True).exists()
    with pytest.raises(NotFound):
        selectors.public_partner(world.twin.pk)


def test_an_owner_resets_it_too_and_a_live_key_never(world):
    live = make_key(world.owner, "test_data")

    by_owner = member_client(world.owner).post(f"{API}/test-data/reset")
    by_live_key = client_with(live.token).post(f"{API}/test-data/reset")

    assert by_owner.status_code == 200
    assert (by_live_key.status_code, by_live_key.json()["code"]) == (403, "test_mode_only")


def test_a_test_key_of_a_suspended_partner_is_refused(world):
    approval.suspend_partner(partner_id=world.owner.partner_id, actor="admin", reason="test")

    assert world.client().get(f"{API}/stock").json()["code"] == "partner_suspended"


@pytest.mark.parametrize(("mode", "part"), [(KeyMode.TEST, "moon"), (KeyMode.LIVE, "bank")])
def test_a_part_that_there_is_not_is_refused(mode, part):
    made = make_key(None, "stock:read", mode=mode)
    client = client_with()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {made.token}", HTTP_JEEVANSETU_TEST_PART=part)

    answer = client.get(f"{API}/stock")

    assert (answer.status_code, answer.json()["code"]) == (400, "test_part_unknown")
