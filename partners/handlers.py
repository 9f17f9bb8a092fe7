"""Who is forgotten leaves no words in the cases of either side."""

import uuid

from common.models import OutboxEvent
from common.outbox import on
from partners.services import complaints


@on("account.erased")
def forget_words(event: OutboxEvent) -> None:
    complaints.forget_words(person_id=uuid.UUID(event.payload["user"]))
