"""When the visits of a series are: the same time by the doctor's clock, whatever summer time does."""

from __future__ import annotations

import calendar
import datetime as dt
from zoneinfo import ZoneInfo

from appointments.states import Every

WEEKS = {Every.WEEK: 1, Every.TWO_WEEKS: 2}
MONTHS = 12


def moments(starts_at: dt.datetime, *, every: Every, times: int, zone: str) -> list[dt.datetime]:
    """Return the `times` moments of the series, the first included, in UTC.

    A month later is the same day of the month, or its last day where there is none.
    """
    first = starts_at.astimezone(ZoneInfo(zone))
    days = [_day(first.date(), every, number) for number in range(times)]
    return [dt.datetime.combine(day, first.timetz()).astimezone(dt.UTC) for day in days]


def _day(first: dt.date, every: Every, number: int) -> dt.date:
    if every in WEEKS:
        return first + dt.timedelta(weeks=WEEKS[every] * number)
    years, month = divmod(first.month - 1 + number, MONTHS)
    year = first.year + years
    last = calendar.monthrange(year, month + 1)[1]
    return dt.date(year, month + 1, min(first.day, last))
