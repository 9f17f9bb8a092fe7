"""How much there is: always the number of rows, read at one price, told as it is now."""

from __future__ import annotations

import datetime as dt
import random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common import clock
from common.blood import BloodGroup
from stock.components import Component
from stock.models import Unit
from stock.selectors import thresholds_of
from stock.services.leaving import expire_due_units, lapse_due_reservations
from tests.factories import make_hospital
from tests.requests_app.scenes import events
from tests.stock.scenes import API, counts_are_true, keeper, make_unit, reserve, status

pytestmark = pytest.mark.django_db
KIND = {"component": "red_cells", "blood_group": "B+"}


def levels(client):
    return {
        (row["component"], row["blood_group"]): (row["available"], row["reserved"], row["quarantined"])
        for row in client.get(API).json()["levels"]
    }


def count(client, units, **values):
    body = {"counts": [{**KIND, "units": units}], "all_released": True, **values}
    return client.put(f"{API}/counts", body, format="json")


def limit(client, minimum, floor=0):
    body = {"thresholds": [{**KIND, "minimum": minimum}], "o_neg_floor": floor}
    return client.put(f"{API}/thresholds", body, format="json")


@pytest.mark.parametrize("seed", range(5))
def test_the_counts_are_always_those_of_the_rows(seed):
    dice = random.Random(seed)  # noqa: S311
    partners = [make_hospital().partner, make_hospital().partner]
    for _ in range(60):
        rows = list(Unit.objects.order_by("pk").values_list("pk", flat=True))
        some = dice.sample(rows, k=min(len(rows), dice.randint(0, 4)))
        deed = dice.choice(["make", "make", "status", "group", "move", "delete"])
        if deed == "make":
            make_unit(dice.choice(partners), blood_group=dice.choice(["O-", "B+"]))
        elif deed == "status":
            Unit.objects.filter(pk__in=some).update(status=dice.choice(["available", "issued", "quarantined"]))
        elif deed == "group":
            Unit.objects.filter(pk__in=some).update(blood_group=dice.choice(["O-", "B+"]))
        elif deed == "move":
            Unit.objects.filter(pk__in=some).update(partner=dice.choice(partners))
        else:
            Unit.objects.filter(pk__in=some[:1]).delete()
        assert counts_are_true()


def test_stock_is_shown_as_it_is_at_this_moment(noon):
    partner, client = keeper()
    make_unit(partner)
    make_unit(partner, expires_at=clock.now() + dt.timedelta(minutes=5))
    make_unit(partner, status="quarantined", blood_group="O-")
    make_unit(make_hospital().partner)
    reserve(partner, until=clock.now() + dt.timedelta(minutes=10))
    assert levels(client) == {("red_cells", "B+"): (1, 1, 0), ("red_cells", "O-"): (0, 0, 1)}

    noon.shift(dt.timedelta(minutes=11))

    assert levels(client)["red_cells", "B+"] == (1, 0, 0)
    reserve(partner)
    assert levels(client)["red_cells", "B+"] == (0, 1, 0)


def test_what_has_lapsed_is_shown_as_free_before_any_sweep(noon):
    partner, client = keeper()
    make_unit(partner)
    make_unit(partner)
    reserve(partner, until=clock.now() + dt.timedelta(minutes=10))
    assert levels(client)["red_cells", "B+"] == (1, 1, 0)

    noon.shift(dt.timedelta(minutes=11))

    assert levels(client)["red_cells", "B+"] == (2, 0, 0)


@pytest.mark.parametrize("path", ["", "/units", "/movements", "/report.csv", "/thresholds"])
def test_reading_stock_costs_the_same_for_one_bag_and_for_a_hundred(path):
    partner, client = keeper()

    def cost():
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"{API}{path}").status_code == 200
        return len(queries)

    count(client, 1)
    cost()
    for_one = cost()
    for component in Component:
        make_unit(partner, component=component)
    count(client, 100)

    assert for_one == cost() <= 5


def test_a_count_says_what_came_and_what_went():
    partner, client = keeper()
    own = make_unit(partner, expires_at=clock.now() + dt.timedelta(days=1))
    first = count(client, 4).json()
    assert (len(first["intakes"]), first["discards"]) == (3, [])
    assert first["levels"][0]["available"] == 4

    second = count(client, 2).json()

    assert second["intakes"] == []
    assert {row["id"] for row in second["discards"]} <= {row["id"] for row in first["intakes"]}
    assert (len(second["discards"]), status(own)) == (2, "available")
    assert count(client, 2).json()["intakes"] == []
    assert counts_are_true()


