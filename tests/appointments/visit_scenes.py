"""Doctors and appointments as rows, and short words for what is told of them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from appointments.models import Appointment, Doctor, Meeting
from appointments.states import AppointmentStatus, VisitKind, VisitTerms
from common import clock
from common.db import unit_of_work
from common.outbox import drain, emit
from tests.appointments import factories


def make_doctor(**values: Any) -> Doctor:
    """A cardiologist of a known name."""
    named = {"title": "Dr", "name": "Asha Rao", "specialisations": ["cardiology"]}
    return factories.make_doctor(**{**named, **values})


def make_appointment(doctor: Doctor | None = None, *, hours_ahead: float = 48, **values: Any) -> Appointment:
    """A confirmed video consultation of twenty minutes, in two days unless told otherwise."""
    seen_by, now = doctor or make_doctor(), clock.now()
    starts_at = values.pop("starts_at", now + dt.timedelta(hours=hours_ahead))
    is_there = values.get("kind") == VisitKind.IN_PERSON
    place = factories.make_place(seen_by, name="Rao Clinic", address="12 FC Road, Pune") if is_there else None
    defaults = {"place": place, "reason": "chest pain", "terms": VisitTerms.FREE, "fee_minor": 0, "confirmed_at": now}
    return factories.make_appointment(seen_by, starts_at, **{**defaults, **values})


def say(name: str, visit: Appointment, **more: Any) -> None:
    """Tell what happened to the appointment, as it stands now, and let everybody hear it."""
    payload = {
        "appointment": str(visit.pk),
        "doctor": str(visit.doctor_id),
        "doctor_user": str(visit.doctor.user_id),
        "patient": str(visit.patient_id),
        "kind": str(visit.kind),
        "starts_at": visit.starts_at.isoformat(),
        "sequence": visit.sequence,
    }
    with unit_of_work():
        emit(name, key=f"appointment:{visit.pk}", **payload, **more)
    drain()


def confirm(**values: Any) -> Appointment:
    visit = make_appointment(**values)
    say("appointment.confirmed", visit)
    return visit


def reschedule(visit: Appointment, *, hours: float = 24, tell: bool = True) -> Appointment:
    """The appointment is so much later."""
    was = visit.starts_at.isoformat()
    for field in ("starts_at", "ends_at", "busy_from", "busy_until"):
        setattr(visit, field, getattr(visit, field) + dt.timedelta(hours=hours))
    visit.sequence += 1
    visit.save()
    if tell:
        say("appointment.rescheduled", visit, was=was)
    return visit


def cancel(visit: Appointment, *, by: str = "patient") -> Appointment:
    visit.status, visit.ended_by, visit.ended_at = AppointmentStatus.CANCELLED, by, clock.now()
    visit.sequence += 1
    visit.save()
    say("appointment.cancelled", visit, by=by)
    return visit


def complete(visit: Appointment) -> Appointment:
    visit.status = AppointmentStatus.COMPLETED
    visit.save()
    say("appointment.completed", visit)
    return visit


def meeting_of(visit: Appointment) -> Meeting:
    return Meeting.objects.select_related("appointment").get(appointment=visit)
