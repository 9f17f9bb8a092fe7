"""What the public sees of partners."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from geopy.distance import geodesic

from common.geo import Point, bounding_boxes
from partners import selectors
from partners.models import SEARCHED, Partner
from partners.searching import SearchDocument, beginnings_of, words_of
from tests.partners.factories import client_with, make_listing, make_member, make_partner

URL = "/api/v1/partners"
pytestmark = pytest.mark.django_db


def get(path="", **query):
    return client_with().get(f"{URL}{path}", query)


def names(**query):
    return {row["name"] for row in get(**query).json()["results"]}


def all_pages(url):
    found = []
    while url:
        page = client_with().get(url).json()
        found += page["results"]
        url = page["next"]
    return found


def test_live_partners_listings_and_waiting_claims_of_listings_are_shown():
    make_partner(name="live")
    make_listing(name="listed")
    make_listing(name="claimed", status="pending", claimed_profile={"name": "Somebody Else"})
    make_partner(name="newcomer", status="pending")
    for status in ("suspended", "rejected"):
        make_partner(name=status, status=status)
        make_listing(name=f"{status} listing", status=status)

    rows = get().json()["results"]

    shown = {row["name"]: (row["live"], row["claimed"]) for row in rows}
    assert shown == {"live": (True, True), "listed": (False, False), "claimed": (False, True)}
    assert {get(f"/{partner.pk}").status_code for partner in Partner.objects.all()} == {200, 404}
    for partner in Partner.objects.all():
        assert (get(f"/{partner.pk}").status_code == 200) == (partner.name in shown)


def test_no_member_and_nothing_internal_is_shown():
    member = make_member(make_partner(facility_code="9ABCD"))

    answers = [get(), get("/nearby", lat=12.9716, lng=77.5946), get(f"/{member.partner_id}")]

    for answer in answers:
        text = answer.content.decode()
        assert member.partner.name in text
        for secret in (member.name, member.phone, "9ABCD", "claimed_profile", "status", "license_key"):
            assert secret not in text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"city": "PUNE"}, {"Lotus", "Banyan"}),
        ({"city": " pune "}, {"Lotus", "Banyan"}),
        ({"city": "pun"}, set()),
        ({"state": "tamil nadu"}, {"St. John's G.B.Pant"}),
        ({"kind": "hospital"}, {"Lotus", "St. John's G.B.Pant"}),
        ({"kind": "blood_bank"}, {"Banyan", "St. John's G.B.Pant"}),
        ({"kind": "both"}, {"St. John's G.B.Pant"}),
        ({"live": "true"}, {"Lotus"}),
        ({"live": "false"}, {"Banyan", "St. John's G.B.Pant"}),
        ({"q": "LOT"}, {"Lotus"}),
        ({"q": "pune lotus"}, {"Lotus"}),
        ({"q": "lotus chennai"}, set()),
        ({"q": "john's"}, {"St. John's G.B.Pant"}),
        ({"q": "pant"}, {"St. John's G.B.Pant"}),
        ({"q": "g.b. pant"}, {"St. John's G.B.Pant"}),
        ({"q": "28/HD"}, {"Banyan"}),
        ({"q": "28 hd/ts"}, {"Banyan"}),
        ({"q": "';--drop | & ! :* <-> \\ %"}, None),
        ({"q": "x' | 'lotus"}, set()),
        ({"q": "बैंक"}, set()),
        ({"city": "Pune", "kind": "hospital", "q": "lotus", "live": "true"}, {"Lotus"}),
    ],
)
def test_every_filter_finds_what_it_says_in_any_case(query, found):
    make_partner(name="Lotus", city="Pune", kind="hospital", state="Maharashtra")
    make_listing(name="Banyan", city="Pune", state="Maharashtra", license_number="28/HD/TS/2016/BB/G")
    make_listing(name="St. John's G.B.Pant", city="Chennai", kind="both", state="Tamil Nadu")

    if found is None:
        assert get(**query).status_code == 200
    else:
        assert names(**query) == found


@pytest.mark.parametrize(
    ("path", "query", "pointer"),
    [
        ("", {"kind": "clinic"}, "/kind"),
        ("", {"live": "perhaps"}, "/live"),
        ("", {"q": "a"}, "/q"),
        ("", {"q": "-- //"}, "/q"),
        ("", {"q": "x" * 81}, "/q"),
        ("", {"q": "a\u0000b"}, "/q"),
        ("", {"city": "x" * 81}, "/city"),
        ("", {"limit": "many"}, "/limit"),
        ("", {"cursor": "nonsense"}, "/cursor"),
        ("", {"cursor": "cD1hYmM="}, "/cursor"),
        ("/nearby", {"lng": 1}, "/lat"),
        ("/nearby", {"lat": 1}, "/lng"),
        ("/nearby", {"lat": "abc", "lng": 1}, "/lat"),
        ("/nearby", {"lat": "nan", "lng": 1}, "/lat"),
        ("/nearby", {"lat": 1, "lng": "inf"}, "/lng"),
        ("/nearby", {"lat": 90.1, "lng": 1}, "/lat"),
        ("/nearby", {"lat": 1, "lng": 1, "radius_km": 0}, "/radius_km"),
        ("/nearby", {"lat": 1, "lng": 1, "radius_km": 201}, "/radius_km"),
        ("/nearby", {"lat": 1, "lng": 1, "radius_km": "far"}, "/radius_km"),
        ("/nearby", {"lat": 1, "lng": 1, "kind": "x"}, "/kind"),
        ("/nearby", {"lat": 1, "lng": 1, "cursor": "%%%"}, "/cursor"),
    ],
)
def test_a_query_that_is_not_acceptable_is_pointed_at(path, query, pointer):
    answer = get(path, **query)

    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


@pytest.mark.parametrize("path", ["/nobody", "/0199d3f2-6c1e-7a04-9b1c-3c5f0f3f6a10"])
def test_an_unknown_partner_is_404(path):
    assert (get(path).status_code, get(path).json()["code"]) == (404, "not_found")


def test_pages_hold_every_partner_once():
    made = {str(make_listing().pk) for _ in range(7)}

    rows = all_pages(f"{URL}?limit=3")

    assert [row["id"] for row in rows] == sorted(made, reverse=True)


def test_pages_by_distance_hold_every_partner_once_also_those_at_one_place():
    made = {str(make_listing(lat=Decimal("0.001") * (number // 3), lng=0).pk) for number in range(9)}

    rows = all_pages(f"{URL}/nearby?lat=0&lng=0&limit=2")

    assert sorted(row["id"] for row in rows) == sorted(made)
    assert [row["distance_km"] for row in rows] == sorted(row["distance_km"] for row in rows)


def test_the_radius_is_25_km_unless_told():
    make_partner(lat=Decimal("0.22"), lng=0, name="24 km")
    make_partner(lat=Decimal("0.23"), lng=0, name="25.4 km")

    near = [row["name"] for row in get("/nearby", lat=0, lng=0).json()["results"]]
    farther = [row["name"] for row in get("/nearby", lat=0, lng=0, radius_km=26).json()["results"]]

    assert (near, farther) == (["24 km"], ["24 km", "25.4 km"])


def test_nearby_knows_kinds_and_who_is_live():
    make_partner(name="live hospital", kind="hospital")
    make_listing(name="listed bank")
    here = {"lat": 12.9716, "lng": 77.5946}

    assert [row["name"] for row in get("/nearby", **here, kind="hospital").json()["results"]] == ["live hospital"]
    assert [row["name"] for row in get("/nearby", **here, live="false").json()["results"]] == ["listed bank"]


@pytest.mark.parametrize(
    ("seed", "lat", "lng", "radius_km"),
    [
        (1, 18.52, 73.85, 25.0),
        (2, 28.61, 77.21, 200.0),
        (3, 0.0, 179.99, 150.0),
        (4, 89.5, 10.0, 200.0),
        (5, -33.9, 18.4, 3.0),
    ],
)
def test_nearby_is_what_the_geodesic_of_every_pair_says(seed, lat, lng, radius_km):
    numbers = random.Random(seed)  # noqa: S311 - places, not secrets
    spread = 1.3 * radius_km / 111
    rows = [scattered(numbers, lat, lng, spread) for _ in range(200)]

    found = selectors.partners_near(Point(lat, lng), radius_km)

    distances = {row.pk: geodesic((lat, lng), (row.lat, row.lng)).km for row in rows}
    inside = {pk: distance for pk, distance in distances.items() if distance <= radius_km}
    assert 0 < len(inside) < len(rows)
    assert [row.pk for row in found] == sorted(inside, key=lambda pk: (round(inside[pk], 6), str(pk)))
    assert [row.distance_km for row in found] == [round(inside[row.pk], 6) for row in found]


def scattered(numbers, lat, lng, spread):
    here = min(90.0, lat + numbers.uniform(-spread, spread))
    east = lng + numbers.uniform(-spread, spread) * (18 if lat > 80 else 1.2)
    row = make_listing(lat=Decimal(f"{here:.6f}"), lng=Decimal(f"{(east + 180) % 360 - 180:.6f}"))
    row.refresh_from_db()
    return row


@pytest.mark.parametrize("path", ["?q=bank&city=bengaluru", "/nearby?lat=12.9716&lng=77.5946"])
def test_a_list_costs_the_same_for_one_partner_and_for_twenty(path):
    make_listing()
    with CaptureQueriesContext(connection) as few:
        assert len(client_with().get(URL + path).json()["results"]) == 1
    for _ in range(19):
        make_listing()
    with CaptureQueriesContext(connection) as many:
        assert len(client_with().get(URL + path).json()["results"]) == 20

    assert len(few) == len(many)


def searches():
    box = bounding_boxes(Point(12.97, 77.59), 25)[0]
    every = Partner.objects.alias(words=SearchDocument(*SEARCHED))
    return {
        "partner_search": every.filter(words=beginnings_of(words_of("lotus"))),
        "partner_city": selectors.directory(words=[], city="Pune"),
        "partner_state": selectors.directory(words=[], state="Kerala"),
        "partner_place": Partner.objects.filter(place__within=box),
    }


@pytest.mark.parametrize("index", ["partner_search", "partner_city", "partner_state", "partner_place"])
def test_each_search_can_walk_its_index(index):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")

    assert index in searches()[index].order_by().explain()
