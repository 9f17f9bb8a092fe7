"""A request that opens, or has a place again, asks donors; a suspended partner's end; who is gone is forgotten."""

import uuid

from common.models import OutboxEvent
from common.outbox import on
from requests_app.services import posting, promises, waves


@on("request.opened")
@on("request.reopened")
def ask_donors(event: OutboxEvent) -> None:
    """Run the wave that is due."""
    waves.advance_waves(request_id=uuid.UUID(event.payload["request"]))


@on("request.wave_unfinished")
def ask_more_donors(event: OutboxEvent) -> None:
    """Ask the next batch of a wave too large for one transaction."""
    waves.continue_wave(request_id=uuid.UUID(event.payload["request"]), wave_id=uuid.UUID(event.payload["wave"]))


@on("partner.suspended")
def cancel_requests(event: OutboxEvent) -> None:
    """Send nobody to a partner that may not receive donors."""
    posting.cancel_requests_of(partner_id=uuid.UUID(event.payload["partner"]))


@on("account.erased")
def forget_donor(event: OutboxEvent) -> None:
    """Offer no place to somebody who is gone, and keep none of that person's words."""
    promises.forget_donor(donor_id=uuid.UUID(event.payload["user"]))
