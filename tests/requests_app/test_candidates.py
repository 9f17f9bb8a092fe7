"""How many could help, per ring and group; never who."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.factories import make_donor, make_hospital, make_request, member_client

pytestmark = pytest.mark.django_db


def candidates(owner, request):
    return member_client(owner).get(f"/api/v1/partner/requests/{request.pk}/candidates")


def test_donors_are_counted_per_ring_and_group():
    owner = make_hospital()
    for km, group in [(1, "B+"), (2, "B+"), (2, "O-"), (4, "B+"), (8, "B-"), (9.9, "B+"), (10.2, "B+")]:
        make_donor(km_north=km, blood_group=group)

    reply = candidates(owner, make_request(owner, blood_group="B+"))

    assert reply.status_code == 200
    assert reply.json() == {
        "total": 6,
        "rings": [
            {"up_to_km": 2.5, "blood_group": "B+", "donors": 2},
            {"up_to_km": 2.5, "blood_group": "O-", "donors": 1},
            {"up_to_km": 5.0, "blood_group": "B+", "donors": 1},
            {"up_to_km": 10.0, "blood_group": "B+", "donors": 1},
            {"up_to_km": 10.0, "blood_group": "B-", "donors": 1},
        ],
    }


def test_who_could_not_give_today_is_not_counted():
    owner = make_hospital()
    make_donor(available=False)
    make_donor(weight_kg=44)
    make_donor(locked_until=dt.datetime(2030, 6, 1, tzinfo=dt.UTC))
    make_donor(blood_group="AB+")

    assert candidates(owner, make_request(owner)).json() == {"total": 0, "rings": []}


def test_a_donor_at_the_very_place_counts():
    owner = make_hospital()
    make_donor(km_north=0)

    assert candidates(owner, make_request(owner)).json()["total"] == 1


def test_the_answer_names_nobody():
    owner = make_hospital()
    donor = make_donor()

    text = candidates(owner, make_request(owner)).content.decode()

    for secret in (str(donor.pk), donor.user.name, donor.user.phone, donor.user.public_id):
        assert secret not in text


def test_a_request_of_any_size_at_the_pole_is_answered():
    owner = make_hospital()
    owner.partner.lat, owner.partner.lng = 90, 0
    owner.partner.save()
    make_donor(lat="89.990000", lng="120.000000")

    assert candidates(owner, make_request(owner)).json()["total"] == 1
