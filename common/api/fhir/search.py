"""What a search may ask (https://hl7.org/fhir/R4/search.html), as far as the resources declare it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from rest_framework import serializers

from common.errors import Invalid

WRITTEN: Final = re.compile(r"(eq|ge|gt|le|lt)?(\d{4}-\d{2}-\d{2})(T.+)?")
A_DAY, A_MOMENT = dt.timedelta(days=1), dt.timedelta(microseconds=1)


class SearchDateInvalid(Invalid):
    code, message = "search_date_invalid", "A date to search by is `ge2026-01-15` or `lt2026-01-15T09:30:00Z`."


@dataclass(frozen=True)
class Period:
    """From a moment on, before another; either end may be open."""

    start: dt.datetime | None = None
    end: dt.datetime | None = None

    def lookups(self, column: str) -> dict[str, dt.datetime]:
        """Return what to filter by, so that the column lies within."""
        found = {f"{column}__gte": self.start, f"{column}__lt": self.end}
        return {name: value for name, value in found.items() if value is not None}


def period_of(texts: Iterable[str]) -> Period:
    """Return what all of `ge…`, `lt…` and their like leave; days are those of UTC. Raises: SearchDateInvalid"""
    start, end = None, None
    for text in texts:
        prefix, first, after = _read(text)
        lower = {"eq": first, "ge": first, "gt": after}.get(prefix)
        upper = {"eq": after, "le": after, "lt": first}.get(prefix)
        start = lower if start is None or (lower is not None and lower > start) else start
        end = upper if end is None or (upper is not None and upper < end) else end
    return Period(start, end)


def _read(text: str) -> tuple[str, dt.datetime, dt.datetime]:
    """Return the prefix, the first moment that the text names and the first one after it."""
    found = WRITTEN.fullmatch(text)
    if found is None:
        raise SearchDateInvalid
    prefix, day, time = found.group(1) or "eq", found.group(2), found.group(3)
    try:
        when = dt.datetime.fromisoformat(f"{day}{time or 'T00:00:00Z'}")
    except ValueError as exc:
        raise SearchDateInvalid from exc
    if when.tzinfo is None or when.year in (dt.MINYEAR, dt.MAXYEAR):
        raise SearchDateInvalid
    return prefix, when, when + (A_DAY if time is None else A_MOMENT)


class SearchQuery(serializers.Serializer[Any]):
    """The parameters that every resource knows."""

    _id = serializers.UUIDField(required=False)
