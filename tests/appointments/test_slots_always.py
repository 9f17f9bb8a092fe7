"""The slots against an oracle that walks every minute of the wall clock."""

from __future__ import annotations

import datetime as dt
import itertools
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import example, given, settings
from hypothesis import strategies as st

from appointments.slots import Calendar, ExtraHours, Hours, Rules, Span, wall_spans, weekly_stretches
from appointments.states import VisitKind

VIDEO, IN_PERSON = VisitKind.VIDEO, VisitKind.IN_PERSON
MINUTE = dt.timedelta(minutes=1)
# Clocks change in Berlin on 31 March and 27 October 2030, in New York on 10 March and 3 November.
# Clocks of Cairo and Havana change at midnight, Lord Howe's by half an hour; Kolkata and Dhaka have no change.
DAYS = {
    "Europe/Berlin": [dt.date(2030, 3, 31), dt.date(2030, 10, 27)],
    "America/New_York": [dt.date(2030, 3, 10), dt.date(2030, 11, 3)],
    "America/Havana": [dt.date(2030, 3, 10), dt.date(2030, 11, 3)],
    "Africa/Cairo": [dt.date(2030, 4, 26), dt.date(2030, 10, 31)],
    "Australia/Lord_Howe": [dt.date(2030, 4, 7), dt.date(2030, 10, 6)],
    "Asia/Kolkata": [dt.date(2030, 5, 1)],
    "Asia/Dhaka": [dt.date(2030, 5, 1)],
}
PLACES = [UUID(int=1), UUID(int=2)]
days = st.sampled_from([(zone, day) for zone, days in DAYS.items() for day in days])
kinds = st.frozensets(st.sampled_from(VisitKind), min_size=1)
quarters = st.integers(0, 96).map(lambda number: number * 15)


@st.composite
def weeks(draw):
    """Hours of the week that do not overlap on any day."""
    rows = []
    for weekday in range(1, 8):
        edges = sorted(set(draw(st.lists(quarters, max_size=4))))
        pairs = itertools.pairwise(edges)
        rows += [
            Hours(weekday, begin, end, draw(kinds), draw(st.sampled_from(PLACES)))
            for begin, end in pairs
            if draw(st.booleans())
        ]
    return rows


@st.composite
def scenes(draw):
    zone, day = draw(days)
    middle = dt.datetime.combine(day, dt.time(12), tzinfo=dt.UTC)

    def spans(size):
        return draw(st.lists(st.builds(span, st.integers(-200, 200), st.integers(1, size)), max_size=3))

    def span(after, length):
        begin = middle + after * 15 * MINUTE
        return Span(begin, begin + length * 5 * MINUTE)

    rules = Rules(
        zone=zone,
        consult=draw(st.sampled_from([15, 20, 45])) * MINUTE,
        before=draw(st.sampled_from([0, 5])) * MINUTE,
        after=draw(st.sampled_from([0, 10])) * MINUTE,
        notice=draw(st.sampled_from([0, 60])) * MINUTE,
        horizon=dt.timedelta(days=draw(st.integers(1, 5))),
    )
    extra = [ExtraHours(one, draw(kinds), draw(st.sampled_from(PLACES))) for one in spans(30)[:1]]
    calendar = Calendar(rules, draw(weeks()), extra, spans(60), spans(12))
    now = middle - dt.timedelta(hours=draw(st.integers(-12, 40)))
    return (
        calendar,
        Span(middle - dt.timedelta(days=2), middle + dt.timedelta(days=2)),
        draw(st.sampled_from(VisitKind)),
        now,
    )


def is_open(calendar, moment, kind):
    """Whether the wall clock, or extra hours, say so for the minute that begins here."""
    if any(one.span.start <= moment < one.span.end for one in calendar.extra if kind in one.kinds):
        return True
    shown = moment.astimezone(ZoneInfo(calendar.rules.zone))
    minute = shown.hour * 60 + shown.minute
    return any(
        one.on(shown.date()) and one.from_minute <= minute < one.to_minute
        for one in calendar.hours
        if kind in one.kinds
    )


def minutes(start, end):
    return [start + number * MINUTE for number in range(int((end - start) / MINUTE))]


def overlap(start, end, spans):
    return any(start < one.end and one.start < end for one in spans)


@given(scenes())
@settings(max_examples=100, deadline=None)
def test_a_slot_is_always_within_the_hours_free_and_bookable(scene):
    calendar, window, kind, now = scene

    found = calendar.slots(window, kind, now)

    for slot in found:
        assert slot.ends_at - slot.starts_at == calendar.rules.consult
        assert all(is_open(calendar, moment, kind) for moment in minutes(slot.starts_at, slot.ends_at))
        assert not overlap(slot.starts_at, slot.ends_at, calendar.leave)
        assert not overlap(slot.busy_from, slot.busy_until, calendar.busy)
        assert window.start <= slot.starts_at < window.end
        assert now + calendar.rules.notice <= slot.starts_at < now + calendar.rules.horizon
    assert found == sorted(found, key=lambda slot: slot.starts_at)


