"""Taking back: a donor his promise, a partner its request."""

from __future__ import annotations

import datetime as dt

import pytest

from common import outbox
from common.clock import now
from partners.services import approval
from requests_app.models import Assignment, BloodRequest
from tests.factories import (
    make_arrived,
    make_donor,
    make_hospital,
    make_promise,
    make_request,
    member_client,
    person_client,
)
from tests.requests_app.scenes import events
from users.models import Donor, ScoreEntry
from users.services import donors

pytestmark = pytest.mark.django_db


def cancel(promise, reason="I have a fever."):
    donor = Donor.objects.get(pk=promise.assignment.donor_id)
    path = f"/api/v1/assignments/{promise.assignment.pk}/cancel"
    return person_client(donor.user).post(path, {"reason": reason}, format="json")


def cancel_request(owner, request, reason="The operation was postponed."):
    path = f"/api/v1/partner/requests/{request.pk}/cancel"
    return member_client(owner).post(path, {"reason": reason}, format="json")


def ledger(donor_id):
    return list(ScoreEntry.objects.filter(donor_id=donor_id).order_by("pk").values_list("delta", "reason"))


def test_cancelling_costs_ten_points_and_frees_the_place():
    promise = make_promise()

    reply = cancel(promise)

    assert reply.status_code == 200
    assert (reply.json()["status"], reply.json()["reason"]) == ("cancelled", "I have a fever.")
    request = BloodRequest.objects.get()
    assert (request.status, request.units_promised) == ("open", 0)
    donor = Donor.objects.get()
    assert (donor.score, donor.strikes) == (-10, 1)
    assert ledger(donor.pk) == [(-10, "cancelled")]
    assert Assignment.objects.values_list("code_digest", flat=True).get() == ""
    assert [len(events(name)) for name in ("assignment.cancelled", "request.reopened")] == [1, 1]


def test_cancelling_twice_costs_once():
    promise = make_promise()
    cancel(promise)

    reply = cancel(promise)

    assert (reply.status_code, reply.json()["code"]) == (409, "illegal_transition")
    assert reply.json()["open"] == []
    assert Donor.objects.get().score == -10


def test_who_has_arrived_cannot_cancel_any_more():
    promise = make_arrived()

    reply = cancel(promise)

    assert (reply.status_code, reply.json()["code"]) == (409, "illegal_transition")
    assert Donor.objects.get().score == 0


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "x" * 301}, {"reason": None}, {"reason": ["x"]}])
def test_a_reason_is_needed(body):
    promise = make_promise()
    donor = Donor.objects.get()

    reply = person_client(donor.user).post(f"/api/v1/assignments/{promise.assignment.pk}/cancel", body, format="json")

    assert (reply.status_code, reply.json()["code"]) == (400, "invalid_input")
    assert Assignment.objects.get().status == "accepted"


def test_the_third_strike_locks_for_thirty_days_and_the_next_three_count_from_zero(noon):
    donor, request = make_donor(), make_request(units=5)
    for _ in range(2):
        cancel(make_promise(request, donor))
    donor.refresh_from_db()
    assert (donor.strikes, donor.locked_until) == (2, None)

    cancel(make_promise(request, donor))

    donor.refresh_from_db()
    assert (donor.score, donor.strikes) == (-30, 0)
    assert dt.timedelta(days=30) - dt.timedelta(minutes=1) < donor.locked_until - now() <= dt.timedelta(days=30)
    assert len(events("donor.locked")) == 1
    client = person_client(donor.user)
    assert client.post(f"/api/v1/requests/{request.pk}/accept").json()["code"] == "account_locked"


