"""From a donation to every bag of it and back: in neutral words for the donor, in full for those who answer for it."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.db import connection

from common import outbox
from common.blood import BloodGroup
from common.db import unit_of_work
from notifications.models import Delivery, Notification
from stock import services
from stock.components import Component
from stock.models import Unit
from stock.services.leaving import discard_unit, transfuse_unit
from stock.services.splitting import Part, split_unit
from stock.services.testing import record_tests, release_unit
from stock.states import DiscardReason, Finding, MandatoryTest
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
from tests.requests_app.family_scenes import issue as issue_to
from tests.requests_app.family_scenes import settled
from tests.stock.scenes import CLEAR
from users.models import Deferral, User

pytestmark = pytest.mark.django_db


def give(owner):
    user = make_user(name="Asha Kulkarni", lat="18.52", lng="73.8567")
    donation = verify(make_arrived(make_promise(make_request(owner), make_donor(user=user))))
    outbox.drain()
    return donation


def separate(owner, donation):
    """Test, release and separate the donation; return its red cells and its plasma."""
    who = {"partner_id": owner.partner_id, "member_id": owner.pk}
    record_tests(**who, unit_id=donation.unit_id, results=CLEAR, blood_group=BloodGroup.O_NEG)
    release_unit(**who, unit_id=donation.unit_id)
    parts = [Part(Component.RED_CELLS, 200), Part(Component.FRESH_FROZEN_PLASMA, 150)]
    return split_unit(**who, unit_id=donation.unit_id, parts=parts)


def transfuse(owner, unit, recipient="case 17"):
    return transfuse_unit(partner_id=owner.partner_id, member_id=owner.pk, unit_id=unit.pk, recipient=recipient)


def issue(owner, component=Component.RED_CELLS, to_partner_id=None):
    with unit_of_work():
        holding = services.reserve_units(
            partner_id=owner.partner_id,
            actor="system",
            purpose="order:1",
            component=component,
            blood_group=BloodGroup.O_NEG,
            units=1,
        )
    with unit_of_work():
        services.issue_units(holding_id=holding.id, actor="system", to="order:1", to_partner_id=to_partner_id)


def react(owner, donation):
    record_tests(
        partner_id=owner.partner_id,
        member_id=owner.pk,
        unit_id=donation.unit_id,
        results={MandatoryTest.HIV: Finding.REACTIVE},
    )


def told():
    outbox.drain()
    return list(Notification.objects.filter(kind="blood_issued"))


def journey(donation):
    reply = person_client(donation.donor.user).get(f"/api/v1/me/donations/{donation.pk}/journey")
    assert reply.status_code == 200
    return reply.json()


def trace(client, path):
    reply = client.get(f"/api/v1/partner/{path}/trace")
    assert reply.status_code == 200
    return reply.json()


def test_a_donor_follows_the_components_to_the_hospital_by_day():
    owner = make_hospital()
    donation = give(owner)
    red, _ = separate(owner, donation)
    transfuse(owner, red)

    found = journey(donation)

    assert (found["donated_on"], found["tested_on"]) == ("2030-05-01", "2030-05-01")
    assert [(row["component"], row["now"]) for row in found["components"]] == [
        ("whole_blood", "separated"),
        ("red_cells", "given"),
        ("fresh_frozen_plasma", "ready"),
    ]
    here = {"id": str(owner.partner_id), "name": owner.partner.name, "city": "Pune"}
    assert found["components"][1]["stops"] == [
        {"step": "issued", "on": "2030-05-01", "partner": here},
        {"step": "given", "on": "2030-05-01", "partner": here},
    ]
    assert "case 17" not in json.dumps(found)


def test_the_donor_of_what_a_family_was_given_is_told_where_it_went():
    owner = make_hospital()
    donation = give(owner)
    separate(owner, donation)
    family = settled(owner, blood_group="O-", units=1)

    issue_to(family, owner)

    (row,) = told()
    assert (row.user_id, row.body.count(owner.partner.name)) == (donation.donor.user_id, 1)
    assert journey(donation)["components"][1]["now"] == "issued"


def test_a_reactive_donation_looks_to_its_donor_like_one_that_broke():
    owner = make_hospital()
    reactive, broken = give(owner), give(owner)
    react(owner, reactive)
    discard_unit(partner_id=owner.partner_id, member_id=owner.pk, unit_id=broken.unit_id, reason=DiscardReason.BROKEN)

    seen = [journey(donation) for donation in (reactive, broken)]

    assert [row["components"] for row in seen] == [[{"component": "whole_blood", "now": "not_used", "stops": []}]] * 2
    assert [row["tested_on"] for row in seen] == [None, None]
    assert "reactive" not in json.dumps(seen)


def test_a_donor_is_told_once_for_each_hospital():
    owner, other = make_hospital(), make_hospital()
    donation = give(owner)
    separate(owner, donation)
    issue(owner)
    issue(owner, Component.FRESH_FROZEN_PLASMA, to_partner_id=other.partner_id)
    Unit.objects.filter(din=donation.unit.din, status="issued").update(status="available")
    issue(owner)

    rows = told()

    assert sorted(row.body for row in rows) == sorted(
        f"What you gave on 1 May 2030 went to a patient at {hospital.partner.name}. Thank you!"
        for hospital in (owner, other)
    )
    assert {row.user_id for row in rows} == {donation.donor_id}


def test_blood_given_where_it_was_kept_is_told_too():
    owner = make_hospital()
    donation = give(owner)
    red, _ = separate(owner, donation)

    transfuse(owner, red)

    assert [row.user_id for row in told()] == [donation.donor_id]
    assert "case" not in told()[0].body


def test_of_withdrawn_blood_nothing_is_told():
    owner = make_hospital()
    donation = give(owner)
    separate(owner, donation)
    issue(owner)
    react(owner, donation)

    assert told() == []


def test_blood_that_came_from_elsewhere_and_donors_who_are_gone_are_left_out():
    owner = make_hospital()
    donation = give(owner)
    separate(owner, donation)
    User.objects.filter(pk=donation.donor_id).update(is_active=False)
    issue(owner)

    assert told() == []


def test_at_night_the_news_waits_for_the_morning(noon, settings):
    settings.MESSAGE_QUIET_HOURS = (dt.time(21, 30), dt.time(7, 0))
    owner = make_hospital()
    separate(owner, give(owner))
    noon.shift(dt.timedelta(hours=14))  # two in the morning
    issue(owner)

    (row,) = told()

    (sms,) = Delivery.objects.filter(notification=row)
    assert sms.run_at == dt.datetime(2030, 5, 2, 1, 30, tzinfo=dt.UTC)
    assert sms.valid_until > sms.run_at


def test_the_partner_traces_its_donation_to_every_bag_and_back():
    owner = make_hospital()
    donation = give(owner)
    red, plasma = separate(owner, donation)
    transfuse(owner, red)
    client = member_client(owner)

    ahead = trace(client, f"donations/{donation.pk}")
    back = [trace(client, f"stock/units/{text}") for text in (red.pk, donation.unit.din, f"={donation.unit.din}00")]

    assert back == [ahead] * 3
    assert (ahead["din"], ahead["donation"]) == (donation.unit.din, str(donation.pk))
    assert ahead["donor"] == donation.donor.user.public_id
    assert donation.donor.user.name not in json.dumps(ahead)
    assert [unit["id"] for unit in ahead["units"]] == [str(pk) for pk in (donation.unit_id, red.pk, plasma.pk)]
    given = ahead["units"][1]["steps"]
    assert [step["verb"] for step in given] == ["split", "reserve", "issue", "transfuse"]
    assert given[2]["given_at"]["name"] == owner.partner.name
    assert given[3]["facts"] == {"recipient": "case 17"}


def test_who_has_a_bag_of_it_sees_the_way_and_neither_donor_nor_others_cases():
    owner, other = make_hospital(), make_hospital()
    donation = give(owner)
    red, plasma = separate(owner, donation)
    transfuse(owner, red)
    Unit.objects.filter(pk=plasma.pk).update(partner=other.partner)
    react(owner, donation)

    found = trace(member_client(other), f"stock/units/{plasma.pk}")

    assert (found["donation"], found["donor"]) == (None, None)
    assert found["withdrawn_at"] is not None
    assert "case 17" not in json.dumps(found)
    theirs = [
        step for unit in found["units"] for step in unit["steps"] if step["partner"]["id"] != str(other.partner_id)
    ]
    assert {(step["actor"], str(step["facts"])) for step in theirs} == {("", "{}")}
    assert {unit["status"] for unit in found["units"]} == {"discarded", "transfused"}


def test_strangers_trace_nothing():
    owner = make_hospital()
    donation = give(owner)
    stranger = member_client(make_hospital())

    for path in (f"donations/{donation.pk}", f"stock/units/{donation.unit_id}", f"stock/units/{donation.unit.din}"):
        assert stranger.get(f"/api/v1/partner/{path}/trace").status_code == 404
    assert member_client(owner).get("/api/v1/partner/stock/units/nonsense/trace").status_code == 404
    assert person_client(make_user()).get(f"/api/v1/me/donations/{donation.pk}/journey").status_code == 404


class Counting:
    queries = 0

    def __call__(self, execute, sql, params, many, context):
        self.queries += 1
        return execute(sql, params, many, context)


def test_a_longer_way_costs_no_more(django_assert_num_queries):
    owner = make_hospital()
    short, long = give(owner), give(owner)
    red, _ = separate(owner, long)
    transfuse(owner, red)
    client = member_client(owner)
    with connection.execute_wrapper(counting := Counting()):
        trace(client, f"donations/{short.pk}")

    with django_assert_num_queries(counting.queries):
        trace(client, f"donations/{long.pk}")
    assert not Deferral.objects.exists()
