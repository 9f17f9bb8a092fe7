"""Where and when a doctor sees patients."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from appointments.errors import (
    DoctorSuspended,
    ExceptionPast,
    HoursEmpty,
    HoursOverlap,
    LeaveOverAppointments,
    PlaceInUse,
    PlaceMissing,
    PlaceUnknown,
    TooManyExceptions,
    TooManyPlaces,
)
from appointments.models import Appointment, Doctor, Place, TimeException, WeeklyHours
from appointments.selectors.doctors import booked_ahead, open_places
from appointments.services.doctors import forget_next_free
from appointments.slots import DAY, DAY_MINUTES
from appointments.states import DoctorStatus, VisitKind
from common import clock, outbox
from common.db import command, lock_one, step
from common.errors import NotFound

MOST_PLACES: Final = 20
MOST_EXCEPTIONS: Final = 200  # that are not over
LONGEST_LEAVE: Final = dt.timedelta(days=366)
WEEK: Final = 7


@dataclass(frozen=True)
class WeekRow:
    """Hours of the week as the doctor says them: up to 24:00, or past midnight when they end before they begin."""

    weekday: int
    from_minute: int
    to_minute: int
    kinds: Sequence[VisitKind]
    place: uuid.UUID | None = None
    valid_from: dt.date | None = None
    valid_until: dt.date | None = None


@command
def add_place(*, doctor_id: uuid.UUID, values: dict[str, Any]) -> Place:
    """Locks: the doctor.      Raises: NotFound, DoctorSuspended, TooManyPlaces"""
    doctor = _hold(doctor_id)
    if open_places(doctor_id).count() >= MOST_PLACES:
        raise TooManyPlaces(most=MOST_PLACES)
    return Place.objects.create(doctor=doctor, **values)


@command
def end_place(*, doctor_id: uuid.UUID, place_id: uuid.UUID) -> None:
    """See nobody there any more. Locks: the doctor.      Raises: NotFound, DoctorSuspended, PlaceInUse"""
    _hold(doctor_id)
    now = clock.now()
    if not open_places(doctor_id).filter(pk=place_id).exists():
        raise NotFound
    in_use = (
        WeeklyHours.objects.filter(doctor=doctor_id, place=place_id),
        TimeException.objects.filter(doctor=doctor_id, place=place_id, ends_at__gt=now),
        booked_ahead(doctor_id, now).filter(place=place_id),
    )
    if any(rows.exists() for rows in in_use):
        raise PlaceInUse
    Place.objects.filter(pk=place_id).update(ended_at=now)


@command
def set_week(*, doctor_id: uuid.UUID, rows: Sequence[WeekRow]) -> None:
    """Put these hours in the place of all that were. What is booked stays booked.

    Locks: the doctor.      Emits: doctor.time_changed
    Raises: NotFound, DoctorSuspended, HoursEmpty, HoursOverlap, PlaceMissing, PlaceUnknown
    """
    doctor = _hold(doctor_id)
    _refuse_places({f"/hours/{place}/place": (row.kinds, row.place) for place, row in enumerate(rows)}, doctor_id)
    empty = [place for place, row in enumerate(rows) if not _is_row(row)]
    if empty:
        raise HoursEmpty(pointers=[f"/hours/{place}" for place in empty])
    parts = [(place, part) for place, row in enumerate(rows) for part in _within_days(row)]
    double = _overlapping(parts)
    if double:
        raise HoursOverlap(pointers=[f"/hours/{place}" for place in double])
    WeeklyHours.objects.filter(doctor=doctor).delete()
    WeeklyHours.objects.bulk_create(
        WeeklyHours(
            doctor=doctor,
            weekday=part.weekday,
            from_minute=part.from_minute,
            to_minute=part.to_minute,
            kinds=sorted(set(part.kinds)),
            place_id=part.place,
            valid_from=part.valid_from,
            valid_until=part.valid_until,
        )
        for _, part in parts
    )
    forget_next_free(doctor_id)


@command
def add_leave(
    *, doctor_id: uuid.UUID, starts_at: dt.datetime, ends_at: dt.datetime, note: str = "", cancel_booked: bool = False
) -> TimeException:
    """Take time off. What patients have booked in it is cancelled if the doctor says so, and else refuses the leave.

    Locks: the doctor.      Emits: doctor.leave_added (when something is to be cancelled), doctor.time_changed
    Raises: NotFound, DoctorSuspended, ExceptionPast, HoursEmpty, TooManyExceptions, LeaveOverAppointments
    """
    doctor = _hold(doctor_id)
    now = clock.now()
    _refuse_times(doctor_id, starts_at, ends_at, now=now, longest=LONGEST_LEAVE)
    booked = list(booked_ahead(doctor_id, now).filter(starts_at__lt=ends_at, ends_at__gt=starts_at).order_by("pk"))
    if booked and not cancel_booked:
        raise LeaveOverAppointments(appointments=[_named(row) for row in booked])
    leave = TimeException.objects.create(
        doctor=doctor, starts_at=starts_at, ends_at=ends_at, is_leave=True, kinds=[], note=note
    )
    if booked:
        since, until = starts_at.isoformat(), ends_at.isoformat()
        outbox.emit("doctor.leave_added", key=f"doctor:{doctor_id}", doctor=str(doctor_id), since=since, until=until)
    forget_next_free(doctor_id)
    return leave


@command
def add_hours(
    *,
    doctor_id: uuid.UUID,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    kinds: Sequence[VisitKind],
    place: uuid.UUID | None = None,
    note: str = "",
) -> TimeException:
    """Be there once more, besides the weekly hours; for their time these stand in for them.

    Locks: the doctor.      Emits: doctor.time_changed
    Raises: NotFound, DoctorSuspended, ExceptionPast, HoursEmpty, HoursOverlap, PlaceMissing, PlaceUnknown,
    TooManyExceptions
    """
    doctor = _hold(doctor_id)
    _refuse_times(doctor_id, starts_at, ends_at, now=clock.now(), longest=DAY)
    _refuse_places({"/place": (kinds, place)}, doctor_id)
    others = TimeException.objects.filter(doctor=doctor, is_leave=False, starts_at__lt=ends_at, ends_at__gt=starts_at)
    if others.exists():
        raise HoursOverlap(pointers=["/starts_at"])
    extra = TimeException.objects.create(
        doctor=doctor,
        starts_at=starts_at,
        ends_at=ends_at,
        is_leave=False,
        kinds=sorted(set(kinds)),
        place_id=place,
        note=note,
    )
    forget_next_free(doctor_id)
    return extra


@command
def end_exception(*, doctor_id: uuid.UUID, exception_id: uuid.UUID) -> None:
    """Take leave or extra hours back; what is booked stays booked.

    Locks: the doctor.      Emits: doctor.time_changed, doctor.leave_removed      Raises: NotFound, DoctorSuspended
    """
    _hold(doctor_id)
    row = TimeException.objects.filter(doctor=doctor_id, pk=exception_id).first()
    if row is None:
        raise NotFound
    if row.is_leave:
        since, until = row.starts_at.isoformat(), row.ends_at.isoformat()
        outbox.emit("doctor.leave_removed", key=f"doctor:{doctor_id}", doctor=str(doctor_id), since=since, until=until)
    row.delete()
    forget_next_free(doctor_id)


@step
def _hold(doctor_id: uuid.UUID) -> Doctor:
    doctor = lock_one(Doctor, doctor_id)
    if doctor.state is DoctorStatus.SUSPENDED:
        raise DoctorSuspended
    return doctor


def _refuse_times(
    doctor_id: uuid.UUID, starts_at: dt.datetime, ends_at: dt.datetime, *, now: dt.datetime, longest: dt.timedelta
) -> None:
    if not dt.timedelta() < ends_at - starts_at <= longest:
        raise HoursEmpty(pointer="/ends_at", longest_days=longest.days)
    if ends_at <= now:
        raise ExceptionPast
    if TimeException.objects.filter(doctor=doctor_id, ends_at__gt=now).count() >= MOST_EXCEPTIONS:
        raise TooManyExceptions(most=MOST_EXCEPTIONS)


def _refuse_places(said: dict[str, tuple[Iterable[VisitKind], uuid.UUID | None]], doctor_id: uuid.UUID) -> None:
    """`said` holds kinds and place by the pointer of the place. Raises: PlaceMissing, PlaceUnknown"""
    own = set(open_places(doctor_id).values_list("pk", flat=True))
    missing = [pointer for pointer, (kinds, place) in said.items() if VisitKind.IN_PERSON in kinds and place is None]
    if missing:
        raise PlaceMissing(pointers=missing)
    unknown = [pointer for pointer, (_, place) in said.items() if place is not None and place not in own]
    if unknown:
        raise PlaceUnknown(pointers=unknown)


def _is_row(row: WeekRow) -> bool:
    in_order = row.valid_from is None or row.valid_until is None or row.valid_from <= row.valid_until
    return in_order and row.from_minute != row.to_minute and row.from_minute < DAY_MINUTES


def _within_days(row: WeekRow) -> list[WeekRow]:
    """Return the row, or its two parts before and after midnight; the second belongs to the next day."""
    if row.from_minute < row.to_minute:
        return [row]
    evening = WeekRow(row.weekday, row.from_minute, DAY_MINUTES, row.kinds, row.place, row.valid_from, row.valid_until)
    if row.to_minute == 0:
        return [evening]
    morning = WeekRow(
        row.weekday % WEEK + 1,
        0,
        row.to_minute,
        row.kinds,
        row.place,
        row.valid_from and row.valid_from + DAY,
        row.valid_until and row.valid_until + DAY,
    )
    return [evening, morning]


def _overlapping(parts: Sequence[tuple[int, WeekRow]]) -> list[int]:
    """Return which of the rows overlap with one before them."""
    found = set[int]()
    for index, (place, part) in enumerate(parts):
        if any(_overlap(part, other) for _, other in parts[:index]):
            found.add(place)
    return sorted(found)


def _overlap(one: WeekRow, other: WeekRow) -> bool:
    if one.weekday != other.weekday:
        return False
    if one.from_minute >= other.to_minute or other.from_minute >= one.to_minute:
        return False
    first, last = dt.date.min, dt.date.max
    return (one.valid_from or first) <= (other.valid_until or last) and (other.valid_from or first) <= (
        one.valid_until or last
    )


def _named(row: Appointment) -> dict[str, str]:
    return {"id": str(row.pk), "kind": row.kind, "starts_at": row.starts_at.isoformat()}
