"""The product's own source, for tests that read it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

ROOMS = (
    "common",
    "users",
    "partners",
    "payments",
    "stock",
    "requests_app",
    "donations",
    "orders",
    "appointments",
    "chat",
    "notifications",
    "config",
)


def source_files() -> list[Path]:
    """Return every Python file of the product's rooms but for migrations."""
    found = [path for room in ROOMS for path in sorted((settings.BASE_DIR / room).rglob("*.py"))]
    return [path for path in found if "migrations" not in path.parts]


def calls() -> Iterator[tuple[Path, ast.Call]]:
    """Yield every call in the product's source with the file it stands in."""
    for path in source_files():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield path, node


def name_of(call: ast.Call) -> str:
    """Return the last part of the called name, or nothing."""
    return getattr(call.func, "attr", getattr(call.func, "id", ""))
