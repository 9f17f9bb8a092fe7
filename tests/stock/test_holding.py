"""Bags kept for one purpose in several holdings: kept longer, handed out in part, let go."""

from __future__ import annotations

import datetime as dt

import pytest

from common import clock
from stock import selectors, services
from stock.errors import ReservationLapsed
from stock.models import Reservation
from tests.factories import make_hospital
from tests.requests_app.scenes import events
from tests.stock.scenes import counts_are_true, make_unit, reserve, status, stepping, verbs

pytestmark = pytest.mark.django_db


@pytest.fixture
def partner():
    return make_hospital().partner


def held(partner, *days, **values):
    """Keep one bag for each number of days that it lives, each in a holding of its own; return bags and holdings."""
    now = clock.now()
    bags, holdings = [], []
    for left in days:
        bags.append(make_unit(partner, expires_at=now + dt.timedelta(days=left)))
        holdings.append(reserve(partner, **values).id)
    return bags, holdings


def test_bags_of_several_holdings_are_kept_longer_together(partner):
    bags, holdings = held(partner, 3, 5, until=clock.now() + dt.timedelta(hours=1))
    later = clock.now() + dt.timedelta(hours=9)

    kept = stepping(services.keep_reservations, holding_ids=holdings, until=later)

    assert kept == 2
    assert set(Reservation.objects.values_list("until", "unit__reserved_until")) == {(later, later)}


def test_a_bag_whose_time_is_over_is_not_kept_again(partner, noon):
    _, holdings = held(partner, 3, until=clock.now() + dt.timedelta(hours=1))
    noon.shift(dt.timedelta(hours=1))

    kept = stepping(services.keep_reservations, holding_ids=holdings, until=clock.now() + dt.timedelta(hours=9))

    assert (kept, selectors.held_units(holdings)) == (0, [])


def test_what_lives_longest_is_let_go_first(partner):
    (old, new), holdings = held(partner, 3, 5)

    freed = stepping(services.trim_reservations, holding_ids=holdings, keep=1, actor="system")

    assert (freed, status(old), status(new)) == (1, "reserved", "available")
    assert [unit.id for unit in selectors.held_units(holdings)] == [old.pk]
    assert counts_are_true()


def test_letting_go_twice_changes_nothing(partner):
    [bag], holdings = held(partner, 3)

    freed = [stepping(services.trim_reservations, holding_ids=holdings, keep=0, actor="system") for _ in range(2)]

    assert (freed, verbs(bag)) == ([1, 0], ["reserve", "unreserve"])


def test_the_first_to_expire_are_handed_out_up_to_the_most(partner):
    (old, new), holdings = held(partner, 3, 5)

    issued = stepping(services.issue_reserved, holding_ids=holdings, actor="member:1", to="order:1", most=1)

    assert {holding: [unit.unit_id for unit in units] for holding, units in issued.items()} == {holdings[0]: [old.pk]}
    assert (status(old), status(new)) == ("issued", "reserved")


def test_named_bags_are_handed_out_and_only_they(partner):
    (old, new), holdings = held(partner, 3, 5)

    stepping(services.issue_reserved, holding_ids=holdings, actor="member:1", to="order:1", unit_ids={new.pk})

    assert (status(old), status(new)) == ("reserved", "issued")
    assert counts_are_true()


def test_it_is_said_of_each_at_which_hospital_its_blood_is_given(partner):
    [bag], holdings = held(partner, 3)

    stepping(services.issue_reserved, holding_ids=holdings, actor="member:1", to="order:1")

    here = {"partner": str(partner.pk), "to_partner": str(partner.pk)}
    assert events("unit.issued") == [{"unit": str(bag.pk), "din": bag.din, "to": "order:1", **here}]


def test_a_bag_of_another_holding_is_not_handed_out(partner):
    (mine, other), holdings = held(partner, 3, 5)

    with pytest.raises(ReservationLapsed):
        stepping(
            services.issue_reserved,
            holding_ids=holdings[:1],
            actor="member:1",
            to="order:1",
            unit_ids={mine.pk, other.pk},
        )

    assert (status(mine), status(other)) == ("reserved", "reserved")
