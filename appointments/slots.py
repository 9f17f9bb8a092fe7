"""Which times of a doctor are free: arithmetic over intervals, without a database.

All intervals are half-open, `[start, end)`, and all instants are in UTC. The doctor is open at an instant when the
wall clock of his zone then shows a time within his hours of that date: an hour that a clock change skips is never
open, and one that it repeats is open twice. A slot's buffers may reach beyond the hours, the consult itself may not.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from appointments.states import VisitKind

DAY_MINUTES: Final = 24 * 60
DAY: Final = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """From an instant to a later one."""

    start: dt.datetime
    end: dt.datetime


@dataclass(frozen=True, slots=True)
class Hours:
    """Each week on this day (Monday is 1), from one minute of the wall clock to another; `until` is the last day."""

    weekday: int
    from_minute: int
    to_minute: int
    kinds: frozenset[VisitKind]
    place_id: UUID | None = None
    since: dt.date | None = None
    until: dt.date | None = None

    def on(self, date: dt.date) -> bool:
        if date.isoweekday() != self.weekday:
            return False
        return (self.since is None or self.since <= date) and (self.until is None or date <= self.until)


@dataclass(frozen=True, slots=True)
class ExtraHours:
    """Hours on one occasion, which stand in for the weekly ones of that time."""

    span: Span
    kinds: frozenset[VisitKind]
    place_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """How the doctor's time is cut into slots, and when one may be booked."""

    zone: str
    consult: dt.timedelta
    before: dt.timedelta
    after: dt.timedelta
    notice: dt.timedelta
    horizon: dt.timedelta

    def bookable(self, now: dt.datetime) -> Span:
        """Return when a slot must begin to be booked now: after the notice and within the horizon."""
        return Span(now + self.notice, max(now + self.notice, now + self.horizon))


@dataclass(frozen=True, slots=True)
class Slot:
    """A time that may be booked; the doctor is taken from `busy_from` to `busy_until`, buffers included."""

    starts_at: dt.datetime
    ends_at: dt.datetime
    busy_from: dt.datetime
    busy_until: dt.datetime
    kind: VisitKind
    place_id: UUID | None


@dataclass(frozen=True)
class Calendar:
    """All that decides about a doctor's slots: hours, extra hours, leave, and what is booked with its buffers."""

    rules: Rules
    hours: Sequence[Hours] = ()
    extra: Sequence[ExtraHours] = ()
    leave: Sequence[Span] = ()
    busy: Sequence[Span] = ()

    def slots(self, window: Span, kind: VisitKind, now: dt.datetime) -> list[Slot]:
        """Return the free slots of the kind that begin within the window and may be booked now, in order of time."""
        bookable = self.rules.bookable(now)
        begin, end = max(window.start, bookable.start), min(window.end, bookable.end)
        if begin >= end:
            return []
        leave, busy = Blocks(self.leave), Blocks(self.busy)
        extra = [one for one in self.extra if kind in one.kinds]
        weekly_closed = Blocks([*self.leave, *(one.span for one in extra)])
        weekly = weekly_stretches(self.hours, ZoneInfo(self.rules.zone), Span(begin, end), kind)
        found = [
            *self._cut(weekly, weekly_closed, busy, Span(begin, end), kind),
            *self._cut(((one.span, one.place_id) for one in extra), leave, busy, Span(begin, end), kind),
        ]
        return sorted(found, key=_beginning)

    def _cut(
        self,
        stretches: Iterable[tuple[Span, UUID | None]],
        closed: Blocks,
        busy: Blocks,
        window: Span,
        kind: VisitKind,
    ) -> Iterator[Slot]:
        """Yield the slots of each stretch, counted from its beginning in steps of a consult with its buffers."""
        rules = self.rules
        step = rules.before + rules.consult + rules.after
        for span, place_id in stretches:
            skipped = max(0, -((span.start - window.start) // step))  # rounds up to the first not before the window
            start = span.start + skipped * step
            last = min(span.end - rules.consult, window.end)
            while start <= last and start < window.end:
                end = start + rules.consult
                busy_from, busy_until = start - rules.before, end + rules.after
                if not closed.touch(start, end) and not busy.touch(busy_from, busy_until):
                    place = place_id if kind is VisitKind.IN_PERSON else None
                    yield Slot(start, end, busy_from, busy_until, kind, place)
                start += step


class Blocks:
    """Spans in which nothing may lie, merged so that one look tells."""

    __slots__ = ("_ends", "_starts")

    def __init__(self, spans: Iterable[Span]) -> None:
        self._starts: list[dt.datetime] = []
        self._ends: list[dt.datetime] = []
        for span in sorted(spans, key=lambda one: one.start):
            if self._ends and span.start <= self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], span.end)
            else:
                self._starts.append(span.start)
                self._ends.append(span.end)

    def touch(self, start: dt.datetime, end: dt.datetime) -> bool:
        """Whether something of `[start, end)` is blocked."""
        place = bisect_right(self._ends, start)  # the first block that ends after the start
        return place < len(self._starts) and self._starts[place] < end


