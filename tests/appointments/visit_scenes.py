"""Doctors and appointments as rows, and short words for what is told of them."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

from appointments.models import Appointment, Doctor, Meeting, Place
from appointments.states import AppointmentStatus, DoctorStatus, VisitKind, VisitTerms
from common import clock
from common.db import unit_of_work
from common.outbox import drain, emit
from tests.factories import make_user

_numbers = itertools.count(1)


def make_doctor(**values: Any) -> Doctor:
    """A doctor whom an administrator has approved."""
    user = values.pop("user", None) or make_user(name="Asha Rao")
    defaults = {
        "status": DoctorStatus.LIVE,
        "title": "Dr",
        "registration_number": f"MMC-{next(_numbers)}",
        "council": "Maharashtra Medical Council",
        "registered_in": 2012,
        "qualifications": "MBBS, MD",
        "specialisations": ["cardiology"],
        "languages": ["en", "hi"],
        "video_fee_minor": 50_000,
        "search_text": user.name.lower(),
        "approved_at": clock.now(),
    }
    return Doctor.objects.create(user=user, **{**defaults, **values})


def make_place(doctor: Doctor, **values: Any) -> Place:
    where = {"name": "Rao Clinic", "address": "12 FC Road, Pune", "lat": "18.520400", "lng": "73.856700"}
    return Place.objects.create(doctor=doctor, **{**where, **values})


def make_appointment(doctor: Doctor | None = None, *, hours_ahead: float = 48, **values: Any) -> Appointment:
    """A confirmed video consultation of twenty minutes, in two days unless told otherwise."""
    seen_by, now = doctor or make_doctor(), clock.now()
    starts_at = values.pop("starts_at", now + dt.timedelta(hours=hours_ahead))
    ends_at = values.pop("ends_at", starts_at + dt.timedelta(minutes=20))
    kind = values.get("kind", VisitKind.VIDEO)
    defaults = {
        "patient": values.pop("patient", None) or make_user(),
        "kind": kind,
        "place": make_place(seen_by) if kind == VisitKind.IN_PERSON else None,
        "status": AppointmentStatus.CONFIRMED,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "busy_from": starts_at,
        "busy_until": ends_at,
        "reason": "chest pain",
        "terms": VisitTerms.FREE,
        "fee_minor": 0,
        "currency": "INR",
        "full_refund_until": starts_at - dt.timedelta(hours=24),
        "late_refund_percent": 50,
        "confirmed_at": now,
    }
    return Appointment.objects.create(doctor=seen_by, **{**defaults, **values})


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
