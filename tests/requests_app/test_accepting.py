"""Who may take a place, and what that writes."""

from __future__ import annotations

import datetime as dt

import pytest

from common.geo import Point
from common.models import OutboxEvent
from requests_app.models import Assignment
from tests.factories import PUNE, make_donor, make_promise, make_request, make_user, person_client
from users.services import accounts

pytestmark = pytest.mark.django_db


def accept(donor, request):
    return person_client(donor.user).post(f"/api/v1/requests/{request.pk}/accept")


def test_accepting_answers_with_a_code_and_its_picture():
    request, donor = make_request(), make_donor()

    reply = accept(donor, request)

    assert reply.status_code == 201
    body = reply.json()
    assert len(body["arrival_code"]) == 6
    assert body["arrival_qr"].startswith("data:image/svg+xml")
    assert body["status"] == "accepted"
    assert body["partner"]["name"] == request.partner.name
    request.refresh_from_db()
    assert (request.units_promised, request.status) == (1, "assigned")


def test_the_code_is_in_no_row_and_no_event():
    promise = make_promise()

    stored = str(list(Assignment.objects.values())) + str(list(OutboxEvent.objects.values()))
    assert promise.code not in stored


def test_a_full_request_refuses():
    request = make_request()
    make_promise(request)

    reply = accept(make_donor(), request)

    assert reply.status_code == 409
    assert reply["Content-Type"] == "application/problem+json"
    assert reply.json()["code"] == "request_full"


@pytest.mark.parametrize(
    ("donor", "request_values", "code"),
    [
        ({"blood_group": "B-"}, {}, "group_incompatible"),
        ({"km_north": 12}, {}, "too_far"),
        ({"weight_kg": 44}, {}, "donor_not_eligible"),
        ({"lat": None, "lng": None}, {}, "location_unknown"),
    ],
)
def test_who_cannot_help_is_told_why(donor, request_values, code):
    reply = accept(make_donor(**donor), make_request(**request_values))

    assert (reply.status_code, reply.json()["code"]) == (409, code)
    assert not Assignment.objects.exists()


def test_an_expired_request_refuses_before_any_sweep(noon):
    request = make_request(needed_by=dt.datetime(2030, 5, 1, 7, 0, tzinfo=dt.UTC))
    donor = make_donor()
    noon.shift(dt.timedelta(minutes=30))

    reply = accept(donor, request)

    assert (reply.status_code, reply.json()["code"]) == (409, "request_expired")
    request.refresh_from_db()
    assert request.status == "open"


def test_a_donor_gives_one_promise_at_a_time():
    donor = make_donor()
    first = make_promise(donor=donor)

    reply = accept(donor, make_request())

    assert (reply.status_code, reply.json()["code"]) == (409, "already_promised")
    assert reply.json()["assignment"] == str(first.assignment.pk)


def test_a_locked_donor_is_refused_with_the_date(noon):
    donor = make_donor(locked_until=dt.datetime(2030, 5, 20, tzinfo=dt.UTC))

    reply = accept(donor, make_request())

    assert (reply.status_code, reply.json()["code"]) == (423, "account_locked")
    assert reply.json()["locked_until"].startswith("2030-05-20")


def test_a_person_without_donor_profile_and_an_unknown_request_are_404():
    request = make_request()

    assert person_client(make_user()).post(f"/api/v1/requests/{request.pk}/accept").json()["code"] == "not_a_donor"
    missing = "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7d8e"
    assert person_client(make_donor().user).post(f"/api/v1/requests/{missing}/accept").status_code == 404


def test_moving_into_reach_is_enough():
    request, donor = make_request(), make_donor(km_north=30)
    assert accept(donor, request).json()["code"] == "too_far"

    accounts.set_location(user_id=donor.pk, point=Point(float(PUNE[0]), float(PUNE[1])))

    assert accept(donor, request).status_code == 201


def test_who_has_a_place_in_a_full_request_hears_of_it_and_not_that_it_is_full():
    request, donor = make_request(), make_donor()
    accept(donor, request)

    reply = accept(donor, request)

    assert (reply.status_code, reply.json()["code"]) == (409, "already_promised")
