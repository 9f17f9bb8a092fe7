"""The worker's part: files go to their storage, and out of it, outside any transaction."""

import uuid

from common.files import keeping
from common.models import OutboxEvent
from common.outbox import on


@on("file.kept", outside=True)
def carry(event: OutboxEvent) -> None:
    keeping.carry(uuid.UUID(event.payload["file"]))


@on("file.discarded", outside=True)
def remove(event: OutboxEvent) -> None:
    keeping.remove(uuid.UUID(event.payload["file"]))
