"""Who can help nearby: an index walked outwards from the place, in SQL, never a city in memory.

`Donor.place` has one GiST index per blood group, over the donors who are available. Each search orders by degrees
(`<->`), which an index can do; the geodesic then decides. Degrees and kilometres order places differently, so
the search goes on until the nearest are proven: a donor it has not seen is at least `FEWEST_KM_PER_DEGREE` times the
cosine of the latitude times as far, in kilometres, as the last one it has seen is in degrees. Beyond the antimeridian
the map goes on, as if the place lay 360 degrees away; a circle around a pole is searched whole.

A walk takes a fixed number of steps, and what else is asked of a donor is asked of those it met. Were it asked during
the walk, PostgreSQL, which takes every box for a thousandth of the earth, would rather read and sort a whole city.
"""

from __future__ import annotations

import datetime as dt
import math
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import BooleanField, Exists, ExpressionWrapper, Q, QuerySet

from common import clock
from common.blood import BloodGroup, DonationType
from common.geo import BoundingBox, Point, bounding_boxes, nearest_first, within
from common.points import Gap
from users.models import Donor

FEWEST_KM_PER_DEGREE = 110.57  # of latitude at the equator, WGS-84; more everywhere else
SPARE = 8  # steps beyond the donors wanted, so that one query is nearly always enough
WIDER = 1.5  # steps to the donors wanted: some of those met may not give now; and from one try to the next
TABLE = f'"{Donor._meta.db_table}"'
COLUMNS = tuple(column.attname for column in Donor._meta.concrete_fields)
POLE, WHOLE_TURN = 90.0, 360.0  # degrees
LEAST_COSINE = 0.1  # above 84 degrees the first try is no longer than there
SEMI_MAJOR_KM, ECCENTRICITY_SQUARED = 6378.137, 0.00669437999014  # WGS-84
# The middle-latitude formula on the ellipsoid: within half a metre of the geodesic up to 200 km, below 75 degrees.
COUNT = """
SELECT width_bucket(km, %s::float8[]) AS ring, blood_group, count(*)
FROM (
    SELECT blood_group,
        2 * r * asin(least(1, sqrt((n * sin(east) * cos(mid)) ^ 2 + (m * sin(north) * cos(east)) ^ 2) / r))
    FROM (
        SELECT *, {a} * (1 - {e2}) / w ^ 1.5 AS m, {a} / sqrt(w) AS n, {a} * sqrt(1 - {e2}) / w AS r
        FROM (
            SELECT *, 1 - {e2} * sin(mid) ^ 2 AS w
            FROM (
                SELECT blood_group, radians(lat::float8 + %s) / 2 AS mid, radians(lat::float8 - %s) / 2 AS north,
                    radians(lng::float8 - %s) / 2 AS east
                FROM ({matching}) AS matching
            ) AS halves
        ) AS flattened
    ) AS curved
) AS measured (blood_group, km)
WHERE km <= %s
GROUP BY 1, 2 ORDER BY 1, 2
"""


class NearDonor(NamedTuple):
    """A donor who may be asked, and how far away he is by the geodesic."""

    donor_id: uuid.UUID
    distance_km: float


class RingCount(NamedTuple):
    """How many donors of a group match between the ring before and this one."""

    up_to_km: float
    blood_group: str
    donors: int


class Round(NamedTuple):
    """Donors of one batch, how many were passed over, and the last id looked at; None when nobody is left."""

    donors: list[uuid.UUID]
    passed_over: int
    upto: uuid.UUID | None


class _Met(NamedTuple):
    """A donor on the way of a walk: `gap` in degrees."""

    pk: uuid.UUID
    lat: Decimal
    lng: Decimal
    gap: float
    fits: bool


@dataclass(frozen=True)
class _Search:
    """What is looked for, and where."""

    origin: Point
    boxes: Sequence[BoundingBox]
    groups: Sequence[BloodGroup]
    fit: Q


