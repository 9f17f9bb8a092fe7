"""The log of who has read what of a patient."""

from __future__ import annotations

import datetime as dt
import uuid

from appointments.models import RecordRead
from appointments.records.states import Ground, Scope
from common.audit.recording import record_read
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
    """Write one line for the patient that nobody can take back, and an entry of the audit log beside it."""
    RecordRead.objects.create(
        doctor_id=doctor_id,
        patient_id=patient_id,
        scope=scope,
        object_id=object_id,
        ground=ground,
        grant_id=grant_id,
        read_at=now,
    )
    record_read(
        f"appointments.{scope}",
        subject=("person", str(patient_id)),
        ids=[] if object_id is None else [object_id],
        facts={"ground": str(ground)},
    )
