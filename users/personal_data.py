"""What is held of a person, by whichever app holds it: the apps above say so here, and this one never asks who.

Each app registers its holdings, and what must be over before a person may be forgotten, when Django starts.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from common.errors import DomainError

Rows = Sequence[Mapping[str, Any]]
Check = Callable[[uuid.UUID], None]


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
_traces: list[Callable[[uuid.UUID], None]] = []
_obstacles: list[Check] = []
_erasure_refusals: list[type[DomainError]] = []


def hold(holding: Holding) -> None:
    """Register a kind of data. Raises: ValueError when the name is taken."""
    if holding.name in _holdings:
        raise ValueError(f"{holding.name} is held already.")
    _holdings[holding.name] = holding


def refuses_erasure(*kinds: type[DomainError]) -> Callable[[Check], Check]:
    """Register a check that raises one of these refusals while a person may not be forgotten.

    Whoever calls the check holds person and donor. Raises: TypeError for what is no refusal.
    """
    if not all(isinstance(kind, type) and issubclass(kind, DomainError) for kind in kinds):
        raise TypeError("refuses_erasure wants the refusals that the check raises.")

    def register(check: Check) -> Check:
        _obstacles.append(check)
        _erasure_refusals.extend(kinds)
        return check

    return register


def erasure_refusals() -> list[type[DomainError]]:
    """Return what may stand in the way of an erasure, for the schema."""
    return list(_erasure_refusals)


def leaves_traces(delete: Callable[[uuid.UUID], None]) -> Callable[[uuid.UUID], None]:
    """Register what deletes an app's rows of somebody who was forgotten long ago; apps register upwards."""
    _traces.append(delete)
    return delete


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


def delete_traces(user_id: uuid.UUID) -> None:
    """Delete what the apps above still hold, from the top downwards."""
    for delete in reversed(_traces):
        delete(user_id)