def nearest_donors(
    *,
    origin: Point,
    radius_km: float,
    groups: Sequence[BloodGroup],
    donation_type: DonationType,
    zone: str,
    limit: int,
    world: uuid.UUID | None,
    excluded: Sequence[Exists] = (),
) -> list[NearDonor]:
    """Return up to `limit` donors within the radius who may give today, nearest first.

    Real people, or with a `world` those of that test data alone.

    May give: available, of one of the groups, inside the dates of their eligibility in the zone, not locked, and none
    of `excluded` (conditions over the donor's row) true of them.
    """
    if limit < 1 or not groups:
        return []
    fit = may_give(donation_type, clock.today(zone), clock.now()) & Q(test_world=world)
    for condition in excluded:
        fit &= ~Q(condition)
    if world is not None:  # a handful, in an index of its own: a walk would meet a whole city of others first
        few = Donor.objects.filter(fit, available=True, blood_group__in=[str(group) for group in groups])
        rows = few.values_list("pk", "lat", "lng")
        placed = [
            _Met(pk, lat, lng, gap=0.0, fits=True) for pk, lat, lng in rows if lat is not None and lng is not None
        ]
        near = nearest_first(origin, placed, radius_km, limit=limit)
        return [NearDonor(at.row.pk, at.distance_km) for at in near]
    search = _Search(origin, bounding_boxes(origin, radius_km), groups, fit)
    steps = math.ceil(limit / max(LEAST_COSINE, math.cos(math.radians(origin.lat)))) + SPARE
    while True:
        steps = math.ceil(steps * WIDER)
        met, seen_to = _walk(search, steps)
        near = nearest_first(origin, [row for row in met if row.fits], radius_km, limit=limit)
        furthest_km = near[-1].distance_km if len(near) == limit else radius_km
        if seen_to is None or _is_proven(search, seen_to, furthest_km):
            return [NearDonor(at.row.pk, at.distance_km) for at in near]


def donors_around(
    *,
    origin: Point,
    radius_km: float,
    donation_type: DonationType,
    on: dt.date,
    after: uuid.UUID | None,
    looked_at: int,
    limit: int,
    world: uuid.UUID | None,
    excluded: Sequence[Exists] = (),
    passed_over: Sequence[Exists] = (),
) -> Round:
    """Return up to `limit` available donors within the radius who may give that day, by id, beginning behind `after`.

    For telling all of them, a batch at a time: one call reads at most `looked_at` donors, however many there are. Of
    `excluded` nothing is heard; those of whom a condition of `passed_over` is true are left out and counted.
    """
    behind = Donor.objects.filter(pk__gt=after or uuid.UUID(int=0)).order_by("pk")
    last = behind.values_list("pk", flat=True)[looked_at - 1 : looked_at].first()
    fit = may_give(donation_type, on, clock.now()) & Q(test_world=world)
    for condition in excluded:
        fit &= ~Q(condition)
    inside = reduce(or_, (Q(place__within=box) for box in bounding_boxes(origin, radius_km)))
    rows = behind.filter(inside, fit, available=True)
    if last is not None:
        rows = rows.filter(pk__lte=last)
    spared = ExpressionWrapper(reduce(or_, map(Q, passed_over), Q(pk__isnull=True)), BooleanField())
    found = list(rows.annotate(spared=spared).values_list("pk", "lat", "lng", "spared")[:limit])
    lats, lngs = [float(row[1] or 0) for row in found], [float(row[2] or 0) for row in found]
    near = [found[index] for index in within(origin, lats, lngs, radius_km).tolist()]
    upto = found[-1][0] if len(found) == limit else last
    return Round([row[0] for row in near if not row[3]], sum(row[3] for row in near), upto)


def may_give(donation_type: DonationType, today: dt.date, now: dt.datetime) -> Q:
    """Return the condition under which a donor's row says that he may give today."""
    return _fit_on(donation_type, today) & (Q(locked_until=None) | Q(locked_until__lte=now))


def fit_on(donor_ids: Iterable[uuid.UUID], *, donation_type: DonationType, on: dt.date) -> list[uuid.UUID]:
    """Return those of the donors who, by the dates of their rows, may give on the day; in the order of their ids."""
    rows = Donor.objects.filter(_fit_on(donation_type, on), pk__in=list(donor_ids))
    return list(rows.order_by("pk").values_list("pk", flat=True))


def _fit_on(donation_type: DonationType, on: dt.date) -> Q:
    prefix = "whole_blood" if donation_type is DonationType.WHOLE_BLOOD else "apheresis"
    return Q(**{f"{prefix}_from__lte": on, f"{prefix}_until__gt": on})


