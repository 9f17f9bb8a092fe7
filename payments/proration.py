"""The arithmetic of periods: whole minor units, and `common.money.share` as the one way to round."""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from common.money import share

ZONE: Final = ZoneInfo("Asia/Kolkata")  # whose days and months periods are counted in
DECEMBER: Final = 12
INSTANT: Final = dt.timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A half-open time `[starts_at, ends_at)` and what it is worth as a whole."""

    starts_at: dt.datetime
    ends_at: dt.datetime
    minor: int

    def from_(self, moment: dt.datetime) -> int:
        """Return what the part from the moment on is worth: nothing after the end, never more than the whole."""
        left = self.ends_at - min(max(moment, self.starts_at), self.ends_at)
        return share(self.minor, left // INSTANT, (self.ends_at - self.starts_at) // INSTANT) if left else 0


@dataclass(frozen=True, slots=True)
class Change:
    """What another plan costs for the rest of a period.

    `unused` of what was paid goes towards `price`; what is `left` of it becomes credits.
    """

    price: int
    unused: int
    left: int

    @property
    def due(self) -> int:
        return self.price - self.unused


def change(*, paid: Stretch, wanted: Stretch, at: dt.datetime) -> Change:
    """Return the price of the `wanted` stretch from the moment on, against what is unused of the `paid` one."""
    price, unused = wanted.from_(at), paid.from_(at)
    return Change(price, min(price, unused), max(unused - price, 0))


def add_months(moment: dt.datetime, months: int) -> dt.datetime:
    """Return the same hour so many months later; where the month has no such day, its last."""
    local = moment.astimezone(ZONE)
    ahead = local.month - 1 + months
    year, month = local.year + ahead // DECEMBER, ahead % DECEMBER + 1
    day = min(local.day, calendar.monthrange(year, month)[1])
    return local.replace(year=year, month=month, day=day).astimezone(dt.UTC)


def month_start(moment: dt.datetime) -> dt.datetime:
    """Return when the civil month of this moment began."""
    local = moment.astimezone(ZONE)
    return local.replace(day=1, hour=0, minute=0, second=0, microsecond=0).astimezone(dt.UTC)


def tax_within(minor: int, points: int) -> int:
    """Return the tax of so many hundredths of a per cent that an amount holds."""
    return share(minor, points, 10_000 + points)