def test_of_bags_alike_the_first_to_expire_is_the_one_that_is_gone():
    partner, client = keeper()
    late, soon = (make_unit(partner, expires_at=clock.now() + dt.timedelta(days=days)) for days in (9, 2))

    gone = count(client, 1).json()["discards"]

    assert [row["id"] for row in gone] == [str(soon.pk)]
    assert status(late) == "available"


def test_reserved_bags_are_on_the_shelf_and_cannot_be_counted_away():
    partner, client = keeper()
    make_unit(partner), make_unit(partner)
    reserve(partner)

    assert count(client, 2).json()["discards"] == []
    assert len(count(client, 1).json()["discards"]) == 1
    reply = count(client, 0)

    assert (reply.status_code, reply.json()["code"]) == (409, "count_below_reserved")


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"all_released": False}, "count_not_released"),
        ({"counts": [{**KIND, "units": 1}, {**KIND, "units": 2}]}, "invalid_input"),
        ({"counts": [{**KIND, "units": -1}]}, "invalid_input"),
        ({"counts": [{**KIND, "units": 1000, "blood_group": str(group)} for group in BloodGroup]}, "invalid_input"),
        ({"counts": [{**KIND, "units": 1, "expires_at": "2031-01-01T00:00:00Z"}]}, "expiry_invalid"),
        ({"counts": [{**KIND, "units": 1, "expires_at": "2030-01-01T00:00:00Z"}]}, "expiry_invalid"),
    ],
)
def test_a_count_that_cannot_be_is_refused(values, code):
    _, client = keeper()

    reply = count(client, 1, **values)

    assert (reply.status_code, reply.json()["code"]) == (400, code)
    assert not Unit.objects.exists()


def test_each_crossing_is_told_once(noon):
    partner, client = keeper()
    count(client, 2)
    assert limit(client, 2).json()["thresholds"][0]["is_below"] is False

    reserve(partner)
    reserve(partner)
    assert [told["available"] for told in events("stock.low")] == [1]
    count(client, 5)
    noon.shift(dt.timedelta(days=60))
    assert expire_due_units(limit=99) == 5

    assert [told["available"] for told in events("stock.low")] == [1, 0]
    assert thresholds_of(partner.pk)["thresholds"][0].is_below


def test_what_lapses_makes_up_for_the_warning_and_the_next_crossing_warns_anew(noon):
    partner, client = keeper()
    make_unit(partner)
    limit(client, 1)
    reserve(partner, until=clock.now() + dt.timedelta(minutes=10))
    noon.shift(dt.timedelta(minutes=11))
    assert lapse_due_reservations(limit=9) == 1
    assert not thresholds_of(partner.pk)["thresholds"][0].is_below

    reserve(partner)

    assert [told["available"] for told in events("stock.low")] == [0, 0]


def test_setting_a_threshold_above_what_there_is_warns_and_dropping_it_forgets():
    _, client = keeper()
    limit(client, 2)
    limit(client, 3)

    assert len(events("stock.low")) == 1
    body = client.put(f"{API}/thresholds", {"thresholds": [], "o_neg_floor": 4}, format="json").json()
    assert body == {"thresholds": [], "o_neg_floor": 4}


def test_the_report_has_the_portals_codes_and_runs_no_formula():
    partner, client = keeper(make_hospital(name="=cmd|' /C calc'!A0", phone="+912025500101"))
    make_unit(partner, blood_group="Oh+")
    make_unit(partner, component="fresh_frozen_plasma", blood_group="AB-")

    reply = client.get(f"{API}/report.csv", HTTP_ACCEPT="text/csv")

    lines = [line.split(",") for line in reply.content.decode().splitlines()]
    assert reply["Content-Type"] == "text/csv; charset=utf-8"
    assert [(line[-6], line[-4], line[-2]) for line in lines[1:]] == [("22", "12", "1"), ("18", "13", "1")]
    assert all(line[1].startswith("'=cmd") for line in lines[1:])
    assert "'+912025500101" in lines[1]


@pytest.mark.parametrize(
    ("category", "word"),
    [("government", "Govt"), ("private", "Private"), ("charity", "Charitable/Vol"), ("unknown", "")],
)
def test_the_report_says_in_the_portals_words_what_kind_of_centre_it_is(category, word):
    partner, client = keeper(make_hospital(category=category))
    make_unit(partner)

    reply = client.get(f"{API}/report.csv", HTTP_ACCEPT="text/csv")

    assert reply.content.decode().splitlines()[1].split(",")[2] == word
