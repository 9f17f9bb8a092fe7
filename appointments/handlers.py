"""What follows from what happened, inside this app."""

from __future__ import annotations

import uuid

from appointments.services import doctors, forgetting
from common.models import OutboxEvent
from common.outbox import on, open_events


@on("doctor.time_changed")
def find_next_free(event: OutboxEvent) -> None:
    """Look once for several changes that wait: the last one's look sees them all."""
    if not open_events().filter(key=event.key, id__gt=event.pk).exists():
        doctors.find_next_free(doctor_ids=[uuid.UUID(event.payload["doctor"])])


@on("account.erased")
def forget_doctor(event: OutboxEvent) -> None:
    forgetting.forget_person(user_id=uuid.UUID(event.payload["user"]))
