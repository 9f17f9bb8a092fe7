"""A row of any table, with something in every column: for pages, which show rows and ask for no sense in them."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from django.apps import apps
from django.contrib import admin
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models

from common import clock
from common.fields import EncryptedTextField
from common.ids import uuid7

# What pages make sense of.
KNOWN: Final = {
    "currency": "INR",
    "zone": "Asia/Kolkata",
    "language": "en",
    "message_code": "",
    "message_file": None,
    "announcement_channels": ["sms"],
    "announcement_blood_groups": ["O-"],
}
NUMBERS = itertools.count(1)
CHECKS: Final = """
SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),
       format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
FROM pg_constraint WHERE contype IN ('c', 'x') AND connamespace = 'public'::regnamespace
UNION ALL
SELECT DISTINCT format('ALTER TABLE %s DISABLE TRIGGER USER', tgrelid::regclass),
                format('ALTER TABLE %s ENABLE TRIGGER USER', tgrelid::regclass)
FROM pg_trigger WHERE NOT tgisinternal
"""
ALL_TABLES: Final = """
SELECT string_agg(oid::regclass::text, ', ') FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
AND relname NOT IN ('django_migrations', 'django_content_type', 'auth_permission')
"""


def take_checks_away() -> list[str]:
    """Let rows be written that make no sense; return what puts the checks back, once those rows are gone."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what waits would hold the tables
        cursor.execute(CHECKS)
        both = cursor.fetchall()
        cursor.execute("; ".join(away for away, _ in both))
    return [back for _, back in both]


def put_checks_back(checks: list[str]) -> None:
    """Undo it, and take away whatever row is still there: the database would refuse some."""
    with connection.cursor() as cursor:
        cursor.execute(ALL_TABLES)
        cursor.execute(f"TRUNCATE {cursor.fetchone()[0]} CASCADE")
        cursor.execute("; ".join(checks))


def a_row_of_each() -> list[Any]:
    """Write one row of every table that has pages, with all that it refers to; the next time others."""
    writer = _Writer()
    return [writer.row_of(table) for table in tables()]


class _Writer:
    """Writes one row of a table; where tables refer to each other in a ring, it leaves the last link out."""

    def __init__(self) -> None:
        self.begun: set[type[models.Model]] = set()
        self.written: dict[type[models.Model], Any] = {}

    def row_of(self, table: type[models.Model]) -> Any:
        if table not in self.written:
            self.begun.add(table)
            self.written[table] = table(**{column.name: self.value_of(column) for column in _columns(table)})
            models.Model.save(self.written[table], force_insert=True)
        return self.written[table]

    def value_of(self, column: Any) -> Any:
        for known in (column.name, f"{column.model._meta.model_name}_{column.name}"):
            if known in KNOWN:
                return KNOWN[known]
        if column.is_relation:
            is_ring = column.related_model in self.begun - self.written.keys()
            return None if is_ring else self.row_of(column.related_model)
        if column.choices:
            return column.choices[0][0]
        return _plain(column, next(NUMBERS))


def _columns(table: type[models.Model]) -> list[Any]:
    made_by_the_database = (models.AutoField, models.GeneratedField)
    return [column for column in table._meta.concrete_fields if not isinstance(column, made_by_the_database)]


def _plain(column: Any, number: int) -> Any:
    if isinstance(column, ArrayField):
        return [_plain(column.base_field, number)]
    return next((make(column, number) for kind, make in MADE if isinstance(column, kind)), None)


def _words(column: Any, number: int) -> str:
    return f"x{number}"[: column.max_length]


# The first kind that fits: a DateTimeField is a DateField, too.
MADE: Final[tuple[tuple[type[models.Field[Any, Any]], Callable[[Any, int], Any]], ...]] = (
    (models.UUIDField, lambda column, number: uuid7()),
    (models.BooleanField, lambda column, number: False),
    (models.DateTimeField, lambda column, number: clock.now() - dt.timedelta(minutes=number)),
    (models.DateField, lambda column, number: clock.now().date() - dt.timedelta(days=number)),
    (models.TimeField, lambda column, number: dt.time(7, 30)),
    (models.DecimalField, lambda column, number: Decimal(number % 7)),
    (models.JSONField, lambda column, number: {}),
    (models.BinaryField, lambda column, number: number.to_bytes(8)),
    (models.IntegerField, lambda column, number: number),
    (models.GenericIPAddressField, lambda column, number: "192.0.2.1"),
    (models.CharField, _words),
    (models.TextField, _words),
    (EncryptedTextField, _words),
)


def tables() -> list[type[models.Model]]:
    return [table for table in apps.get_models() if admin.site.is_registered(table)]
