"""What is held of a person, by whichever app holds it: the apps above say so here, and this one never asks who.

Each app registers its holdings, and what must be over before a person may be forgotten, when Django starts.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Holding:
    """One kind of data: `why` it is held, who else sees it, how long it is `kept`, in words for people.

    `after_erasure` says what stays and why when the person is forgotten; empty, when nothing does. `rows` returns
    the person's own, as JSON can hold them, without anything of somebody else.
    """

    name: str
    why: str
    seen_by: str
    kept: str
    after_erasure: str
    rows: Callable[[uuid.UUID], Rows]


@dataclass(frozen=True)
class Held:
    """How much of a kind of data is held of one person."""

    holding: Holding
    count: int


_holdings: dict[str, Holding] = {}
_obstacles: list[Callable[[uuid.UUID], None]] = []


def hold(holding: Holding) -> None:
    """Register a kind of data. Raises: ValueError when the name is taken."""
    if holding.name in _holdings:
        raise ValueError(f"{holding.name} is held already.")
    _holdings[holding.name] = holding


def refuses_erasure(check: Callable[[uuid.UUID], None]) -> None:
    """Register a check that raises a refusal while a person may not be forgotten; the caller holds person and donor."""
    _obstacles.append(check)


def summary(user_id: uuid.UUID) -> list[Held]:
    """Return what is held of the person, kind by kind."""
    return [Held(holding, len(holding.rows(user_id))) for holding in _holdings.values()]


def export(user_id: uuid.UUID) -> dict[str, Rows]:
    """Return everything that is held of the person, by kind."""
    return {name: list(holding.rows(user_id)) for name, holding in _holdings.items()}


def refuse_unfinished(user_id: uuid.UUID) -> None:
    """Raises: whatever stands in the way of forgetting the person."""
    for check in _obstacles:
        check(user_id)
