"""Asking for fewer units than before: who promised last is released, who has come is not."""

from __future__ import annotations

import pytest

from common.db import unit_of_work
from requests_app.models import Assignment, BloodRequest
from requests_app.services import posting
from tests.donations.scenes import verify
from tests.factories import make_arrived, make_promise, make_request
from tests.requests_app.scenes import events

pytestmark = pytest.mark.django_db


def lower(request: BloodRequest, units: int) -> BloodRequest:
    with unit_of_work():
        posting.lower_requests(most={request.pk: units}, actor="system", reason="units_suffice")
    request.refresh_from_db()
    return request


def statuses(*promises):
    return [Assignment.objects.get(pk=promise.assignment.pk).status for promise in promises]


def test_places_that_nobody_took_are_taken_off():
    request = make_request(units=3)
    given = make_promise(request)

    lower(request, 2)

    assert (request.units, request.status, request.units_promised) == (2, "open", 1)
    assert statuses(given) == ["accepted"]


def test_a_request_with_as_many_promises_as_units_is_full():
    request = make_request(units=3)
    make_promise(request)

    lower(request, 1)

    assert (request.units, request.status, request.next_wave_at) == (1, "assigned", None)
    assert events("request.filled") == [{"request": str(request.pk)}]


def test_who_promised_last_is_released_first():
    request = make_request(units=2)
    first, last = make_promise(request), make_promise(request)

    lower(request, 1)

    assert statuses(first, last) == ["accepted", "released"]
    assert (request.units, request.units_promised, request.status) == (1, 1, "assigned")


def test_who_has_arrived_stays_however_few_are_wanted():
    request = make_request(units=2)
    here, coming = make_arrived(make_promise(request)), make_promise(request)

    lower(request, 0)

    assert statuses(here, coming) == ["arrived", "released"]
    assert (request.units, request.status) == (1, "assigned")


def test_a_request_of_which_nothing_is_left_is_cancelled_and_the_donors_told():
    request = make_request(units=2)
    given = make_promise(request)

    lower(request, 0)

    assert (request.status, request.units_promised, statuses(given)) == ("cancelled", 0, ["released"])
    assert events("request.cancelled")[0]["donors"] == [str(given.assignment.donor_id)]


def test_a_request_whose_units_were_all_given_is_fulfilled():
    request = make_request(units=2)
    verify(make_arrived(make_promise(request)))

    lower(request, 0)

    assert (request.units, request.units_fulfilled, request.status) == (1, 1, "fulfilled")
    assert events("request.fulfilled") == [{"request": str(request.pk)}]


@pytest.mark.parametrize("units", [2, 3])
def test_nothing_happens_when_no_fewer_are_wanted(units):
    request = make_request(units=2)

    lower(request, units)

    assert (request.units, request.status, events("request.cancelled")) == (2, "open", [])


def test_a_closed_request_is_left_alone():
    request = make_request(units=2)
    posting.cancel_request(
        request_id=request.pk, partner_id=request.partner_id, member_id=request.posted_by_id, reason="Over."
    )

    lower(request, 0)

    assert (request.status, request.units, request.cancel_reason) == ("cancelled", 2, "Over.")
