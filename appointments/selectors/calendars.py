"""Appointments as entries of a calendar, for those whose they are."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Final

from django.db.models import Q, QuerySet

from appointments.calendar import Entry
from appointments.models import Appointment, CalendarFeed
from appointments.states import AppointmentStatus, Side, VisitKind
from common import clock
from common.errors import NotFound
from common.secret_codes import token_digest

AGREED: Final = (AppointmentStatus.CONFIRMED, AppointmentStatus.IN_PROGRESS, AppointmentStatus.COMPLETED)
SHOWN: Final = (*AGREED, AppointmentStatus.CANCELLED, AppointmentStatus.MISSED)
LOOK_BACK: Final = dt.timedelta(days=30)
MOST: Final = 500


@dataclass(frozen=True)
class Feed:
    """What a person's calendar program reads."""

    language: str
    entries: list[Entry]


@dataclass(frozen=True)
class VisitFacts:
    """What messages need to know of an appointment."""

    id: uuid.UUID
    status: AppointmentStatus
    kind: VisitKind
    sequence: int
    starts_at: dt.datetime
    doctor: str
    doctor_user: uuid.UUID
    patient: uuid.UUID
    was_agreed: bool


def visit_facts(appointment_id: uuid.UUID) -> VisitFacts:
    """Return what messages need to know. Raises: NotFound"""
    row = _rows().filter(pk=appointment_id).first()
    if row is None:
        raise NotFound
    return VisitFacts(
        id=row.pk,
        status=row.state,
        kind=VisitKind(row.kind),
        sequence=row.sequence,
        starts_at=row.starts_at,
        doctor=row.doctor.full_name,
        doctor_user=row.doctor.user_id,
        patient=row.patient_id,
        was_agreed=row.confirmed_at is not None,
    )


def entries_of(appointment_id: uuid.UUID) -> dict[Side, Entry]:
    """Return the appointment as each side sees it. Raises: NotFound"""
    row = _rows().filter(pk=appointment_id).first()
    if row is None:
        raise NotFound
    return {side: _entry(row, side) for side in Side}


def own_entry(*, user_id: uuid.UUID, appointment_id: uuid.UUID) -> Entry:
    """Return one's own appointment, as patient or as doctor. Raises: NotFound, also for one that was never agreed"""
    mine = Q(patient_id=user_id) | Q(doctor__user_id=user_id)
    rows = _rows().filter(mine, status__in=SHOWN, confirmed_at__isnull=False)
    row = rows.filter(pk=appointment_id).first()
    if row is None:
        raise NotFound
    return _entry(row, _side(row, user_id))


def feed_behind(token: str) -> Feed:
    """Return the calendar of whoever the address was given to: a month back, and all that is ahead. Raises: NotFound"""
    found = CalendarFeed.objects.select_related("user").filter(token_digest=token_digest(token)).first()
    if found is None or not found.user.is_active:
        raise NotFound
    user_id, since = found.user_id, clock.now() - LOOK_BACK
    rows = _rows().filter(
        Q(patient_id=user_id) | Q(doctor__user_id=user_id),
        status__in=SHOWN,
        starts_at__gte=since,
        confirmed_at__isnull=False,
    )
    latest = list(rows.order_by("-starts_at", "-pk")[:MOST])
    return Feed(found.user.language, [_entry(row, _side(row, user_id)) for row in reversed(latest)])


def _rows() -> QuerySet[Appointment]:
    return Appointment.objects.select_related("doctor__user", "place").defer("reason")


def _side(row: Appointment, user_id: uuid.UUID) -> Side:
    return Side.PATIENT if row.patient_id == user_id else Side.DOCTOR


def _entry(row: Appointment, side: Side) -> Entry:
    return Entry(
        id=row.pk,
        side=side,
        kind=VisitKind(row.kind),
        doctor=row.doctor.full_name,
        place=f"{row.place.name}, {row.place.address}" if row.place else "",
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        sequence=row.sequence,
        is_cancelled=row.state is AppointmentStatus.CANCELLED,
        changed_at=row.updated_at,
    )


def feeds_of(user_id: uuid.UUID) -> list[dict[str, object]]:
    """Return that the person has a calendar's address, for a copy of its data; not the address."""
    return [{"created_at": row.created_at} for row in CalendarFeed.objects.filter(user_id=user_id)]
