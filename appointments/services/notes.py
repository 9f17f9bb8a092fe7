"""Notes of a visit: a draft while the doctor writes, for good once signed, added to afterwards."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, Final

from appointments.errors import NotesEmpty, NotesNotSigned, NotesSigned, VisitNotHeld
from appointments.models import Appointment, NoteAddendum, VisitNote
from appointments.models.records import seal
from appointments.records.states import NOTE_TRANSITIONS, NoteStatus
from appointments.states import TREATING, AppointmentStatus
from common import clock, outbox
from common.db import command, lock, step
from common.errors import NotFound
from common.transitions import advance

HELD: Final = frozenset({AppointmentStatus.IN_PROGRESS, AppointmentStatus.COMPLETED})


@command
def write_notes(*, appointment_id: uuid.UUID, doctor_id: uuid.UUID, content: Mapping[str, Any]) -> None:
    """Keep a draft in the place of the one before, from the visit's confirmation on, however long it is over.

    Locks: the appointment.      Raises: NotFound, VisitNotHeld, NotesSigned
    """
    visit = hold_visit(appointment_id, doctor_id)
    if visit.state not in TREATING:
        raise VisitNotHeld
    note = _note_of(visit)
    if note is not None and note.state is NoteStatus.SIGNED:
        raise NotesSigned
    note = note or VisitNote(appointment=visit, doctor_id=doctor_id, patient_id=visit.patient_id)
    note.content = seal({name: value for name, value in content.items() if value})
    note.save()


@command
def sign_notes(*, appointment_id: uuid.UUID, doctor_id: uuid.UUID) -> None:
    """Make the draft part of the patient's record, for good.

    Locks: the appointment.      Emits: record.signed
    Raises: NotFound, VisitNotHeld, NotesEmpty, IllegalTransition
    """
    visit = hold_visit(appointment_id, doctor_id)
    if visit.state not in HELD:
        raise VisitNotHeld
    note = _note_of(visit)
    if note is None or not note.said:
        raise NotesEmpty
    note.status = advance(NOTE_TRANSITIONS, note.state, "sign")
    note.signed_at = clock.now()
    note.save(update_fields=["status", "signed_at", "updated_at"])
    outbox.emit("record.signed", **_about(visit))


@command
def add_addendum(*, appointment_id: uuid.UUID, doctor_id: uuid.UUID, text: str) -> None:
    """Complete or correct signed notes; they themselves stay as they are.

    Locks: the appointment.      Emits: record.amended      Raises: NotFound, NotesNotSigned
    """
    visit = hold_visit(appointment_id, doctor_id)
    note = _note_of(visit)
    if note is None or note.state is not NoteStatus.SIGNED:
        raise NotesNotSigned
    NoteAddendum.objects.create(note=note, patient_id=visit.patient_id, text=text)
    outbox.emit("record.amended", **_about(visit))


@step
def hold_visit(appointment_id: uuid.UUID, doctor_id: uuid.UUID) -> Appointment:
    """Lock a visit of the doctor's. Raises: NotFound"""
    found = next((row for row in lock(Appointment, [appointment_id]) if row.doctor_id == doctor_id), None)
    if found is None:
        raise NotFound
    return found


def _note_of(visit: Appointment) -> VisitNote | None:
    return VisitNote.objects.filter(appointment=visit).first()


def _about(visit: Appointment) -> dict[str, str]:
    return {"key": f"appointment:{visit.pk}", "appointment": str(visit.pk), "patient": str(visit.patient_id)}