def count_donors(
    *,
    origin: Point,
    rings: Sequence[float],
    groups: Sequence[BloodGroup],
    donation_type: DonationType,
    zone: str,
    world: uuid.UUID | None,
) -> list[RingCount]:
    """Return how many donors match in each ring (outer radii in km, rising) and group, counted in SQL."""
    boxes = bounding_boxes(origin, rings[-1])
    matching = _matching(boxes, donation_type, zone).filter(blood_group__in=list(groups), test_world=world)
    sql, params = matching.values("blood_group", "lat", "lng").query.sql_with_params()
    measured = COUNT.format(a=SEMI_MAJOR_KM, e2=ECCENTRICITY_SQUARED, matching=sql)
    with connection.cursor() as cursor:
        bounds = [0.0, *rings[:-1]]
        cursor.execute(measured, [bounds, origin.lat, origin.lat, origin.lng, *params, rings[-1]])
        return [RingCount(rings[ring - 1], group, donors) for ring, group, donors in cursor.fetchall()]


def _walk(search: _Search, steps: int) -> tuple[list[_Met], float | None]:
    """Go so many steps outwards, once per group and box, in one query; return whom one meets, the closest first.

    The second value is up to how many degrees everybody has been met; None: everywhere.
    """
    ways = [way for box in search.boxes for way in _ways(search, box, steps)]
    numbered = (f"SELECT {number}, met.* FROM ({sql}) AS met" for number, (sql, _) in enumerate(ways))  # noqa: S608  (the ORM's own)
    met: list[_Met] = []
    gaps: dict[int, list[float | None]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(numbered), [value for _, params in ways for value in params])
        for number, pk, lat, lng, gap, fits in cursor.fetchall():
            gaps[number].append(gap)
            if gap is not None:
                met.append(_Met(pk, lat, lng, gap, fits))
    # Those whose place nobody knows stand at the end of every walk.
    ends = [max(gone) for found in gaps.values() if len(gone := [gap for gap in found if gap is not None]) == steps]
    return sorted(met, key=lambda row: (row.gap, row.pk)), min(ends, default=None)


def _ways(search: _Search, box: BoundingBox, steps: int) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Yield the SELECT of each group's walk: the steps first, then the questions to those they led to."""
    gap = Gap("place", *_seen_from(search.origin, box))
    fits = ExpressionWrapper(Q(place__within=box) & search.fit, BooleanField())
    asked = Donor.objects.annotate(gap=gap, fits=fits).values_list("pk", "lat", "lng", "gap", "fits")
    outer, outer_params = asked.query.sql_with_params()
    nearest = Donor.objects.filter(available=True).order_by(gap).values(*COLUMNS)
    for group in search.groups:
        inner, inner_params = nearest.filter(blood_group=str(group))[:steps].query.sql_with_params()
        yield f"{outer.removesuffix(TABLE)}({inner}) AS {TABLE}", (*outer_params, *inner_params)


def _matching(boxes: Iterable[BoundingBox], donation_type: DonationType, zone: str) -> QuerySet[Donor]:
    inside = reduce(or_, (Q(place__within=box) for box in boxes))
    return Donor.objects.filter(inside, may_give(donation_type, clock.today(zone), clock.now()), available=True)


def _seen_from(origin: Point, box: BoundingBox) -> tuple[float, float]:
    """Return the latitude and longitude of the origin as the box's side of the antimeridian counts degrees."""
    if origin.lng < box.west:
        return origin.lat, origin.lng + 360
    if origin.lng > box.east:
        return origin.lat, origin.lng - 360
    return origin.lat, origin.lng


def _is_proven(search: _Search, seen_to: float, furthest_km: float) -> bool:
    """Whether nobody beyond `seen_to` degrees can be nearer than `furthest_km`.

    The way to such a donor leaves the circle of so many degrees around the origin, and inside it no degree is shorter
    than at its highest latitude.
    """
    highest = abs(search.origin.lat) + seen_to
    if highest >= POLE or any(box.east - box.west >= WHOLE_TURN for box in search.boxes):
        return False
    return seen_to * FEWEST_KM_PER_DEGREE * math.cos(math.radians(highest)) >= furthest_km
