"""Red cells and whole blood leave with a crossmatch where the partner asks for one, or in an emergency of two."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from common import clock
from stock import services
from stock.components import Component
from stock.errors import AuthorisersInvalid, CrossmatchIncompatible, CrossmatchMissing
from stock.models import Crossmatch, StockPolicy, Unit
from stock.services import Emergency
from tests.factories import make_hospital, member_client
from tests.partners.factories import make_member
from tests.stock.exchange import bank, hospital, receive, under_way
from tests.stock.scenes import API, keeper, make_unit, reserve, status, stepping, verbs

pytestmark = pytest.mark.django_db


def strict():
    partner, client = keeper()
    StockPolicy.objects.create(partner=partner, requires_crossmatch=True)
    return partner, client


def match(client, unit, result="compatible", recipient=""):
    body = {"result": result, "recipient": recipient}
    return client.post(f"{API}/units/{unit.pk}/crossmatch", body, format="json")


def issue(holding, **values):
    return stepping(services.issue_units, holding_id=holding.id, actor="member:1", to="order:1", **values)


def issue_kept(holding, **values):
    """Hand out as to a family."""
    return stepping(services.issue_reserved, holding_ids=[holding.id], actor="member:1", to="order:1", **values)


def transfuse(client, unit, **body):
    return client.post(f"{API}/units/{unit.pk}/transfuse", body, format="json")


def test_a_matched_bag_is_issued_and_its_history_says_so():
    partner, client = strict()
    unit, holding = make_unit(partner), reserve(partner)

    reply = match(client, unit)
    issue(holding)

    assert reply.status_code == 200
    assert status(unit) == "issued"
    assert verbs(unit) == ["reserve", "crossmatch", "issue"]
    assert unit.movements.get(verb="crossmatch").facts == {"result": "compatible"}


@pytest.mark.parametrize("hand_out", [issue, issue_kept])
def test_where_the_partner_asks_for_it_nothing_leaves_unmatched(hand_out):
    partner, client = strict()
    first, second = make_unit(partner), make_unit(partner)
    holding = reserve(partner, units=2)
    match(client, first)

    with pytest.raises(CrossmatchMissing) as refusal:
        hand_out(holding)

    assert refusal.value.facts == {"units": [str(second.pk)]}
    assert (status(first), status(second)) == ("reserved", "reserved")


def test_where_it_does_not_ask_bags_leave_as_before():
    partner, _ = keeper()
    unit, holding = make_unit(partner), reserve(partner)

    issue(holding)

    assert status(unit) == "issued"


def test_plasma_and_platelets_are_not_matched():
    partner, client = strict()
    unit = make_unit(partner, component="platelets_random")
    holding = reserve(partner, component=Component.PLATELETS_RANDOM)

    assert match(client, unit).json()["code"] == "crossmatch_not_applicable"
    issue(holding)

    assert status(unit) == "issued"


@pytest.mark.parametrize("policy", [True, False])
def test_an_incompatible_bag_is_never_issued_whatever_the_policy_and_the_emergency(policy):
    partner, client = keeper()
    StockPolicy.objects.create(partner=partner, requires_crossmatch=policy)
    unit, holding = make_unit(partner), reserve(partner)
    match(client, unit)
    match(client, unit, "incompatible")

    with pytest.raises(CrossmatchIncompatible):
        issue(holding, emergency=Emergency([make_member(partner).pk, make_member(partner).pk]))

    assert status(unit) == "reserved"


def test_a_later_result_replaces_an_earlier_one():
    partner, client = strict()
    unit, holding = make_unit(partner), reserve(partner)
    match(client, unit, "incompatible")
    match(client, unit, "compatible")

    issue(holding)

    assert status(unit) == "issued"


def test_a_crossmatch_is_good_for_72_hours(noon):
    partner, client = strict()
    unit, holding = make_unit(partner), reserve(partner)
    noon.move_to(clock.now(), tick=False)
    match(client, unit)
    noon.shift(dt.timedelta(hours=72))

    with pytest.raises(CrossmatchMissing):
        issue(holding)
    noon.shift(dt.timedelta(seconds=-1))
    issue(holding)

    assert status(unit) == "issued"


def test_the_crossmatch_of_another_recipient_counts_for_nothing():
    partner, client = strict()
    unit, first = make_unit(partner), reserve(partner)
    match(client, unit, "incompatible")
    stepping(services.release_reservation, holding_id=first.id, actor="x")
    second = reserve(partner, purpose="order:2")

    with pytest.raises(CrossmatchMissing):
        issue(second)


def test_two_members_release_in_an_emergency_and_stand_in_the_history():
    partner, _ = strict()
    unit, holding = make_unit(partner), reserve(partner)
    members = [make_member(partner), make_member(partner)]

    issue(holding, emergency=Emergency([member.pk for member in members]))

    assert status(unit) == "issued"
    named = unit.movements.get(verb="issue").facts["emergency"]["authorised_by"]
    assert named == sorted(str(member.pk) for member in members)


def same(partner):
    return [make_member(partner).pk] * 2


def one(partner):
    return [make_member(partner).pk]


def a_stranger(partner):
    return [make_member(partner).pk, make_hospital().pk]


def one_who_left(partner):
    return [make_member(partner).pk, make_member(partner, is_active=False).pk]


@pytest.mark.parametrize("named", [same, one, a_stranger, one_who_left])
def test_an_emergency_needs_two_different_members_of_the_partner(named):
    partner, _ = strict()
    unit, holding = make_unit(partner), reserve(partner)

    with pytest.raises(AuthorisersInvalid):
        issue(holding, emergency=Emergency(named(partner)))

    assert status(unit) == "reserved"


def test_a_bag_that_left_in_an_emergency_is_matched_afterwards():
    partner, client = strict()
    unit, holding = make_unit(partner), reserve(partner)
    issue(holding, emergency=Emergency([make_member(partner).pk, make_member(partner).pk]))

    assert match(client, unit).status_code == 200

    assert Crossmatch.objects.get().reservation.holding == holding.id


def test_ones_own_bag_is_given_with_the_crossmatch_of_the_case():
    partner, client = strict()
    unit = make_unit(partner)
    match(client, unit, recipient="IP-1")

    wrong = transfuse(client, unit, recipient="IP-2")
    right = transfuse(client, unit, recipient="IP-1")

    assert (wrong.status_code, wrong.json()["code"]) == (409, "crossmatch_missing")
    assert (right.status_code, status(unit)) == (200, "transfused")


def test_a_case_of_the_partner_that_had_the_bag_before_is_another_case():
    asker, sender = hospital(), bank(3, 1)
    StockPolicy.objects.create(partner=asker.partner, requires_crossmatch=True)
    unit, theirs, ours = Unit.objects.get(), member_client(sender), member_client(asker)
    match(theirs, unit, recipient="17")
    receive(asker, under_way(asker, sender))

    before = transfuse(ours, unit, recipient="17")
    match(ours, unit, recipient="17")
    after = transfuse(ours, unit, recipient="17")

    assert (before.status_code, before.json()["code"]) == (409, "crossmatch_missing")
    assert (after.status_code, status(unit)) == (200, "transfused")


def test_ones_own_bag_is_given_in_an_emergency():
    partner, client = strict()
    unit = make_unit(partner)
    members = [str(make_member(partner).pk) for _ in range(2)]

    refused = transfuse(client, unit, emergency={"authorised_by": members[:1] * 2})
    given = transfuse(client, unit, emergency={"authorised_by": members})

    assert (refused.status_code, refused.json()["code"]) == (400, "authorisers_invalid")
    assert (given.status_code, status(unit)) == (200, "transfused")


def test_a_bag_that_is_kept_for_nobody_is_matched_with_somebody():
    partner, client = keeper()

    reply = match(client, make_unit(partner))

    assert (reply.status_code, reply.json()["code"]) == (400, "crossmatch_for_nobody")


@pytest.mark.parametrize("state", ["quarantined", "in_transit", "transfused", "discarded", "expired"])
def test_a_bag_that_nobody_can_be_given_is_not_matched(state):
    partner, client = keeper()

    reply = match(client, make_unit(partner, status=state), recipient="IP-1")

    assert (reply.status_code, reply.json()["code"]) == (409, "unit_not_matchable")
    assert not Crossmatch.objects.exists()


def test_a_bag_whose_life_is_over_is_not_matched():
    partner, client = keeper()

    reply = match(client, make_unit(partner, expires_at=clock.now()), recipient="IP-1")

    assert (reply.status_code, reply.json()["code"]) == (409, "unit_expired")


def test_owners_set_the_policy_and_keepers_read_it():
    owner = make_hospital()
    partner, client = keeper(owner)
    StockPolicy.objects.create(partner=partner, o_neg_floor=3)

    refused = client.put(f"{API}/policy", {"requires_crossmatch": True}, format="json")
    member_client(owner).put(f"{API}/policy", {"requires_crossmatch": True}, format="json")
    client.put(f"{API}/thresholds", {"thresholds": [], "o_neg_floor": 4}, format="json")

    assert (refused.status_code, refused.json()["code"]) == (403, "role_not_allowed")
    assert client.get(f"{API}/policy").json() == {"requires_crossmatch": True, "o_neg_floor": 4}


def test_a_partner_that_never_said_so_has_the_plain_policy():
    _, client = keeper()

    assert client.get(f"{API}/policy").json() == {"requires_crossmatch": False, "o_neg_floor": 0}


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"result": "so so", "recipient": "IP-1"}, "crossmatch_result_is_known"),
        ({"result": "compatible"}, "crossmatch_is_for_somebody"),
    ],
)
def test_the_database_refuses_what_is_no_crossmatch(values, name):
    unit = make_unit(make_hospital().partner)

    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        Crossmatch.objects.create(unit=unit, recorded_by="x", recorded_at=clock.now(), **values)
