"""Every state with every verb: what is in the tables happens, nothing else does; the database knows the same states."""

from __future__ import annotations

import itertools

import pytest
from django.db import IntegrityError, transaction

from common.errors import IllegalTransition
from common.transitions import advance
from requests_app.models import Assignment, BloodRequest
from requests_app.states import (
    ASSIGNMENT_TRANSITIONS,
    LIVE_ASSIGNMENT,
    LIVE_REQUEST,
    REQUEST_TRANSITIONS,
    AssignmentStatus,
    RequestStatus,
)
from tests.factories import make_donor, make_promise, make_request

REQUEST = {
    "fill": {"open": "assigned"},
    "reopen": {"assigned": "open"},
    "fulfil": {"open": "fulfilled", "assigned": "fulfilled"},
    "cancel": {"open": "cancelled", "assigned": "cancelled"},
    "expire": {"open": "expired", "assigned": "expired"},
}
ASSIGNMENT = {
    "arrive": {"accepted": "arrived"},
    "donate": {"arrived": "donated"},
    "cancel": {"accepted": "cancelled"},
    "miss": {"accepted": "missed"},
    "release": {"accepted": "released", "arrived": "released"},
    "defer": {"arrived": "deferred"},
}


def outcome(table, state, verb):
    try:
        return str(advance(table, state, verb))
    except IllegalTransition:
        return None


@pytest.mark.parametrize(("state", "verb"), list(itertools.product(RequestStatus, REQUEST)))
def test_each_step_of_a_request(state, verb):
    assert outcome(REQUEST_TRANSITIONS, state, verb) == REQUEST[verb].get(state)


@pytest.mark.parametrize(("state", "verb"), list(itertools.product(AssignmentStatus, ASSIGNMENT)))
def test_each_step_of_a_promise(state, verb):
    assert outcome(ASSIGNMENT_TRANSITIONS, state, verb) == ASSIGNMENT[verb].get(state)


def test_a_refused_step_names_the_open_ones():
    with pytest.raises(IllegalTransition) as refusal:
        advance(ASSIGNMENT_TRANSITIONS, AssignmentStatus.ARRIVED, "cancel")

    assert refusal.value.facts == {"state": "arrived", "verb": "cancel", "open": ["defer", "donate", "release"]}


def test_no_verb_is_unknown_to_these_tests_and_what_is_live_can_go_on():
    assert {verb for _, verb in REQUEST_TRANSITIONS} == set(REQUEST)
    assert {verb for _, verb in ASSIGNMENT_TRANSITIONS} == set(ASSIGNMENT)
    assert {state for state, _ in REQUEST_TRANSITIONS} == LIVE_REQUEST
    assert {state for state, _ in ASSIGNMENT_TRANSITIONS} == LIVE_ASSIGNMENT


def refused(model, **values):
    """Return the name of the constraint that refuses these values."""
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        model.objects.update(**values)
    return caught.value.__cause__.diag.constraint_name


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"status": "paused"}, "request_status_is_known"),
        ({"urgency": "soon"}, "request_urgency_is_known"),
        ({"blood_group": "X"}, "request_group_is_known"),
        ({"component": "milk"}, "request_component_is_known"),
        ({"units": 0}, "request_asks_for_units"),
        ({"units_promised": 2}, "request_not_overfilled"),
        ({"units_fulfilled": 2}, "request_not_overfilled"),
        ({"units_promised": -1}, "requests_app_bloodrequest_units_promised_check"),
        ({"radius_km": 0}, "request_radius_is_positive"),
    ],
)
def test_the_database_refuses_a_request_that_cannot_be(values, constraint):
    make_request()

    assert refused(BloodRequest, **values) == constraint


@pytest.mark.django_db
def test_the_database_refuses_a_promise_that_cannot_be():
    first = make_promise()
    assert refused(Assignment, status="perhaps") == "assignment_status_is_known"
    second = make_promise(donor=make_donor())

    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        Assignment.objects.filter(pk=second.assignment.pk).update(donor_id=first.assignment.donor_id)

    assert caught.value.__cause__.diag.constraint_name == "one_open_promise_per_donor"


@pytest.mark.django_db
@pytest.mark.parametrize("status", AssignmentStatus)
def test_the_database_knows_every_state_of_a_promise(status):
    make_promise()

    assert Assignment.objects.update(status=status) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("status", RequestStatus)
def test_the_database_knows_every_state_of_a_request(status):
    make_request()

    assert BloodRequest.objects.update(status=status) == 1
