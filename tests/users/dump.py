"""The whole database as text."""

from __future__ import annotations

from django.db import connection


def dump() -> str:
    with connection.cursor() as cursor:
        lines = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT row::text FROM {connection.ops.quote_name(table)} AS row")  # noqa: S608
            lines += [text for (text,) in cursor.fetchall()]
    return "\n".join(lines)
