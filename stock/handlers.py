"""What becomes of transfers when their bags are lost, or when a partner may not work any more."""

from __future__ import annotations

import uuid

from common.models import OutboxEvent
from common.outbox import on
from stock.services.exchanging.ending import leave_exchange
from stock.services.exchanging.offering import make_up_for
from stock.states import ReservationEnd


@on("reservation.ended")
def replace_lost_bags(event: OutboxEvent) -> None:
    """Ask elsewhere for bags that were kept for a transfer and are lost; what has lapsed, the transfer knows of."""
    subject, _, transfer_id = event.payload["purpose"].partition(":")
    if subject == "transfer" and event.payload["reason"] == ReservationEnd.LOST:
        units = [uuid.UUID(unit) for unit in event.payload["units"]]
        make_up_for(transfer_id=uuid.UUID(transfer_id), unit_ids=units)


@on("partner.suspended")
def leave_the_exchange(event: OutboxEvent) -> None:
    """Nobody waits for a partner that may not work."""
    leave_exchange(partner_id=uuid.UUID(event.payload["partner"]), reason="partner_suspended")
