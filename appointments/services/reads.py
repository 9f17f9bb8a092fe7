"""The log of who has read what of a patient."""

from __future__ import annotations

import datetime as dt
import uuid

from appointments.models import RecordRead
from appointments.records.states import Ground, Scope
from common.db import step


@step
def note_read(
    *,
    doctor_id: uuid.UUID,
    patient_id: uuid.UUID,
    scope: Scope,
    object_id: uuid.UUID | None,
    ground: Ground,
    grant_id: uuid.UUID | None,
    now: dt.datetime,
) -> None:
    """Write one line that nobody can take back."""
    RecordRead.objects.create(
        doctor_id=doctor_id,
        patient_id=patient_id,
        scope=scope,
        object_id=object_id,
        ground=ground,
        grant_id=grant_id,
        read_at=now,
    )
