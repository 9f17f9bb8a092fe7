"""Whoever collected a donation answers for it wherever its bags have gone."""

from __future__ import annotations

import pytest

from stock.models import Unit
from tests.factories import member_client
from tests.partners.factories import make_member
from tests.requests_app.scenes import events
from tests.stock.exchange import bank, hospital, receive, under_way
from tests.stock.scenes import API, status

pytestmark = pytest.mark.django_db


def record(owner, name, **results):
    client = member_client(make_member(owner.partner, role="inventory"))
    return client.post(f"{API}/units/{name}/tests", {"results": results}, format="json")


@pytest.fixture
def given():
    """A bag that its collector has sent to another partner, and both."""
    asker, sender = hospital(), bank(3, 1)
    receive(asker, under_way(asker, sender))
    return Unit.objects.get(), sender, asker


@pytest.mark.parametrize("name", ["pk", "din"])
def test_the_collector_withdraws_a_bag_that_another_partner_has(given, name):
    unit, collector, holder = given

    reply = record(collector, getattr(unit, name), hiv="reactive")

    assert reply.status_code == 200
    assert status(unit) == "discarded"
    assert [row["partner"] for row in reply.json()["discarded"]] == [str(holder.partner_id)]
    assert [told["partner"] for told in events("unit.recalled")] == [str(holder.partner_id)]


def test_of_what_others_did_with_it_the_collector_reads_nothing(given):
    unit, collector, _ = given

    history = record(collector, unit.pk, hcv="non_reactive").json()["unit"]["history"]

    assert [row["verb"] for row in history] == ["reserve", "ship"]


def test_of_what_others_did_with_it_its_holder_reads_what_and_when(given):
    unit, _, holder = given

    history = member_client(holder).get(f"{API}/units/{unit.pk}").json()["history"]

    assert [(row["verb"], bool(row["actor"]), bool(row["facts"])) for row in history] == [
        ("reserve", False, False),
        ("ship", False, False),
        ("receive", True, True),
    ]


def test_whoever_has_the_bag_does_not_answer_for_its_tests(given):
    unit, _, holder = given

    assert record(holder, unit.din, hiv="reactive").json()["code"] == "not_the_collector"
    assert status(unit) == "available"


def test_a_stranger_finds_no_such_bag(given):
    unit, _, _ = given

    assert [record(hospital(5), name, hiv="reactive").status_code for name in (unit.pk, unit.din)] == [404, 404]


def test_a_bag_that_has_gone_is_tested_and_nothing_else(given):
    unit, collector, _ = given
    client = member_client(make_member(collector.partner, role="inventory"))

    replies = [
        client.post(f"{API}/units/{unit.pk}/{verb}", {"reason": "broken"}, format="json")
        for verb in ("discard", "release")
    ]

    assert [reply.status_code for reply in replies] == [404, 404]
    assert client.get(f"{API}/units/{unit.pk}").status_code == 404
