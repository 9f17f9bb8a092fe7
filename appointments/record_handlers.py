"""What stays of the records of somebody who is gone."""

from __future__ import annotations

import uuid

from appointments.services.forgetting_records import forget_records
from common.models import OutboxEvent
from common.outbox import on


@on("account.erased")
def forget_records_of_person(event: OutboxEvent) -> None:
    forget_records(person_id=uuid.UUID(event.payload["user"]))
