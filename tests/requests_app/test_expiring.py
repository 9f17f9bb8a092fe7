"""Requests whose hour has passed."""

from __future__ import annotations

import datetime as dt

import pytest

from common.db import unit_of_work
from donations.models import Donation
from requests_app import jobs
from requests_app.models import BloodRequest, RequestEvent
from requests_app.services import posting
from tests.donations.scenes import verify
from tests.factories import make_arrived, make_donor, make_hospital, make_promise, make_request, person_client
from tests.requests_app.scenes import ask, events, told_waves

pytestmark = pytest.mark.django_db

SOON = dt.datetime(2030, 5, 1, 7, 0, tzinfo=dt.UTC)
SWEEPS = {False: lambda: 0, True: jobs.expire_requests}


def test_the_sweep_closes_what_is_over_and_nothing_else(noon):
    over, later = make_request(needed_by=SOON), make_request()
    noon.move_to(SOON)

    assert jobs.expire_requests() == 1
    assert jobs.expire_requests() == 0

    over.refresh_from_db()
    later.refresh_from_db()
    assert (over.status, over.next_wave_at, later.status) == ("expired", None, "open")
    assert events("request.expired") == [{"request": str(over.pk)}]
    assert RequestEvent.objects.filter(request=over, verb="expire", actor="system").count() == 1


def test_the_sweep_closes_the_waves_too(noon):
    make_donor()
    request = ask(make_request(needed_by=SOON))
    noon.move_to(SOON)

    jobs.expire_requests()

    assert told_waves(request) == [(1, "ring", 2.5, 1, "request_closed")]


def test_the_sweep_works_in_batches(noon, monkeypatch, django_assert_max_num_queries):
    monkeypatch.setattr(jobs, "BATCH", 4)
    for _ in range(10):
        make_request(needed_by=SOON)
    noon.move_to(SOON)

    with django_assert_max_num_queries(4 * 10):
        assert jobs.expire_requests() == 10

    assert set(BloodRequest.objects.values_list("status", flat=True)) == {"expired"}


def test_a_request_waits_for_the_donors_who_are_on_their_way(noon):
    request = make_request(units=2, needed_by=SOON)
    make_promise(request)
    noon.move_to(SOON)

    assert jobs.expire_requests() == 0
    noon.shift(dt.timedelta(minutes=31))
    jobs.miss_unvisited_assignments()
    assert jobs.expire_requests() == 1

    request.refresh_from_db()
    assert (request.status, request.units_promised, request.units_fulfilled) == ("expired", 0, 0)


def test_what_was_given_before_the_hour_stays_given(noon):
    owner = make_hospital()
    request = make_request(owner, units=3, needed_by=SOON)
    promise = make_arrived(make_promise(request))
    verify(promise)
    noon.move_to(SOON)

    jobs.expire_requests()

    request.refresh_from_db()
    assert (request.status, request.units, request.units_fulfilled) == ("expired", 3, 1)
    assert Donation.objects.count() == 1


def test_who_arrived_in_time_gives_after_the_hour(noon):
    request = make_request(needed_by=SOON)
    promise = make_arrived(make_promise(request))
    noon.shift(dt.timedelta(hours=1))
    jobs.expire_requests()

    verify(promise)

    request.refresh_from_db()
    assert (request.status, request.units_fulfilled) == ("fulfilled", 1)


@pytest.mark.parametrize("swept", [False, True])
@pytest.mark.parametrize("verb", ["accept", "standby"])
def test_an_expired_request_is_refused_with_the_same_word_before_and_after_the_sweep(noon, swept, verb):
    request, donor = make_request(needed_by=SOON), make_donor()
    noon.move_to(SOON)
    SWEEPS[swept]()

    reply = person_client(donor.user).post(f"/api/v1/requests/{request.pk}/{verb}")

    assert (reply.status_code, reply.json()["code"]) == (409, "request_expired")


@pytest.mark.parametrize("swept", [False, True])
def test_a_donor_sees_that_a_request_is_over_before_and_after_the_sweep(noon, swept):
    request, donor = make_request(needed_by=SOON, note="Ward 4, bed 2."), make_donor()
    client = person_client(donor.user)
    assert client.get(f"/api/v1/requests/{request.pk}").json()["note"] == "Ward 4, bed 2."
    noon.move_to(SOON)
    SWEEPS[swept]()

    body = client.get(f"/api/v1/requests/{request.pk}").json()

    assert (body["status"], body["units_left"], body["note"]) == ("expired", 0, "")
    assert client.get("/api/v1/requests/nearby").json()["results"] == []


@pytest.mark.parametrize("status", ["fulfilled", "cancelled"])
def test_a_closed_request_is_refused_with_its_state(status):
    request, donor = make_request(note="Ward 4."), make_donor()
    BloodRequest.objects.update(status=status)
    client = person_client(donor.user)

    reply = client.post(f"/api/v1/requests/{request.pk}/accept")

    assert (reply.status_code, reply.json()["code"], reply.json()["state"]) == (409, "request_closed", status)
    body = client.get(f"/api/v1/requests/{request.pk}").json()
    assert (body["status"], body["units_left"], body["note"]) == (status, 0, "")


def test_a_sweep_inside_another_transaction_is_refused():
    with unit_of_work(), pytest.raises(RuntimeError):
        posting.expire_due_requests(limit=1)
