"""The nearest who may give, exactly: against every pair measured one by one."""

from __future__ import annotations

import datetime as dt
import math
import random
import uuid
from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import Exists, OuterRef
from django.test.utils import CaptureQueriesContext

from common import clock
from common.blood import BloodGroup, DonationType
from common.geo import Point, distance_km
from tests.factories import make_donor, make_user
from users import matching
from users.matching import count_donors, nearest_donors
from users.models import Deferral, Donor, User

pytestmark = pytest.mark.django_db
ZONE, WHOLE_BLOOD = "Asia/Kolkata", DonationType.WHOLE_BLOOD
ORIGINS = {
    "equator": Point(0.01, 32.5),
    "Pune": Point(18.5204, 73.8567),
    "Delhi": Point(28.6, 77.2),
    "south": Point(-33.9, 18.4),
    "Oslo": Point(60.0, 10.75),
    "Longyearbyen": Point(78.2, 15.6),
    "Fiji, west of the antimeridian": Point(-17.0, 179.97),
    "Fiji, east of it": Point(-17.0, -179.97),
    "pole": Point(89.9, 20.0),
}


def scatter(
    origin: Point, count: int, spread_km: float, seed: int, groups=(BloodGroup.O_NEG, BloodGroup.A_POS)
) -> None:
    """Put donors at random around a place; a few share one spot, and a few may not give."""
    rng = random.Random(seed)  # noqa: S311
    today, now = clock.today(ZONE), clock.now()
    users, donors = [], []
    for number in range(count):
        lat = max(-90.0, min(90.0, origin.lat + rng.uniform(-1, 1) * spread_km / 111))
        wide = spread_km / 111 / max(0.02, math.cos(math.radians(lat)))
        lng = (origin.lng + rng.uniform(-1, 1) * min(wide, 179) + 180) % 360 - 180
        if number % 20 == 0:
            lat, lng = origin.lat, origin.lng
        place = {"lat": Decimal(f"{lat:.6f}"), "lng": Decimal(f"{lng:.6f}")}
        user = User(phone=f"+91{6_000_000_000 + seed * 10_000 + number}", name=f"N{number}")
        fit = {"whole_blood_from": today, "whole_blood_until": dt.date.max, "apheresis_from": None}
        unfit = rng.choice(
            [
                {},
                {},
                {},
                {},
                {},
                {},
                {"available": False},
                {"whole_blood_from": today + dt.timedelta(days=1)},
                {"whole_blood_until": today},
                {"whole_blood_from": None},
                {"locked_until": now + dt.timedelta(minutes=1)},
                {"locked_until": now - dt.timedelta(minutes=1)},
            ]
        )
        users.append(user)
        donors.append(
            Donor(
                user=user,
                blood_group=rng.choice(groups),
                sex="male",
                date_of_birth=dt.date(1990, 1, 1),
                **place,
                **{**fit, **unfit},
            )
        )
    User.objects.bulk_create(users)
    Donor.objects.bulk_create(donors)


def by_hand(origin: Point, radius_km: float, groups, excluded=()) -> list[tuple[float, object]]:
    """Measure every donor; return the distances and ids of those who may be asked, nearest first."""
    today, now = clock.today(ZONE), clock.now()
    found = []
    for donor in Donor.objects.filter(blood_group__in=groups, available=True, lat__isnull=False):
        opens, closes = donor.whole_blood_from, donor.whole_blood_until
        is_fit = opens is not None and opens <= today < closes and not donor.is_locked(now)
        distance = distance_km(origin, Point(float(donor.lat), float(donor.lng)))
        if is_fit and distance <= radius_km and donor.pk not in excluded:
            found.append((distance, donor.pk))
    return sorted(found)


def ask(origin: Point, radius_km: float, limit: int, groups=(BloodGroup.O_NEG, BloodGroup.A_POS), excluded=()):
    return nearest_donors(
        origin=origin,
        radius_km=radius_km,
        groups=groups,
        donation_type=WHOLE_BLOOD,
        zone=ZONE,
        world=None,
        limit=limit,
        excluded=excluded,
    )


def check(origin, radius_km, limit, **kwargs):
    """Compare with the measured truth; among equally far donors any may be the last."""
    found = ask(origin, radius_km, limit, **kwargs)
    truth = by_hand(origin, radius_km, kwargs.get("groups", (BloodGroup.O_NEG, BloodGroup.A_POS)))
    assert [near.distance_km for near in found] == [distance for distance, _ in truth[:limit]]
    assert {(near.distance_km, near.donor_id) for near in found} <= set(truth)
    assert len({near.donor_id for near in found}) == len(found)
    return found


