"""A published camp tells donors; a reactive donation defers its donor; who is forgotten leaves only the stars."""

import uuid

from common.models import OutboxEvent
from common.outbox import on
from donations.services import camps, enrolling, inviting, rating
from donations.services.deferring import defer_donor_of


@on("account.erased")
def forget_words(event: OutboxEvent) -> None:
    rating.forget_words(donor_id=uuid.UUID(event.payload["user"]))


@on("unit.reactive")
def defer_donor(event: OutboxEvent) -> None:
    """Write down a deferral that says nothing of the test; bags that were scanned in have no donor here."""
    defer_donor_of(din=event.payload["din"], partner_id=uuid.UUID(event.payload["partner"]))


@on("account.erased")
def give_back_places(event: OutboxEvent) -> None:
    enrolling.forget_donor(donor_id=uuid.UUID(event.payload["user"]))


@on("partner.suspended")
def cancel_camps(event: OutboxEvent) -> None:
    """Send nobody to a camp of a partner that may not collect blood."""
    camps.cancel_camps_of(partner_id=uuid.UUID(event.payload["partner"]))


@on("camp.published")
@on("camp.invitations_unfinished")
def tell_donors(event: OutboxEvent) -> None:
    """Choose the next donors to be told."""
    inviting.invite_next(camp_id=uuid.UUID(event.payload["camp"]))
