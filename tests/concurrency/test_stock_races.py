"""Bags under many hands: nobody gets what another has, and counts stay true."""

from __future__ import annotations

import datetime as dt
import threading

import pytest

from common import clock
from common.db import unit_of_work
from stock import services
from stock.models import Movement, Reservation, Unit
from stock.services import allocating, counting, splitting, testing
from stock.services.crossmatching import record_crossmatch
from stock.services.leaving import expire_due_units
from stock.services.splitting import Part, split_unit
from stock.states import CrossmatchResult, Finding, MandatoryTest
from tests.concurrency.scenes import race_test, unlock, waiting, without_constraints
from tests.factories import make_hospital
from tests.races import meeting, names, race, without_locks
from tests.requests_app.scenes import events
from tests.stock.scenes import counts_are_true, make_unit, reserve, status, verbs

pytestmark = [race_test, pytest.mark.usefixtures("unthrottled")]


def test_fifty_buyers_of_the_last_ten_bags_leave_exactly_ten_served():
    partner = make_hospital().partner
    bags = {make_unit(partner).pk for _ in range(10)}

    outcomes = race(*[lambda: reserve(partner) for _ in range(50)])

    assert names(outcomes) == ["Holding"] * 10 + ["InsufficientStock"] * 40
    assert {holding.units[0].unit_id for holding in outcomes if not isinstance(holding, Exception)} == bags
    assert Reservation.objects.filter(ended_at=None).count() == 10
    assert counts_are_true()


def test_without_the_lock_a_bag_goes_to_several_buyers(monkeypatch):
    partner = make_hospital().partner
    make_unit(partner)
    monkeypatch.setattr(allocating, "_PICK", allocating._PICK.replace("FOR NO KEY UPDATE OF unit {locked}", ""))
    with meeting(6) as wait, without_constraints((Reservation, "one_open_reservation_per_unit")):
        monkeypatch.setattr(allocating, "_pick", waiting(allocating._pick, wait))

        outcomes = race(*[lambda: reserve(partner) for _ in range(6)])

        assert names(outcomes).count("Holding") > 1


def test_buyers_of_six_out_of_ten_do_not_both_fail():
    partner = make_hospital().partner
    for _ in range(10):
        make_unit(partner)

    outcomes = race(*[lambda: reserve(partner, units=6) for _ in range(5)])

    assert names(outcomes).count("Holding") == 1
    assert Unit.objects.filter(status="reserved").count() == 6


def test_a_count_loses_no_reservation_made_meanwhile():
    owner = make_hospital()
    for _ in range(5):
        make_unit(owner.partner)

    def count():
        kind = counting.Count(component="red_cells", blood_group="B+", units=5)
        return counting.set_counts(partner_id=owner.partner_id, member_id=owner.pk, counts=[kind], all_released=True)

    outcomes = race(count, count, *[lambda: reserve(owner.partner) for _ in range(4)])

    assert names(outcomes) == ["Changes"] * 2 + ["Holding"] * 4
    assert Unit.objects.filter(status__in=["available", "reserved"]).count() == 5
    assert Unit.objects.filter(status="reserved").count() == 4
    assert counts_are_true()


def test_a_bag_is_split_once():
    owner = make_hospital()
    unit = make_unit(owner.partner, component="whole_blood", volume_ml=450)
    parts = [Part("red_cells", 200)]

    outcomes = race(
        *[
            lambda: split_unit(partner_id=owner.partner_id, member_id=owner.pk, unit_id=unit.pk, parts=parts)
            for _ in range(4)
        ]
    )

    assert names(outcomes) == ["IllegalTransition"] * 3 + ["list"]
    assert Unit.objects.filter(split_from=unit).count() == 1


