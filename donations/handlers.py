"""A reactive donation keeps its donor from giving again; who is forgotten leaves no words, only the stars."""

import uuid

from common.models import OutboxEvent
from common.outbox import on
from donations.services import rating
from donations.services.deferring import defer_donor_of


@on("account.erased")
def forget_words(event: OutboxEvent) -> None:
    rating.forget_words(person_id=uuid.UUID(event.payload["user"]))


@on("unit.reactive")
def defer_donor(event: OutboxEvent) -> None:
    """Write down a deferral that says nothing of the test; bags that were scanned in have no donor here."""
    defer_donor_of(din=event.payload["din"], partner_id=uuid.UUID(event.payload["partner"]))
