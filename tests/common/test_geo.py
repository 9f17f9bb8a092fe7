import math
import random
from dataclasses import FrozenInstanceError, dataclass
from decimal import Decimal
from functools import cache

import numpy as np
import pytest
from geopy.distance import geodesic

from common import geo
from common.geo import (
    BoundingBox,
    Near,
    Point,
    PointInvalid,
    bounding_boxes,
    distance_km,
    distances_km,
    nearest_first,
    within,
)

PAIRS = 10_000
KOLKATA = Point(22.5726, 88.3639)
INDIA = (8.0, 35.0, 68.5, 97.0)
WORLD = (-90.0, 90.0, -180.0, 180.0)


@dataclass(frozen=True)
class Donor:
    name: str
    lat: float | Decimal
    lng: float | Decimal


def random_points(seed, count, area):
    draw = random.Random(seed)  # noqa: S311 - the same points in every run
    south, north, west, east = area
    return [Point(draw.uniform(south, north), draw.uniform(west, east)) for _ in range(count)]


def points_around(seed, count, centre, reach_km):
    """Points in all directions, evenly over the distances up to `reach_km`."""
    draw = random.Random(seed)  # noqa: S311
    places = [
        geodesic(kilometers=draw.uniform(0, reach_km)).destination((centre.lat, centre.lng), draw.uniform(0, 360))
        for _ in range(count)
    ]
    return [Point(place.latitude, place.longitude) for place in places]


def lats(points):
    return [one.lat for one in points]


def lngs(points):
    return [one.lng for one in points]


@cache
def scattered(area):
    """Points all over the area, and how far each is from Kolkata."""
    points = random_points(1, PAIRS, area)
    return points, full_geodesic(KOLKATA, points)


def full_geodesic(origin, points):
    return np.array([geodesic((origin.lat, origin.lng), (one.lat, one.lng)).km for one in points])


def held(boxes, point):
    return any(b.south <= point.lat <= b.north and b.west <= point.lng <= b.east for b in boxes)


# Points


@pytest.mark.parametrize(("lat", "lng"), [(0, 0), (90, 180), (-90, -180), (22.5726, 88.3639)])
def test_a_point_is_anywhere_on_earth(lat, lng):
    point = Point(lat, lng)

    assert (point.lat, point.lng) == (lat, lng)


@pytest.mark.parametrize(
    ("lat", "lng"),
    [
        (90.000001, 0),
        (-90.000001, 0),
        (0, 180.000001),
        (0, -180.000001),
        (math.nan, 0),
        (0, math.nan),
        (math.inf, 0),
        (0, -math.inf),
    ],
)
def test_a_point_off_the_earth_is_refused(lat, lng):
    with pytest.raises(PointInvalid):
        Point(lat, lng)


def test_a_point_does_not_change():
    with pytest.raises(FrozenInstanceError):
        KOLKATA.lat = 0.0


def test_a_point_is_read_from_a_rows_decimals():
    assert Point.of(Donor("Asha", Decimal("22.572600"), Decimal("88.363900"))) == KOLKATA


# Distances


def test_a_distance_is_geopys_geodesic():
    delhi = Point(28.6139, 77.2090)

    assert distance_km(KOLKATA, delhi) == geodesic((22.5726, 88.3639), (28.6139, 77.2090)).km


@pytest.mark.parametrize(("other", "known_km"), [(Point(90, 0), 10_001.965729), (Point(0, 1), 111.319491)])
def test_known_lengths_of_wgs84_come_out(other, known_km):
    """The quarter of a meridian, and a degree of the equator (a * pi / 180)."""
    assert distance_km(Point(0, 0), other) == pytest.approx(known_km, abs=1e-6)


def test_a_place_is_nowhere_from_itself():
    assert distance_km(KOLKATA, KOLKATA) == 0
    assert distances_km(KOLKATA, [KOLKATA.lat], [KOLKATA.lng]).tolist() == [0]


@pytest.mark.parametrize("area", [INDIA, WORLD])
def test_the_haversine_is_never_off_by_more_than_the_guard(area):
    points, exact = scattered(area)

    rough = distances_km(KOLKATA, lats(points), lngs(points))

    assert np.all(np.abs(rough - exact) < exact * geo.GUARD)


@pytest.mark.parametrize(
    "other", [Point(90, 0), Point(-90, 0), Point(0, 180), Point(-22.5726, -91.6361), Point(0.0001, -180)]
)
def test_the_guard_holds_from_places_at_the_edges_too(other):
    points = random_points(2, 500, WORLD)

    rough, exact = distances_km(other, lats(points), lngs(points)), full_geodesic(other, points)

    assert np.all(np.abs(rough - exact) < exact * geo.GUARD)


def test_decimals_measure_like_floats():
    rows = [Decimal("22.572600"), Decimal("22.600000")], [Decimal("88.363900"), Decimal("88.400000")]

    assert distances_km(KOLKATA, *rows).tolist() == distances_km(KOLKATA, [22.5726, 22.6], [88.3639, 88.4]).tolist()


