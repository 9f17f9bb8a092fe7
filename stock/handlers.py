"""What becomes of transfers when their bags are lost, or when a partner may not work any more."""

from __future__ import annotations

import uuid
from typing import Final

from common.blood import BloodGroup
from common.models import OutboxEvent
from common.outbox import on
from stock.components import Component
from stock.services import counting
from stock.services.counting import Count
from stock.services.exchanging.ending import leave_exchange
from stock.services.exchanging.offering import make_up_for
from stock.states import ReservationEnd

TEST_COMPONENTS: Final = (Component.WHOLE_BLOOD, Component.RED_CELLS, Component.FRESH_FROZEN_PLASMA)
TEST_GROUPS: Final = tuple(group for group in BloodGroup if not group.startswith("Oh"))
BAGS_OF_EACH: Final = 4


@on("reservation.ended")
def replace_lost_bags(event: OutboxEvent) -> None:
    """Ask elsewhere for bags that were kept for a transfer and are lost; what has lapsed, the transfer knows of."""
    subject, _, transfer_id = event.payload["purpose"].partition(":")
    if subject == "transfer" and event.payload["reason"] == ReservationEnd.LOST:
        units = [uuid.UUID(unit) for unit in event.payload["units"]]
        make_up_for(transfer_id=uuid.UUID(transfer_id), unit_ids=units)


@on("testpartner.made")
def fill_the_shelves(event: OutboxEvent) -> None:
    """Put bags of every group on the shelves of a partner of somebody's test data, the same every time."""
    told = event.payload
    counting.write_counts(
        partner_id=uuid.UUID(told["partner"]),
        member_id=uuid.UUID(told["account"]),
        counts=[Count(component, group, BAGS_OF_EACH) for component in TEST_COMPONENTS for group in TEST_GROUPS],
    )


@on("partner.suspended")
def leave_the_exchange(event: OutboxEvent) -> None:
    """Nobody waits for a partner that may not work."""
    leave_exchange(partner_id=uuid.UUID(event.payload["partner"]), reason="partner_suspended")
