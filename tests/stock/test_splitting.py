"""One bag becomes several, each with a life of its own."""

from __future__ import annotations

import datetime as dt

import pytest

from common import clock
from stock.models import Unit
from tests.stock.scenes import API, counts_are_true, give_results, keeper, make_unit, status, verbs

pytestmark = pytest.mark.django_db


def whole_blood(partner, **values):
    collected = clock.now() - dt.timedelta(hours=3)
    defaults = {
        "component": "whole_blood",
        "status": "quarantined",
        "volume_ml": 450,
        "anticoagulant": "cpda1",
        "collected_at": collected,
        "expires_at": collected + dt.timedelta(days=35),
        "cmv_negative": True,
    }
    return make_unit(partner, **{**defaults, **values})


def split(client, unit, **parts):
    body = {"components": [{"component": kind, "volume_ml": ml} for kind, ml in parts.items()]}
    return client.post(f"{API}/units/{unit.pk}/split", body, format="json")


def test_whole_blood_becomes_components_with_their_own_lives():
    partner, client = keeper()
    unit = whole_blood(partner)

    reply = split(client, unit, red_cells=220, platelets_random=60, fresh_frozen_plasma=200)

    assert reply.status_code == 201
    made = {part.component: part for part in Unit.objects.filter(split_from=unit)}
    lives = {kind: (part.expires_at - part.collected_at).days for kind, part in made.items()}
    assert lives == {"red_cells": 35, "platelets_random": 5, "fresh_frozen_plasma": 365}
    assert {(part.din, part.status, part.cmv_negative) for part in made.values()} == {(unit.din, "quarantined", True)}
    assert (status(unit), unit.discard_reason) == ("discarded", "separated")
    assert verbs(made["red_cells"]) == ["split"]
    assert counts_are_true()


@pytest.mark.parametrize(("anticoagulant", "days"), [("cpda1", 35), ("cpd", 21), ("acd", 21)])
def test_red_cells_live_as_long_as_their_whole_blood_and_longer_with_additive(anticoagulant, days):
    partner, client = keeper()
    collected = clock.now() - dt.timedelta(hours=3)
    life = {
        "anticoagulant": anticoagulant,
        "expires_at": collected + dt.timedelta(days=days),
        "collected_at": collected,
    }

    split(client, whole_blood(partner, **life), red_cells=220)
    split(client, whole_blood(partner, **life), red_cells_additive=320)

    ages = [(unit.expires_at - unit.collected_at).days for unit in Unit.objects.exclude(split_from=None).order_by("pk")]
    assert ages == [days, 42]


def test_irradiated_cells_live_28_days_and_never_longer_than_before():
    partner, client = keeper()
    fresh = make_unit(partner, expires_at=clock.now() + dt.timedelta(days=34))
    old = make_unit(partner, expires_at=clock.now() + dt.timedelta(days=10))

    split(client, fresh, red_cells_irradiated=240)
    split(client, old, red_cells_irradiated=240)

    first, second = Unit.objects.exclude(split_from=None).order_by("pk")
    assert round((first.expires_at - clock.now()) / dt.timedelta(days=1)) == 28
    assert second.expires_at == old.expires_at
    assert first.irradiated
    assert first.status == "available"


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({"granulocytes": 100}, "split_impossible"),
        ({"red_cells": 300, "fresh_frozen_plasma": 220}, "split_too_large"),
    ],
)
def test_what_cannot_be_made_of_it_is_refused(parts, code):
    partner, client = keeper()
    unit = whole_blood(partner)

    reply = split(client, unit, **parts)

    assert (reply.status_code, reply.json()["code"]) == (400, code)
    assert status(unit) == "quarantined"


def test_platelets_are_not_made_of_old_blood_and_nothing_of_reserved_or_expired():
    partner, client = keeper()
    old = clock.now() - dt.timedelta(days=6)
    assert split(client, whole_blood(partner, collected_at=old), platelets_random=60).json()["code"] == "unit_expired"
    kept = whole_blood(partner, status="reserved")
    assert split(client, kept, red_cells=220).json()["code"] == "illegal_transition"
    over = whole_blood(partner, collected_at=old, expires_at=clock.now())
    assert split(client, over, red_cells=220).json()["code"] == "unit_expired"


def test_components_of_a_tested_donation_need_no_second_test():
    partner, client = keeper()
    unit = give_results(whole_blood(partner))
    split(client, unit, red_cells=220)

    reply = client.post(f"{API}/units/{unit.din}/release?component=PRBC")

    assert (reply.status_code, reply.json()["status"]) == (200, "available")


@pytest.mark.parametrize("part", ["platelets_random", "fresh_frozen_plasma"])
def test_platelets_and_plasma_are_made_within_six_hours_of_the_draw(part, noon):
    partner, client = keeper()
    unit = whole_blood(partner, collected_at=clock.now() - dt.timedelta(hours=7))

    late = split(client, unit, red_cells=220, **{part: 60})
    told = separate(client, unit, part, clock.now() - dt.timedelta(hours=1, minutes=1))

    assert (late.status_code, late.json()["code"]) == (409, "separated_too_late")
    assert late.json()["errors"][0]["pointer"] == "/components/1/component"
    assert told.status_code == 201
    assert "separated_at" in Unit.objects.get(component=part).movements.get().facts


def separate(client, unit, part, moment):
    body = {"components": [{"component": part, "volume_ml": 60}], "separated_at": moment.isoformat()}
    return client.post(f"{API}/units/{unit.pk}/split", body, format="json")


@pytest.mark.parametrize("hours", [-4, 1])
def test_nothing_is_separated_before_it_was_drawn_or_in_the_future(hours):
    partner, client = keeper()
    unit = whole_blood(partner)

    reply = separate(client, unit, "platelets_random", clock.now() + dt.timedelta(hours=hours))

    assert (reply.status_code, reply.json()["code"]) == (400, "separation_time_invalid")
    assert status(unit) == "quarantined"


def test_red_cells_may_be_made_later():
    partner, client = keeper()

    reply = split(client, whole_blood(partner, collected_at=clock.now() - dt.timedelta(days=2)), red_cells=220)

    assert reply.status_code == 201
