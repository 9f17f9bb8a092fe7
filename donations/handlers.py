"""Who came is asked to come again; a reactive donation keeps its donor from it; who is forgotten leaves no words."""

import uuid

from common.models import OutboxEvent
from common.outbox import on
from donations.services import inviting, rating
from donations.services.deferring import defer_donor_of


@on("donation.verified")
@on("assignment.deferred")
def plan_invitation(event: OutboxEvent) -> None:
    """Have the donor asked again as soon as he may give again."""
    inviting.plan_invitation(assignment_id=uuid.UUID(event.payload["assignment"]))


@on("account.erased")
def forget_words(event: OutboxEvent) -> None:
    rating.forget_words(person_id=uuid.UUID(event.payload["user"]))


@on("unit.reactive")
def defer_donor(event: OutboxEvent) -> None:
    """Write down a deferral that says nothing of the test; bags that were scanned in have no donor here."""
    defer_donor_of(din=event.payload["din"], partner_id=uuid.UUID(event.payload["partner"]))
