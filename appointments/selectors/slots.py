"""The free times of doctors, as they are at this moment.

Three queries, for one doctor or for many. A hold whose time is over takes no time, whatever its status still says;
whoever writes into that time has to let it lapse first, because the database's own constraint cannot read a clock.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import reduce
from operator import or_
from typing import Final, NamedTuple

from django.db.models import Q

from appointments.models import Appointment, Doctor, TimeException, WeeklyHours
from appointments.slots import Calendar, ExtraHours, Hours, Rules, Slot, Span
from appointments.states import TAKES_TIME, AppointmentStatus, SlotsEmpty, VisitKind

LONGEST: Final = dt.timedelta(hours=12)  # no appointment with its buffers lasts so long: bounds what an index reads
FIRST_LOOK: Final = dt.timedelta(days=3)
LOOK_ON: Final = dt.timedelta(days=1)  # behind a slot that was taken meanwhile
INSTANT: Final = dt.timedelta(seconds=1)
KINDS: Final = {kind.value: kind for kind in VisitKind}


class NextFree(NamedTuple):
    """When the first free slots begin."""

    video_at: dt.datetime | None
    in_person_at: dt.datetime | None

    def of(self, kinds: Iterable[VisitKind]) -> dt.datetime | None:
        """Return the first of these kinds."""
        by_kind = {VisitKind.VIDEO: self.video_at, VisitKind.IN_PERSON: self.in_person_at}
        return min((moment for kind in kinds if (moment := by_kind[kind]) is not None), default=None)


class FreeTimes(NamedTuple):
    """Slots in order of time; where there are none, why, and when the next one is."""

    slots: list[Slot]
    empty_because: SlotsEmpty | None
    next_free_at: dt.datetime | None


def slots(doctor: Doctor, begin: dt.datetime, end: dt.datetime, kind: VisitKind, now: dt.datetime) -> list[Slot]:
    """Return the doctor's free slots of the kind that begin in `[begin, end)`; none of one who may not be booked."""
    return _slots(doctor, Span(begin, end), [kind], now)


def free_times(
    doctor: Doctor, begin: dt.datetime, end: dt.datetime, kind: VisitKind | None, now: dt.datetime
) -> FreeTimes:
    """Return the doctor's free slots of the kind, or of both; where there are none, why, and when the next one is."""
    kinds = [kind] if kind is not None else list(VisitKind)
    found = _slots(doctor, Span(begin, end), kinds, now)
    if found:
        return FreeTimes(found, None, None)
    following = next_free([doctor], now)[doctor.pk].of(kinds)
    if following is not None:
        return FreeTimes([], SlotsEmpty.NOT_THEN, following)
    return FreeTimes([], SlotsEmpty.BOOKED_UP if any(map(doctor.offers, kinds)) else SlotsEmpty.NOT_OFFERED, None)


def slot_at(
    doctor: Doctor,
    starts_at: dt.datetime,
    kind: VisitKind,
    now: dt.datetime,
    *,
    without: uuid.UUID | None = None,
) -> Slot | None:
    """Return the free slot that begins at this instant, if there is one; `without` an appointment that is to move."""
    bookable = rules_of(doctor).bookable(now)
    if not bookable.start <= starts_at < bookable.end:
        return None
    found = _slots(doctor, Span(starts_at, starts_at + INSTANT), [kind], now, without=without)
    return next((slot for slot in found if slot.starts_at == starts_at), None)


def next_free(doctors: Iterable[Doctor], now: dt.datetime) -> Mapping[uuid.UUID, NextFree]:
    """Return when each doctor is free next by video and in person, None where never; three queries."""
    windows = {doctor: Span(now, rules_of(doctor).bookable(now).end) for doctor in doctors}
    known = calendars(windows, now)
    return {
        doctor.pk: NextFree(*(_first_of(doctor, known[doctor.pk], kind, windows[doctor], now) for kind in VisitKind))
        for doctor in windows
    }


def next_free_as_kept(doctors: Iterable[Doctor], now: dt.datetime) -> Mapping[uuid.UUID, NextFree]:
    """Return the same, looking no further than what is kept of each doctor says, or not at all where nothing is.

    Three queries, and three more for those who are no longer free where they were. A doctor of whom nothing is kept,
    though somebody has looked, is taken to be free never.
    """
    near, far = dict[Doctor, Span](), list[Doctor]()
    for doctor in doctors:
        kept = [moment for moment in (doctor.next_video_at, doctor.next_in_person_at) if moment is not None]
        if doctor.next_computed_at is None:
            far.append(doctor)
        elif kept:
            near[doctor] = Span(now, max(now, *kept) + LOOK_ON)
    found, known = dict[uuid.UUID, NextFree](), calendars(near, now)
    for doctor, window in near.items():
        asked = ((VisitKind.VIDEO, doctor.next_video_at), (VisitKind.IN_PERSON, doctor.next_in_person_at))
        first = [kept and _first_of(doctor, known[doctor.pk], kind, window, now) for kind, kept in asked]
        if any(kept is not None and moment is None for moment, (_, kept) in zip(first, asked, strict=True)):
            far.append(doctor)
        found[doctor.pk] = NextFree(*first)
    return {**found, **next_free(far, now)} if far else found


