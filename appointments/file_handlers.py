"""What stays of the files of somebody who is gone."""

from __future__ import annotations

import uuid

from appointments.services.files import forget_files
from common.models import OutboxEvent
from common.outbox import on


@on("account.erased")
def destroy_files(event: OutboxEvent) -> None:
    """Destroy every file, and what was read of them but what a doctor has signed."""
    forget_files(patient_id=uuid.UUID(event.payload["user"]))
