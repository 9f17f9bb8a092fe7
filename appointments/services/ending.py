"""Appointments that end before they are held: called off by either side, by the platform, or missed."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from typing import Any, Final

from appointments.errors import AppointmentOver, DoctorIsThere, PatientIsThere, TooEarlyToMiss
from appointments.models import Appointment
from appointments.selectors.presence import absent_in, who_came
from appointments.services.holding import end_offers
from appointments.services.steps import SYSTEM, by_user, hold_appointment, take_step, tell
from appointments.states import AppointmentStatus, EndedBy, VisitTerms
from common import clock
from common.db import command, lock, step
from common.errors import NotFound
from common.money import share

WAIT: Final = dt.timedelta(minutes=15)  # for the other side, from the visit's beginning
CLOSE_AFTER: Final = dt.timedelta(hours=2)  # from the visit's end, where nobody has said anything
WHOLE: Final = 100  # per cent
AHEAD: Final = (AppointmentStatus.HELD, AppointmentStatus.CONFIRMED)


@command
def cancel_as_patient(*, appointment_id: uuid.UUID, patient_id: uuid.UUID, reason: str = "") -> Appointment:
    """Call it off. What was paid goes back by the rule of the booking: wholly in time, a part later, nothing once the
    visit should have begun. The quota stays taken, so that nobody keeps times by booking and cancelling.

    Locks: the appointment, who waited for it.      Emits: appointment.cancelled
    Raises: NotFound, IllegalTransition, AppointmentOver
    """
    row = hold_appointment(appointment_id, patient_id=patient_id)
    if row.is_over:
        raise AppointmentOver
    _cancel([row], by=EndedBy.PATIENT, actor=by_user(patient_id), reason=reason)
    return row


@command
def cancel_series(*, series: uuid.UUID, patient_id: uuid.UUID, reason: str = "") -> list[Appointment]:
    """Call off every visit of a series that is still to come, each by its own rule.

    Locks: the appointments.      Emits: appointment.cancelled      Raises: NotFound
    """
    ids = Appointment.objects.filter(series=series, patient=patient_id).values_list("pk", flat=True)
    if not ids:
        raise NotFound
    now = clock.now()
    ahead = [row for row in lock(Appointment, ids) if row.stands in AHEAD and row.starts_at > now]
    _cancel(ahead, by=EndedBy.PATIENT, actor=by_user(patient_id), reason=reason)
    return ahead


@command
def cancel_as_doctor(*, appointment_id: uuid.UUID, doctor_id: uuid.UUID, reason: str) -> Appointment:
    """The doctor cannot keep it: all that was paid goes back, and the patient's quota too.

    Locks: the appointment, who waited for it.      Emits: appointment.cancelled
    Raises: NotFound, IllegalTransition, AppointmentOver
    """
    row = hold_appointment(appointment_id, doctor_id=doctor_id)
    if row.is_over:
        raise AppointmentOver
    _cancel([row], by=EndedBy.DOCTOR, actor=by_user(row.doctor.user_id), reason=reason)
    return row


@step
def cancel_of_doctor(
    *,
    doctor_id: uuid.UUID,
    by: EndedBy,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
) -> int:
    """The doctor sees nobody (in this time): cancel what is ahead and overlaps it; all money goes back.

    Locks: the appointments, who waited for them.      Emits: appointment.cancelled
    """
    rows = Appointment.objects.filter(doctor=doctor_id, status__in=AHEAD, ends_at__gt=since or clock.now())
    return _cancel_all(rows if until is None else rows.filter(starts_at__lt=until), by=by)


@step
def cancel_of_patient(*, patient_id: uuid.UUID) -> int:
    """The patient's account is gone: cancel what is ahead, and forget why the patient came, and why not.

    Locks: the appointments, who waited for them.      Emits: appointment.cancelled
    """
    count = _cancel_all(Appointment.objects.filter(patient=patient_id, status__in=AHEAD), by=EndedBy.PLATFORM)
    Appointment.objects.filter(patient=patient_id).update(reason=None, end_reason=None)
    return count


@command
def miss_as_doctor(*, appointment_id: uuid.UUID, doctor_id: uuid.UUID) -> Appointment:
    """The patient did not come: nothing goes back.

    Locks: the appointment.      Emits: appointment.missed
    Raises: NotFound, IllegalTransition, TooEarlyToMiss, PatientIsThere
    """
    row = hold_appointment(appointment_id, doctor_id=doctor_id)
    if who_came(row).patient:
        raise PatientIsThere
    _miss_in_time(row, by=EndedBy.PATIENT, actor=by_user(row.doctor.user_id))
    return row


@command
def miss_as_patient(*, appointment_id: uuid.UUID, patient_id: uuid.UUID) -> Appointment:
    """The doctor did not come, and the visit was never started: everything goes back.

    Locks: the appointment.      Emits: appointment.missed
    Raises: NotFound, IllegalTransition, TooEarlyToMiss, DoctorIsThere
    """
    row = hold_appointment(appointment_id, patient_id=patient_id)
    if row.state is AppointmentStatus.CONFIRMED and who_came(row).doctor:
        raise DoctorIsThere
    _miss_in_time(row, by=EndedBy.DOCTOR, actor=by_user(patient_id))
    return row


@command
def close_if_unvisited(*, appointment_id: uuid.UUID) -> bool:
    """End a visit that nobody started or said anything of; return whether it was due.

    Locks: the appointment.      Emits: appointment.missed      Raises: NotFound
    """
    row = hold_appointment(appointment_id)
    if row.state is not AppointmentStatus.CONFIRMED or row.ends_at + CLOSE_AFTER > clock.now():
        return False
    _miss(row, by=absent_in(who_came(row)), actor=SYSTEM)
    return True


def refund_of(row: Appointment, by: EndedBy, now: dt.datetime) -> int:
    """Return how much of the fee goes back, in minor units, when `by` calls it off now."""
    if by is not EndedBy.PATIENT or row.state is AppointmentStatus.HELD or now < row.full_refund_until:
        return row.fee_minor
    if now >= row.starts_at:
        return 0
    return share(row.fee_minor, row.late_refund_percent, WHOLE)


@step
def _cancel_all(rows: Any, *, by: EndedBy) -> int:
    held = lock(Appointment, rows.values_list("pk", flat=True))
    ahead = [row for row in held if row.state in AHEAD]
    _cancel(ahead, by=by, actor=SYSTEM)
    return len(ahead)


@step
def _cancel(rows: Iterable[Appointment], *, by: EndedBy, actor: str, reason: str = "") -> None:
    now, ended = clock.now(), list(rows)
    for row in ended:
        facts: dict[str, Any] = {"by": str(by)}
        if row.terms == VisitTerms.PREPAID:
            facts["refund"] = refund_of(row, by, now)
        take_step(
            row,
            "cancel",
            actor=actor,
            facts=facts,
            ended_at=now,
            ended_by=by,
            end_reason=reason or None,
            refund_minor=refund_of(row, by, now),
            sequence=row.sequence + 1,
        )
        tell("appointment.cancelled", [row], by=str(by))
    end_offers(ended)


def _miss_in_time(row: Appointment, *, by: EndedBy, actor: str) -> None:
    if row.state is AppointmentStatus.CONFIRMED and clock.now() < row.starts_at + WAIT:
        raise TooEarlyToMiss(opens_at=(row.starts_at + WAIT).isoformat())
    _miss(row, by=by, actor=actor)


@step
def _miss(row: Appointment, *, by: EndedBy, actor: str) -> None:
    refund = row.fee_minor if by is EndedBy.DOCTOR else 0
    facts = {"by": str(by)}
    take_step(row, "miss", actor=actor, facts=facts, ended_at=clock.now(), ended_by=by, refund_minor=refund)
    tell("appointment.missed", [row], by=str(by))
