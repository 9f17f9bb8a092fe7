"""What a donor may answer, nearest first."""

from __future__ import annotations

from decimal import Decimal

import pytest

from requests_app.models import BloodRequest
from requests_app.services.promises import accept
from tests.factories import KM, PUNE, make_donor, make_hospital, make_request, make_user, person_client

pytestmark = pytest.mark.django_db

PATH = "/api/v1/requests/nearby"


def hospital(km_north):
    owner = make_hospital()
    owner.partner.lat = PUNE[0] + KM * Decimal(str(km_north))
    owner.partner.save()
    return owner


def near(client, **query):
    return client.get(PATH, query)


def found(reply):
    return [row["id"] for row in reply.json()["results"]]


def test_the_nearest_come_first_with_their_distance():
    requests = [make_request(hospital(km)) for km in (4, 1, 7)]
    client = person_client(make_donor(km_north=0).user)

    reply = near(client)

    assert found(reply) == [str(requests[index].pk) for index in (1, 0, 2)]
    assert [row["distance_km"] for row in reply.json()["results"]] == pytest.approx([1.0, 4.0, 7.0], abs=0.02)


def test_only_what_the_donors_blood_can_help_and_whose_reach_he_is_within():
    fits = make_request(hospital(3), blood_group="A+")
    make_request(hospital(3), blood_group="O-")
    make_request(hospital(12))
    wide = make_request(hospital(12), blood_group="AB+", radius_km=Decimal(20))
    client = person_client(make_donor(km_north=0, blood_group="A+").user)

    assert found(near(client)) == [str(fits.pk), str(wide.pk)]
    assert found(near(client, radius_km="5")) == [str(fits.pk)]


def test_full_and_closed_requests_are_not_shown(noon):
    make_request()
    full = make_request()
    accept(request_id=full.pk, donor_id=make_donor().pk)
    for status in ("cancelled", "fulfilled", "expired"):
        BloodRequest.objects.filter(pk=make_request().pk).update(status=status)

    assert len(found(near(person_client(make_donor().user)))) == 1


def test_the_list_and_accepting_agree_on_the_edge_of_the_reach():
    donors = [make_donor(km_north=9.9 + 0.02 * step) for step in range(12)]
    request = make_request(units=50)

    shown = [found(near(person_client(donor.user))) == [str(request.pk)] for donor in donors]
    accepted = [
        person_client(donor.user).post(f"/api/v1/requests/{request.pk}/accept").status_code == 201 for donor in donors
    ]

    assert shown == accepted
    assert set(shown) == {True, False}


def test_pages_show_each_request_once_although_all_are_equally_far():
    owner = make_hospital()
    requests = {str(make_request(owner).pk) for _ in range(7)}
    client = person_client(make_donor().user)
    seen, reply = [], near(client, limit="3")

    while reply.json()["next"]:
        seen += found(reply)
        reply = client.get(reply.json()["next"])
    seen += found(reply)

    assert len(seen) == 7
    assert set(seen) == requests


@pytest.mark.parametrize("radius", ["nan", "inf", "-inf", "1e400", "-1", "0", "200.1", "ten", "", "true", "1,5"])
def test_what_is_no_radius_is_refused(radius):
    reply = near(person_client(make_donor().user), radius_km=radius)

    assert (reply.status_code, reply.json()["code"]) == (400, "invalid_input")
    assert reply.json()["errors"][0]["pointer"] == "/radius_km"


@pytest.mark.parametrize("cursor", ["x", "bm9wZQ==", "bmFufDE=", "%00"])
def test_a_cursor_of_another_place_is_refused_or_empty(cursor):
    reply = near(person_client(make_donor().user), cursor=cursor)

    assert reply.status_code in (200, 400)


def test_without_a_profile_or_a_place_there_is_nothing_near():
    nobody = near(person_client(make_user()))
    placeless = near(person_client(make_donor(lat=None, lng=None).user))

    assert (nobody.status_code, nobody.json()["code"]) == (404, "not_a_donor")
    assert (placeless.status_code, placeless.json()["code"]) == (409, "location_unknown")


def test_across_the_antimeridian_near_is_near():
    owner = make_hospital()
    owner.partner.lat, owner.partner.lng = Decimal("-17.5"), Decimal("179.98")
    owner.partner.save()
    request = make_request(owner)
    donor = make_donor(lat=Decimal("-17.5"), lng=Decimal("-179.98"))

    assert found(near(person_client(donor.user))) == [str(request.pk)]


def test_a_request_tells_how_far_it_is_or_that_nobody_knows():
    request = make_request()
    path = f"/api/v1/requests/{request.pk}"

    assert person_client(make_donor(km_north=3).user).get(path).json()["distance_km"] == pytest.approx(3, abs=0.01)
    assert person_client(make_user()).get(path).json()["distance_km"] is None
