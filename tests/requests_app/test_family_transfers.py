"""A family's blood from another partner: asked, offered, sent, received; and what comes when it does not."""

from __future__ import annotations

import datetime as dt

import pytest

from requests_app import jobs
from stock.models import Transfer, Unit
from tests.requests_app.family_scenes import (
    cancel,
    confirm,
    donate,
    donors_asked,
    issue,
    kept,
    promise,
    settle,
    settled,
    sources,
)
from tests.stock.exchange import bank, dispatch, hospital, offer, receive
from tests.stock.exchange import cancel as call_off
from tests.stock.exchange import refuse as say_no
from tests.stock.scenes import make_unit

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner():
    return hospital()


def newest():
    return Transfer.objects.latest("pk")


def test_what_the_hospital_lacks_is_asked_of_the_nearest_partner_and_of_no_donor(owner):
    make_unit(owner.partner)
    bank(4, 3)

    family = settled(owner, units=3)

    assert sources(family) == [("stock", "reserved", 1), ("transfer", "asked", 2)]
    transfer = newest()
    assert (transfer.purpose, transfer.partner_id, transfer.units) == (family.purpose, owner.partner_id, 2)
    assert donors_asked(family) == []


def test_a_partner_beyond_twenty_kilometres_is_not_asked(owner):
    bank(21, 3)

    family = settled(owner)

    assert sources(family) == [
        ("stock", "unavailable", 2),
        ("transfer", "unavailable", 2),
        ("donors", "asked", 2),
    ]


def test_bags_that_arrive_are_kept_for_the_family_and_handed_out(owner):
    sender = bank(4, 2)
    family = settled(owner)
    states = []
    for act in (offer, dispatch):
        act(sender, newest())
        states.append(sources(settle(family))[-1])

    receive(owner, newest())
    settle(family)

    assert states == [("transfer", "promised", 2), ("transfer", "on_the_way", 2)]
    assert sources(family)[-1] == ("transfer", "reserved", 2)
    assert set(Unit.objects.values_list("status", "reserved_until", "partner")) == {
        ("reserved", family.needed_by, owner.partner_id)
    }
    issue(family, owner)
    assert (settle(family).status, family.units_issued) == ("fulfilled", 2)


def test_when_nobody_gives_donors_are_asked(owner):
    only = bank(4, 2)
    family = settled(owner)

    say_no(only, newest())

    settle(family)
    assert sources(family)[1:] == [("transfer", "failed", 2), ("donors", "asked", 2)]


def test_an_offer_of_a_part_sends_the_rest_to_donors(owner):
    sender = bank(4, 2)
    family = settled(owner)

    offer(sender, newest(), units=1)

    settle(family)
    assert ("transfer", "promised", 1) in sources(family)
    assert sources(family)[-1] == ("donors", "asked", 1)


def test_the_rest_of_a_part_comes_from_the_next_partner(owner):
    near, next_one = bank(4, 1), bank(6, 1)
    family = settled(owner)

    offer(near, Transfer.objects.get())
    settle(family)
    offer(next_one, newest())
    settle(family)

    assert [row for row in sources(family) if row[0] == "transfer"] == [("transfer", "promised", 1)] * 2
    assert donors_asked(family) == []


def test_bags_damaged_on_the_road_are_asked_of_donors(owner):
    sender = bank(4, 2)
    family = settled(owner)
    offer(sender, newest())
    transfer = newest()
    dispatch(sender, transfer)

    receive(owner, transfer, "damaged")

    settle(family)
    assert kept() == 1
    assert sources(family)[-1] == ("donors", "asked", 1)


def test_a_critical_family_waits_for_no_transfer_and_needs_no_donors_once_it_is_there(owner):
    sender = bank(4, 2)
    family = settled(owner, urgency="critical")
    given = promise(family)
    assert sources(family)[1:] == [("transfer", "asked", 2), ("donors", "asked", 2)]

    offer(sender, newest())
    dispatch(sender, newest())
    receive(owner, newest())
    settle(family)

    given.assignment.refresh_from_db()
    assert (kept(), given.assignment.status, donors_asked(family)) == (2, "released", [("cancelled", 2)])


def test_donors_who_were_faster_call_the_transfer_off(owner):
    sender = bank(4, 1)
    family = settled(owner, urgency="critical", units=1)
    offer(sender, newest())
    settle(family)

    donate(promise(family), owner)
    settle(family)

    assert (family.status, newest().status) == ("fulfilled", "cancelled")
    assert ("transfer", "released", 1) in sources(family)
    assert kept() == 0


def test_a_cancelled_family_calls_off_what_has_not_left(owner):
    sender = bank(4, 2)
    family = settled(owner)
    offer(sender, newest())
    settle(family)

    cancel(family)
    settle(family)

    assert (newest().status, kept()) == ("cancelled", 0)
    assert sources(family)[-1] == ("transfer", "released", 2)


def test_what_is_on_the_road_when_a_family_cancels_is_the_hospital_s(owner):
    sender = bank(4, 2)
    family = settled(owner)
    offer(sender, newest())
    dispatch(sender, newest())
    settle(family)

    cancel(family)
    settle(family)
    receive(owner, newest())
    settle(family)

    assert (kept(), set(Unit.objects.values_list("status", "partner"))) == (0, {("available", owner.partner_id)})


def test_bags_that_arrive_while_the_family_cancels_are_freed(owner):
    sender = bank(4, 2)
    family = settled(owner)
    offer(sender, newest())
    dispatch(sender, newest())
    settle(family)

    receive(owner, newest())
    cancel(family)
    settle(family)

    assert kept() == 0


def test_a_transfer_that_the_hospital_ends_sends_the_family_to_donors(owner):
    bank(4, 2)
    family = settled(owner)

    call_off(owner, newest())

    settle(family)
    assert sources(family)[1:] == [("transfer", "failed", 2), ("donors", "asked", 2)]


def test_a_sender_that_gives_up_is_replaced_by_the_next(owner):
    near, far = bank(4, 2), bank(6, 2)
    family = settled(owner)
    offer(near, newest())
    settle(family)

    call_off(near, newest())
    settle(family)

    assert [row for row in sources(family) if row[0] == "transfer"] == [
        ("transfer", "failed", 2),
        ("transfer", "asked", 2),
    ]
    assert newest().asks.get().partner_id == far.partner_id
    assert donors_asked(family) == []


def test_a_confirmed_family_has_its_lapsed_bags_back_and_fewer_are_brought(owner, noon):
    make_unit(owner.partner), make_unit(owner.partner)
    family = settled(owner)
    bank(4, 2)
    noon.shift(dt.timedelta(hours=1))
    jobs.go_on_without_hospitals()
    settle(family)
    assert sources(family)[-1] == ("transfer", "asked", 2)

    confirm(family, owner)
    settle(family)

    assert (newest().status, kept()) == ("cancelled", 2)
    assert family.transfer_open


def test_bags_that_arrive_before_it_is_heard_that_they_left_are_not_kept_beyond_the_need(owner):
    sender = bank(4, 1)
    family = settled(owner, units=1)
    offer(sender, newest())
    settle(family)
    make_unit(owner.partner)
    confirm(family, owner)
    dispatch(sender, newest())
    receive(owner, newest())

    settle(family)

    assert (kept(), Unit.objects.filter(status="available").count()) == (1, 1)
    assert ("transfer", "released", 1) in sources(family)
