"""Donors who do not come."""

from __future__ import annotations

import datetime as dt

import pytest

from common.errors import Busy
from requests_app import jobs
from requests_app.models import Assignment, BloodRequest
from requests_app.services import visits
from tests.factories import make_arrived, make_donor, make_hospital, make_promise, make_request, member_client
from tests.requests_app.scenes import events
from users.models import Donor, ScoreEntry

pytestmark = pytest.mark.django_db


def miss(owner, promise):
    """Say at once that the donor did not come."""
    return member_client(owner).post(f"/api/v1/partner/assignments/{promise.assignment.pk}/no-show")


def test_a_no_show_costs_ten_points_and_frees_the_place(noon):
    owner = make_hospital()
    promise = make_promise(make_request(owner))
    noon.move_to(promise.assignment.expires_at)

    reply = miss(owner, promise)

    assert (reply.status_code, reply.json()["status"], reply.json()["visitor"]) == (200, "missed", None)
    assert Donor.objects.values_list("score", "strikes").get() == (-10, 1)
    assert ScoreEntry.objects.values_list("delta", "reason", "assignment_id").get() == (
        -10,
        "missed",
        promise.assignment.pk,
    )
    assert BloodRequest.objects.values_list("status", "units_promised").get() == ("open", 0)
    assert len(events("assignment.missed")) == 1


def test_nobody_is_missed_before_the_hour(noon):
    owner = make_hospital()
    promise = make_promise(make_request(owner))
    ends = promise.assignment.expires_at
    noon.move_to(ends - dt.timedelta(seconds=5))

    reply = miss(owner, promise)

    assert (reply.status_code, reply.json()["code"]) == (409, "not_missed_yet")
    assert dt.datetime.fromisoformat(reply.json()["expires_at"]) == ends
    assert Donor.objects.values_list("score", "strikes").get() == (0, 0)
    assert BloodRequest.objects.values_list("units_promised").get() == (1,)


def test_before_the_hour_a_place_is_freed_without_a_mark():
    owner = make_hospital()
    promise = make_promise(make_request(owner))
    assert miss(owner, promise).status_code == 409

    reply = member_client(owner).post(f"/api/v1/partner/assignments/{promise.assignment.pk}/release")

    assert (reply.status_code, reply.json()["status"]) == (200, "released")
    assert Donor.objects.values_list("score", "strikes").get() == (0, 0)
    assert BloodRequest.objects.values_list("status", "units_promised").get() == ("open", 0)


@pytest.mark.parametrize("hours", [0, 6])
def test_who_is_here_is_no_no_show(noon, hours):
    owner = make_hospital()
    promise = make_arrived(make_promise(make_request(owner)))
    noon.shift(dt.timedelta(hours=hours))

    reply = miss(owner, promise)

    assert (reply.status_code, reply.json()["code"]) == (409, "illegal_transition")
    assert Donor.objects.get().score == 0


def test_a_no_show_counts_once(noon):
    owner = make_hospital()
    promise = make_promise(make_request(owner))
    noon.move_to(promise.assignment.expires_at)

    assert [miss(owner, promise).status_code for _ in range(2)] == [200, 409]
    assert Donor.objects.get().score == -10


def test_cancellations_and_no_shows_together_lock(noon):
    owner, donor = make_hospital(), make_donor(strikes=2)
    promise = make_promise(make_request(owner), donor)
    noon.move_to(promise.assignment.expires_at)

    miss(owner, promise)

    donor.refresh_from_db()
    assert donor.strikes == 0
    assert donor.locked_until is not None
    assert len(events("donor.locked")) == 1


def test_the_sweep_waits_for_the_hour_and_its_grace(noon):
    promise = make_promise()
    noon.move_to(promise.assignment.expires_at + dt.timedelta(minutes=29))
    assert jobs.miss_unvisited_assignments() == 0

    noon.shift(dt.timedelta(minutes=2))
    assert jobs.miss_unvisited_assignments() == 1
    assert jobs.miss_unvisited_assignments() == 0

    assert Assignment.objects.get().status == "missed"
    assert Donor.objects.get().score == -10


def test_the_sweep_frees_the_place_of_a_request_that_is_still_open(noon):
    request = make_request(needed_by=dt.datetime(2030, 5, 2, tzinfo=dt.UTC))
    make_promise(request)
    noon.shift(dt.timedelta(hours=7))

    jobs.miss_unvisited_assignments()

    request.refresh_from_db()
    assert (request.status, request.units_promised) == ("open", 0)
    assert request.next_wave_at is not None


def test_the_sweep_leaves_those_alone_who_came(noon):
    make_arrived()
    noon.shift(dt.timedelta(hours=9))

    assert jobs.miss_unvisited_assignments() == 0
    assert Donor.objects.get().score == 0


def test_whose_code_was_guessed_to_death_is_not_blamed(noon):
    promise = make_promise()
    Assignment.objects.update(attempts_left=0)
    noon.move_to(promise.assignment.expires_at + dt.timedelta(minutes=31))

    assert jobs.miss_unvisited_assignments() == 1

    assert Assignment.objects.values_list("status", "reason").get() == ("released", "code_locked")
    assert Donor.objects.values_list("score", "strikes").get() == (0, 0)


def test_the_sweep_goes_on_after_a_full_batch(noon, monkeypatch):
    monkeypatch.setattr("requests_app.selectors.promises.SWEEP", 2)
    request = make_request(units=5)
    for _ in range(5):
        make_promise(request)
    noon.shift(dt.timedelta(hours=7))

    assert jobs.miss_unvisited_assignments() == 5


def test_one_that_is_held_or_broken_keeps_no_other_waiting(noon, monkeypatch):
    request = make_request(units=3)
    held, broken, late = (make_promise(request).assignment.pk for _ in range(3))
    noon.shift(dt.timedelta(hours=7))
    real = visits.miss_if_late

    def stumbling(*, assignment_id):
        if assignment_id == held:
            raise Busy
        if assignment_id == broken:
            raise RuntimeError("cannot")
        return real(assignment_id=assignment_id)

    monkeypatch.setattr(jobs, "miss_if_late", stumbling)

    with pytest.raises(RuntimeError, match="cannot"):
        jobs.miss_unvisited_assignments()

    assert dict(Assignment.objects.values_list("pk", "status")) == {
        held: "accepted",
        broken: "accepted",
        late: "missed",
    }
