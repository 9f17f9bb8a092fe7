"""A donor who takes the promise back while something else happens to it."""

from __future__ import annotations

from requests_app.models import Assignment
from requests_app.services import posting, promises, visits
from tests.concurrency.scenes import is_consistent, race_test, unlock
from tests.factories import make_donor, make_promise, make_request
from tests.races import meeting, names, race
from users.models import Donor, ScoreEntry

pytestmark = race_test
LOCKS = ("common.db.lock", "users.services.donors.lock")


def cancelling(promise):
    given = promise.assignment
    return lambda: promises.cancel_promise(assignment_id=given.pk, donor_id=given.donor_id, reason="Ill.")


def arriving(promise):
    given = promise.assignment
    return lambda: visits.record_arrival(
        assignment_id=given.pk,
        partner_id=given.request.partner_id,
        member_id=given.request.posted_by_id,
        code=promise.code,
    )


def test_cancelling_against_arriving_ends_one_way():
    promise = make_promise()

    outcomes = race(cancelling(promise), arriving(promise))

    assert names(outcomes) == ["Assignment", "IllegalTransition"]
    assert (Assignment.objects.get().status, Donor.objects.get().score) in [("arrived", 0), ("cancelled", -10)]
    assert is_consistent(promise.assignment.request_id)


def test_without_the_lock_both_happen(monkeypatch):
    promise = make_promise()
    with meeting(2) as wait:
        unlock(monkeypatch, *LOCKS, after=Assignment, wait=wait)

        outcomes = race(cancelling(promise), arriving(promise))

    assert names(outcomes) == ["Assignment", "Assignment"]


def test_cancelling_three_times_at_once_costs_ten_points():
    promise = make_promise()

    outcomes = race(*[cancelling(promise) for _ in range(3)])

    assert names(outcomes) == ["Assignment"] + ["IllegalTransition"] * 2
    assert Donor.objects.values_list("score", "strikes").get() == (-10, 1)
    assert is_consistent(promise.assignment.request_id)


def test_donors_and_partner_cancelling_together_count_every_place_once():
    request = make_request(units=5)
    given = [make_promise(request) for _ in range(5)]

    outcomes = race(
        *[cancelling(promise) for promise in given],
        lambda: posting.cancel_request(
            request_id=request.pk, partner_id=request.partner_id, member_id=request.posted_by_id, reason="Over."
        ),
    )

    assert names(outcomes[-1:]) == ["BloodRequest"]
    assert set(names(outcomes[:-1])) <= {"Assignment", "IllegalTransition"}
    request.refresh_from_db()
    assert (request.status, request.units_promised) == ("cancelled", 0)
    cancelled = Assignment.objects.filter(status="cancelled").count()
    assert ScoreEntry.objects.count() == cancelled


def test_a_place_given_back_and_wanted_at_once_is_given_once():
    request = make_request()
    promise = make_promise(request)
    donors = [make_donor() for _ in range(8)]

    outcomes = race(
        cancelling(promise),
        *[lambda donor=donor: promises.accept(request_id=request.pk, donor_id=donor.pk) for donor in donors],
    )

    assert names(outcomes[:1]) == ["Assignment"]
    assert set(names(outcomes[1:])) <= {"Promise", "RequestFull"}
    assert names(outcomes[1:]).count("Promise") <= 1
    assert is_consistent(request.pk)
