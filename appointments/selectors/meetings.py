"""Meetings, for those whose they are: the links are nobody else's."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field
from typing import Any, Final

from django.db.models import F, Q

from appointments.errors import MeetingNotOpen, MeetingPending, VisitNotByVideo
from appointments.models import Appointment, Attendance, Meeting
from appointments.states import (
    LIVE_MEETING,
    OPEN_MEETING,
    AppointmentStatus,
    DoctorStatus,
    MeetingProvider,
    Readiness,
    Side,
    VisitKind,
)
from common import clock
from common.errors import NotFound

PATIENT_EARLY: Final = dt.timedelta(minutes=15)
DOCTOR_EARLY: Final = dt.timedelta(minutes=30)
GRACE: Final = dt.timedelta(minutes=30)  # after the end, for a consultation that takes longer


@dataclass(frozen=True)
class MeetingFacts:
    """What an appointment shows of its meeting; no link."""

    status: Readiness
    provider: MeetingProvider


@dataclass(frozen=True)
class JoinLink:
    """How the patient joins, and until when the link is given."""

    provider: MeetingProvider
    join_url: str = field(repr=False)
    password: str = field(repr=False)
    closes_at: dt.datetime


@dataclass(frozen=True)
class Presence:
    """One time that somebody was there; `left_at` is None as long as it lasts, or if nobody told."""

    side: Side
    joined_at: dt.datetime | None
    left_at: dt.datetime | None


def facts_of(visit: Appointment) -> MeetingFacts | None:
    """Return what to show of an appointment's meeting, None where there is none. Lists read both at once."""
    row: Meeting | None = getattr(visit, "meeting", None)
    return None if row is None else MeetingFacts(_readiness(row), MeetingProvider(row.provider))


def patients_link(*, user_id: uuid.UUID, appointment_id: uuid.UUID) -> JoinLink:
    """Return the patient's link, from shortly before the appointment until its end and a little.

    Raises: NotFound, VisitNotByVideo, MeetingNotOpen, MeetingPending
    """
    visit = Appointment.objects.filter(pk=appointment_id, patient_id=user_id).first()
    row, closes_at = _open_meeting(visit, early=PATIENT_EARLY)
    return JoinLink(MeetingProvider(row.provider), row.join_url or "", row.password or "", closes_at)


def hosted(*, user_id: uuid.UUID, appointment_id: uuid.UUID) -> Meeting:
    """Return the meeting that the doctor is about to host.

    Raises: NotFound, VisitNotByVideo, MeetingNotOpen, MeetingPending
    """
    mine = Appointment.objects.filter(doctor__user_id=user_id, doctor__status=DoctorStatus.LIVE)
    visit = mine.filter(pk=appointment_id).first()
    row, _ = _open_meeting(visit, early=DOCTOR_EARLY)
    return row


def attendance(*, user_id: uuid.UUID, appointment_id: uuid.UUID) -> list[Presence]:
    """Return who was there when, as the provider told, for the doctor. Raises: NotFound"""
    mine = Appointment.objects.filter(doctor__user_id=user_id, doctor__status=DoctorStatus.LIVE)
    if not mine.filter(pk=appointment_id).exists():
        raise NotFound
    rows = Attendance.objects.filter(sitting__meeting__appointment=appointment_id)
    ordered = rows.select_related("sitting").order_by("joined_at", "pk")
    return [Presence(Side(row.side), row.joined_at, row.left_at or row.sitting.ended_at) for row in ordered]


def attendances_of(user_id: uuid.UUID) -> list[dict[str, Any]]:
    """Return when the person was in a meeting, as patient or as doctor."""
    about = "sitting__meeting__appointment"
    mine = Q(side=Side.PATIENT, **{f"{about}__patient": user_id}) | Q(
        side=Side.DOCTOR, **{f"{about}__doctor__user": user_id}
    )
    rows = Attendance.objects.filter(mine).order_by("pk")
    return [dict(row) for row in rows.values("side", "joined_at", "left_at", appointment=F(about))]


def _readiness(row: Meeting) -> Readiness:
    if row.state in OPEN_MEETING:
        return Readiness.READY
    return Readiness.PENDING if row.state in LIVE_MEETING else Readiness.OVER


def _open_meeting(visit: Appointment | None, *, early: dt.timedelta) -> tuple[Meeting, dt.datetime]:
    if visit is None:
        raise NotFound
    is_ahead = visit.state in (AppointmentStatus.CONFIRMED, AppointmentStatus.IN_PROGRESS)
    if visit.kind != VisitKind.VIDEO or not is_ahead:
        raise VisitNotByVideo
    opens_at, closes_at = visit.starts_at - early, visit.ends_at + GRACE
    if not opens_at <= clock.now() < closes_at:
        raise MeetingNotOpen(opens_at=opens_at.isoformat(), closes_at=closes_at.isoformat())
    row = Meeting.objects.select_related("appointment").filter(appointment=visit).first()
    if row is None or row.state not in OPEN_MEETING:
        raise MeetingPending
    return row, closes_at
