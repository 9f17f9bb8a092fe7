"""Letting a donor go for a reason that is nobody's fault."""

from __future__ import annotations

import datetime as dt

import pytest

from common import clock, outbox
from common.db import unit_of_work
from requests_app import jobs
from requests_app.models import Assignment, BloodRequest
from tests.factories import make_arrived, make_hospital, make_promise, make_request, member_client, person_client
from tests.requests_app.scenes import events
from users.models import Donor, ScoreEntry
from users.services import donors

pytestmark = pytest.mark.django_db


def release(owner, promise, reason="Enough blood was found."):
    path = f"/api/v1/partner/assignments/{promise.assignment.pk}/release"
    return member_client(owner).post(path, {"reason": reason}, format="json")


@pytest.mark.parametrize("bring", [make_promise, lambda request: make_arrived(make_promise(request))])
def test_a_released_donor_loses_nothing_and_the_place_is_free(bring):
    owner = make_hospital()
    promise = bring(make_request(owner))

    reply = release(owner, promise)

    assert (reply.status_code, reply.json()["status"]) == (200, "released")
    assert BloodRequest.objects.values_list("status", "units_promised").get() == ("open", 0)
    assert Donor.objects.values_list("score", "strikes").get() == (0, 0)
    assert not ScoreEntry.objects.exists()
    assert [len(events(name)) for name in ("assignment.released", "request.reopened")] == [1, 1]


def test_the_donor_reads_the_reason():
    owner = make_hospital()
    promise = make_promise(make_request(owner))
    release(owner, promise)

    donor = Donor.objects.get()
    mine = person_client(donor.user).get(f"/api/v1/assignments/{promise.assignment.pk}").json()

    assert (mine["status"], mine["reason"]) == ("released", "Enough blood was found.")


def test_a_promise_is_released_once():
    owner = make_hospital()
    promise = make_promise(make_request(owner))
    release(owner, promise)

    reply = release(owner, promise)

    assert (reply.status_code, reply.json()["code"]) == (409, "illegal_transition")
    assert BloodRequest.objects.get().units_promised == 0


def declare(donor, code, occurred_on):
    body = {"code": code, "occurred_on": occurred_on.isoformat()}
    reply = person_client(donor.user).post("/api/v1/me/donor/deferrals", body, format="json")
    outbox.drain()
    return reply.status_code


def test_who_says_in_time_that_a_promise_cannot_be_kept_loses_nothing():
    promise = make_promise()
    donor = Donor.objects.get()

    said = declare(donor, "tattoo", clock.today(donor.user.zone))

    promise.assignment.refresh_from_db()
    assert (said, promise.assignment.status, promise.assignment.reason) == (201, "released", "deferred_meanwhile")
    assert BloodRequest.objects.values_list("status", "units_promised").get() == ("open", 0)
    assert not ScoreEntry.objects.exists()


def test_what_another_partner_finds_releases_the_promise_too():
    promise, finder = make_promise(), make_hospital()

    with unit_of_work():
        donor = donors.hold_donor(donor_id=promise.assignment.donor_id)
        donors.record_deferral(donor, code="tattoo", partner_id=finder.partner_id)
    outbox.drain()

    promise.assignment.refresh_from_db()
    assert (promise.assignment.status, promise.assignment.reason) == ("released", "deferred_meanwhile")


def test_a_reason_that_is_over_by_the_hour_of_the_promise_releases_nobody():
    promise = make_promise()
    donor = Donor.objects.get()

    said = declare(donor, "tattoo", clock.today(donor.user.zone) - dt.timedelta(days=3 * 366))

    promise.assignment.refresh_from_db()
    assert (said, promise.assignment.status) == (201, "accepted")


def test_a_visit_that_the_partner_forgot_ends_after_two_days(noon):
    promise = make_arrived()
    noon.shift(dt.timedelta(hours=47))
    assert jobs.release_forgotten_visits() == 0

    noon.shift(dt.timedelta(hours=2))
    assert jobs.release_forgotten_visits() == 1
    assert jobs.release_forgotten_visits() == 0

    assert Assignment.objects.values_list("status", "reason").get() == ("released", "not_recorded")
    assert Donor.objects.get(pk=promise.assignment.donor_id).score == 0
    assert jobs.expire_requests() == 1
    assert BloodRequest.objects.values_list("status", "units_promised").get() == ("expired", 0)
