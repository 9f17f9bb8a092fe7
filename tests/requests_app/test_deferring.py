"""The donor came and was found unfit."""

from __future__ import annotations

import datetime as dt

import pytest

from requests_app.models import Assignment, BloodRequest
from tests.factories import make_arrived, make_hospital, make_promise, make_request, member_client, person_client
from tests.requests_app.scenes import events
from users.models import Deferral, Donor, EligibilityRule, ScoreEntry

pytestmark = pytest.mark.django_db


def defer(owner, promise, **body):
    path = f"/api/v1/partner/assignments/{promise.assignment.pk}/defer"
    return member_client(owner).post(path, {"code": "cold_fever", **body}, format="json")


def test_a_deferred_donor_loses_no_points_and_waits_until_the_reason_is_over():
    owner = make_hospital()
    promise = make_arrived(make_promise(make_request(owner)))

    reply = defer(owner, promise, note="Sore throat.")

    assert (reply.status_code, reply.json()["status"], reply.json()["reason"]) == (200, "deferred", "Sore throat.")
    donor = Donor.objects.get()
    assert (donor.score, donor.strikes, donor.whole_blood_from) == (0, 0, None)
    assert not ScoreEntry.objects.exists()
    assert Deferral.objects.values_list("code", "occurred_on", "recorded_by").get() == (
        "cold_fever",
        dt.date(2030, 5, 1),
        owner.partner_id,
    )
    assert BloodRequest.objects.values_list("status", "units_promised").get() == ("open", 0)
    assert len(events("assignment.deferred")) == 1
    again = person_client(donor.user).post(f"/api/v1/requests/{make_request().pk}/accept")
    assert (again.status_code, again.json()["code"]) == (409, "donor_not_eligible")


def test_a_dated_reason_says_from_when_the_donor_may_give():
    owner = make_hospital()
    promise = make_arrived(make_promise(make_request(owner)))

    defer(owner, promise, code="tattoo")

    assert Donor.objects.get().whole_blood_from == dt.date(2030, 5, 1) + dt.timedelta(days=366)


def test_who_has_not_arrived_cannot_be_found_unfit():
    owner = make_hospital()
    promise = make_promise(make_request(owner))

    reply = defer(owner, promise)

    assert (reply.status_code, reply.json()["code"]) == (409, "illegal_transition")
    assert not Deferral.objects.exists()


@pytest.mark.parametrize("code", ["bad_mood", "HIV-RISK?", ""])
def test_an_unknown_reason_changes_nothing(code):
    owner = make_hospital()
    promise = make_arrived(make_promise(make_request(owner)))

    reply = defer(owner, promise, code=code)

    assert reply.status_code == 400
    assert reply.json()["errors"][0]["pointer"] == "/code"
    assert Assignment.objects.get().status == "arrived"
    assert BloodRequest.objects.get().units_promised == 1


def test_what_was_found_is_neither_in_the_donors_list_of_promises_nor_in_the_copy_of_all_data():
    owner = make_hospital()
    promise = make_arrived(make_promise(make_request(owner)))
    private = EligibilityRule.objects.filter(private=True, kind="deferral").first().code
    defer(owner, promise, code=private, note="Talk to him alone.")
    client = person_client(Donor.objects.get().user)

    mine = client.get(f"/api/v1/assignments/{promise.assignment.pk}")
    others = [client.get(path).content.decode() for path in ("/api/v1/assignments", "/api/v1/me/export")]
    answers = "".join([mine.content.decode(), *others])

    assert mine.json()["status"] == "deferred"
    assert private not in answers
    assert "alone" not in answers


@pytest.mark.parametrize("pause", [{}, {"pause_until": "2030-04-30"}])
def test_a_pause_without_reason_needs_an_end_that_is_not_past(pause):
    owner = make_hospital()
    promise = make_arrived(make_promise(make_request(owner)))

    reply = defer(owner, promise, code="centre_temporary", **pause)

    assert (reply.status_code, reply.json()["code"]) == (400, "pause_until_invalid")
    assert reply.json()["errors"][0]["pointer"] == "/pause_until"
    assert Assignment.objects.get().status == "arrived"


def test_a_pause_ends_on_its_day():
    owner = make_hospital()
    promise = make_arrived(make_promise(make_request(owner)))

    reply = defer(owner, promise, code="centre_temporary", pause_until="2030-06-01")

    assert reply.status_code == 200
    assert Donor.objects.get().whole_blood_from == dt.date(2030, 6, 1)
