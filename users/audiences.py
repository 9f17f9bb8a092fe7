"""Many people at once: who they are, as a query that others may narrow, count and page through."""

from __future__ import annotations

import functools
import operator
from collections.abc import Collection, Iterable

from django.db.models import FloatField, Q, QuerySet, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import ASin, Cast, Cos, Lower, Power, Radians, Sin, Sqrt
from django.db.models.lookups import LessThanOrEqual

from common.geo import EARTH_RADIUS_KM, BoundingBox, Point, bounding_boxes
from users.models import User


def people(
    *,
    donors_only: bool = False,
    blood_groups: Collection[str] = (),
    city: str = "",
    cities: Collection[str] | None = None,
    language: str = "",
    place: Point | None = None,
    radius_km: float = 0,
) -> QuerySet[User]:
    """Return the active people who fit all of it. `cities` are in small letters; None means any."""
    rows = User.objects.filter(is_active=True, erased_at=None, test_world=None)
    if donors_only or blood_groups:
        rows = rows.filter(donor__isnull=False)
    if blood_groups:
        rows = rows.filter(donor__blood_group__in=sorted(blood_groups))
    if city:
        rows = rows.filter(city__iexact=city)
    if cities is not None:
        rows = rows.annotate(small_city=Lower("city")).filter(small_city__in=sorted(cities))
    if language:
        rows = rows.filter(language=language)
    if place is not None:
        rows = rows.filter(around(place, radius_km))
    return rows


def around(place: Point, radius_km: float, prefix: str = "") -> Q:
    """Return the condition that `lat` and `lng` are within the radius, by haversine: up to 0.6 % off the geodesic."""
    boxes = functools.reduce(operator.or_, _box_conditions(bounding_boxes(place, radius_km), prefix))
    lat, lng = (Radians(Cast(f"{prefix}{name}", FloatField())) for name in ("lat", "lng"))
    here_lat, here_lng = Radians(Value(place.lat)), Radians(Value(place.lng))
    half_lat: Combinable = Power(Sin((lat - here_lat) / 2.0), 2)
    half_lng: Combinable = Power(Sin((lng - here_lng) / 2.0), 2)
    distance = 2.0 * EARTH_RADIUS_KM * ASin(Sqrt(half_lat + Cos(here_lat) * Cos(lat) * half_lng))
    return boxes & Q(LessThanOrEqual(distance, Value(float(radius_km))))


def _box_conditions(boxes: Iterable[BoundingBox], prefix: str) -> list[Q]:
    return [
        Q(
            **{
                f"{prefix}lat__range": (box.south, box.north),
                f"{prefix}lng__range": (box.west, box.east),
            }
        )
        for box in boxes
    ]
