"""Asking for blood: what is taken, what is refused, what is written."""

from __future__ import annotations

import datetime as dt

import pytest

from requests_app.models import BloodRequest, RequestEvent
from tests.factories import make_hospital, member_client
from tests.requests_app.scenes import events

pytestmark = pytest.mark.django_db

PATH = "/api/v1/partner/requests"
NEED = {
    "blood_group": "B+",
    "component": "red_cells",
    "units": 3,
    "urgency": "urgent",
    "needed_by": "2030-05-01T20:00:00+05:30",
}


def post(body, owner=None, **headers):
    return member_client(owner or make_hospital()).post(PATH, body, format="json", headers=headers)


def test_posting_answers_with_the_request_and_tells_that_it_is_open():
    owner = make_hospital()

    reply = post({**NEED, "note": "Ward 4."}, owner)

    assert reply.status_code == 201
    body = reply.json()
    assert (body["status"], body["units"], body["units_promised"], body["units_fulfilled"]) == ("open", 3, 0, 0)
    assert (body["radius_km"], body["note"], body["waves"]) == (10.0, "Ward 4.", [])
    assert dt.datetime.fromisoformat(body["expires_at"]) == dt.datetime(2030, 5, 1, 14, 30, tzinfo=dt.UTC)
    request = BloodRequest.objects.get()
    assert (request.partner_id, request.posted_by_id) == (owner.partner_id, owner.pk)
    assert (float(request.lat), float(request.lng)) == (18.5204, 73.8567)
    assert events("request.opened") == [{"request": body["id"]}]
    assert list(RequestEvent.objects.values_list("verb", "actor")) == [("post", f"member:{owner.pk}")]


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"blood_group": "X+"}, "/blood_group", "invalid_choice"),
        ({"blood_group": None}, "/blood_group", "null"),
        ({"blood_group": ["B+"]}, "/blood_group", "invalid_choice"),
        ({"component": "milk"}, "/component", "invalid_choice"),
        ({"units": "three"}, "/units", "invalid"),
        ({"units": True}, "/units", "invalid"),
        ({"units": 1.5}, "/units", "invalid"),
        ({"units": 0}, "/units", "min_value"),
        ({"units": 51}, "/units", "max_value"),
        ({"units": 10**30}, "/units", "invalid"),
        ({"urgency": "now"}, "/urgency", "invalid_choice"),
        ({"radius_km": "far"}, "/radius_km", "invalid"),
        ({"radius_km": "NaN"}, "/radius_km", "invalid"),
        ({"radius_km": "Infinity"}, "/radius_km", "invalid"),
        ({"radius_km": 0}, "/radius_km", "min_value"),
        ({"radius_km": 100.01}, "/radius_km", "max_value"),
        ({"radius_km": 1e300}, "/radius_km", "max_digits"),
        ({"note": "x" * 501}, "/note", "max_length"),
        ({"note": "a\u0000b"}, "/note", "null_characters_not_allowed"),
        ({"needed_by": "tomorrow"}, "/needed_by", "invalid"),
        ({"needed_by": "2030-05-02"}, "/needed_by", "offset_missing"),
        ({"needed_by": 1904000000}, "/needed_by", "invalid"),
        ({"needed_by": "2030-05-01T20:00:00"}, "/needed_by", "offset_missing"),
        ({"needed_by": "9999-12-31T23:59:59-14:00"}, "/needed_by", "overflow"),
        ({"needed_by": "0001-01-01T00:00:00+14:00"}, "/needed_by", "overflow"),
    ],
)
def test_what_is_no_value_is_refused_with_its_pointer(change, pointer, code):
    reply = post({**NEED, **change})

    assert (reply.status_code, reply.json()["code"]) == (400, "invalid_input")
    assert [(error["pointer"], error["code"]) for error in reply.json()["errors"]] == [(pointer, code)]
    assert not BloodRequest.objects.exists()


@pytest.mark.parametrize("missing", sorted(NEED))
def test_each_value_is_needed(missing):
    reply = post({name: value for name, value in NEED.items() if name != missing})

    assert [(error["pointer"], error["code"]) for error in reply.json()["errors"]] == [(f"/{missing}", "required")]


@pytest.mark.parametrize(
    ("now", "needed_by", "status"),
    [
        ("2030-05-01T06:30:00Z", "2030-05-01T06:29:59Z", 400),
        ("2030-05-01T06:30:00Z", "2030-05-01T06:31:00Z", 201),
        ("2030-05-01T06:30:00Z", "2030-05-01T12:01:00+05:30", 201),
        ("2030-05-01T06:30:00Z", "2030-05-01T11:59:00+05:30", 400),
        ("2030-05-01T06:30:00Z", "2030-05-31T06:30:00Z", 201),
        ("2030-05-01T06:30:00Z", "2030-05-31T06:31:00Z", 400),
        ("2030-05-01T06:30:00Z", "9999-12-31T00:00:00Z", 400),
        ("2032-01-31T06:30:00Z", "2032-02-29T23:59:00Z", 201),
        ("2032-01-31T06:30:00Z", "2032-03-01T06:30:00Z", 201),
        ("2032-01-31T06:30:00Z", "2032-03-01T06:31:00Z", 400),
        ("2030-12-31T18:29:00Z", "2031-01-01T00:00:00+05:30", 201),
    ],
)
def test_blood_is_needed_within_thirty_days_from_now(noon, now, needed_by, status):
    noon.move_to(dt.datetime.fromisoformat(now))

    reply = post({**NEED, "needed_by": needed_by})

    assert reply.status_code == status
    assert BloodRequest.objects.exists() == (status == 201)


def test_a_needed_by_of_the_past_is_told_with_its_pointer():
    reply = post({**NEED, "needed_by": "2030-04-30T20:00:00Z"})

    assert reply.json()["code"] == "needed_by_invalid"
    assert reply.json()["errors"][0]["pointer"] == "/needed_by"


def test_the_same_post_sent_twice_opens_one_request():
    owner = make_hospital()

    first = post(NEED, owner, **{"Idempotency-Key": "a1"})
    second = post(NEED, owner, **{"Idempotency-Key": "a1"})

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert BloodRequest.objects.count() == 1


def test_the_same_key_with_another_body_is_refused():
    owner = make_hospital()
    post(NEED, owner, **{"Idempotency-Key": "a1"})

    reply = post({**NEED, "units": 4}, owner, **{"Idempotency-Key": "a1"})

    assert (reply.status_code, reply.json()["code"]) == (422, "idempotency_mismatch")
    assert BloodRequest.objects.count() == 1
