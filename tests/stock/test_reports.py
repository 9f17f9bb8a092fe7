"""What was wasted, and how old the shelf is: counted by the partner's days, in as many queries whatever the stock."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common import clock
from stock.components import Component
from stock.models import Movement, Unit
from stock.services import counting
from stock.services.leaving import expire_due_units
from tests.factories import make_hospital, member_client
from tests.stock.exchange import bank, hospital, receive, under_way
from tests.stock.scenes import API, keeper, make_unit

pytestmark = pytest.mark.django_db
TODAY = dt.date(2030, 5, 1)


def taken_in(partner, **values):
    unit = make_unit(partner, **values)
    Movement.objects.create(unit=unit, partner=partner, verb="collect", status="quarantined", actor="x")
    return unit


def discard(client, unit, reason="broken"):
    return client.post(f"{API}/units/{unit.pk}/discard", {"reason": reason}, format="json")


def wastage(client, start=TODAY, end=TODAY, path="wastage", **headers):
    return client.get(f"{API}/reports/{path}?from={start}&to={end}", **headers)


def test_waste_is_counted_by_kind_and_reason_of_what_was_taken_in(noon):
    partner, client = keeper()
    bags = [taken_in(partner) for _ in range(4)]
    plasma = taken_in(partner, component="fresh_frozen_plasma", expires_at=clock.now() + dt.timedelta(minutes=10))
    discard(client, bags[0])
    discard(client, bags[1], "haemolysed")
    discard(make_other(), bags[2])
    noon.shift(dt.timedelta(minutes=20))
    expire_due_units(limit=9)

    body = wastage(client).json()

    assert plasma.component == body["rows"][1]["component"]
    assert body == {
        "from": "2030-05-01",
        "to": "2030-05-01",
        "zone": "Asia/Kolkata",
        "taken_in": 5,
        "wasted": 3,
        "share": 0.6,
        "rows": [
            row("red_cells", 4, {"broken": 1, "haemolysed": 1}, 0.5),
            row("fresh_frozen_plasma", 1, {"expired": 1}, 1.0),
        ],
    }


def make_other():
    return keeper()[1]


def row(component, units, reasons, share, separated=0):
    return {
        "component": component,
        "blood_group": "B+",
        "taken_in": units,
        "separated": separated,
        "wasted": sum(reasons.values()),
        "share": share,
        "reasons": reasons,
    }


def test_a_bag_that_was_separated_is_no_waste_and_counted_once():
    partner, client = keeper()
    whole = taken_in(partner, component="whole_blood", volume_ml=450, collected_at=clock.now() - dt.timedelta(hours=3))
    parts = [{"component": "red_cells", "volume_ml": 200}, {"component": "fresh_frozen_plasma", "volume_ml": 200}]
    client.post(f"{API}/units/{whole.pk}/split", {"components": parts}, format="json")
    discard(client, Unit.objects.get(component="red_cells"))

    body = wastage(client).json()

    assert [(one["component"], one["taken_in"], one["separated"], one["wasted"]) for one in body["rows"]] == [
        ("red_cells", 1, 0, 1),
        ("fresh_frozen_plasma", 1, 0, 0),
        ("whole_blood", 1, 1, 0),
    ]
    assert (body["taken_in"], body["wasted"], body["share"]) == (2, 1, 0.5)


def test_what_is_over_counts_before_any_sweep_and_once_after_it(noon):
    partner, client = keeper()
    make_unit(partner, expires_at=clock.now() + dt.timedelta(minutes=10))
    noon.shift(dt.timedelta(minutes=20))

    before = wastage(client).json()
    expire_due_units(limit=9)

    assert before["rows"] == wastage(client).json()["rows"] == [row("red_cells", 0, {"expired": 1}, None)]


def test_a_doubtful_arrival_was_taken_in_before_it_is_wasted():
    asker, sender = hospital(), bank(3, 1)
    receive(asker, under_way(asker, sender), "doubtful")
    client = member_client(asker)

    discard(client, Unit.objects.get())

    body = wastage(client).json()
    assert (body["taken_in"], body["wasted"], body["share"]) == (1, 1, 1.0)


def test_days_are_those_of_the_partner(noon):
    noon.move_to(dt.datetime(2030, 5, 1, 18, 29, 59, tzinfo=dt.UTC), tick=False)  # a day's end in India
    partner, client = keeper(make_hospital(zone="Asia/Kolkata"))
    discard(client, make_unit(partner))
    noon.shift(dt.timedelta(seconds=1))
    discard(client, make_unit(partner)), discard(client, make_unit(partner))

    found = [wastage(client, day, day).json()["wasted"] for day in (TODAY, TODAY + dt.timedelta(days=1))]

    assert found == [1, 2]


@pytest.mark.parametrize(
    ("start", "end"),
    [("2030-05-02", "2030-05-01"), ("2029-05-01", "2030-05-02"), ("1999-12-31", "2000-01-01"), ("9999-12-31",) * 2],
)
def test_a_period_without_sense_or_end_is_refused(start, end):
    _, client = keeper()

    reply = wastage(client, start, end)

    assert (reply.status_code, reply.json()["code"]) == (400, "period_invalid")
    assert wastage(client, "2029-05-01", "2030-05-01").status_code == 200


@pytest.mark.parametrize("query", ["", "?from=2030-05-01", "?from=x&to=2030-05-01"])
def test_both_days_are_needed(query):
    _, client = keeper()

    assert client.get(f"{API}/reports/wastage{query}").status_code == 400


@pytest.mark.parametrize(("path", "accept"), [("wastage.csv", "*/*"), ("wastage", "text/csv")])
def test_waste_comes_as_a_file_for_whom_it_suits(path, accept):
    partner, client = keeper()
    discard(client, taken_in(partner))

    reply = wastage(client, path=path, HTTP_ACCEPT=accept)

    lines = reply.content.decode().splitlines()
    assert reply.headers["Content-Type"].startswith("text/csv")
    assert lines[0].startswith("component,blood_group,taken_in,separated,wasted,share,expired,reactive,broken,")
    assert lines[1:] == ["red_cells,B+,1,0,1,1.0000,0,0,1,0,0,0,0,0,0", "all,all,1,0,1,1.0000,0,0,1,0,0,0,0,0,0"]


def test_a_refusal_of_a_file_is_what_it_is_everywhere():
    _, client = keeper()

    reply = wastage(client, "2030-05-02", "2030-05-01", path="wastage.csv")

    assert (reply.status_code, reply.json()["code"]) == (400, "period_invalid")


def test_the_shelf_by_days_left_first_to_expire_first():
    partner, client = keeper()
    midnight = dt.datetime(2030, 5, 1, 18, 30, tzinfo=dt.UTC)  # in India
    for days in (1, 2, 3, 4, 7, 8, 14, 15, 40):
        make_unit(partner, expires_at=midnight + dt.timedelta(days=days) - dt.timedelta(seconds=1))
    make_unit(partner, blood_group="O-", status="reserved", expires_at=clock.now() + dt.timedelta(hours=1))
    make_unit(partner, status="issued"), make_unit(partner, expires_at=clock.now()), make_unit(make_hospital().partner)

    rows = client.get(f"{API}/reports/age").json()["rows"]

    assert [(one["blood_group"], one["units"]) for one in rows] == [("O-", 1), ("B+", 9)]
    assert rows[0]["within_1_day"] == 1
    assert rows[1]["buckets"] == {"0-1": 1, "2-3": 2, "4-7": 2, "8-14": 2, "15-": 2}
    assert [rows[1][f"within_{most}"] for most in ("1_day", "3_days", "7_days")] == [1, 3, 5]


def test_bags_known_from_a_count_are_marked():
    owner = make_hospital()
    partner, client = keeper(owner)
    make_unit(partner)
    kind = counting.Count(component=Component.RED_CELLS, blood_group="B+", units=3)
    counting.set_counts(partner_id=partner.pk, member_id=owner.pk, counts=[kind], all_released=True)

    [found] = client.get(f"{API}/reports/age").json()["rows"]

    assert (found["units"], found["counted"]) == (3, 2)
    noted = Movement.objects.filter(verb="collect").values_list("actor", "facts")
    assert list(noted) == [(f"member:{owner.pk}", {"counted": True, "all_released": True})] * 2


@pytest.mark.parametrize(("path", "accept"), [("age.csv", "*/*"), ("age", "text/csv")])
def test_ages_come_as_a_file_for_whom_it_suits(path, accept):
    partner, client = keeper()
    make_unit(partner)

    reply = client.get(f"{API}/reports/{path}", HTTP_ACCEPT=accept)

    lines = reply.content.decode().splitlines()
    assert lines[0].endswith("days 0-1,days 2-3,days 4-7,days 8-14,days 15-,first_expires_at,oldest_collected_at")
    assert lines[1].startswith("red_cells,B+,1,0,0,0,0,0,0,0,0,1,2030-05-31T06:30")


@pytest.mark.parametrize("report", ["age", f"wastage?from={TODAY}&to={TODAY}"])
def test_reports_cost_as_many_queries_for_one_bag_as_for_twenty(report):
    partner, client = keeper()

    def cost():
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"{API}/reports/{report}").status_code == 200
        return len(queries)

    discard(client, taken_in(partner)), make_unit(partner)
    alone = cost()
    for group in ("O-", "A+"):
        for _ in range(10):
            discard(client, taken_in(partner, blood_group=group)), make_unit(partner, blood_group=group)

    assert cost() == alone
