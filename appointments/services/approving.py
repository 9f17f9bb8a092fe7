"""An administrator's say over doctors. Every verb is told in the doctor's history."""

from __future__ import annotations

import uuid

from appointments.models import Doctor
from appointments.services import history
from appointments.services.doctors import forget_next_free
from appointments.states import DOCTOR_TRANSITIONS
from common import clock
from common.db import command, lock_one, step
from common.transitions import advance

SYSTEM = "system"


@command
def approve_doctor(*, doctor_id: uuid.UUID, actor: str, reason: str = "") -> Doctor:
    """Let patients find and book the doctor.

    Locks:  the doctor.      Emits: doctor.approved, doctor.time_changed      Raises: NotFound, IllegalTransition
    """
    doctor = _decide(lock_one(Doctor, doctor_id), "approve", actor=actor, reason=reason)
    history.tell("doctor.approved", doctor)
    return doctor


@command
def reject_doctor(*, doctor_id: uuid.UUID, actor: str, reason: str) -> Doctor:
    """Refuse a registration; the doctor reads why and may apply again.

    Locks:  the doctor.      Emits: doctor.rejected      Raises: NotFound, IllegalTransition
    """
    doctor = _decide(lock_one(Doctor, doctor_id), "reject", actor=actor, reason=reason)
    history.tell("doctor.rejected", doctor)
    return doctor


@command
def suspend_doctor(*, doctor_id: uuid.UUID, actor: str, reason: str) -> Doctor:
    """Stop a live doctor: nobody finds or books him, and he reads no patient.

    Locks:  the doctor.      Emits: doctor.suspended, doctor.time_changed      Raises: NotFound, IllegalTransition
    """
    doctor = _decide(lock_one(Doctor, doctor_id), "suspend", actor=actor, reason=reason)
    history.tell("doctor.suspended", doctor)
    return doctor


@command
def reinstate_doctor(*, doctor_id: uuid.UUID, actor: str, reason: str = "") -> Doctor:
    """Let a suspended doctor work again.

    Locks:  the doctor.      Emits: doctor.reinstated, doctor.time_changed      Raises: NotFound, IllegalTransition
    """
    doctor = _decide(lock_one(Doctor, doctor_id), "reinstate", actor=actor, reason=reason)
    history.tell("doctor.reinstated", doctor)
    return doctor


@step
def retire(doctor: Doctor) -> None:
    """The doctor's account is gone: nobody finds or books him any more. The caller holds the doctor."""
    verb = {"live": "suspend", "pending": "reject"}.get(doctor.status)
    if verb is not None:
        doctor.status = advance(DOCTOR_TRANSITIONS, doctor.state, verb)
        history.record(doctor, verb, actor=SYSTEM, reason="account erased")


@step
def _decide(doctor: Doctor, verb: str, *, actor: str, reason: str) -> Doctor:
    doctor.status = advance(DOCTOR_TRANSITIONS, doctor.state, verb)
    if verb == "approve":
        doctor.approved_at = clock.now()
    doctor.reject_reason = reason[:300] if verb in {"reject", "suspend"} else ""
    doctor.save(update_fields=["status", "approved_at", "reject_reason", "updated_at"])
    history.record(doctor, verb, actor=actor, reason=reason)
    forget_next_free(doctor.pk)
    return doctor
