"""Places and distances on the WGS-84 ellipsoid. Degrees and kilometres everywhere.

The geodesic (geopy) is the truth and costs some 70 µs a pair; the haversine over whole arrays (numpy) costs
almost nothing and is wrong by a known little. So the haversine decides wherever it can, and only the pairs in
the guard band around the radius are solved: the answers are those of the geodesic.

How wide the band is: at every place and in every direction a step on WGS-84 is between 0.99442 (along the
meridian at the equator, a(1-e²) = 6335.44 km) and 1.00449 (at the poles, a²/b = 6399.59 km) times the same
step on a sphere of 6371.0088 km, hence so is every shortest way: the haversine is between 0.45 % below and
0.57 % above the geodesic.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

EARTH_RADIUS_KM: Final = 6371.0088  # IUGG mean radius R1
GUARD: Final = 0.006
# What rounding of float64 may add where one place is written in two ways (poles, ±180°): 1 mm is ample.
_ROUNDING_KM: Final = 1e-6
# Columns keep six decimals (11 cm). Box edges go outwards to that grid, so that no row is lost by rounding.
_GRID: Final = 1e6

Degrees = float | Decimal


class PointInvalid(ValueError):
    """Latitude is not within -90..90, or longitude not within -180..180, or one is not a number."""

    def __init__(self) -> None:
        super().__init__("Latitude must be within -90..90 and longitude within -180..180.")


@dataclass(frozen=True, slots=True)
class Point:
    """A place in WGS-84 degrees. Raises: PointInvalid."""

    lat: float
    lng: float

    def __post_init__(self) -> None:
        # A comparison with NaN is false, so NaN is refused as well.
        if not (-90 <= self.lat <= 90 and -180 <= self.lng <= 180):  # noqa: PLR2004 - degrees
            raise PointInvalid

    @classmethod
    def of(cls, row: Located) -> Point:
        """The place of a row with `lat` and `lng`."""
        return cls(float(row.lat), float(row.lng))


class Located(Protocol):
    """Anything with `lat` and `lng` in degrees: a model row, a named tuple, a Point."""

    @property
    def lat(self) -> Degrees: ...
    @property
    def lng(self) -> Degrees: ...


R = TypeVar("R", bound=Located)


@dataclass(frozen=True, slots=True)
class BoundingBox:
    """All places with south <= lat <= north and west <= lng <= east. Never crosses the antimeridian."""

    south: float
    north: float
    west: float
    east: float


@dataclass(frozen=True, slots=True)
class Near(Generic[R]):
    """A row and its geodesic distance."""

    row: R
    distance_km: float


def bounding_boxes(point: Point, radius_km: float) -> tuple[BoundingBox, ...]:
    """Return the one box, or at the antimeridian the two, that hold every place within the radius.

    They hold some places beyond it too: `within` or `nearest_first` has the last word.

    Raises: ValueError on a radius that is negative or not finite.
    """
    _check_radius(radius_km)
    reach = (radius_km * (1 + GUARD) + _ROUNDING_KM) / EARTH_RADIUS_KM
    south, north = _down(point.lat - math.degrees(reach)), _up(point.lat + math.degrees(reach))
    if south <= -90 or north >= 90:  # noqa: PLR2004 - a pole is within reach, and with it every meridian
        return (BoundingBox(max(south, -90.0), min(north, 90.0), -180.0, 180.0),)
    half = math.degrees(math.asin(min(1.0, math.sin(reach) / math.cos(math.radians(point.lat)))))
    west, east = _down(point.lng - half), _up(point.lng + half)
    if west <= -180:  # noqa: PLR2004 - the meridian itself is written as -180 and as 180
        return BoundingBox(south, north, -180.0, east), BoundingBox(south, north, west + 360, 180.0)
    if east >= 180:  # noqa: PLR2004
        return BoundingBox(south, north, west, 180.0), BoundingBox(south, north, -180.0, east - 360)
    return (BoundingBox(south, north, west, east),)


def distance_km(a: Point, b: Point) -> float:
    """The geodesic distance."""
    from geopy.distance import geodesic  # noqa: PLC0415 - every geocoder and their HTTP clients come with it

    return float(geodesic((a.lat, a.lng), (b.lat, b.lng)).km)


def distances_km(
    origin: Point,
    lats: Sequence[Degrees] | NDArray[np.float64],
    lngs: Sequence[Degrees] | NDArray[np.float64],
) -> NDArray[np.float64]:
    """The haversine distances from `origin`: up to 0.6 % off the geodesic, good for sorting out only."""
    lat, lng = np.radians(np.asarray(lats, dtype=np.float64)), np.radians(np.asarray(lngs, dtype=np.float64))
    lat0, lng0 = math.radians(origin.lat), math.radians(origin.lng)
    square = np.sin((lat - lat0) / 2) ** 2 + math.cos(lat0) * np.cos(lat) * np.sin((lng - lng0) / 2) ** 2
    angles: NDArray[np.float64] = 2 * np.arcsin(np.sqrt(np.minimum(square, 1.0)))
    return angles * EARTH_RADIUS_KM


def within(
    origin: Point,
    lats: Sequence[Degrees] | NDArray[np.float64],
    lngs: Sequence[Degrees] | NDArray[np.float64],
    radius_km: float,
) -> NDArray[np.intp]:
    """Return, in rising order, the indices of the places whose geodesic distance is at most `radius_km`.

    Decides only; the distances of the few that are shown come from `nearest_first`.

    Raises: ValueError on a radius that is negative or not finite.
    """
    _check_radius(radius_km)
    rough = distances_km(origin, lats, lngs)
    inside = rough < radius_km * (1 - GUARD) - _ROUNDING_KM
    unsure = ~inside & (rough <= radius_km * (1 + GUARD) + _ROUNDING_KM)
    for index in np.flatnonzero(unsure).tolist():
        inside[index] = distance_km(origin, Point(float(lats[index]), float(lngs[index]))) <= radius_km
    return np.flatnonzero(inside)


def nearest_first(origin: Point, rows: Sequence[R], radius_km: float, *, limit: int | None = None) -> list[Near[R]]:
    """Return the rows within the radius with their geodesic distances, nearest first, at most `limit`.

    The order is exactly that of the geodesic; rows at the same distance keep their order. With a limit, only
    the rows that could be among the nearest are solved.

    Raises: ValueError on a radius that is negative or not finite.
    """
    _check_radius(radius_km)
    if limit == 0:
        return []
    rough = distances_km(origin, [row.lat for row in rows], [row.lng for row in rows])
    wanted = len(rows) if limit is None else limit
    found: list[tuple[float, int]] = []
    for index in np.argsort(rough, kind="stable").tolist():
        least = rough[index] * (1 - GUARD) - _ROUNDING_KM
        if least > (radius_km if len(found) < wanted else found[-1][0]):
            break
        distance = distance_km(origin, Point.of(rows[index]))
        if distance <= radius_km:
            bisect.insort(found, (distance, index))
            del found[wanted:]
    return [Near(rows[index], distance) for distance, index in found]


def _check_radius(radius_km: float) -> None:
    if not 0 <= radius_km < math.inf:
        raise ValueError("A radius is a finite number of kilometres, 0 or more.")


def _down(degrees: float) -> float:
    return math.floor(degrees * _GRID) / _GRID


def _up(degrees: float) -> float:
    return math.ceil(degrees * _GRID) / _GRID
