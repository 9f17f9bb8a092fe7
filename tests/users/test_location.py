"""Where a person is, and with them the donor."""

from __future__ import annotations

from decimal import Decimal

import pytest

from common import clock
from tests.factories import make_donor, make_user, person_client
from users.models import Donor, User

pytestmark = pytest.mark.django_db


def put(user, body):
    return person_client(user).put("/api/v1/me/location", body, format="json")


def test_a_place_is_kept_with_its_time():
    user = make_user()

    answer = put(user, {"lat": 18.5204, "lng": 73.8567})

    assert (answer.status_code, answer.json()["location"]) == (200, {"lat": 18.5204, "lng": 73.8567})
    after = User.objects.get()
    assert (after.lat, after.lng) == (Decimal("18.520400"), Decimal("73.856700"))
    assert (clock.now() - after.located_at).total_seconds() < 5


def test_a_donor_moves_along():
    donor = make_donor()

    put(donor.user, {"lat": 19.07, "lng": 72.87})

    after = Donor.objects.get()
    assert (after.lat, after.lng) == (Decimal("19.070000"), Decimal("72.870000"))


def test_more_decimals_than_the_column_has_are_rounded():
    user = make_user()

    put(user, {"lat": 18.12345678901, "lng": -73.9999999})

    assert (User.objects.get().lat, User.objects.get().lng) == (Decimal("18.123457"), Decimal("-74.000000"))


@pytest.mark.parametrize("place", [(0, 0), (-90, -180), (90, 180), (1e-9, -1e-9), ("18.5", "73.8")])
def test_the_ends_of_the_earth_and_its_middle_are_places(place):
    assert put(make_user(), {"lat": place[0], "lng": place[1]}).status_code == 200


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, ["/lat", "/lng"]),
        ({"lat": 1}, ["/lng"]),
        ({"lat": None, "lng": 1}, ["/lat"]),
        ({"lat": 90.0001, "lng": 0}, ["/lat"]),
        ({"lat": 0, "lng": -180.5}, ["/lng"]),
        ({"lat": "north", "lng": 0}, ["/lat"]),
        ({"lat": True, "lng": 0}, ["/lat"]),
        ({"lat": "NaN", "lng": "inf"}, ["/lat", "/lng"]),
        ({"lat": [1], "lng": {}}, ["/lat", "/lng"]),
        ({"lat": 10**30, "lng": 0}, ["/lat"]),
    ],
)
def test_what_is_no_place_is_pointed_at(body, pointers):
    answer = put(make_user(), body)

    assert answer.status_code == 400
    assert sorted(error["pointer"] for error in answer.json()["errors"]) == pointers
    assert User.objects.get().lat is None