# Within a radius


@pytest.mark.parametrize(("radius_km", "reach_km"), [(10, 20), (25, 30), (0.05, 0.1), (1_500, 1_600)])
def test_the_decision_is_that_of_the_geodesic_around_a_city(radius_km, reach_km):
    points = points_around(3, PAIRS // 4, KOLKATA, reach_km)
    expected = np.flatnonzero(full_geodesic(KOLKATA, points) <= radius_km)

    found = within(KOLKATA, lats(points), lngs(points), radius_km)

    assert 0 < len(expected) < len(points)
    assert found.tolist() == expected.tolist()


@pytest.mark.parametrize(("area", "radius_km"), [(INDIA, 800), (WORLD, 9_000)])
def test_the_decision_is_that_of_the_geodesic_for_scattered_pairs(area, radius_km):
    points, exact = scattered(area)
    expected = np.flatnonzero(exact <= radius_km)

    found = within(KOLKATA, lats(points), lngs(points), radius_km)

    assert 0 < len(expected) < len(points)
    assert found.tolist() == expected.tolist()


def test_the_haversine_alone_would_decide_wrongly():
    """Control: the rings around the radius hold places that only the geodesic puts on the right side."""
    points = points_around(5, 4_000, KOLKATA, 26)
    exact = full_geodesic(KOLKATA, points) <= 25
    rough = distances_km(KOLKATA, lats(points), lngs(points)) <= 25

    assert np.count_nonzero(exact != rough) > 0


def test_only_the_guard_band_is_solved(monkeypatch):
    points = points_around(6, 2_000, KOLKATA, 50)
    solved = []
    monkeypatch.setattr(geo, "distance_km", lambda a, b: solved.append(b) or distance_km(a, b))

    within(KOLKATA, lats(points), lngs(points), 25)

    assert 0 < len(solved) < 40  # 1.2 % of 25 km out of 50 km


def test_a_place_exactly_at_the_radius_is_within():
    other = Point(22.6, 88.4)
    radius_km = distance_km(KOLKATA, other)

    assert within(KOLKATA, [other.lat], [other.lng], radius_km).tolist() == [0]
    assert within(KOLKATA, [other.lat], [other.lng], math.nextafter(radius_km, 0)).tolist() == []
    assert [near.row for near in nearest_first(KOLKATA, [other], radius_km)] == [other]
    assert nearest_first(KOLKATA, [other], math.nextafter(radius_km, 0)) == []


def test_radius_0_holds_the_place_itself_only():
    points = [Point(22.572601, 88.3639), KOLKATA, Point(22.5726, 88.363901)]

    assert within(KOLKATA, lats(points), lngs(points), 0).tolist() == [1]
    assert nearest_first(KOLKATA, points, 0) == [Near(KOLKATA, 0.0)]


@pytest.mark.parametrize(
    ("one", "same"),
    [(Point(90, 0), Point(90, 137)), (Point(-90, 12), Point(-90, -12)), (Point(5, 180), Point(5, -180))],
)
def test_one_place_written_in_two_ways_is_one_place(one, same):
    assert within(one, [same.lat], [same.lng], 0).tolist() == [0]
    assert len(nearest_first(one, [same], 0)) == 1
    assert held(bounding_boxes(one, 0), same)


def test_the_antimeridian_is_no_border():
    west, east = Point(-16.8, 179.99), Point(-16.8, -179.99)

    assert distance_km(west, east) == pytest.approx(2.13, abs=0.01)
    assert within(west, [east.lat], [east.lng], 3).tolist() == [0]
    assert within(west, [east.lat], [east.lng], 2).tolist() == []


def test_across_a_pole_is_near():
    here, there = Point(89.99, 10), Point(89.99, -170)

    assert within(here, [there.lat], [there.lng], 2.3).tolist() == [0]
    assert within(here, [there.lat], [there.lng], 2.2).tolist() == []


def test_of_nothing_nothing_is_near():
    assert distances_km(KOLKATA, [], []).tolist() == []
    assert within(KOLKATA, [], [], 10).tolist() == []
    assert nearest_first(KOLKATA, [], 10) == []


@pytest.mark.parametrize("radius_km", [-0.001, math.nan, math.inf, -math.inf])
def test_an_impossible_radius_is_refused(radius_km):
    with pytest.raises(ValueError, match="finite number of kilometres"):
        within(KOLKATA, [], [], radius_km)
    with pytest.raises(ValueError, match="finite number of kilometres"):
        nearest_first(KOLKATA, [], radius_km)
    with pytest.raises(ValueError, match="finite number of kilometres"):
        bounding_boxes(KOLKATA, radius_km)


# Nearest first


@cache
def crowded():
    """Points so near to one another that the haversine confuses them, and how far each is from Kolkata."""
    points = points_around(7, 1_500, KOLKATA, 12)
    return points, full_geodesic(KOLKATA, points)


@pytest.mark.parametrize("limit", [None, 0, 1, 7, 50, 10_000])
def test_the_order_is_that_of_the_geodesic(limit):
    points, exact = crowded()
    expected = [(points[i], exact[i]) for i in np.argsort(exact, kind="stable") if exact[i] <= 10][:limit]

    found = nearest_first(KOLKATA, points, 10, limit=limit)

    assert [(near.row, near.distance_km) for near in found] == expected


def test_the_haversine_alone_would_order_wrongly():
    """Control: the points of the test above are dense enough for the haversine to confuse them."""
    points, exact = crowded()
    rough = distances_km(KOLKATA, lats(points), lngs(points))

    assert np.argsort(exact, kind="stable").tolist() != np.argsort(rough, kind="stable").tolist()


def test_a_limit_saves_solving(monkeypatch):
    points = points_around(8, 2_000, KOLKATA, 10)
    solved = []
    monkeypatch.setattr(geo, "distance_km", lambda a, b: solved.append(b) or distance_km(a, b))

    nearest_first(KOLKATA, points, 10, limit=20)

    assert 20 <= len(solved) < 60


def test_rows_at_one_distance_keep_their_order():
    rows = [
        Donor("b", 22.6, 88.4),
        Donor("a", 22.6, 88.4),
        Donor("near", 22.573, 88.364),
        Donor("c", 22.6, 88.4),
    ]

    assert [near.row.name for near in nearest_first(KOLKATA, rows, 10)] == ["near", "b", "a", "c"]
    assert [near.row.name for near in nearest_first(KOLKATA, rows, 10, limit=2)] == ["near", "b"]


def test_rows_may_hold_decimals():
    rows = [
        Donor("far", Decimal("22.700000"), Decimal("88.400000")),
        Donor("near", Decimal("22.6"), Decimal("88.4")),
    ]

    assert [near.row.name for near in nearest_first(KOLKATA, rows, 20)] == ["near", "far"]


# Boxes


@pytest.mark.parametrize("radius_km", [0, 0.001, 0.5, 10, 25, 300])
@pytest.mark.parametrize(
    "centre",
    [
        KOLKATA,
        Point(0, 0),
        Point(-16.8, 179.995),
        Point(66.0, -179.995),
        Point(5, 180),
        Point(5, -180),
        Point(89.9, 45),
        Point(-89.99999, 170),
        Point(90, 0),
        Point(-90, -180),
        Point(85, 179),
    ],
)
def test_a_box_holds_every_place_within_the_radius(centre, radius_km):
    edge = [
        geodesic(kilometers=radius_km).destination((centre.lat, centre.lng), bearing) for bearing in range(0, 360, 3)
    ]
    inside = points_around(9, 100, centre, radius_km)
    boxes = bounding_boxes(centre, radius_km)

    assert all(held(boxes, Point(place.latitude, place.longitude)) for place in edge)
    assert all(held(boxes, one) for one in inside)
    assert held(boxes, centre)


def test_a_box_is_hardly_larger_than_the_circle_needs():
    (box,) = bounding_boxes(KOLKATA, 10)

    assert distance_km(Point(box.south, KOLKATA.lng), KOLKATA) == pytest.approx(10, rel=0.012)
    assert distance_km(Point(KOLKATA.lat, box.east), KOLKATA) == pytest.approx(10, rel=0.012)


def test_away_from_the_antimeridian_there_is_one_box():
    assert len(bounding_boxes(KOLKATA, 25)) == 1


@pytest.mark.parametrize("lng", [179.95, -179.95, 180.0, -180.0])
def test_at_the_antimeridian_there_are_two_boxes_that_share_nothing(lng):
    west, east = sorted(bounding_boxes(Point(0, lng), 25), key=lambda box: box.west)

    assert west.west == -180
    assert east.east == 180
    assert west.east < east.west
    assert (west.east - west.west) + (east.east - east.west) == pytest.approx(0.452, abs=0.001)


@pytest.mark.parametrize("centre", [Point(89.9, 45), Point(-89.9, 45), Point(90, 0)])
def test_a_box_with_a_pole_has_every_meridian(centre):
    (box,) = bounding_boxes(centre, 25)

    assert (box.west, box.east) == (-180, 180)
    assert abs(box.north if centre.lat > 0 else box.south) == 90


@pytest.mark.parametrize("radius_km", [20_100, 1e9])
def test_a_radius_beyond_the_antipode_is_the_whole_world(radius_km):
    assert bounding_boxes(KOLKATA, radius_km) == (BoundingBox(-90, 90, -180, 180),)


def test_edges_lie_on_the_six_decimals_of_the_columns():
    (box,) = bounding_boxes(Point(22.123456, 88.654321), 7.7)

    for edge in (box.south, box.north, box.west, box.east):
        assert Decimal(str(edge)) == round(Decimal(str(edge)), 6)
