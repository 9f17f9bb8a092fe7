"""Showing many rows of one kind quickly.

`Serializer.data` works out for every field of every row what is the same for all of them: in a list of fifty rows
that is most of the time. Here a serializer's fields become functions once; every value is still what the field's own
`to_representation` makes of it.

Where a kind shows nothing but columns, its rows need not become models either: `as_tuples` reads the columns alone.
What then needs no change at all (text, numbers, ids, moments) goes to the renderer as the database gave it.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Any, Final

from django.db import models
from django.db.models import Manager, Prefetch, QuerySet
from rest_framework import serializers

Show = Callable[[Any], Any]

# What the renderer writes as the framework would: these fields of a serializer over these columns.
_AS_IT_IS: Final[dict[type[Any], tuple[type[Any], ...]]] = {
    serializers.CharField: (models.CharField, models.TextField),
    serializers.ChoiceField: (models.CharField,),
    serializers.IntegerField: (models.IntegerField,),
    serializers.BooleanField: (models.BooleanField,),
    serializers.UUIDField: (models.UUIDField,),
    serializers.DateTimeField: (models.DateTimeField,),
    serializers.DateField: (models.DateField,),
}


def show_rows(kind: type[serializers.Serializer[Any]], rows: Iterable[Any]) -> list[Any]:
    """Return what `kind(rows, many=True).data` holds; `kind` shows rows without any context."""
    show = _show_kind(kind)
    return [show(row) for row in rows]


@dataclass(frozen=True)
class Columns:
    """How rows of one kind are read as tuples: a column for each name, then what else is looked at."""

    names: list[str]
    read: list[str]
    changed: list[tuple[str, Show]]  # names whose value is made of the column's
    made: list[tuple[str, Show]]  # names whose value is made of the whole row
    lists: list[tuple[str, str, Any]]  # names, attributes and kinds of further rows

    def show(self, row: Any) -> dict[str, Any]:
        shown = dict(zip(self.names, row, strict=False))  # what is only looked at comes behind the names
        for name, show in self.changed:
            value = shown[name]
            if value is not None:
                shown[name] = show(value)
        for name, show in self.made:
            shown[name] = show(row)
        return shown


class Tuples:
    """A list whose rows are read as tuples and shown as their models would be."""

    def __init__(self, rows: QuerySet[Any], columns: Columns) -> None:
        self._columns = columns
        self._lists = [(name, _fetching(rows, attribute), child) for name, attribute, child in columns.lists]
        self._rows: QuerySet[Any] = rows.prefetch_related(None)

    def reading(self, *more: str) -> QuerySet[Any]:
        """Return the rows with their columns, and these besides, to be filtered, ordered and cut."""
        return self._rows.values_list(*dict.fromkeys((*self._columns.read, "pk", *more)), named=True)

    def show(self, page: list[Any]) -> list[Any]:
        """Show rows that `reading` gave; one query for each list in them."""
        shown = [self._columns.show(row) for row in page]
        for name, fetching, child in self._lists:
            found = _children(fetching, self._rows.model, child, [row.pk for row in page])
            for whole, row in zip(shown, page, strict=True):
                whole[name] = found.get(row.pk, [])
        return shown


def as_tuples(kind: type[serializers.Serializer[Any]], rows: QuerySet[Any]) -> Tuples | None:
    """Return how to read and show the rows as tuples, or None where the kind needs models."""
    model: type[models.Model] = rows.model
    columns = _columns(kind, model)
    if columns is None:
        return None
    for _, attribute, child in columns.lists:
        fetching = _fetching(rows, attribute)
        if fetching is None or fetching.queryset is None or _columns(child, fetching.queryset.model) is None:
            return None
    return Tuples(rows, columns)


@cache
def _columns(kind: type[serializers.Serializer[Any]], model: type[models.Model]) -> Columns | None:
    """Work out how to read rows of the model for this kind.

    A kind whose methods make values names in `reads` the columns that they look at.
    """
    if kind.to_representation is not serializers.Serializer.to_representation:
        return None
    found = Columns([], [], [], [], [])
    reads: tuple[str, ...] = getattr(kind, "reads", ())
    for name, field in kind().fields.items():
        if field.write_only:
            continue
        if isinstance(field, serializers.SerializerMethodField) and reads:
            found.made.append((name, field.to_representation))
        elif isinstance(field, serializers.ListSerializer) and len(field.source_attrs) == 1:
            found.lists.append((name, field.source_attrs[0], type(field.child)))
        elif (column := _column(model, field.source_attrs)) is not None:
            found.names.append(name)
            found.read.append("__".join(field.source_attrs))
            if not isinstance(column, _AS_IT_IS.get(type(field), ())):
                found.changed.append((name, field.to_representation))
        else:
            return None
    if len(set(found.read)) < len(found.read):
        return None
    found.read.extend(name for name in reads if name not in found.read)
    return found


def _column(model: type[models.Model], path: list[str]) -> models.Field[Any, Any] | None:
    """Return the column that attributes lead to, through foreign keys that are never empty."""
    if not path:
        return None
    table: Any = model
    for step in path[:-1]:
        key = _field(table, step)
        if not isinstance(key, models.ForeignKey) or key.null:
            return None
        table = key.remote_field.model
    field = _field(table, path[-1])
    if field is None or (isinstance(field, models.ForeignKey) and field.name == path[-1]):
        return None
    return field.target_field if isinstance(field, models.ForeignKey) else field


def _field(table: type[models.Model], attribute: str) -> Any:
    named = {"pk": table._meta.pk}
    named |= {field.attname: field for field in table._meta.concrete_fields}
    named |= {field.name: field for field in table._meta.concrete_fields}
    return named.get(attribute)


def _fetching(rows: QuerySet[Any], attribute: str) -> Any:
    """Return the prefetch of the rows that puts a list into the attribute, if there is one."""
    asked = rows._prefetch_related_lookups  # type: ignore[attr-defined]  # noqa: SLF001
    return next((one for one in asked if isinstance(one, Prefetch) and one.to_attr == attribute), None)


def _children(
    fetching: Any, model: type[models.Model], kind: type[serializers.Serializer[Any]], ids: list[Any]
) -> Mapping[Any, list[Any]]:
    """Return the rows that point at each of the ids, in the order of the prefetch."""
    relation: Any = model._meta.get_field(fetching.prefetch_through)
    pointer = relation.field.attname
    columns = _columns(kind, fetching.queryset.model)
    if columns is None:
        raise TypeError(f"{kind.__name__} cannot be read as tuples.")
    read = dict.fromkeys((*columns.read, pointer))
    found = defaultdict(list)
    for row in fetching.queryset.filter(**{f"{pointer}__in": ids}).values_list(*read, named=True):
        found[getattr(row, pointer)].append(columns.show(row))
    return found


@cache
def _show_kind(kind: type[serializers.Serializer[Any]]) -> Show:
    return _show_row(kind())


def _show_row(serializer: Any) -> Show:
    if type(serializer).to_representation is not serializers.Serializer.to_representation:
        own: Show = serializer.to_representation
        return own
    parts = [
        (name, _read(field), _show_value(field)) for name, field in serializer.fields.items() if not field.write_only
    ]

    def show(row: Any) -> dict[str, Any]:
        shown = {}
        for name, read, show_value in parts:
            value = read(row)
            shown[name] = None if value is None else show_value(value)
        return shown

    return show


def _show_value(field: Any) -> Show:
    if isinstance(field, serializers.ListSerializer):
        show = _show_row(field.child)
        return lambda many: [show(row) for row in (many.all() if isinstance(many, Manager) else many)]
    if isinstance(field, serializers.Serializer):
        return _show_row(field)
    if type(field) is serializers.DateTimeField:
        return lambda moment: _utc_text(moment) or field.to_representation(moment)
    own: Show = field.to_representation
    return own


def _read(field: Any) -> Show:
    """Return what takes the field's value out of a row; where plain attributes do not lead there, the field's own."""
    if not field.source_attrs:  # the whole row
        return lambda row: row
    follow = attrgetter(".".join(field.source_attrs))

    def read(row: Any) -> Any:
        try:
            return follow(row)
        except AttributeError:
            return field.get_attribute(row)

    return read


def _utc_text(moment: Any) -> str | None:
    """Return what the framework writes for a moment in UTC, and None for any other."""
    if isinstance(moment, dt.datetime) and moment.tzinfo is dt.UTC:
        return moment.isoformat()[:-6] + "Z"
    return None
