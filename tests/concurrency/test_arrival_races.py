"""At the door: guesses at the same moment, and comings against goings."""

from __future__ import annotations

import datetime as dt

from requests_app import jobs
from requests_app.models import Assignment
from requests_app.services import visits
from tests.concurrency.scenes import Clocks, is_consistent, race_test, unlock
from tests.factories import make_promise, make_request
from tests.races import meeting, names, race
from users.models import Donor, ScoreEntry

pytestmark = race_test
LOCKS = ("common.db.lock", "users.services.donors.lock")


def at_the_door(promise):
    request = promise.assignment.request
    return {
        "assignment_id": promise.assignment.pk,
        "partner_id": request.partner_id,
        "member_id": request.posted_by_id,
    }


def late_promise(noon):
    """A promise whose hour has passed, and whose grace has not."""
    promise = make_promise()
    noon.move_to(promise.assignment.expires_at)
    return promise


def arriving(promise, code=None):
    return lambda: visits.record_arrival(**at_the_door(promise), code=code or promise.code)


def wrong(promise):
    return "000000" if promise.code != "000000" else "000001"


def test_twenty_guesses_at_once_are_five():
    promise = make_promise()

    outcomes = race(*[arriving(promise, wrong(promise)) for _ in range(20)])

    assert names(outcomes) == ["ArrivalCodeLocked"] * 16 + ["ArrivalCodeWrong"] * 4
    assert Assignment.objects.get().attempts_left == 0
    assert names(race(arriving(promise))) == ["ArrivalCodeLocked"]


def test_without_the_lock_twenty_guesses_cost_fewer_tries(monkeypatch):
    promise = make_promise()
    with meeting(10) as wait:
        unlock(monkeypatch, "common.db.lock", after=Assignment, wait=wait)

        outcomes = race(*[arriving(promise, wrong(promise)) for _ in range(10)])

    assert names(outcomes) == ["ArrivalCodeWrong"] * 10
    assert Assignment.objects.get().attempts_left > 0


def test_the_right_code_shown_twice_at_once_arrives_once():
    promise = make_promise()

    outcomes = race(*[arriving(promise) for _ in range(4)])

    assert names(outcomes) == ["Assignment"] + ["IllegalTransition"] * 3


def test_a_no_show_against_an_arrival_ends_one_way(noon):
    promise = late_promise(noon)

    outcomes = race(arriving(promise), lambda: visits.record_no_show(**at_the_door(promise)))

    assert names(outcomes) == ["Assignment", "IllegalTransition"]
    status = Assignment.objects.get().status
    assert (status, Donor.objects.get().score) in [("arrived", 0), ("missed", -10)]
    assert is_consistent(promise.assignment.request_id)


def test_without_the_lock_somebody_arrives_and_does_not(monkeypatch, noon):
    promise = late_promise(noon)
    with meeting(2) as wait:
        unlock(monkeypatch, *LOCKS, after=Assignment, wait=wait)

        outcomes = race(arriving(promise), lambda: visits.record_no_show(**at_the_door(promise)))

    assert names(outcomes) == ["Assignment", "Assignment"]


def test_the_sweep_against_an_arrival_in_the_last_minute_ends_one_way(monkeypatch):
    promise = make_promise()
    ends = promise.assignment.expires_at + visits.GRACE
    clocks = Clocks(monkeypatch)

    arrival, missed = race(
        clocks.at(ends - dt.timedelta(seconds=1), arriving(promise)),
        clocks.at(ends + dt.timedelta(seconds=1), jobs.miss_unvisited_assignments),
    )

    status, score = Assignment.objects.get().status, Donor.objects.get().score
    assert (names([arrival]), missed, status, score) in [
        (["Assignment"], 0, "arrived", 0),
        (["IllegalTransition"], 1, "missed", -10),
    ]
    assert is_consistent(promise.assignment.request_id)


def test_two_sweeps_at_once_miss_everybody_once(noon):
    request = make_request(units=6)
    for _ in range(6):
        make_promise(request)
    noon.shift(dt.timedelta(hours=7))

    counts = race(*[jobs.miss_unvisited_assignments for _ in range(3)])

    assert sum(counts) == 6
    assert ScoreEntry.objects.count() == 6
    assert set(Donor.objects.values_list("score", "strikes")) == {(-10, 1)}
    assert is_consistent(request.pk)


def test_the_constraint_alone_keeps_a_no_show_to_one_mark(monkeypatch, noon):
    promise = late_promise(noon)
    with meeting(2) as wait:
        unlock(monkeypatch, *LOCKS, after=Assignment, wait=wait)

        race(*[lambda: visits.record_no_show(**at_the_door(promise)) for _ in range(2)])

    assert ScoreEntry.objects.count() == 1
    assert Donor.objects.get().score == -10
