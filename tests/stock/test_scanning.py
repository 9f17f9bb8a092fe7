"""Bags come in by the scanner: all of a batch or none, under the numbers they carry."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from common import clock
from stock.din import flag_60
from stock.models import Collection, Movement, Unit
from tests.factories import make_hospital
from tests.requests_app.scenes import events
from tests.stock.scenes import API, counts_are_true, keeper, make_unit, verbs

pytestmark = pytest.mark.django_db


def bag(number=1, **values):
    collected = clock.now() - dt.timedelta(days=1)
    return {
        "din": f"G1234300000{number:02}",
        "component": "red_cells",
        "blood_group": "B+",
        "collected_at": collected.isoformat(),
        **values,
    }


def scan(client, *bags):
    return client.post(f"{API}/units", {"units": list(bags)}, format="json")


def test_a_scanned_bag_waits_in_quarantine():
    partner, client = keeper()

    reply = scan(client, bag(irradiated=True))

    assert reply.status_code == 201
    [shown] = reply.json()["units"]
    unit = Unit.objects.get()
    assert (shown["id"], shown["status"], shown["volume_ml"]) == (str(unit.pk), "quarantined", 225)
    assert (unit.partner_id, unit.irradiated, unit.storage_max_c) == (partner.pk, True, 6)
    assert unit.expires_at - unit.collected_at == dt.timedelta(days=35)
    assert verbs(unit) == ["collect"]
    assert events("unit.collected") == [{"unit": str(unit.pk)}]


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("G123430000001", True),
        ("=G12343000000100", True),
        (f"=G1234300000001{flag_60('G123430000001')}"[:1] + f"G123430000001{flag_60('G123430000001')}", True),
        ("G1234 30 000001", True),
        ("G123430000001*", False),
        ("O123430000001", False),
    ],
)
def test_the_number_is_read_as_stored_printed_or_scanned(text, good):
    _, client = keeper()

    reply = scan(client, bag(din=text))

    assert reply.status_code == (201 if good else 400)
    assert list(Unit.objects.values_list("din", flat=True)) == (["G123430000001"] if good else [])


def test_each_wrong_item_of_a_batch_is_pointed_at_and_nothing_comes_in():
    _, client = keeper()

    reply = scan(client, bag(1), bag(2, din="?"), bag(3, component="milk"))

    assert reply.status_code == 400
    pointers = {(error["pointer"], error["code"]) for error in reply.json()["errors"]}
    assert pointers == {("/units/1/din", "din_invalid"), ("/units/2/component", "invalid_choice")}
    assert not Unit.objects.exists()


def test_a_bag_that_is_known_is_pointed_at_and_nothing_comes_in():
    partner, client = keeper()
    make_unit(partner, din="G123430000002")

    reply = scan(client, bag(1), bag(2), bag(3), bag(3))

    assert (reply.status_code, reply.json()["code"]) == (409, "unit_known")
    assert [error["pointer"] for error in reply.json()["errors"]] == ["/units/1/din", "/units/3/din"]
    assert Unit.objects.count() == 1


@pytest.mark.parametrize(
    ("values", "code", "field"),
    [
        ({"collected_at": "2030-05-02T06:30:00Z"}, "collected_in_future", "collected_at"),
        ({"expires_at": "2031-05-02T06:30:00Z"}, "expiry_invalid", "expires_at"),
        ({"expires_at": "2030-04-01T06:30:00Z"}, "expiry_invalid", "expires_at"),
        ({"anticoagulant": "acd"}, "anticoagulant_unknown", "anticoagulant"),
        ({"component": "red_cells_irradiated", "expires_at": "2030-05-30T06:30:00Z"}, "expiry_invalid", "expires_at"),
        ({"component": "thawed_plasma", "expires_at": "2030-05-03T06:30:00Z"}, "expiry_invalid", "expires_at"),
        (
            {
                "component": "red_cells_washed",
                "collected_at": "2030-03-01T06:30:00Z",
                "expires_at": "2030-05-02T06:30:00Z",
            },
            "expiry_invalid",
            "expires_at",
        ),
    ],
)
def test_what_cannot_be_is_refused(values, code, field):
    _, client = keeper()

    reply = scan(client, bag(**values))

    assert (reply.status_code, reply.json()["code"]) == (400, code)
    assert reply.json()["errors"][0]["pointer"] == f"/units/0/{field}"


@pytest.mark.parametrize(
    ("component", "collected_at", "expires_at"),
    [
        ("red_cells_irradiated", "2030-04-20T06:30:00Z", "2030-05-29T06:30:00Z"),  # irradiated today
        ("thawed_plasma", "2029-06-01T06:30:00Z", "2030-05-02T06:30:00Z"),  # thawed today after eleven months
    ],
)
def test_a_treated_bag_lives_from_its_treatment(component, collected_at, expires_at):
    _, client = keeper()

    reply = scan(client, bag(component=component, collected_at=collected_at, expires_at=expires_at))

    assert reply.status_code == 201
    assert reply.json()["units"][0]["expires_at"] == expires_at


def test_nobody_scans_in_another_component_of_somebody_elses_donation():
    _, client = keeper()
    make_unit(make_hospital().partner, din="G123430000001", component="fresh_frozen_plasma")

    reply = scan(client, bag(1))

    assert (reply.status_code, reply.json()["code"]) == (409, "not_the_collector")


@pytest.mark.parametrize(
    ("known", "code", "field"),
    [
        ({"reactive_at": dt.datetime(2030, 4, 30, tzinfo=dt.UTC)}, "donation_reactive", "din"),
        (
            {"blood_group": "O+", "group_confirmed_at": dt.datetime(2030, 4, 30, tzinfo=dt.UTC)},
            "group_contradicts",
            "blood_group",
        ),
    ],
)
def test_what_the_laboratory_found_of_a_donation_holds_for_what_is_scanned_in_later(known, code, field):
    partner, client = keeper()
    Collection.objects.create(din="G123430000001", partner=partner, **known)

    reply = scan(client, bag(1))

    assert (reply.status_code, reply.json()["code"]) == (409, code)
    assert reply.json()["errors"][0]["pointer"] == f"/units/0/{field}"
    assert not Unit.objects.exists()


def test_five_hundred_come_in_with_few_statements_and_five_hundred_and_one_do_not():
    _, client = keeper()
    bags = [bag(din=f"G12343000{number:04}") for number in range(501)]
    scan(client, bag(din="G123430009999"))

    with CaptureQueriesContext(connection) as queries:
        reply = scan(client, *bags[:500])

    assert (reply.status_code, len(reply.json()["units"])) == (201, 500)
    assert len(queries) < 25
    assert scan(client, *bags).status_code == 400
    assert counts_are_true()


def test_the_scanners_text_stands_wherever_an_id_does():
    partner, client = keeper()
    red = make_unit(partner, din="G123430000001")

    for name in (str(red.pk), "G123430000001", "=G12343000000100", "g1234-30-000001"):
        assert client.get(f"{API}/units/{name}").json()["id"] == str(red.pk)
    plasma = make_unit(partner, din="G123430000001", component="fresh_frozen_plasma")
    reply = client.get(f"{API}/units/G123430000001")

    assert (reply.status_code, reply.json()["code"]) == (409, "unit_ambiguous")
    assert client.get(f"{API}/units/G123430000001?component=FFP").json()["id"] == str(plasma.pk)
    for name in ("G123430000002", "nonsense", "=G1234300000010X"):
        assert client.get(f"{API}/units/{name}").status_code == 404


def test_the_history_cannot_be_changed():
    partner, _ = keeper()
    Movement.objects.create(unit=make_unit(partner), partner=partner, verb="collect", status="available", actor="x")

    for change in (lambda: Movement.objects.update(verb="discard"), Movement.objects.all().delete):
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
            change()

    assert Movement.objects.get().verb == "collect"


def test_the_list_shows_what_was_asked_for_as_it_stands_now():
    partner, client = keeper()
    now = clock.now()
    good, over = make_unit(partner), make_unit(partner, expires_at=now - dt.timedelta(seconds=1))
    kept = make_unit(partner, status="reserved", reserved_until=now + dt.timedelta(hours=1))
    lapsed = make_unit(partner, status="reserved", reserved_until=now - dt.timedelta(seconds=1))
    waiting = make_unit(partner, status="quarantined", blood_group="O-")
    make_unit(make_hospital().partner)

    def ids(query):
        rows = client.get(f"{API}/units?{query}").json()["results"]
        return {(row["id"], row["status"]) for row in rows}

    assert ids("status=available") == {(str(good.pk), "available"), (str(lapsed.pk), "available")}
    assert ids("status=reserved") == {(str(kept.pk), "reserved")}
    assert ids("status=expired") == {(str(over.pk), "expired")}
    assert ids("blood_group=O-") == {(str(waiting.pk), "quarantined")}
    assert len(ids("component=red_cells")) == 5
    assert ids("expires_before=2030-05-01T06:30:00Z") == {(str(over.pk), "expired")}