@pytest.mark.parametrize("place", ORIGINS)
def test_the_nearest_are_those_of_the_geodesic(place):
    origin = ORIGINS[place]
    scatter(origin, 250, 30, seed=len(place))

    for radius, limit in ((0.0, 5), (2.5, 3), (10, 1), (10, 7), (25, 40), (40, 1000)):
        check(origin, radius, limit)


@pytest.mark.parametrize("seed", range(5))
def test_far_to_the_north_where_degrees_and_kilometres_disagree_the_order_is_still_right(seed):
    origin = Point(60.0, 10.75)
    scatter(origin, 150, 20, seed=seed, groups=(BloodGroup.O_NEG,))

    for limit in (1, 2, 5, 20):
        check(origin, 15, limit, groups=(BloodGroup.O_NEG,))


def test_those_who_are_fewer_kilometres_but_more_degrees_away_are_not_passed_over():
    origin, rng = Point(60.0, 10.75), range(40)
    scatter(origin, 45, 1, seed=1, groups=(BloodGroup.O_NEG,))
    donors = list(Donor.objects.order_by("pk"))
    for number, donor in zip(rng, donors[:40], strict=True):  # northwards, 1.1 km and more
        donor.lat, donor.lng = Decimal("60.01") + Decimal("0.0001") * number, Decimal("10.75")
    for number, donor in enumerate(donors[40:]):  # eastwards, half as far again in degrees, 0.84 km
        donor.lat, donor.lng = Decimal(60), Decimal("10.765") + Decimal("0.0001") * number
    for donor in donors:
        donor.available, donor.locked_until, donor.whole_blood_from = True, None, dt.date(2020, 1, 1)
        donor.whole_blood_until = dt.date.max
        donor.save()

    found = check(origin, 10, 3, groups=(BloodGroup.O_NEG,))

    assert found[-1].distance_km < 0.9


def test_only_the_groups_asked_for_are_found():
    origin = ORIGINS["Pune"]
    scatter(origin, 120, 10, seed=3, groups=tuple(BloodGroup))

    for groups in ((BloodGroup.OH_NEG,), (BloodGroup.O_NEG, BloodGroup.O_POS, BloodGroup.AB_NEG), tuple(BloodGroup)):
        check(origin, 10, 15, groups=groups)


def test_equally_far_donors_fill_the_places_that_are_left():
    origin = ORIGINS["Pune"]
    scatter(origin, 100, 5, seed=7)  # every twentieth stands at the place itself

    found = check(origin, 5, 2)

    assert [near.distance_km for near in found] == [0.0, 0.0]


def test_who_is_excluded_is_not_found_and_costs_nobody_else_a_place():
    origin = ORIGINS["Pune"]
    scatter(origin, 80, 5, seed=11)
    nearest = [near.donor_id for near in ask(origin, 10, 10)]
    for pk in nearest[:5]:
        Deferral.objects.create(donor_id=pk, code="tattoo", occurred_on="2030-01-01")
    deferred = Exists(Deferral.objects.filter(donor_id=OuterRef("pk")))
    tattooed = Exists(Deferral.objects.filter(donor_id=OuterRef("pk"), code="nothing"))

    found = ask(origin, 10, 10, excluded=(deferred, tattooed))

    truth = by_hand(origin, 10, (BloodGroup.O_NEG, BloodGroup.A_POS), excluded=set(nearest[:5]))
    assert [near.distance_km for near in found] == [distance for distance, _ in truth[:10]]


@pytest.mark.parametrize(("limit", "groups"), [(0, (BloodGroup.O_NEG,)), (-1, (BloodGroup.O_NEG,)), (5, ())])
def test_nobody_wanted_is_nobody_found(limit, groups):
    scatter(ORIGINS["Pune"], 10, 1, seed=1)

    assert ask(ORIGINS["Pune"], 10, limit, groups=groups) == []


def test_a_donor_without_a_place_is_nowhere():
    Donor.objects.create(
        user=make_user(),
        blood_group="O-",
        sex="male",
        date_of_birth="1990-01-01",
        whole_blood_from="2020-01-01",
        whole_blood_until="2050-01-01",
    )

    assert ask(Point(0, 0), 20_000, 5) == []


def test_the_day_is_the_partners(noon):
    origin, tomorrow = ORIGINS["Pune"], clock.today(ZONE) + dt.timedelta(days=1)
    scatter(origin, 40, 5, seed=2)
    Donor.objects.update(available=True, whole_blood_from=tomorrow, whole_blood_until=dt.date.max, locked_until=None)
    values = {"origin": origin, "radius_km": 10, "groups": tuple(BloodGroup), "donation_type": WHOLE_BLOOD, "limit": 5}
    noon.move_to(dt.datetime(2030, 5, 1, 20, 0, tzinfo=dt.UTC))  # half past one on the second of May in India

    assert len(nearest_donors(**values, zone=ZONE, world=None)) == 5
    assert nearest_donors(**values, zone="Europe/London", world=None) == []


