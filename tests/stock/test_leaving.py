"""Bags leave with a reason, once, and what has expired leaves by itself."""

from __future__ import annotations

import datetime as dt

import pytest

from common import clock
from stock import jobs
from stock.models import Reservation
from tests.requests_app.scenes import events
from tests.stock.scenes import API, counts_are_true, keeper, make_unit, reserve, status, verbs

pytestmark = pytest.mark.django_db


def post(client, unit, verb, **body):
    return client.post(f"{API}/units/{unit.pk}/{verb}", body, format="json")


def test_a_discard_has_a_reason_and_tells_whoever_had_reserved():
    partner, client = keeper()
    unit = make_unit(partner)
    holding = reserve(partner)

    reply = post(client, unit, "discard", reason="broken", note="Fell.")

    assert (reply.json()["status"], reply.json()["discard_reason"]) == ("discarded", "broken")
    assert reply.json()["history"][-1]["facts"] == {"reason": "broken", "note": "Fell."}
    assert events("reservation.ended") == [
        {"holding": str(holding.id), "purpose": "order:1", "reason": "lost", "units": [str(unit.pk)]}
    ]
    assert post(client, unit, "discard", reason="broken").json()["code"] == "illegal_transition"


@pytest.mark.parametrize("reason", ["reactive", "separated", "counted", "bored"])
def test_reasons_that_are_not_a_members_to_give_are_refused(reason):
    partner, client = keeper()

    assert post(client, make_unit(partner), "discard", reason=reason).status_code == 400


@pytest.mark.parametrize(
    ("before", "walked"), [("issued", ["transfuse"]), ("available", ["reserve", "issue", "transfuse"])]
)
def test_a_transfusion_is_written_down_step_by_step(before, walked):
    partner, client = keeper()
    unit = make_unit(partner, status=before)

    assert post(client, unit, "transfuse", recipient="IP-7").json()["status"] == "transfused"

    assert verbs(unit) == walked


@pytest.mark.parametrize("before", ["quarantined", "reserved", "in_transit", "discarded", "transfused", "expired"])
def test_what_is_not_ones_own_and_free_is_not_transfused(before):
    partner, client = keeper()
    unit = make_unit(partner, status=before)

    assert post(client, unit, "transfuse").json()["code"] == "illegal_transition"
    assert status(unit) == before


@pytest.mark.parametrize("before", ["available", "issued"])
def test_nothing_is_transfused_after_its_life(before):
    partner, client = keeper()
    unit = make_unit(partner, status=before, expires_at=clock.now())

    assert post(client, unit, "transfuse").json()["code"] == "unit_expired"


def test_a_recalled_bag_is_refused_at_the_bedside_and_written_down_if_it_was_given_before():
    partner, client = keeper()
    unit = make_unit(partner, status="issued", recalled_at=clock.now())

    refused = post(client, unit, "transfuse", recipient="IP-7")
    assert (refused.status_code, refused.json()["code"]) == (409, "unit_recalled")
    assert (status(unit), verbs(unit)) == ("issued", [])
    written = post(client, unit, "transfuse", recipient="IP-7", was_given=True)

    assert (written.status_code, status(unit)) == (200, "transfused")
    assert unit.movements.get().facts == {"recipient": "IP-7", "was_given": True}


def test_the_sweep_takes_what_is_over_and_leaves_what_is_elsewhere(noon):
    partner, _ = keeper()
    soon = clock.now() + dt.timedelta(hours=1)
    shelf = [make_unit(partner, status=state, expires_at=soon) for state in ("quarantined", "available")]
    kept = make_unit(partner, expires_at=soon, blood_group="O+")
    reserve(partner, blood_group="O+")
    away = [make_unit(partner, status=state, expires_at=soon) for state in ("issued", "in_transit", "transfused")]
    good = make_unit(partner)
    noon.shift(dt.timedelta(hours=2))

    assert (jobs.expire_units(), jobs.expire_units()) == (3, 0)

    assert [status(unit) for unit in (*shelf, kept)] == ["expired"] * 3
    assert [status(unit) for unit in (*away, good)] == ["issued", "in_transit", "transfused", "available"]
    assert verbs(kept) == ["reserve", "expire"]
    assert Reservation.objects.get().ended_by == "lost"
    assert len(events("reservation.ended")) == 1
    assert counts_are_true()
