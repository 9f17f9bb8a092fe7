"""A donor who takes the promise back while something else happens to it."""

from __future__ import annotations

from common import clock
from common.db import unit_of_work
from requests_app.models import Assignment, RequestEvent
from requests_app.services import posting, promises, visits
from tests.concurrency.scenes import is_consistent, race_test, unlock
from tests.factories import make_donor, make_promise, make_request
from tests.races import meeting, names, race
from users.models import Donor, ScoreEntry
from users.services import donors

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


def deferred_promise():
    """A promise of a donor who has said since that it cannot be kept."""
    promise = make_promise()
    donors.declare_deferral(user_id=promise.assignment.donor_id, code="tattoo", occurred_on=clock.now().date())
    return promise


def releasing(promise):
    def release():
        with unit_of_work():
            visits.release_who_may_not_come(donor_id=promise.assignment.donor_id, reason="deferred_meanwhile")

    return release


def ends():
    return RequestEvent.objects.filter(verb__in=["release", "cancel"]).count()


def test_a_promise_that_a_deferral_releases_while_it_is_cancelled_ends_once():
    promise = deferred_promise()

    race(releasing(promise), releasing(promise), cancelling(promise))

    assert ends() == 1
    assert (Assignment.objects.get().status, Donor.objects.get().score) in [("released", 0), ("cancelled", -10)]
    assert is_consistent(promise.assignment.request_id)


def test_without_the_lock_it_ends_twice(monkeypatch):
    promise = deferred_promise()
    with meeting(2) as wait:
        unlock(monkeypatch, *LOCKS, after=Assignment, wait=wait)

        race(releasing(promise), cancelling(promise))

    assert ends() == 2


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
