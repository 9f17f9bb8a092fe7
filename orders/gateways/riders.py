"""The bank's own riders: one is chosen at once, inside the transaction that sends the boxes off."""

from __future__ import annotations

from typing import Final

from common import clock
from orders.gateways.base import Job, News
from orders.services import couriers
from orders.states import BookingStatus, CourierKind


class OwnRiders:
    """The nearest to the bank of those who carry nothing; when all carry, who carries least."""

    kind: Final = CourierKind.RIDER
    name: Final = "Your riders"

    def is_configured(self) -> bool:
        return True

    def assign(self, job: Job, *, again: bool) -> News:
        rider = couriers.take_rider(partner_id=job.bank_id, rider_id=job.rider_id)
        return News(
            status=BookingStatus.BOOKED,
            at=clock.now(),
            rider_id=rider.pk,
            courier=rider.name,
            vehicle=rider.vehicle,
        )
