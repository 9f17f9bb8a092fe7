"""Nothing leaves quarantine untested; a reactive donation is withdrawn whole."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from common import clock, outbox
from donations.models import Donation
from stock.components import Component
from stock.models import TestResult, Unit
from stock.states import MandatoryTest
from tests.donations.scenes import verify
from tests.factories import make_hospital, member_client
from tests.requests_app.scenes import events
from tests.stock.scenes import API, counts_are_true, give_results, keeper, make_unit, reserve, status, verbs
from users.models import Deferral

pytestmark = pytest.mark.django_db
ALL_CLEAR = {str(test): "non_reactive" for test in MandatoryTest}


def record(client, unit, results, **more):
    return client.post(f"{API}/units/{unit.pk}/tests", {"results": results, **more}, format="json")


def release(client, unit):
    return client.post(f"{API}/units/{unit.pk}/release")


def test_tested_and_typed_a_bag_is_released():
    partner, client = keeper()
    unit = make_unit(partner, status="quarantined")

    assert record(client, unit, ALL_CLEAR, blood_group="O+").status_code == 200
    reply = release(client, unit)

    assert (reply.status_code, reply.json()["status"], reply.json()["blood_group"]) == (200, "available", "O+")
    assert {row["test"]: row["finding"] for row in reply.json()["tests"]} == ALL_CLEAR
    assert verbs(unit) == ["test", "release"]


@pytest.mark.parametrize("missing", MandatoryTest)
def test_one_test_missing_keeps_the_bag(missing):
    partner, client = keeper()
    unit = make_unit(partner, status="quarantined")
    record(client, unit, {test: found for test, found in ALL_CLEAR.items() if test != missing}, blood_group="B+")

    reply = release(client, unit)

    assert (reply.status_code, reply.json()["code"], reply.json()["missing"]) == (409, "tests_missing", [missing])
    assert status(unit) == "quarantined"


def test_a_result_under_a_name_that_is_no_test_is_not_lost_unnoticed():
    partner, client = keeper()
    unit = make_unit(partner, status="quarantined")

    reply = record(client, unit, {"hiv": "non_reactive", "HBsAg": "reactive"}, blood_group="B+")

    assert reply.status_code == 400
    assert [(error["pointer"], error["code"]) for error in reply.json()["errors"]] == [
        ("/results/HBsAg", "unknown_test")
    ]
    assert not TestResult.objects.exists()


def test_an_unconfirmed_group_keeps_the_bag():
    partner, client = keeper()
    unit = make_unit(partner, status="quarantined")
    record(client, unit, ALL_CLEAR)

    assert release(client, unit).json()["code"] == "group_not_confirmed"


def test_a_bag_whose_life_is_over_is_not_released():
    partner, client = keeper()
    unit = give_results(make_unit(partner, status="quarantined", expires_at=clock.now() - dt.timedelta(seconds=1)))

    assert release(client, unit).json()["code"] == "unit_expired"


def test_a_bag_is_released_once():
    partner, client = keeper()
    unit = give_results(make_unit(partner, status="quarantined"))

    assert release(client, unit).status_code == 200
    assert release(client, unit).json()["code"] == "illegal_transition"


def test_a_confirmed_group_and_a_reactive_result_stay():
    partner, client = keeper()
    unit = give_results(make_unit(partner, status="quarantined"))

    assert record(client, unit, {}, blood_group="A+").json()["code"] == "group_contradicts"
    record(client, unit, {"hiv": "reactive"})
    assert record(client, unit, {"hiv": "non_reactive"}).json()["code"] == "result_final"
    assert record(client, unit, {}).status_code == 400


def test_a_reactive_result_withdraws_the_donation_and_looks_back():
    partner, client = keeper()
    other = make_hospital().partner
    red = make_unit(partner)
    kept = make_unit(partner, din=red.din, component="platelets_random", status="reserved")
    gone = make_unit(other, din=red.din, component="fresh_frozen_plasma", status="issued")
    under_way = make_unit(partner, din=red.din, component="cryoprecipitate", status="in_transit")
    theirs = make_unit(other, din=red.din, component="cryo_poor_plasma")
    bystander = make_unit(partner)

    reply = record(client, red, {"hcv": "reactive"})

    body = reply.json()
    assert {row["id"] for row in body["discarded"]} == {str(unit.pk) for unit in (red, kept, theirs)}
    assert {(row["id"], row["partner"]) for row in body["recalled"]} == {
        (str(gone.pk), str(other.pk)),
        (str(under_way.pk), str(partner.pk)),
    }
    assert [status(unit) for unit in (red, kept, theirs, bystander)] == ["discarded"] * 3 + ["available"]
    gone.refresh_from_db()
    assert gone.recalled_at is not None
    assert verbs(gone) == ["recall"]
    assert events("unit.reactive") == [{"din": red.din, "partner": str(partner.pk)}]
    assert {told["partner"] for told in events("unit.recalled")} == {str(partner.pk), str(other.pk)}


def test_a_bag_that_was_released_under_another_group_is_kept_back_until_it_is_released_anew():
    partner, client = keeper()
    free = make_unit(partner, counted=True)
    kept = make_unit(partner, din=free.din, component="cryoprecipitate", counted=True)
    reserve(partner, component=Component.CRYOPRECIPITATE)

    reply = record(client, free, ALL_CLEAR, blood_group="O+")

    assert (reply.status_code, reply.json()["recalled"]) == (200, [])
    assert [(status(unit), unit.blood_group) for unit in (free, kept)] == [("quarantined", "O+")] * 2
    assert [told["reason"] for told in events("reservation.ended")] == ["lost"]
    assert [sorted(told["units"]) for told in events("unit.recalled")] == [sorted([str(free.pk), str(kept.pk)])]
    assert release(client, free).json()["status"] == "available"
    assert counts_are_true()


def test_a_bag_that_left_under_another_group_is_recalled():
    partner, client = keeper()
    other = make_hospital().partner
    here = make_unit(partner, blood_group="O+")
    gone = make_unit(other, din=here.din, component="fresh_frozen_plasma", status="issued")

    reply = record(client, here, {}, blood_group="O+")

    assert [row["id"] for row in reply.json()["recalled"]] == [str(gone.pk)]
    assert (status(here), verbs(gone)) == ("available", ["recall"])
    assert [told["partner"] for told in events("unit.recalled")] == [str(other.pk)]
    assert events("unit.reactive") == []


def test_a_group_and_a_reactive_result_at_once_name_each_bag_once():
    partner, client = keeper()
    here = make_unit(partner)
    make_unit(partner, din=here.din, component="fresh_frozen_plasma", status="issued")

    reply = record(client, here, {"hiv": "reactive"}, blood_group="O+").json()

    assert (len(reply["discarded"]), len(reply["recalled"])) == (1, 1)
    assert (status(here), here.discard_reason) == ("discarded", "reactive")


def test_a_recalled_bag_never_comes_back_to_a_shelf():
    partner, client = keeper()
    unit = make_unit(partner, status="in_transit")
    record(client, unit, {"hiv": "reactive"})

    with pytest.raises(IntegrityError, match="unit_recalled_is_never_used"), transaction.atomic():
        Unit.objects.update(status="available")


def test_only_whose_donation_it_is_records_its_tests():
    unit = make_unit(make_hospital().partner)
    partner, client = keeper()
    Unit.objects.update(partner=partner)

    reply = record(client, unit, {"hiv": "reactive"})

    assert (reply.status_code, reply.json()["code"]) == (409, "not_the_collector")
    assert status(unit) == "available"


def test_the_donor_of_a_reactive_donation_is_deferred_without_a_word_of_why():
    verify()
    donation = Donation.objects.select_related("unit", "verified_by").get()
    client = member_client(donation.verified_by)

    assert record(client, donation.unit, {"hbsag": "reactive"}).status_code == 200
    outbox.drain()
    outbox.drain()

    deferral = Deferral.objects.get(donor=donation.donor)
    assert (deferral.code, deferral.recorded_by) == ("centre_permanent", donation.partner_id)
