"""Showing many rows of one kind quickly.

`Serializer.data` works out for every field of every row what is the same for all of them: in a list of fifty rows
that is most of the time. Here a serializer's fields become functions once; every value is still what the field's own
`to_representation` makes of it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from functools import cache
from operator import attrgetter
from typing import Any

from django.db.models import Manager
from rest_framework import serializers

Show = Callable[[Any], Any]


def show_rows(kind: type[serializers.Serializer[Any]], rows: Iterable[Any]) -> list[Any]:
    """Return what `kind(rows, many=True).data` holds; `kind` shows rows without any context."""
    show = _show_kind(kind)
    return [show(row) for row in rows]


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
