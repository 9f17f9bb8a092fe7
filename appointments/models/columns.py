"""What several tables of appointments say alike."""

from __future__ import annotations

from collections.abc import Iterable


def choices(values: Iterable[str]) -> list[tuple[str, str]]:
    return [(str(value), str(value).replace("_", " ")) for value in values]
