"""The one way by which an appointment changes its state: along the table, with a line of its history, and told."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from typing import Any, Final

from appointments.models import Appointment, AppointmentEvent
from appointments.services.doctors import forget_next_free
from appointments.states import APPOINTMENT_TRANSITIONS
from common import clock
from common.db import lock, step
from common.errors import NotFound
from common.outbox import emit
from common.transitions import advance

SYSTEM: Final = "system"
# After these the doctor's time is taken, or free, where it was not before.
CHANGES_TIME: Final = frozenset(
    f"appointment.{what}" for what in ("held", "confirmed", "rescheduled", "cancelled", "lapsed")
)


@step
def hold_appointment(
    appointment_id: uuid.UUID, *, patient_id: uuid.UUID | None = None, doctor_id: uuid.UUID | None = None
) -> Appointment:
    """Lock an appointment, of this patient or of this doctor if one is named. Raises: NotFound"""
    for row in lock(Appointment, [appointment_id]):
        if patient_id in (None, row.patient_id) and doctor_id in (None, row.doctor_id):
            return row
    raise NotFound


@step
def take_step(row: Appointment, verb: str, *, actor: str, facts: dict[str, Any] | None = None, **changes: Any) -> None:
    """Take a locked appointment one step and write it down; `changes` are further columns. Raises: IllegalTransition"""
    row.status = advance(APPOINTMENT_TRANSITIONS, row.state, verb)
    for name, value in changes.items():
        setattr(row, name, value)
    row.save(update_fields=["status", "updated_at", *changes])
    note(row, verb, actor=actor, facts=facts)


@step
def note(row: Appointment, verb: str, *, actor: str, facts: dict[str, Any] | None = None) -> None:
    """Write one line of the appointment's history."""
    AppointmentEvent.objects.create(
        appointment=row, verb=verb, status=row.status, actor=actor[:60], facts=facts or {}, created_at=clock.now()
    )


@step
def tell(name: str, rows: Iterable[Appointment], **facts: Any) -> None:
    """Emit the event of each appointment. The payload is the same for all names; `facts` come beside it."""
    for row in rows:
        if name in CHANGES_TIME:
            forget_next_free(row.doctor_id)
        emit(
            name,
            key=f"appointment:{row.pk}",
            appointment=str(row.pk),
            doctor=str(row.doctor_id),
            doctor_user=str(row.doctor.user_id),
            patient=str(row.patient_id),
            kind=row.kind,
            starts_at=in_payload(row.starts_at),
            sequence=row.sequence,
            **facts,
        )


def in_payload(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat()


def by_user(user_id: uuid.UUID) -> str:
    return f"user:{user_id}"
