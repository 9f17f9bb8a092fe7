"""The free times of doctors, as they are at this moment.

Three queries, for one doctor or for many. A hold whose time is over takes no time, whatever its status still says;
whoever writes into that time has to let it lapse first, because the database's own constraint cannot read a clock.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from django.db.models import Q

from appointments.models import Appointment, Doctor, TimeException, WeeklyHours
from appointments.slots import Calendar, ExtraHours, Hours, Rules, Slot, Span
from appointments.states import TAKES_TIME, AppointmentStatus, VisitKind

LONGEST: Final = dt.timedelta(hours=12)  # no appointment with its buffers lasts so long: bounds what an index reads
FIRST_LOOK: Final = dt.timedelta(days=3)
INSTANT: Final = dt.timedelta(seconds=1)
KINDS: Final = {kind.value: kind for kind in VisitKind}


def slots(doctor: Doctor, begin: dt.datetime, end: dt.datetime, kind: VisitKind, now: dt.datetime) -> list[Slot]:
    """Return the doctor's free slots of the kind that begin in `[begin, end)`; none of one who may not be booked."""
    if not doctor.offers(kind):
        return []
    window = Span(begin, end)
    return calendars([doctor], window, now)[doctor.pk].slots(window, kind, now)


def slot_at(
    doctor: Doctor,
    starts_at: dt.datetime,
    kind: VisitKind,
    now: dt.datetime,
    *,
    without: uuid.UUID | None = None,
) -> Slot | None:
    """Return the free slot that begins at this instant, if there is one; `without` an appointment that is to move."""
    if not doctor.offers(kind):
        return None
    window = Span(starts_at, starts_at + INSTANT)
    found = calendars([doctor], window, now, without=without)[doctor.pk].slots(window, kind, now)
    return next((slot for slot in found if slot.starts_at == starts_at), None)


def first_free(calendar: Calendar, kind: VisitKind, now: dt.datetime) -> dt.datetime | None:
    """Return when the first free slot of the kind begins, looking as far as the doctor's horizon."""
    bookable = calendar.rules.bookable(now)
    begin, look = bookable.start, FIRST_LOOK
    while begin < bookable.end:
        end = min(begin + look, bookable.end)
        found = calendar.slots(Span(begin, end), kind, now)
        if found:
            return found[0].starts_at
        begin, look = end, look * 2
    return None


def calendars(
    doctors: Iterable[Doctor], window: Span, now: dt.datetime, *, without: uuid.UUID | None = None
) -> Mapping[uuid.UUID, Calendar]:
    """Return what decides about slots that begin within the window, by doctor; three queries."""
    rules = {doctor.pk: rules_of(doctor) for doctor in doctors}
    hours, busy = _hours(rules), _busy(rules, window, now, without)
    extra, leave = _exceptions(rules, window)
    return {pk: Calendar(rules[pk], hours[pk], extra[pk], leave[pk], busy[pk]) for pk in rules}


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


def _hours(doctor_ids: Iterable[uuid.UUID]) -> Mapping[uuid.UUID, list[Hours]]:
    rows = WeeklyHours.objects.filter(doctor__in=list(doctor_ids)).values_list(
        "doctor_id", "weekday", "from_minute", "to_minute", "kinds", "place_id", "valid_from", "valid_until"
    )
    found = defaultdict[uuid.UUID, list[Hours]](list)
    for doctor, weekday, begin, end, kinds, place, since, until in rows:
        found[doctor].append(Hours(weekday, begin, end, _kinds(kinds), place, since, until))
    return found


def _exceptions(
    doctor_ids: Iterable[uuid.UUID], window: Span
) -> tuple[Mapping[uuid.UUID, list[ExtraHours]], Mapping[uuid.UUID, list[Span]]]:
    rows = TimeException.objects.filter(
        doctor__in=list(doctor_ids), ends_at__gt=window.start, starts_at__lt=window.end + LONGEST
    ).order_by("pk")
    extra, leave = defaultdict[uuid.UUID, list[ExtraHours]](list), defaultdict[uuid.UUID, list[Span]](list)
    columns = ("doctor_id", "starts_at", "ends_at", "is_leave", "kinds", "place_id")
    for doctor, begin, end, is_leave, kinds, place in rows.values_list(*columns):
        if is_leave:
            leave[doctor].append(Span(begin, end))
        else:
            extra[doctor].append(ExtraHours(Span(begin, end), _kinds(kinds), place))
    return extra, leave


def _busy(
    doctor_ids: Iterable[uuid.UUID], window: Span, now: dt.datetime, without: uuid.UUID | None
) -> Mapping[uuid.UUID, list[Span]]:
    rows = Appointment.objects.filter(
        takes_time_at(now),
        doctor__in=list(doctor_ids),
        starts_at__gt=window.start - LONGEST,
        starts_at__lt=window.end + LONGEST,
    )
    if without is not None:
        rows = rows.exclude(pk=without)
    found = defaultdict[uuid.UUID, list[Span]](list)
    for doctor, begin, end in rows.values_list("doctor_id", "busy_from", "busy_until"):
        found[doctor].append(Span(begin, end))
    return found


def _kinds(values: Iterable[str]) -> frozenset[VisitKind]:
    return frozenset(KINDS[value] for value in values)