@given(scenes(), st.integers(0, 96 * 4))
@settings(max_examples=100, deadline=None)
def test_where_one_looks_from_changes_nothing(scene, quarter):
    calendar, window, kind, now = scene
    cut = window.start + quarter * 15 * MINUTE

    apart = [*calendar.slots(Span(window.start, cut), kind, now), *calendar.slots(Span(cut, window.end), kind, now)]

    assert apart == calendar.slots(window, kind, now)


@given(scenes())
@settings(max_examples=80, deadline=None)
def test_the_slots_are_those_that_somebody_would_find_with_a_calendar_and_a_pencil(scene):
    calendar, window, kind, now = scene
    rules = calendar.rules
    bookable = rules.bookable(now)
    wanted = set()
    for begin, end in pencilled(calendar, window, kind):
        step = rules.before + rules.consult + rules.after
        starts = [begin + number * step for number in range((end - begin) // step + 1)]
        wanted |= {start for start in starts if start + rules.consult <= end}
    closed = [*calendar.leave, *(one.span for one in calendar.extra if kind in one.kinds)]
    wanted = {start for start in wanted if not overlap(start, start + rules.consult, closed)}

    found = Calendar(rules, calendar.hours, (), closed, calendar.busy).slots(window, kind, now)

    assert [slot.starts_at for slot in found] == sorted(
        start
        for start in wanted
        if not overlap(start - rules.before, start + rules.consult + rules.after, calendar.busy)
        and max(window.start, bookable.start) <= start < min(window.end, bookable.end)
    )


def pencilled(calendar, window, kind):
    """Return the stretches by going through every quarter of an hour; a full day begins the next one anew."""
    zone = ZoneInfo(calendar.rules.zone)
    first = window.start - dt.timedelta(days=3)
    quarter_hours = [first + number * 15 * MINUTE for number in range(96 * 9)]
    label = {moment: place_open(calendar, moment.astimezone(zone), kind) for moment in quarter_hours}
    by_date = {}
    for moment in quarter_hours:
        by_date.setdefault(moment.astimezone(zone).date(), []).append(label[moment])
    stretches, begin = [], quarter_hours[0]
    for before, moment in itertools.pairwise(quarter_hours):
        yesterday, today = before.astimezone(zone).date(), moment.astimezone(zone).date()
        after_full_day = yesterday != today and len(set(by_date[yesterday])) == 1
        if label[before] != label[moment] or after_full_day:
            stretches += [(begin, moment)] * (label[before] is not None)
            begin = moment
    return stretches


def place_open(calendar, wall, kind):
    """Where the doctor sees people at this time of his wall clock: a place, «video», or None."""
    minute = wall.hour * 60 + wall.minute
    rows = [one for one in calendar.hours if one.on(wall.date()) and one.from_minute <= minute < one.to_minute]
    places = {"video" if kind is VIDEO else one.place_id for one in rows if kind in one.kinds}
    return next(iter(places), None)


@given(days, st.sampled_from([-1, 0, 1]), quarters, quarters)
@example(("America/Havana", dt.date(2030, 3, 10)), -1, 23 * 60, 24 * 60)  # the next day has no midnight
@example(("America/Havana", dt.date(2030, 11, 3)), -1, 23 * 60, 24 * 60)  # it has two
@settings(max_examples=100, deadline=None)
def test_hours_are_the_instants_at_which_the_wall_clock_shows_them(day, after, begin, end):
    zone, date = ZoneInfo(day[0]), day[1] + dt.timedelta(days=after)
    noon = dt.datetime.combine(date, dt.time(12), tzinfo=dt.UTC)
    every = minutes(noon - dt.timedelta(hours=30), noon + dt.timedelta(hours=30))
    shown = [(moment, moment.astimezone(zone)) for moment in every]
    expected = {moment for moment, wall in shown if wall.date() == date and begin <= wall.hour * 60 + wall.minute < end}

    found = wall_spans(date, begin, end, zone)

    assert {moment for one in found for moment in minutes(one.start, one.end)} == expected


def test_hours_that_touch_are_one_stretch_through_an_hour_that_is_repeated():
    evening = [
        Hours(4, 19 * 60 + 45, 23 * 60 + 30, frozenset({VIDEO})),
        Hours(4, 23 * 60 + 30, 1440, frozenset({VIDEO})),
    ]
    begins, ends = (dt.datetime(2030, 10, 31, *time, tzinfo=dt.UTC) for time in ((16, 45), (22, 0)))

    found = weekly_stretches(evening, ZoneInfo("Africa/Cairo"), Span(begins, ends), VIDEO)

    assert list(found) == [(Span(begins, ends), None)]
