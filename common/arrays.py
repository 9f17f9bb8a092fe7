"""Many values as one array: one parameter, where `IN` would make one of each."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.contrib.postgres.fields import ArrayField
from django.db.models import BooleanField, F, Func, UUIDField, Value


class IsAnyOf(Func):
    """Whether a column of ids holds one of these; thousands cost what one query costs."""

    template = "(%(expressions)s))"
    arg_joiner = " = ANY("
    output_field = BooleanField()

    def __init__(self, column: str, ids: Iterable[uuid.UUID]) -> None:
        super().__init__(F(column), Value(list(ids), output_field=ArrayField(UUIDField())))
