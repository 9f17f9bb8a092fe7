"""What may be read of appointments, by whom."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db.models import Prefetch, Q, QuerySet

from appointments.models import Appointment, AppointmentEvent, Waiting
from appointments.selectors.files import attached_files
from appointments.states import AppointmentStatus, DoctorStatus, EndedBy, Origin, VisitKind, WaitingStatus
from common import clock
from common.errors import NotFound
from common.money import Money
from common.sweeps import keys_after

DAY: Final = dt.timedelta(days=1)


@dataclass(frozen=True)
class AppointmentFacts:
    """What others may know of an appointment, to tell its people of it."""

    id: uuid.UUID
    doctor_id: uuid.UUID
    doctor_user_id: uuid.UUID
    doctor_name: str
    patient_id: uuid.UUID
    kind: VisitKind
    status: AppointmentStatus
    origin: Origin
    starts_at: dt.datetime
    answer_by: dt.datetime | None
    ended_by: EndedBy | None
    refund: Money | None
    was_booked: bool


def appointments_of_patient(user_id: uuid.UUID) -> QuerySet[Appointment]:
    return _shown(Appointment.objects.filter(patient=user_id))


def appointments_of_doctor(doctor_id: uuid.UUID) -> QuerySet[Appointment]:
    return _shown(Appointment.objects.filter(doctor=doctor_id)).select_related("patient")


def appointments_of_person(
    user_id: uuid.UUID,
    *,
    appointment_id: uuid.UUID | None = None,
    statuses: Collection[AppointmentStatus] = (),
    begin: Mapping[str, dt.datetime] | None = None,
) -> QuerySet[Appointment]:
    """Return those in which the person is the patient, or the doctor while live; `begin` are lookups of `starts_at`."""
    mine = Q(patient=user_id) | Q(doctor__user=user_id, doctor__status=DoctorStatus.LIVE)
    rows = _shown(Appointment.objects.filter(mine, **(begin or {})))
    if appointment_id is not None:
        rows = rows.filter(pk=appointment_id)
    now = clock.now()
    return rows.filter(reduce(or_, [_in_state(status, now) for status in statuses])) if statuses else rows


def filtered(
    rows: QuerySet[Appointment],
    *,
    status: str = "",
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
    updated_since: dt.datetime | None = None,
) -> QuerySet[Appointment]:
    """Return the rows of this state at this moment (a hold that is over has lapsed) that begin in `[since, until)`."""
    if status:
        rows = rows.filter(_in_state(AppointmentStatus(status), clock.now()))
    wanted: dict[str, Any] = {"starts_at__gte": since, "starts_at__lt": until, "updated_at__gte": updated_since}
    return rows.filter(**{name: value for name, value in wanted.items() if value is not None})


def without_lapsed(rows: QuerySet[Appointment]) -> QuerySet[Appointment]:
    """Leave out what nobody paid for: a doctor's day is what takes, or took, time."""
    return rows.exclude(_in_state(AppointmentStatus.LAPSED, clock.now()))


def day_of(day: dt.date, zone: str) -> tuple[dt.datetime, dt.datetime]:
    """Return when this civil day begins and ends in the zone, however long the clocks make it."""
    begin = dt.datetime.combine(day, dt.time(), ZoneInfo(zone))
    return begin, dt.datetime.combine(day + DAY, dt.time(), ZoneInfo(zone))


def one(rows: QuerySet[Appointment], appointment_id: uuid.UUID) -> Appointment:
    """Return the appointment among these, with its history and the files given with it. Raises: NotFound"""
    events = Prefetch("events", AppointmentEvent.objects.order_by("pk"))
    files = Prefetch("attached_files", attached_files())
    found = rows.prefetch_related(events, files).filter(pk=appointment_id).first()
    if found is None:
        raise NotFound
    return found


def of_series(user_id: uuid.UUID, series: uuid.UUID) -> list[Appointment]:
    """Return the patient's visits of a series, in order of time."""
    return list(appointments_of_patient(user_id).filter(series=series).order_by("starts_at", "pk"))


def waits_of(user_id: uuid.UUID) -> QuerySet[Waiting]:
    """Return where the patient waits or has an offer; what was left, taken or let pass is told no more."""
    rows = all_waits_of(user_id).filter(status__in=[WaitingStatus.WAITING, WaitingStatus.OFFERED])
    return rows.select_related("doctor")


def all_waits_of(user_id: uuid.UUID) -> QuerySet[Waiting]:
    return Waiting.objects.filter(patient=user_id)


def appointment_facts(appointment_id: uuid.UUID) -> AppointmentFacts:
    """Return what others are told of. Raises: NotFound"""
    row = Appointment.objects.select_related("doctor").filter(pk=appointment_id).first()
    if row is None:
        raise NotFound
    return AppointmentFacts(
        id=row.pk,
        doctor_id=row.doctor_id,
        doctor_user_id=row.doctor.user_id,
        doctor_name=row.doctor.full_name,
        patient_id=row.patient_id,
        kind=VisitKind(row.kind),
        status=row.state,
        origin=Origin(row.origin),
        starts_at=row.starts_at,
        answer_by=row.pay_by or row.hold_expires_at,
        ended_by=EndedBy(row.ended_by) if row.ended_by else None,
        refund=row.refund,
        was_booked=row.confirmed_at is not None,
    )


def booked_after(after: uuid.UUID | None) -> list[uuid.UUID]:
    """Return the next visits that are agreed or going on, in the order of their keys."""
    booked = [AppointmentStatus.CONFIRMED, AppointmentStatus.IN_PROGRESS]
    return keys_after(Appointment.objects.filter(status__in=booked), after)


def holds_over(now: dt.datetime, *, limit: int) -> list[uuid.UUID]:
    """Return the holds whose time has passed, the longest first."""
    due = Appointment.objects.filter(status=AppointmentStatus.HELD, hold_expires_at__lte=now)
    return list(due.order_by("hold_expires_at", "pk").values_list("pk", flat=True)[:limit])


def unvisited(ended_before: dt.datetime, *, limit: int) -> list[uuid.UUID]:
    """Return the confirmed visits that should have ended by then and were never started."""
    return _ended(AppointmentStatus.CONFIRMED, ended_before, limit)


def forgotten(ended_before: dt.datetime, *, limit: int) -> list[uuid.UUID]:
    """Return the visits in progress that should have ended by then."""
    return _ended(AppointmentStatus.IN_PROGRESS, ended_before, limit)


def _ended(status: AppointmentStatus, before: dt.datetime, limit: int) -> list[uuid.UUID]:
    rows = Appointment.objects.filter(status=status, starts_at__lte=before, ends_at__lte=before)
    return list(rows.order_by("starts_at", "pk").values_list("pk", flat=True)[:limit])


def _in_state(status: AppointmentStatus, now: dt.datetime) -> Q:
    is_over = Q(status=AppointmentStatus.HELD, hold_expires_at__lte=now)
    if status is AppointmentStatus.LAPSED:
        return Q(status=status) | is_over
    return Q(status=status) & ~is_over


def _shown(rows: QuerySet[Appointment]) -> QuerySet[Appointment]:
    read = rows.select_related("doctor", "place", "meeting")
    return read.defer("meeting__join_url", "meeting__password")
