"""Figures for administrators: rows that are counted, and that a list shows when somebody follows the figure to them.

An app says which of its rows a figure counts (`Counted`, in its `figures.py`); the dashboard counts them and the lists
of the administration narrow themselves to the same rows, so that a figure and its list cannot disagree.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncDate

from common import clock
from common.ids import id_floor

LONGEST: Final = dt.timedelta(days=366)  # that one look spans at most
EARLIEST, LATEST = dt.date(2000, 1, 1), dt.date(2999, 12, 31)
SLACK: Final = dt.timedelta(hours=1)  # by which the clocks of two servers surely differ less
USUAL: Final = 7


@dataclass(frozen=True, slots=True)
class Scope:
    """What is looked at: civil days of a zone, both included, and perhaps one city."""

    first: dt.date
    last: dt.date
    zone: str
    city: str = ""

    @classmethod
    def of_days(cls, days: int, *, zone: str, city: str = "") -> Scope:
        """Today and the days before it, `days` together."""
        today = clock.today(zone)
        return cls(today - dt.timedelta(days=days - 1), today, zone, city)

    @classmethod
    def read(cls, given: Mapping[str, str], *, zone: str) -> Scope:
        """Read `from`, `to` (as YYYY-MM-DD) and `city`; what makes no sense is the usual week."""
        city = given.get("city", "").strip()[:80]
        usual = cls.of_days(USUAL, zone=zone, city=city)
        try:
            first = dt.date.fromisoformat(given.get("from", ""))
            last = dt.date.fromisoformat(given.get("to", "") or usual.last.isoformat())
        except ValueError:
            return usual
        is_sound = EARLIEST <= first <= last <= LATEST and last - first < LONGEST
        return cls(first, last, zone, city) if is_sound else usual

    @property
    def start(self) -> dt.datetime:
        return dt.datetime.combine(self.first, dt.time(), ZoneInfo(self.zone))

    @property
    def end(self) -> dt.datetime:
        """The moment at which the last day is over."""
        return dt.datetime.combine(self.last + dt.timedelta(days=1), dt.time(), ZoneInfo(self.zone))

    @property
    def days(self) -> list[dt.date]:
        return [self.first + dt.timedelta(days=one) for one in range((self.last - self.first).days + 1)]

    def query(self) -> dict[str, str]:
        """Return what `read` reads."""
        found = {"from": self.first.isoformat(), "to": self.last.isoformat()}
        return found | ({"city": self.city} if self.city else {})

    def on(self, day: dt.date) -> Scope:
        """Return one day of it."""
        return Scope(day, day, self.zone, self.city)

    def created(self, rows: QuerySet[Any], column: str = "created_at") -> QuerySet[Any]:
        """Narrow the rows, whose ids are UUIDv7, to those that came into being within the period.

        No row is older than its id: the index on ids is read from the period's begin on, and the column decides.
        """
        floor = id_floor(self.start - SLACK)
        return rows.filter(pk__gte=floor, **{f"{column}__gte": self.start, f"{column}__lt": self.end})


@dataclass(frozen=True)
class Counted:
    """Figures over one table: all of `rows`, and parts of them by condition. `column` says of which day a row is."""

    model: str
    rows: Callable[[Scope], QuerySet[Any]]
    parts: Mapping[str, Q]
    labels: Mapping[str, str] = field(default_factory=dict)
    column: str = "created_at"

    def rows_of(self, part: str, scope: Scope) -> QuerySet[Any]:
        """Return the rows that the figure counts."""
        return self.rows(scope).filter(self.parts[part])

    def count(self, scope: Scope) -> dict[str, int]:
        """Return every figure by name, in one query."""
        wanted = {f"n_{name}": Count("pk", filter=where or None) for name, where in self.parts.items()}
        found = self.rows(scope).order_by().aggregate(**wanted)
        return {name: found[f"n_{name}"] for name in self.parts}

    def by_day(self, scope: Scope) -> dict[dt.date, dict[str, int]]:
        """Return every figure by name for each day of the period, in one query."""
        wanted = {f"n_{name}": Count("pk", filter=where or None) for name, where in self.parts.items()}
        rows = self.rows(scope).order_by().annotate(day=TruncDate(self.column, tzinfo=ZoneInfo(scope.zone)))
        found = {row["day"]: row for row in rows.values("day").annotate(**wanted)}
        return {day: {name: found.get(day, {}).get(f"n_{name}", 0) for name in self.parts} for day in scope.days}

    def label(self, part: str) -> str:
        return self.labels.get(part, part.replace("_", " "))


_counted: dict[str, dict[str, Counted]] = defaultdict(dict)


def register(*many: Counted) -> None:
    """Let the lists of the administration narrow themselves to these figures. A name is one figure of its table."""
    for one in many:
        for part in one.parts:
            if _counted[one.model].setdefault(part, one) is not one:
                raise ValueError(f"{one.model} has a figure {part} already.")


def figures_of(model: str) -> Mapping[str, Counted]:
    """Return who counts what of this table (as `app.model`), by the figure's name."""
    return _counted.get(model, {})


def all_figures() -> Iterable[tuple[str, str, Counted]]:
    """Return every figure there is: its table, its name, and who counts it."""
    return [(model, part, one) for model, parts in _counted.items() for part, one in parts.items()]
