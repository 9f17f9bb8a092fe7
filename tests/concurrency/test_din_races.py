"""Donation numbers: none twice, none left out."""

from __future__ import annotations

import datetime as dt
import threading

from common.blood import BloodGroup
from common.db import unit_of_work
from stock.components import Component
from stock.din import parse_din
from stock.models import Collection, DinCounter, Unit
from stock.services import collect_unit
from stock.services import collecting as services
from tests.concurrency.scenes import race_test, unlock
from tests.partners.factories import make_partner
from tests.races import meeting, names, race

pytestmark = race_test


def collecting(partner, *, fails=False):
    def collect():
        with unit_of_work():
            unit = collect_unit(
                partner_id=partner.pk,
                actor="test",
                component=Component.WHOLE_BLOOD,
                blood_group=BloodGroup.O_POS,
                volume_ml=350,
                collected_at=dt.datetime(2030, 5, 1, 6, 30, tzinfo=dt.UTC),
            )
            if fails:
                raise ZeroDivisionError
            return unit

    return collect


def numbers():
    return sorted(parse_din(din).sequence for din in Unit.objects.values_list("din", flat=True))


def test_twenty_bags_at_once_get_twenty_numbers_without_a_gap():
    partner = make_partner(facility_code="A1234")

    outcomes = race(*[collecting(partner) for _ in range(20)], *[collecting(partner, fails=True) for _ in range(5)])

    assert names(outcomes) == ["Unit"] * 20 + ["ZeroDivisionError"] * 5
    assert numbers() == list(range(1, 21))
    assert DinCounter.objects.get().last == 20


def test_without_the_lock_numbers_meet_and_the_constraint_refuses_the_second(monkeypatch):
    partner = make_partner(facility_code="A1234")
    collecting(partner)()
    with meeting(5) as wait:
        unlock(monkeypatch, "common.db.lock", after=DinCounter, wait=wait)

        outcomes = race(*[collecting(partner) for _ in range(5)])

    assert names(outcomes).count("Unit") < 5
    assert len(numbers()) == len(set(numbers()))


def test_a_number_scanned_in_at_the_same_moment_asks_for_patience(monkeypatch):
    """What another has written and not committed is not to be seen: it is refused for the moment, and no crash."""
    partner, next_dins = make_partner(facility_code="A1234"), services.next_dins
    scanned, looked = threading.Event(), threading.Event()

    def look(*args):
        scanned.wait(10)
        found = next_dins(*args)
        looked.set()
        return found

    def scan():
        with unit_of_work():
            Collection.objects.create(din="A123430000001", partner=partner)
            scanned.set()
            looked.wait(10)

    monkeypatch.setattr(services, "next_dins", look)
    outcomes = race(scan, collecting(partner))

    assert names(outcomes) == ["NoneType", "NumberTaken"]
    assert collecting(partner)().din == "A123430000002"