def test_a_lock_ends_by_the_hour_and_the_job_tells_so_once(noon):
    donor, request = make_donor(strikes=2), make_request(units=5)
    cancel(make_promise(request, donor))
    assert donors.unlock_due_donors(limit=10) == 0

    noon.shift(dt.timedelta(days=30, seconds=1))
    later = make_request()
    make_promise(later, donor)
    assert donors.unlock_due_donors(limit=10) == 1
    assert donors.unlock_due_donors(limit=10) == 0

    donor.refresh_from_db()
    assert (donor.locked_until, donor.strikes, donor.score) == (None, 0, -10)
    assert len(events("donor.unlocked")) == 1


def test_after_a_lock_it_takes_three_more_to_lock_again(noon):
    donor = make_donor(strikes=2)
    cancel(make_promise(make_request(), donor))
    noon.shift(dt.timedelta(days=31))
    request = make_request()

    for _ in range(2):
        cancel(make_promise(request, donor))

    donor.refresh_from_db()
    assert (donor.strikes, donor.is_locked(now())) == (2, False)


def test_a_cancelled_request_releases_its_donors_without_a_mark():
    owner = make_hospital()
    request = make_request(owner, units=3)
    coming, here = make_promise(request), make_arrived(make_promise(request))

    reply = cancel_request(owner, request)

    assert reply.status_code == 200
    body = reply.json()
    assert (body["status"], body["units_promised"]) == ("cancelled", 0)
    assert (body["cancel_reason"], body["next_wave_at"]) == ("The operation was postponed.", None)
    assert (
        list(Assignment.objects.values_list("status", "reason", "code_digest"))
        == [("released", "request_cancelled", "")] * 2
    )
    assert not ScoreEntry.objects.exists()
    assert set(events("request.cancelled")[0]["donors"]) == {
        str(promise.assignment.donor_id) for promise in (coming, here)
    }


def test_the_donors_of_a_cancelled_request_may_promise_again():
    owner = make_hospital()
    request = make_request(owner)
    promise = make_promise(request)
    cancel_request(owner, request)

    donor = Donor.objects.get(pk=promise.assignment.donor_id)
    reply = person_client(donor.user).post(f"/api/v1/requests/{make_request().pk}/accept")

    assert reply.status_code == 201


@pytest.mark.parametrize("status", ["fulfilled", "cancelled", "expired"])
def test_what_is_over_cannot_be_cancelled(status):
    owner = make_hospital()
    request = make_request(owner)
    BloodRequest.objects.update(status=status)

    reply = cancel_request(owner, request)

    assert (reply.status_code, reply.json()["code"]) == (409, "illegal_transition")
    assert events("request.cancelled") == []


def test_the_code_of_a_cancelled_promise_opens_nothing():
    owner = make_hospital()
    promise = make_promise(make_request(owner))
    cancel(promise)

    reply = member_client(owner).post(
        f"/api/v1/partner/assignments/{promise.assignment.pk}/arrival", {"code": promise.code}, format="json"
    )

    assert (reply.status_code, reply.json()["code"]) == (409, "illegal_transition")


def test_a_suspended_partners_requests_end_and_its_donors_are_told():
    owner, other = make_hospital(), make_request()
    requests = [make_request(owner), make_request(owner, units=2)]
    promise = make_promise(requests[0])

    approval.suspend_partner(partner_id=owner.partner_id, actor="admin", reason="Licence withdrawn.")
    outbox.drain()

    assert set(BloodRequest.objects.filter(partner=owner.partner).values_list("status", "units_promised")) == {
        ("cancelled", 0)
    }
    other.refresh_from_db()
    assert other.status == "open"
    assert Assignment.objects.values_list("status", "reason").get() == ("released", "partner_suspended")
    told = {payload["request"]: payload["donors"] for payload in events("request.cancelled")}
    assert told == {
        str(requests[0].pk): [str(promise.assignment.donor_id)],
        str(requests[1].pk): [],
    }
    donor = make_donor()
    reply = person_client(donor.user).post(f"/api/v1/requests/{requests[1].pk}/accept")
    assert (reply.status_code, reply.json()["code"]) == (409, "request_closed")
