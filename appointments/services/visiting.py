"""The visit itself: the patient is there, the doctor begins, the doctor ends."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Final

from appointments.errors import AppointmentOver, CheckInClosed, TooEarlyToStart
from appointments.models import Appointment
from appointments.services.ending import CLOSE_AFTER
from appointments.services.steps import SYSTEM, by_user, hold_appointment, take_step, tell
from appointments.states import AppointmentStatus
from common import clock
from common.db import command, step

CHECK_IN_FROM: Final = dt.timedelta(minutes=30)  # before the visit, until its end
START_FROM: Final = dt.timedelta(minutes=15)  # before the visit: whoever is early may be seen early
FORGOTTEN_AFTER: Final = dt.timedelta(hours=6)  # from the visit's end, where the doctor has not ended it


@command
def check_in(*, appointment_id: uuid.UUID, patient_id: uuid.UUID) -> Appointment:
    """The patient says «I am here»; a second time changes nothing.

    Locks: the appointment.      Emits: appointment.checked_in      Raises: NotFound, IllegalTransition, CheckInClosed
    """
    row, now = hold_appointment(appointment_id, patient_id=patient_id), clock.now()
    if row.checked_in_at is not None:
        return row
    opens_at = row.starts_at - CHECK_IN_FROM
    if row.state is AppointmentStatus.CONFIRMED and not opens_at <= now < row.ends_at:
        raise CheckInClosed(opens_at=opens_at.isoformat())
    _check_in(row, actor=by_user(patient_id), now=now)
    return row


@step
def note_joined(*, appointment_id: uuid.UUID) -> None:
    """Whoever comes to the meeting in time has checked in; too early or too late, the meeting alone tells of it.

    Locks: the appointment.      Emits: appointment.checked_in      Raises: NotFound
    """
    row, now = hold_appointment(appointment_id), clock.now()
    is_open = row.state in (AppointmentStatus.CONFIRMED, AppointmentStatus.IN_PROGRESS)
    if is_open and row.checked_in_at is None and row.starts_at - CHECK_IN_FROM <= now < row.ends_at:
        _check_in(row, actor=SYSTEM, now=now)


@command
def start(*, appointment_id: uuid.UUID, doctor_id: uuid.UUID) -> Appointment:
    """The visit begins.

    Locks: the appointment.      Emits: appointment.started
    Raises: NotFound, IllegalTransition, TooEarlyToStart, AppointmentOver
    """
    row, now = hold_appointment(appointment_id, doctor_id=doctor_id), clock.now()
    if row.state is AppointmentStatus.CONFIRMED and now < row.starts_at - START_FROM:
        raise TooEarlyToStart(opens_at=(row.starts_at - START_FROM).isoformat())
    if row.state is AppointmentStatus.CONFIRMED and now >= row.ends_at + CLOSE_AFTER:
        raise AppointmentOver
    take_step(row, "start", actor=by_user(row.doctor.user_id), started_at=now)
    tell("appointment.started", [row])
    return row


@command
def complete(*, appointment_id: uuid.UUID, doctor_id: uuid.UUID) -> Appointment:
    """The visit is over; what it cost is set aside for the doctor by `appointment.completed`, once.

    Locks: the appointment.      Emits: appointment.completed      Raises: NotFound, IllegalTransition
    """
    row = hold_appointment(appointment_id, doctor_id=doctor_id)
    _complete(row, actor=by_user(row.doctor.user_id))
    return row


@command
def complete_if_forgotten(*, appointment_id: uuid.UUID) -> bool:
    """End a visit that should have been over for hours; return whether it was due.

    Locks: the appointment.      Emits: appointment.completed      Raises: NotFound
    """
    row = hold_appointment(appointment_id)
    if row.state is not AppointmentStatus.IN_PROGRESS or row.ends_at + FORGOTTEN_AFTER > clock.now():
        return False
    _complete(row, actor=SYSTEM)
    return True


@step
def _check_in(row: Appointment, *, actor: str, now: dt.datetime) -> None:
    take_step(row, "check_in", actor=actor, checked_in_at=now)
    tell("appointment.checked_in", [row])


@step
def _complete(row: Appointment, *, actor: str) -> None:
    take_step(row, "complete", actor=actor, ended_at=clock.now())
    tell("appointment.completed", [row])
