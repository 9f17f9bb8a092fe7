"""What waits for a person: cases of one kind, the facts to decide by, and what may be done.

An app says what of its rows waits (`queues.py`); the administration shows every queue of its list in the same way.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

MANY: Final = 1000  # nobody needs to know how many more there are
PAGE: Final = 20


@dataclass(frozen=True, slots=True)
class Case:
    """One row that waits, since when, and the facts side by side. `compared` has a second column of what is claimed."""

    pk: str
    title: str
    since: dt.datetime | None
    facts: Sequence[tuple[str, Any]]
    link: str = ""
    compared: Sequence[tuple[str, Any, Any]] = ()
    files: SafeString | str = ""


@dataclass(frozen=True, slots=True)
class Act:
    """What may be done with a case, by a service: `run` takes the request, the row's key and the words."""

    verb: str
    label: str
    run: Callable[[HttpRequest, str, str], Any]
    needs_words: bool = False
    is_refusal: bool = False


@dataclass(frozen=True)
class Queue:
    """Cases of one kind, oldest first. `needs` may see them, `works` may act."""

    key: str
    title: str
    about: str
    needs: str
    works: str
    rows: Callable[[], QuerySet[Any]]
    show: Callable[[Any], Case]
    acts: Sequence[Act] = field(default_factory=tuple)
    words: str = "Reason"

    def count(self) -> int:
        """Return how many wait; not more than are worth telling."""
        return self.rows().order_by()[:MANY].count()

    def cases(self) -> list[Case]:
        """Return the oldest."""
        return [self.show(row) for row in self.rows()[:PAGE]]

    def act(self, verb: str) -> Act | None:
        return next((one for one in self.acts if one.verb == verb), None)
