"""A fresh bag: in quarantine, under the partner's next number."""

from __future__ import annotations

import datetime as dt

import pytest

from common.blood import BloodGroup
from common.db import unit_of_work
from common.errors import NotFound
from stock.components import Component
from stock.din import parse_din
from stock.errors import DinExhausted
from stock.models import Collection, DinCounter, Movement, Unit
from stock.services import collect_unit, collecting
from tests.partners.factories import make_partner
from tests.requests_app.scenes import events

pytestmark = pytest.mark.django_db

NEW_YEAR_IN_INDIA = dt.datetime(2030, 12, 31, 18, 30, tzinfo=dt.UTC)


def collect(partner, at=None, then=lambda unit: None, **values):
    defaults = {
        "partner_id": partner.pk,
        "actor": "member:1",
        "component": Component.WHOLE_BLOOD,
        "blood_group": BloodGroup.B_POS,
        "volume_ml": 450,
        "collected_at": at or dt.datetime(2030, 5, 1, 6, 30, tzinfo=dt.UTC),
    }
    with unit_of_work():
        unit = collect_unit(**{**defaults, **values})
        then(unit)
    return unit


def test_a_bag_begins_in_quarantine_and_its_life_is_written_down():
    partner = make_partner(facility_code="A1234")

    unit = collect(partner)

    unit.refresh_from_db()
    assert (unit.status, unit.din, unit.partner_id) == ("quarantined", "A123430000001", partner.pk)
    assert (unit.component, unit.blood_group, unit.volume_ml) == ("whole_blood", "B+", 450)
    assert Movement.objects.values_list("unit", "verb", "actor").get() == (unit.pk, "collect", "member:1")
    assert events("unit.collected") == [{"unit": str(unit.pk)}]


@pytest.mark.parametrize(
    ("component", "days"),
    [(Component.WHOLE_BLOOD, 21), (Component.PLATELETS_APHERESIS, 5), (Component.GRANULOCYTES, 1)],
)
def test_without_an_anticoagulant_the_shortest_life_counts(component, days):
    unit = collect(make_partner(facility_code="A1234"), component=component)

    assert unit.expires_at - unit.collected_at == dt.timedelta(days=days)


def test_each_partner_and_each_year_count_from_one():
    one, other = make_partner(facility_code="A1234"), make_partner(facility_code="B1234")

    dins = [collect(one).din, collect(one).din, collect(other).din, collect(one, NEW_YEAR_IN_INDIA).din]

    assert dins == ["A123430000001", "A123430000002", "B123430000001", "A123431000001"]


@pytest.mark.parametrize(
    ("zone", "year"), [("Asia/Kolkata", "31"), ("UTC", "30"), ("America/New_York", "30"), ("Pacific/Auckland", "31")]
)
def test_the_year_is_that_of_the_partners_clock(zone, year):
    unit = collect(make_partner(facility_code="A1234", zone=zone), NEW_YEAR_IN_INDIA)

    assert parse_din(unit.din).year == year


def test_a_number_that_was_not_used_is_given_to_the_next():
    partner = make_partner(facility_code="A1234")
    collect(partner)

    with pytest.raises(ZeroDivisionError):
        collect(partner, then=lambda unit: unit.volume_ml / 0)

    assert collect(partner).din == "A123430000002"


def test_after_the_last_number_of_the_year_there_is_none():
    partner = make_partner(facility_code="A1234")
    collect(partner)
    DinCounter.objects.update(last=999_998)
    assert collect(partner).din == "A123430999999"

    with pytest.raises(DinExhausted):
        collect(partner)

    assert Unit.objects.count() == 2
    assert collect(partner, NEW_YEAR_IN_INDIA).din == "A123431000001"


def test_a_number_that_was_scanned_in_is_passed_over(monkeypatch):
    monkeypatch.setattr(collecting, "NUMBERS_AT_ONCE", 2)  # so that it takes several looks
    partner, other = make_partner(facility_code="A1234"), make_partner(facility_code="B1234")
    collect(partner)
    for owner, number in [(partner, 2), (partner, 3), (partner, 4), (other, 6), (partner, 8)]:
        Collection.objects.create(din=f"A123430{number:06}", partner=owner)

    assert [collect(partner).din for _ in range(3)] == ["A123430000005", "A123430000007", "A123430000009"]


def test_a_year_whose_last_numbers_were_scanned_in_is_over():
    partner = make_partner(facility_code="A1234")
    collect(partner)
    DinCounter.objects.update(last=999_998)
    Collection.objects.create(din="A123430999999", partner=partner)

    with pytest.raises(DinExhausted):
        collect(partner)


def test_a_partner_without_a_code_collects_nothing():
    with pytest.raises(NotFound):
        collect(make_partner())

    assert not Unit.objects.exists()
    assert not DinCounter.objects.exists()


def test_collecting_is_a_part_of_a_command():
    with pytest.raises(RuntimeError, match="must run inside a command"):
        collect_unit(
            partner_id=make_partner().pk,
            actor="member:1",
            component=Component.WHOLE_BLOOD,
            blood_group=BloodGroup.B_POS,
            volume_ml=450,
            collected_at=NEW_YEAR_IN_INDIA,
        )
