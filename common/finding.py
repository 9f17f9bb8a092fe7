"""One row, with the rows it points at, by a statement that is worked out once.

For what every signed-in call begins with: the ORM would think about the statement for longer than PostgreSQL takes to
answer it.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar, cast

from django.db import DEFAULT_DB_ALIAS, connection, models

M = TypeVar("M", bound=models.Model)


@dataclass(frozen=True)
class _Part:
    """One of the tables: which columns of the answer are its row's, and as what it hangs on the row before."""

    model: type[models.Model]
    names: list[str]
    place: slice
    made: list[tuple[int, Any]]  # the columns whose values are made by their field, as JSON and sealed text are
    relation: str

    def row(self, found: tuple[Any, ...]) -> Any:
        values = list(found[self.place])
        for place, field in self.made:
            values[place] = field.from_db_value(values[place], None, connection)
        return self.model.from_db(DEFAULT_DB_ALIAS, self.names, values)


def find_with(model: type[M], pk: uuid.UUID, path: str) -> M | None:
    """Return the row, or None, with what the path of foreign keys leads to: `"account__partner"`; one query."""
    sql, parts = _reading(model, path)
    with connection.cursor() as cursor:
        cursor.execute(sql, [pk])
        found = cursor.fetchone()
    if found is None:
        return None
    first: Any = None
    last: Any = None
    for part in parts:
        row = part.row(found)
        if last is None:
            first = row
        else:
            setattr(last, part.relation, row)
        last = row
    return cast(M, first)


@cache
def _reading(model: type[models.Model], path: str) -> tuple[str, list[_Part]]:
    """Return the statement and its parts. Raises: ValueError for what the statement could not say."""
    quote = connection.ops.quote_name
    joins, columns, parts = [f"{quote(model._meta.db_table)} t0"], list[str](), list[_Part]()
    table: Any = model
    relation = ""
    for place, step in enumerate(("", *path.split("__"))):
        if step:
            key: Any = table._meta.get_field(step)
            if key.null:
                raise ValueError(f"{step} may be empty; this statement joins what is always there.")
            table, relation = key.remote_field.model, step
            joins.append(
                f"JOIN {quote(table._meta.db_table)} t{place}"
                f" ON t{place}.{quote(key.target_field.column)} = t{place - 1}.{quote(key.column)}"
            )
        fields = table._meta.concrete_fields
        start = len(columns)
        columns += [f"t{place}.{quote(field.column)}" for field in fields]
        made = [(number, field) for number, field in enumerate(fields) if hasattr(field, "from_db_value")]
        names = [field.attname for field in fields]
        parts.append(_Part(table, names, slice(start, len(columns)), made, relation))
    own_key: Any = model._meta.pk
    sql = f"SELECT {', '.join(columns)} FROM {' '.join(joins)} WHERE t0.{quote(own_key.column)} = %s"  # noqa: S608
    return sql, parts