def calendars(
    windows: Mapping[Doctor, Span], now: dt.datetime, *, without: uuid.UUID | None = None
) -> Mapping[uuid.UUID, Calendar]:
    """Return what decides about the slots of each doctor that begin within the window; three queries."""
    if not windows:
        return {}
    hours, (extra, leave) = _hours(windows), _exceptions(windows)
    busy = _busy(windows, now, without)
    return {
        doctor.pk: Calendar(rules_of(doctor), hours[doctor.pk], extra[doctor.pk], leave[doctor.pk], busy[doctor.pk])
        for doctor in windows
    }


def rules_of(doctor: Doctor) -> Rules:
    return Rules(
        zone=doctor.zone,
        consult=dt.timedelta(minutes=doctor.consult_minutes),
        before=dt.timedelta(minutes=doctor.buffer_before_minutes),
        after=dt.timedelta(minutes=doctor.buffer_after_minutes),
        notice=dt.timedelta(minutes=doctor.notice_minutes),
        horizon=dt.timedelta(days=doctor.horizon_days),
    )


def takes_time_at(now: dt.datetime) -> Q:
    """Whatever is booked, and the holds whose time is not over."""
    return Q(status__in=sorted(TAKES_TIME)) & ~Q(status=AppointmentStatus.HELD, hold_expires_at__lte=now)


def _slots(
    doctor: Doctor,
    window: Span,
    kinds: Iterable[VisitKind],
    now: dt.datetime,
    *,
    without: uuid.UUID | None = None,
) -> list[Slot]:
    offered = [kind for kind in kinds if doctor.offers(kind)]
    bookable = rules_of(doctor).bookable(now)
    asked = Span(max(window.start, bookable.start), min(window.end, bookable.end))
    if not offered or asked.start >= asked.end:
        return []
    calendar = calendars({doctor: asked}, now, without=without)[doctor.pk]
    found = [slot for kind in offered for slot in calendar.slots(asked, kind, now)]
    return sorted(found, key=lambda slot: (slot.starts_at, slot.kind))


def _first_of(
    doctor: Doctor, calendar: Calendar, kind: VisitKind, window: Span, now: dt.datetime
) -> dt.datetime | None:
    """Return when the first free slot of the window begins; farther and farther is looked, for most are soon free."""
    if not doctor.offers(kind):
        return None
    bookable = calendar.rules.bookable(now)
    begin, last, look = max(window.start, bookable.start), min(window.end, bookable.end), FIRST_LOOK
    while begin < last:
        end = min(begin + look, last)
        found = calendar.slots(Span(begin, end), kind, now)
        if found:
            return found[0].starts_at
        begin, look = end, look * 2
    return None


def _hours(doctors: Iterable[Doctor]) -> Mapping[uuid.UUID, list[Hours]]:
    rows = WeeklyHours.objects.filter(doctor__in=[doctor.pk for doctor in doctors]).values_list(
        "doctor_id", "weekday", "from_minute", "to_minute", "kinds", "place_id", "valid_from", "valid_until"
    )
    found = defaultdict[uuid.UUID, list[Hours]](list)
    for doctor, weekday, begin, end, kinds, place, since, until in rows:
        found[doctor].append(Hours(weekday, begin, end, _kinds(kinds), place, since, until))
    return found


def _exceptions(
    windows: Mapping[Doctor, Span],
) -> tuple[Mapping[uuid.UUID, list[ExtraHours]], Mapping[uuid.UUID, list[Span]]]:
    wanted = [
        Q(doctor=doctor.pk, ends_at__gt=window.start, starts_at__lt=window.end + LONGEST)
        for doctor, window in windows.items()
    ]
    columns = ("doctor_id", "starts_at", "ends_at", "is_leave", "kinds", "place_id")
    extra, leave = defaultdict[uuid.UUID, list[ExtraHours]](list), defaultdict[uuid.UUID, list[Span]](list)
    rows = TimeException.objects.filter(reduce(or_, wanted)).order_by("pk").values_list(*columns)
    for doctor, begin, end, is_leave, kinds, place in rows:
        if is_leave:
            leave[doctor].append(Span(begin, end))
        else:
            extra[doctor].append(ExtraHours(Span(begin, end), _kinds(kinds), place))
    return extra, leave


def _busy(
    windows: Mapping[Doctor, Span], now: dt.datetime, without: uuid.UUID | None
) -> Mapping[uuid.UUID, list[Span]]:
    wanted = [
        Q(doctor=doctor.pk, starts_at__gt=window.start - LONGEST, starts_at__lt=window.end + LONGEST)
        for doctor, window in windows.items()
    ]
    rows = Appointment.objects.filter(reduce(or_, wanted), takes_time_at(now))
    if without is not None:
        rows = rows.exclude(pk=without)
    found = defaultdict[uuid.UUID, list[Span]](list)
    for doctor, begin, end in rows.values_list("doctor_id", "busy_from", "busy_until"):
        found[doctor].append(Span(begin, end))
    return found


def _kinds(values: Iterable[str]) -> frozenset[VisitKind]:
    return frozenset(KINDS[value] for value in values)
