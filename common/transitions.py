"""State machines as tables: what is not in the table cannot happen."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from common.audit.context import note_step
from common.errors import IllegalTransition

S = TypeVar("S", bound=StrEnum)


def advance(table: Mapping[tuple[S, str], S], state: S, verb: str) -> S:
    """Return the state that `verb` leads to from `state`.

    Raises: IllegalTransition, naming the verbs that are open.
    """
    try:
        after = table[state, verb]
    except KeyError:
        open_verbs = sorted(name for start, name in table if start == state)
        raise IllegalTransition(state=str(state), verb=verb, open=open_verbs) from None
    note_step(str(state), verb, str(after))
    return after
