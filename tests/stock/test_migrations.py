"""The migrations of stock go forth, back and forth again with bags in the tables, and lose none."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import pytest
from django.conf import settings

FIRST, WHOLE = "0001_initial", "0003_counts_and_history"
PARTNER = "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7d01"
VALUES = {
    "uuid": PARTNER,
    "boolean": "false",
    "timestamp with time zone": "2030-05-01T00:00:00Z",
    "jsonb": "{}",
    "numeric": "1",
    "smallint": "1",
    "integer": "1",
    "bigint": "1",
    "double precision": "1",
}
KNOWN = {"status": "live", "kind": "hospital", "source": "registration"}


@pytest.fixture
def url() -> Iterator[str]:
    """A database of this test alone: what migrations do is committed, and no other test could bear it."""
    server, name = os.environ["DATABASE_URL"], f"stock_migrations_{os.getpid()}"
    main = psycopg2.connect(server)
    main.autocommit = True
    with main.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}"')
        try:
            yield urlsplit(server)._replace(path=f"/{name}").geturl()
        finally:
            cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
            main.close()


def migrate(url: str, where: str) -> None:
    """Migrate in a process that knows no other database."""
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0", "--skip-checks", "stock", where],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DATABASE_URL": url},
        check=True,
        timeout=120,
    )


def run(url: str, sql: str, params: Any = None) -> list[tuple[Any, ...]]:
    with psycopg2.connect(url) as own, own.cursor() as cursor:
        cursor.execute(sql, params)
        found = cursor.fetchall() if cursor.description else []
    own.close()
    return found


def add_row(url: str, table: str, **values: str) -> None:
    """Insert a row, with something in every column that must have a value."""
    needed = run(
        url,
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s AND is_nullable = 'NO'"
        " AND column_default IS NULL AND is_identity = 'NO' AND is_generated = 'NEVER'",
        [table],
    )
    row = {name: KNOWN.get(name, VALUES.get(kind, "")) for name, kind in needed} | values
    columns, places = ", ".join(row), ", ".join(["%s"] * len(row))
    run(url, f"INSERT INTO {table} ({columns}) VALUES ({places})", list(row.values()))  # noqa: S608


def whole(url: str) -> tuple[list[tuple[Any, ...]], ...]:
    """Migrate all the way and return what is then in the tables."""
    migrate(url, WHOLE)
    return (
        run(url, "SELECT din, partner_id::text FROM stock_collection ORDER BY din"),
        run(url, "SELECT component, blood_group, status, units FROM stock_stockcount"),
        run(url, "SELECT verb, status, partner_id::text FROM stock_movement"),
    )


def test_bags_keep_their_history_and_counts_whichever_way_the_migrations_go(url):
    migrate(url, FIRST)
    add_row(url, "partners_partner", id=PARTNER)
    for number in (1, 2):
        bag = PARTNER[:-1] + str(number)
        life = {"collected_at": "2030-05-01T00:00:00Z", "expires_at": "2030-06-01T00:00:00Z"}
        kind = {"component": "red_cells", "blood_group": "B+", "status": "quarantined"}
        add_row(url, "stock_unit", id=bag, partner_id=PARTNER, din=f"B12343000000{number}", **life, **kind)
        add_row(url, "stock_movement", unit_id=bag, verb="collect", actor="x")

    forth = whole(url)
    migrate(url, FIRST)
    left = run(url, "SELECT count(*) FROM stock_unit") + run(url, "SELECT count(*) FROM stock_movement")
    forth_again = whole(url)

    assert (
        forth
        == forth_again
        == (
            [("B123430000001", PARTNER), ("B123430000002", PARTNER)],
            [("red_cells", "B+", "quarantined", 2)],
            [("collect", "quarantined", PARTNER)] * 2,
        )
    )
    assert left == [(2,), (2,)]