def weekly_stretches(
    hours: Sequence[Hours], zone: ZoneInfo, window: Span, kind: VisitKind
) -> Iterator[tuple[Span, UUID | None]]:
    """Yield the stretches of the weekly hours of a kind that reach into the window, each with its place.

    Hours that touch are one stretch, over midnight too. Only behind a day that is open from midnight to midnight does
    a new one begin, so that where a stretch begins never depends on the window.
    """
    wanted = [one for one in hours if kind in one.kinds]
    if not wanted:
        return
    date = window.start.astimezone(zone).date() - DAY  # what began yesterday may last
    last = window.end.astimezone(zone).date() + DAY  # what lasts into tomorrow is not cut
    open_span: Span | None = None
    open_place: UUID | None = None
    while date <= last:
        midnight_before, midnight = _midnight(date - DAY, zone), _midnight(date, zone)
        for span, place in _stretches_on(date, wanted, zone, kind):
            if open_span is not None and open_span.end == span.start and open_place == place:
                was_full = span.start == midnight and open_span.start <= midnight_before
                if not was_full:
                    open_span = Span(open_span.start, span.end)
                    continue
            if open_span is not None and open_span.end > window.start:
                yield open_span, open_place
            open_span, open_place = span, place
        date += DAY
    if open_span is not None and open_span.end > window.start:
        yield open_span, open_place


def _stretches_on(
    date: dt.date, hours: Iterable[Hours], zone: ZoneInfo, kind: VisitKind
) -> list[tuple[Span, UUID | None]]:
    """Return what each of these hours says of the date, in order of time: an hour that is repeated parts them anew."""
    found = [
        (span, one.place_id if kind is VisitKind.IN_PERSON else None)
        for one in hours
        if one.on(date)
        for span in wall_spans(date, one.from_minute, one.to_minute, zone)
    ]
    return sorted(found, key=lambda stretch: stretch[0].start)


def wall_spans(date: dt.date, from_minute: int, to_minute: int, zone: ZoneInfo) -> list[Span]:
    """Return when the wall clock of the zone shows a time from one minute of the date to another.

    One span on most days; when clocks go back within it, perhaps two; when they go forward over all of it, none.
    """
    midnight = dt.datetime.combine(date, dt.time(), tzinfo=dt.UTC)  # the wall clock's, read as if it were UTC's
    start, end = midnight + dt.timedelta(minutes=from_minute), midnight + dt.timedelta(minutes=to_minute)
    # Where clocks change at midnight, the date ends before hours are skipped and after they were repeated.
    before, after = _offset(date, zone, fold=0), min(_offset(date + DAY, zone, fold=fold) for fold in (0, 1))
    if before == after:
        return [Span(start - before, end - before)]
    change = _change(midnight - before, midnight + DAY - after, zone)
    spans = [
        Span(start - before, min(end - before, change)),
        Span(max(start - after, change), end - after),
    ]
    return _joined([span for span in spans if span.start < span.end])


def _offset(date: dt.date, zone: ZoneInfo, *, fold: int) -> dt.timedelta:
    offset = dt.datetime.combine(date, dt.time(fold=fold), tzinfo=zone).utcoffset()
    return offset if offset is not None else dt.timedelta()


def _midnight(date: dt.date, zone: ZoneInfo) -> dt.datetime:
    """Return the instant at which the date begins in the zone."""
    return dt.datetime.combine(date, dt.time(), tzinfo=dt.UTC) - _offset(date, zone, fold=0)


def _change(low: dt.datetime, high: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """Return the instant of the clock change after `low` and not after `high`, which are whole minutes."""
    low, high = low - dt.timedelta(minutes=1), max(low, high)
    before = low.astimezone(zone).utcoffset()
    minutes = int((high - low).total_seconds()) // 60
    nothing, all_of_it = 0, minutes
    while all_of_it - nothing > 1:
        middle = (nothing + all_of_it) // 2
        if (low + dt.timedelta(minutes=middle)).astimezone(zone).utcoffset() == before:
            nothing = middle
        else:
            all_of_it = middle
    return low + dt.timedelta(minutes=all_of_it)


def _joined(spans: list[Span]) -> list[Span]:
    if len(spans) == 2 and spans[0].end == spans[1].start:  # noqa: PLR2004 - before and after the change
        return [Span(spans[0].start, spans[1].end)]
    return spans


def _beginning(slot: Slot) -> dt.datetime:
    return slot.starts_at
