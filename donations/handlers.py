"""What a person who is forgotten said, and what was said of that person, goes; the stars stay."""

import uuid

from common.models import OutboxEvent
from common.outbox import on
from donations.services import rating


@on("account.erased")
def forget_words(event: OutboxEvent) -> None:
    rating.forget_words(donor_id=uuid.UUID(event.payload["user"]))
