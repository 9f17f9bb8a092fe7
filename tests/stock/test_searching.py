"""Where there is blood: approved partners, nearest first, and never which bag."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from common import clock
from tests.factories import KM, PUNE, make_hospital
from tests.stock.scenes import make_unit

pytestmark = pytest.mark.django_db


def hospital(km=1, **values):
    return make_hospital(lat=PUNE[0] + KM * km, **values).partner


def search(**values):
    query = {
        "blood_group": "B+",
        "component": "red_cells",
        "units": 1,
        "lat": PUNE[0],
        "lng": PUNE[1],
        "radius_km": 20,
        **values,
    }
    return APIClient().get("/api/v1/stock/search", query)


def found(**values):
    return [row["partner"]["id"] for row in search(**values).json()["results"]]


def test_the_nearest_that_have_enough_come_first():
    far, near, poor = hospital(9), hospital(2), hospital(1)
    for partner in (far, far, near, near, poor):
        make_unit(partner)

    assert found(units=2) == [str(near.pk), str(far.pk)]
    assert found(radius_km=5) == [str(poor.pk), str(near.pk)]


def test_compatible_groups_are_marked_and_counted():
    partner = hospital()
    for group in ("B+", "O-", "A+"):
        make_unit(partner, blood_group=group)

    [row] = search().json()["results"]

    assert row["units"] == 2
    marks = {group["blood_group"]: (group["compatible"], group["identical"]) for group in row["groups"]}
    assert marks == {"O-": (True, False), "A+": (False, False), "B+": (True, True)}
    assert found(blood_group="Oh+") == []
    assert str(row).count(str(partner.pk)) == 1
    assert "din" not in str(row)


def test_what_is_promised_tested_or_over_is_not_offered():
    partner = hospital()
    for state in ("quarantined", "reserved", "issued"):
        make_unit(partner, status=state)
    make_unit(partner, expires_at=clock.now() - dt.timedelta(seconds=1))

    assert found() == []


@pytest.mark.parametrize("state", ["pending", "suspended"])
def test_partners_that_are_not_live_offer_nothing(state):
    make_unit(hospital(status=state))

    assert found() == []


def test_twenty_partners_cost_no_more_queries_than_one():
    def cost():
        with CaptureQueriesContext(connection) as queries:
            assert search().status_code == 200
        return len(queries)

    make_unit(hospital())
    cost()
    for_one = cost()
    for number in range(19):
        make_unit(hospital(number % 9))

    assert len(found()) == 20
    assert cost() == for_one


@pytest.mark.parametrize(
    "values", [{"lat": 91}, {"lat": "abc"}, {"lng": "nan"}, {"units": 0}, {"radius_km": 500}, {"component": "milk"}]
)
def test_a_search_that_cannot_be_is_refused(values):
    assert search(**values).status_code == 400


def test_the_equator_and_greenwich_are_places_too():
    assert search(lat=0, lng=0).status_code == 200


def test_no_bag_is_named_in_public():
    partner = hospital(1)
    unit = make_unit(partner)

    text = search().content.decode()

    assert str(partner.pk) in text
    assert str(unit.pk) not in text
    assert unit.din not in text
