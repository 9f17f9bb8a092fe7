"""Who acts in this request or thread, for the entries that its commands write.

An edge opens it (`watching`) and says who acts (`begin`); whatever runs inside may say more. Without an edge nobody
acts, and nothing is written: jobs and handlers keep their own histories.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final

from common.audit.states import ActorKind, AuditRealm

MOST_STEPS: Final = 20  # of state machines, in one entry

_current: ContextVar[Acting | None] = ContextVar("acting", default=None)


@dataclass(frozen=True)
class Actor:
    """Who acts; `partner_id` is for whom, where it is for a partner."""

    kind: ActorKind
    id: str = ""
    partner_id: uuid.UUID | None = None


@dataclass
class Acting:
    """One request of somebody. `writes` says whether its commands are recorded; `entries` counts what was."""

    actor: Actor
    realm: AuditRealm
    route: str
    network: str
    writes: bool
    entries: int = 0
    steps: list[tuple[str, str, str]] = field(default_factory=list)


@contextmanager
def watching() -> Iterator[None]:
    """Let nobody act before `begin` is called, and nobody any more afterwards."""
    token = _current.set(None)
    try:
        yield
    finally:
        _current.reset(token)


def begin(acting: Acting) -> None:
    """Say who acts from here on, inside `watching`."""
    _current.set(acting)


def current() -> Acting | None:
    """Return who acts, or None outside of any request that is recorded."""
    return _current.get()


def note_step(state: str, verb: str, after: str) -> None:
    """Remember that a row went from one state to another: states are no secret, and say what a write did."""
    acting = _current.get()
    if acting is not None and len(acting.steps) < MOST_STEPS:
        acting.steps.append((state, verb, after))


def known_as(kind: ActorKind, account_id: uuid.UUID) -> None:
    """Say who somebody turned out to be who had not signed in when the request began."""
    acting = _current.get()
    if acting is not None and acting.actor.kind == ActorKind.NOBODY:
        acting.actor = Actor(kind, str(account_id))
