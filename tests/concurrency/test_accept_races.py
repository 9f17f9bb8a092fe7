"""Places under many hands: exactly as many promises as units, whoever comes at the same moment."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest

from requests_app.models import Assignment, BloodRequest
from requests_app.services import posting, promises
from tests.concurrency.scenes import Clocks, is_consistent, race_test, unlock, waiting
from tests.factories import make_donor, make_hospital, make_request, person_client
from tests.races import meeting, names, race

pytestmark = [race_test, pytest.mark.usefixtures("unthrottled")]


def accepting(request, donor):
    return lambda: promises.accept(request_id=request.pk, donor_id=donor.pk)


def test_fifty_donors_on_three_units_leave_exactly_three_promises():
    request = make_request(units=3)
    clients = [person_client(make_donor(km_north=0.1 * index).user) for index in range(50)]
    path = f"/api/v1/requests/{request.pk}/accept"

    replies = race(*[lambda client=client: client.post(path) for client in clients])

    assert Counter(reply.status_code for reply in replies) == {201: 3, 409: 47}
    assert {reply.json()["code"] for reply in replies if reply.status_code == 409} <= {"request_full", "busy"}
    request.refresh_from_db()
    assert (request.units_promised, request.status) == (3, "assigned")
    assert Assignment.objects.count() == 3
    assert len({reply.json()["arrival_code"] for reply in replies if reply.status_code == 201}) >= 2


def test_without_the_lock_a_unit_is_promised_many_times(monkeypatch):
    request = make_request()
    donors = [make_donor() for _ in range(6)]
    with meeting(6) as wait:
        unlock(monkeypatch, "common.db.lock", after=BloodRequest, wait=wait)

        race(*[accepting(request, donor) for donor in donors])

    assert Assignment.objects.count() > 1
    assert not is_consistent(request.pk)


def test_a_donor_who_accepts_two_requests_at_once_promises_one():
    donor, requests = make_donor(), [make_request() for _ in range(6)]

    outcomes = race(*[accepting(request, donor) for request in requests])

    assert names(outcomes) == ["AlreadyPromised"] * 5 + ["Promise"]
    assert Assignment.objects.count() == 1
    assert all(is_consistent(request.pk) for request in requests)


def test_the_constraint_alone_keeps_a_donor_to_one_promise(monkeypatch):
    donor, requests = make_donor(), [make_request() for _ in range(3)]
    with meeting(3) as wait:
        unlock(monkeypatch, "common.db.lock", "users.services.donors.lock", after=None, wait=wait)
        look = promises._refuse_second_promise
        monkeypatch.setattr(promises, "_refuse_second_promise", waiting(look, wait))

        outcomes = race(*[accepting(request, donor) for request in requests])

    assert names(outcomes) == ["AlreadyPromised"] * 2 + ["Promise"]
    assert Assignment.objects.count() == 1


def test_the_same_donor_pressing_twice_promises_once():
    donor, request = make_donor(), make_request(units=5)

    outcomes = race(*[accepting(request, donor) for _ in range(5)])

    assert names(outcomes) == ["AlreadyPromised"] * 4 + ["Promise"]
    request.refresh_from_db()
    assert request.units_promised == 1


def test_the_same_key_pressed_twice_at_once_shows_both_the_same_code():
    donor, request = make_donor(), make_request(units=5)
    client, path = person_client(donor.user), f"/api/v1/requests/{request.pk}/accept"

    replies = race(*[lambda: client.post(path, headers={"Idempotency-Key": "tap"}) for _ in range(2)])

    assert [reply.status_code for reply in replies] == [201, 201]
    assert replies[0].json()["arrival_code"] == replies[1].json()["arrival_code"]
    assert Assignment.objects.count() == 1


def cancelling(request):
    return lambda: posting.cancel_request(
        request_id=request.pk, partner_id=request.partner_id, member_id=request.posted_by_id, reason="Postponed."
    )


@pytest.mark.parametrize("attempt", range(3))
def test_accepting_while_the_request_is_cancelled_leaves_no_promise(attempt):
    request = make_request(make_hospital(), units=3)
    donors = [make_donor() for _ in range(3)]

    outcomes = race(cancelling(request), *[accepting(request, donor) for donor in donors])

    assert names(outcomes[:1]) == ["BloodRequest"]
    assert set(names(outcomes[1:])) <= {"Promise", "RequestClosed"}
    request.refresh_from_db()
    assert (request.status, request.units_promised) == ("cancelled", 0)
    assert is_consistent(request.pk)


def test_without_the_lock_a_cancelled_request_keeps_a_promise_or_the_cancelling_is_lost(monkeypatch):
    request, donor = make_request(units=3), make_donor()
    with meeting(2) as wait:
        unlock(monkeypatch, "common.db.lock", "requests_app.services.places.lock", after=BloodRequest, wait=wait)
        monkeypatch.setattr(posting, "release_all", waiting(posting.release_all, wait))
        monkeypatch.setattr(promises, "record", waiting(promises.record, wait))

        race(cancelling(request), accepting(request, donor))

    request.refresh_from_db()
    assert request.status != "cancelled" or not is_consistent(request.pk)


def test_accepting_in_the_last_moment_beats_the_sweep(monkeypatch):
    request, donor = make_request(), make_donor()
    clocks = Clocks(monkeypatch)
    before, after = request.expires_at - dt.timedelta(seconds=1), request.expires_at + dt.timedelta(seconds=1)

    outcomes = race(
        clocks.at(before, accepting(request, donor)), clocks.at(after, lambda: posting.expire_due_requests(limit=9))
    )

    request.refresh_from_db()
    assert (names(outcomes[:1]), outcomes[1], request.status) in [
        (["Promise"], 0, "assigned"),
        (["RequestExpired"], 1, "expired"),
        (["RequestClosed"], 1, "expired"),
    ]
    assert is_consistent(request.pk)


def test_without_the_lock_the_sweep_closes_what_has_just_been_promised(monkeypatch):
    request, donor = make_request(), make_donor()
    clocks = Clocks(monkeypatch)
    before, after = request.expires_at - dt.timedelta(seconds=1), request.expires_at + dt.timedelta(seconds=1)
    with meeting(2) as wait:

        def look(rows, *, limit):
            found = list(rows[:limit])
            wait()
            wait()
            return found

        monkeypatch.setattr(posting, "lock_free", look)

        def accept():
            wait()
            given = accepting(request, donor)()
            wait()
            return given

        race(clocks.at(before, accept), clocks.at(after, lambda: posting.expire_due_requests(limit=9)))

    assert not is_consistent(request.pk)
