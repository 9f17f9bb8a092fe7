"""Who did what to a doctor's account."""

from __future__ import annotations

import uuid
from typing import Any

from appointments.models import Doctor, DoctorEvent
from common import outbox
from common.db import step


@step
def record(doctor: Doctor, verb: str, *, actor: str, **facts: Any) -> None:
    """Write one line of the doctor's history; `actor` is user:…, admin:… or system."""
    DoctorEvent.objects.create(doctor=doctor, verb=verb, actor=actor[:60], facts=facts)


@step
def tell(name: str, doctor: Doctor) -> None:
    """Emit an event about the doctor."""
    outbox.emit(name, key=f"doctor:{doctor.pk}", doctor=str(doctor.pk), doctor_user=str(doctor.user_id))


def by_person(user_id: uuid.UUID) -> str:
    return f"user:{user_id}"