@pytest.fixture
def on_the_centrifuge(monkeypatch):
    """A released bag that is being split; the acts of finishing that, and of finding its donation reactive."""
    owner, watch, lock = make_hospital(), splitting.watch, testing.lock
    unit = make_unit(owner.partner, component="whole_blood", volume_ml=450)
    parted, listed = threading.Event(), threading.Event()

    def watch_late(partner_ids):
        parted.set()
        listed.wait(0.5)
        return watch(partner_ids)

    def lock_listed(model, ids):
        ids = list(ids)
        if model is Unit:
            listed.set()
        return lock(model, ids)

    def split():
        parts = [Part("red_cells", 200), Part("cryo_poor_plasma", 180)]
        return split_unit(partner_id=owner.partner_id, member_id=owner.pk, unit_id=unit.pk, parts=parts)

    def find():
        parted.wait(10)
        hiv = {MandatoryTest.HIV: Finding.REACTIVE}
        return testing.record_tests(partner_id=owner.partner_id, member_id=owner.pk, unit_id=unit.pk, results=hiv)

    monkeypatch.setattr(splitting, "watch", watch_late)
    monkeypatch.setattr(testing, "lock", lock_listed)
    return split, find


def test_a_reactive_result_that_comes_while_a_bag_is_split_withdraws_its_parts(on_the_centrifuge):
    race(*on_the_centrifuge)

    assert Unit.objects.count() == 3
    assert {unit.status for unit in Unit.objects.all()} == {"discarded"}


def test_without_the_lock_of_the_donation_parts_of_reactive_blood_stay_on_the_shelf(on_the_centrifuge, monkeypatch):
    monkeypatch.setattr(splitting, "lock", without_locks)
    monkeypatch.setattr(splitting, "lock", without_locks)

    race(*on_the_centrifuge)

    assert Unit.objects.filter(status="available").count() == 2


def test_two_sweeps_share_the_work(noon):
    partner = make_hospital().partner
    units = [make_unit(partner, expires_at=clock.now() + dt.timedelta(hours=1)) for _ in range(20)]
    noon.shift(dt.timedelta(hours=2))

    outcomes = race(*[lambda: expire_due_units(limit=10) for _ in range(4)])

    assert sum(outcomes) <= 20
    while expire_due_units(limit=10):
        pass
    assert {status(unit) for unit in units} == {"expired"}
    assert all(unit.movements.count() == 1 for unit in units)
    assert counts_are_true()


def test_buyers_at_once_cross_a_threshold_once():
    owner = make_hospital()
    from stock.components import Component  # noqa: PLC0415
    from stock.services.thresholds import Minimum, set_thresholds  # noqa: PLC0415

    for _ in range(8):
        make_unit(owner.partner)
    set_thresholds(partner_id=owner.partner_id, minimums=[Minimum(Component.RED_CELLS, "B+", 5)], o_neg_floor=0)

    race(*[lambda: reserve(owner.partner) for _ in range(8)])

    assert [told["available"] for told in events("stock.low")] == [4]


@pytest.fixture
def at_the_bench():
    """A bag that is kept for somebody; the acts of finding it incompatible, and of handing it out."""
    owner = make_hospital()
    unit, holding = make_unit(owner.partner), reserve(owner.partner)

    def match():
        return record_crossmatch(
            partner_id=owner.partner_id, member_id=owner.pk, unit_id=unit.pk, result=CrossmatchResult.INCOMPATIBLE
        )

    def issue():
        with unit_of_work():
            return services.issue_units(holding_id=holding.id, actor="x", to="order:1")

    return unit, match, issue


def test_an_incompatible_result_that_comes_in_time_keeps_the_bag(at_the_bench):
    unit, match, issue = at_the_bench

    outcomes = race(match, issue)

    found = Movement.objects.filter(unit=unit).order_by("pk").values_list("verb", flat=True)
    assert (type(outcomes[1]).__name__, list(found)) in [
        ("CrossmatchIncompatible", ["reserve", "crossmatch"]),  # said first: it stays
        ("list", ["reserve", "issue", "crossmatch"]),  # gone first: known afterwards
    ]


def test_without_the_lock_a_bag_leaves_that_was_found_incompatible(at_the_bench, monkeypatch):
    unit, match, issue = at_the_bench
    matched, clear_for_leaving = threading.Event(), allocating.clear_for_leaving

    def clear_early(*args, **values):
        found = clear_for_leaving(*args, **values)
        matched.wait(10)
        return found

    monkeypatch.setattr(allocating, "clear_for_leaving", clear_early)
    with meeting(2) as wait:
        unlock(monkeypatch, "stock.services.moving.lock", "stock.services.allocating.lock", after=Unit, wait=wait)

        race(lambda: (match(), matched.set()), issue)

    assert verbs(unit) == ["reserve", "crossmatch", "issue"]
