"""Which bag a recipient gets: compatible, by tier, first to expire first, never one that may not be promised."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from common import clock
from common.blood import Sex
from stock import services
from stock.errors import InsufficientStock, ReservationLapsed, UnitExpired
from stock.models import Reservation, StockPolicy, Unit
from stock.services import Needs
from stock.services.leaving import lapse_due_reservations
from tests.factories import make_hospital
from tests.requests_app.scenes import events
from tests.stock.scenes import counts_are_true, make_unit, reserve, status, stepping, verbs

pytestmark = pytest.mark.django_db


@pytest.fixture
def partner():
    return make_hospital().partner


def in_days(days):
    return clock.now() + dt.timedelta(days=days)


def given(holding):
    return [picked.unit_id for picked in holding.units]


def test_the_identical_group_goes_first_and_o_neg_last(partner):
    o_neg, o_pos, b_neg, b_pos = (make_unit(partner, blood_group=group) for group in ("O-", "O+", "B-", "B+"))

    assert given(reserve(partner, units=4)) == [b_pos.pk, b_neg.pk, o_pos.pk, o_neg.pk]


def test_within_a_tier_the_first_to_expire_goes_first(partner):
    late, soon = make_unit(partner, expires_at=in_days(20)), make_unit(partner, expires_at=in_days(3))

    assert given(reserve(partner, units=2)) == [soon.pk, late.pk]


@pytest.mark.parametrize(
    "values",
    [
        {"status": "quarantined"},
        {"status": "in_transit"},
        {"status": "issued"},
        {"status": "discarded"},
        {"status": "expired"},
        {"status": "reserved"},
        {"blood_group": "A+"},
        {"component": "whole_blood"},
        {"expires_at": dt.datetime(2030, 5, 1, 6, 30, tzinfo=dt.UTC)},
    ],
)
def test_what_may_not_be_promised_is_never_promised(partner, values):
    unit = make_unit(partner, **values)

    with pytest.raises(InsufficientStock) as refusal:
        reserve(partner)

    assert refusal.value.facts == {"available": 0}
    assert status(unit) == values.get("status", "available")


def test_another_partners_bags_stay_where_they_are(partner):
    other = make_unit(make_hospital().partner)

    with pytest.raises(InsufficientStock):
        reserve(partner)

    assert status(other) == "available"


@pytest.mark.parametrize("need", ["irradiated", "leukoreduced", "cmv_negative", "k_negative"])
def test_special_requirements_are_met(partner, need):
    make_unit(partner, expires_at=in_days(1))
    special = make_unit(partner, **{need: True})

    assert given(reserve(partner, needs=Needs(**{need: True}))) == [special.pk]


def test_the_bag_is_good_for_as_long_as_it_is_wanted(partner):
    make_unit(partner, expires_at=in_days(2))
    long = make_unit(partner, expires_at=in_days(9))

    assert given(reserve(partner, good_until=in_days(5))) == [long.pk]


def test_all_or_nothing_unless_less_will_do(partner):
    make_unit(partner), make_unit(partner)

    with pytest.raises(InsufficientStock) as refusal:
        reserve(partner, units=3)
    assert refusal.value.facts == {"available": 2}
    assert not Reservation.objects.exists()

    assert len(reserve(partner, units=3, at_least=1).units) == 2


@pytest.mark.parametrize(
    ("recipient", "sex", "age", "units"),
    [
        ("B+", Sex.MALE, 30, 1),
        ("B-", Sex.MALE, 30, 1),
        ("B-", Sex.FEMALE, 51, 1),
        ("B-", Sex.FEMALE, 50, 3),
        ("B-", None, None, 3),
        ("O-", Sex.MALE, 70, 3),
        ("unknown", Sex.FEMALE, 20, 3),
        ("unknown", Sex.MALE, 40, 1),
    ],
)
def test_the_last_o_neg_bags_are_kept_for_those_who_can_have_no_other(partner, recipient, sex, age, units):
    StockPolicy.objects.create(partner=partner, o_neg_floor=2)
    for _ in range(3):
        make_unit(partner, blood_group="O-")
    make_unit(partner, blood_group="O-", expires_at=clock.now())  # counts for nothing

    holding = reserve(partner, blood_group=recipient, sex=sex, age=age, units=3, at_least=1)

    assert len(holding.units) == units


def test_a_reservation_lapses_before_any_sweep(partner, noon):
    unit = make_unit(partner)
    first = reserve(partner, until=clock.now() + dt.timedelta(minutes=15))
    with pytest.raises(InsufficientStock):
        reserve(partner)

    noon.shift(dt.timedelta(minutes=15))
    second = reserve(partner)

    assert given(second) == [unit.pk]
    assert verbs(unit) == ["reserve", "unreserve", "reserve"]
    assert list(Reservation.objects.order_by("pk").values_list("ended_by", flat=True)) == ["lapsed", ""]
    assert [told["holding"] for told in events("reservation.ended")] == [str(first.id)]
    with pytest.raises(ReservationLapsed):
        stepping(services.issue_units, holding_id=first.id, actor="x", to="order:1")


def test_a_lapsed_bag_stands_among_the_free_ones_where_its_life_puts_it(partner, noon):
    free = make_unit(partner, expires_at=in_days(2))
    kept = make_unit(partner, expires_at=in_days(1))
    reserve(partner, until=clock.now() + dt.timedelta(minutes=15))
    last = make_unit(partner, expires_at=in_days(3))

    noon.shift(dt.timedelta(minutes=15))

    assert given(reserve(partner, units=3)) == [kept.pk, free.pk, last.pk]


def test_the_sweep_frees_what_has_lapsed_and_nothing_else(partner, noon):
    lapsing, kept = make_unit(partner), make_unit(partner)
    reserve(partner, until=clock.now() + dt.timedelta(minutes=15))
    reserve(partner)
    noon.shift(dt.timedelta(minutes=16))

    assert (lapse_due_reservations(limit=9), lapse_due_reservations(limit=9)) == (1, 0)

    assert (status(lapsing), status(kept)) == ("available", "reserved")


def test_released_twice_is_free_once(partner):
    unit = make_unit(partner)
    holding = reserve(partner)

    freed = [stepping(services.release_reservation, holding_id=holding.id, actor="x") for _ in range(2)]

    assert freed == [1, 0]
    assert status(unit) == "available"


def test_an_old_holding_does_not_free_what_another_has_taken(partner, noon):
    unit = make_unit(partner)
    first = reserve(partner, until=clock.now() + dt.timedelta(minutes=1))
    noon.shift(dt.timedelta(minutes=2))
    reserve(partner)

    assert stepping(services.release_reservation, holding_id=first.id, actor="x") == 0
    assert status(unit) == "reserved"


def test_what_is_kept_for_good_does_not_lapse_and_is_issued(partner, noon):
    unit = make_unit(partner)
    holding = reserve(partner, until=clock.now() + dt.timedelta(minutes=15))
    stepping(services.keep_reservation, holding_id=holding.id, until=None)
    noon.shift(dt.timedelta(days=1))

    issued = stepping(services.issue_units, holding_id=holding.id, actor="x", to="order:1")

    assert [one.unit_id for one in issued] == [unit.pk]
    assert status(unit) == "issued"
    here = {"partner": str(partner.pk), "to_partner": str(partner.pk)}
    assert events("unit.issued") == [{"unit": str(unit.pk), "din": unit.din, "to": "order:1", **here}]
    assert counts_are_true()


def test_an_expired_bag_is_not_issued(partner, noon):
    make_unit(partner, expires_at=in_days(1))
    holding = reserve(partner)
    noon.shift(dt.timedelta(days=2))

    with pytest.raises(UnitExpired):
        stepping(services.issue_units, holding_id=holding.id, actor="x", to="order:1")


def test_a_bag_has_one_open_reservation_says_the_database(partner):
    make_unit(partner)
    holding = reserve(partner)

    with pytest.raises(IntegrityError, match="one_open_reservation_per_unit"), transaction.atomic():
        Reservation.objects.create(holding=holding.id, unit=Unit.objects.get(), purpose="order:2")


def test_reserving_many_costs_no_more_queries_than_one(partner):
    for _ in range(25):
        make_unit(partner)

    def cost(units):
        with CaptureQueriesContext(connection) as queries:
            reserve(partner, units=units)
        return len(queries)

    assert cost(1) == cost(20)
