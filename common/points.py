"""A column that an index can walk outwards from: PostgreSQL's own `point`, no extension."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models.functions import Cast

from common.geo import BoundingBox


class PointField(models.Field):  # type: ignore[type-arg]
    """PostgreSQL `point` (x = longitude, y = latitude, degrees); searched, never read."""

    def db_type(self, connection: Any) -> str:
        return "point"


@PointField.register_lookup
class WithinBox(models.Lookup):
    """`place__within=BoundingBox(...)`."""

    lookup_name = "within"
    prepare_rhs = False

    def get_db_prep_lookup(self, value: Any, connection: Any) -> tuple[str, Any]:
        return "%s", (value,)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        column, params = self.process_lhs(compiler, connection)
        box: BoundingBox = self.rhs
        sql = f"{column} <@ box(point(%s, %s), point(%s, %s))"
        return sql, (*params, box.west, box.south, box.east, box.north)


class Gap(models.Func):
    """Degrees between a point column and a place on the map; `ORDER BY` it walks the GiST index outwards."""

    output_field = models.FloatField()
    template = "%(expressions)s <-> point(%(lng)s, %(lat)s)"

    def __init__(self, column: str, lat: float, lng: float) -> None:
        super().__init__(models.F(column), lng=repr(float(lng)), lat=repr(float(lat)))


def place_column() -> models.GeneratedField:
    """Return the generated column that holds `lat` and `lng` as one indexable point."""
    return models.GeneratedField(
        expression=models.Func(Cast("lng", models.FloatField()), Cast("lat", models.FloatField()), function="point"),
        output_field=PointField(),
        db_persist=True,
    )
