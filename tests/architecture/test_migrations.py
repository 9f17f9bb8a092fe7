"""Migrations say all that the models say, and go on working when the code changes."""

from __future__ import annotations

import ast

import pytest
from django.conf import settings
from django.core.management import call_command

from tests.architecture.sources import ROOMS

FILES = sorted(path for room in ROOMS for path in (settings.BASE_DIR / room).glob("migrations/0*.py"))
# What columns, defaults and indexes are made of; everything else of the product may change under a migration.
LASTING = {"common.clock", "common.fields", "common.ids", "common.points", "common.public_id", "partners.searching"}


@pytest.mark.django_db
def test_no_migration_is_missing():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def imported(path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return {name for name in found if name.partition(".")[0] in ROOMS}


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parts[-3]}/{path.name}")
def test_a_migration_imports_nothing_that_may_change(path):
    assert imported(path) <= LASTING


def test_migrations_are_linear_and_named():
    by_app = {room: [path.name for path in FILES if path.parts[-3] == room] for room in ROOMS}

    for names in by_app.values():
        assert [name[:4] for name in names] == [f"{number:04}" for number in range(1, len(names) + 1)]
        assert not any("auto_" in name for name in names)