def test_each_way_to_give_has_its_own_days():
    origin = ORIGINS["Pune"]
    scatter(origin, 40, 5, seed=2)
    Donor.objects.update(apheresis_from="2020-01-01", apheresis_until="2050-01-01", whole_blood_from=None)

    assert ask(origin, 10, 5) == []
    assert nearest_donors(
        origin=origin,
        radius_km=10,
        groups=tuple(BloodGroup),
        donation_type=DonationType.PLATELET_APHERESIS,
        zone=ZONE,
        world=None,
        limit=5,
    )


def test_a_donor_of_test_data_on_the_equator_is_found_too():
    world = uuid.uuid4()
    donor = make_donor(lat=Decimal(0), lng=Decimal("73.85"))
    Donor.objects.filter(pk=donor.pk).update(test_world=world)

    found = nearest_donors(
        origin=Point(0, 73.85),
        radius_km=5,
        groups=tuple(BloodGroup),
        donation_type=WHOLE_BLOOD,
        zone=ZONE,
        world=world,
        limit=5,
    )

    assert [one.donor_id for one in found] == [donor.pk]


# What it costs


@pytest.mark.parametrize("place", ["Pune", "Oslo", "Fiji, west of the antimeridian", "Fiji, east of it"])
def test_one_query_is_enough_in_a_city(place):
    origin = ORIGINS[place]
    scatter(origin, 300, 10, seed=5)

    with CaptureQueriesContext(connection) as queries:
        ask(origin, 10, 20)

    assert len(queries) == 1


def test_the_first_fetch_is_doubled_until_the_nearest_are_proven(monkeypatch):
    origin = ORIGINS["Oslo"]
    scatter(origin, 200, 20, seed=5, groups=(BloodGroup.O_NEG,))
    monkeypatch.setattr(matching, "SPARE", -18)  # two rows for ten donors

    with CaptureQueriesContext(connection) as queries:
        check(origin, 15, 10, groups=(BloodGroup.O_NEG,))

    assert len(queries) > 2


def test_the_search_walks_the_index_of_each_group():
    origin = ORIGINS["Pune"]
    scatter(origin, 300, 10, seed=5)
    with CaptureQueriesContext(connection) as queries:
        ask(origin, 10, 5)
    sql = queries[0]["sql"]

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        cursor.execute("EXPLAIN " + sql)
        plan = "\n".join(row[0] for row in cursor.fetchall())

    assert "Index Scan using donor_place_o_neg" in plan
    assert "Index Scan using donor_place_a_pos" in plan
    assert plan.count("Order By: (place <-> ") == 2
    assert "Seq Scan" not in plan
    assert "Sort" not in plan


# Counting


@pytest.mark.parametrize("place", [name for name in ORIGINS if name != "pole"])
def test_counts_by_ring_and_group_are_those_of_the_geodesic(place):
    origin, rings = ORIGINS[place], [2.5, 10.0, 25.0]
    groups = (BloodGroup.O_NEG, BloodGroup.A_POS)
    scatter(origin, 300, 30, seed=len(place))

    found = {
        (row.up_to_km, row.blood_group): row.donors
        for row in count_donors(
            origin=origin, rings=rings, groups=groups, donation_type=WHOLE_BLOOD, zone=ZONE, world=None
        )
    }

    wanted: dict[tuple[float, str], int] = {}
    for group in groups:
        for distance, _ in by_hand(origin, rings[-1], (group,)):
            ring = next(ring for ring in rings if distance <= ring)
            wanted[ring, str(group)] = wanted.get((ring, str(group)), 0) + 1
    assert found == wanted


def test_counting_agrees_with_finding():
    origin, groups = ORIGINS["Delhi"], tuple(BloodGroup)
    scatter(origin, 300, 12, seed=21, groups=groups)

    counted = sum(
        row.donors
        for row in count_donors(
            origin=origin, rings=[10.0], groups=groups, donation_type=WHOLE_BLOOD, zone=ZONE, world=None
        )
    )

    assert counted == len(ask(origin, 10, 10_000, groups=groups))


def test_counting_is_one_query_and_nobody_is_counted_for_no_group():
    with CaptureQueriesContext(connection) as queries:
        counted = count_donors(
            origin=Point(0, 0),
            rings=[5.0],
            groups=(BloodGroup.O_NEG,),
            donation_type=WHOLE_BLOOD,
            zone=ZONE,
            world=None,
        )

    assert counted == []
    assert len(queries) == 1
