"""Who brings boxes: the bank's own riders, and couriers of a logistics company."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from common.db import command, lock, step
from common.errors import NotFound
from orders.errors import DispatchIncomplete, RiderUnknown
from orders.models import Booking, Order, Rider
from orders.states import BookingStatus, CourierKind


@command
def add_rider(*, partner_id: uuid.UUID, name: str, phone: str, vehicle: str = "") -> Rider:
    """Let somebody carry boxes for the bank. Raises: RiderPhoneTaken"""
    return Rider.objects.create(partner_id=partner_id, name=name, phone=phone, vehicle=vehicle)


@command
def change_rider(*, rider_id: uuid.UUID, partner_id: uuid.UUID, changes: dict[str, Any]) -> Rider:
    """Change what is known of a rider; one that is not active is given nothing.

    Locks: the rider.      Raises: NotFound, RiderPhoneTaken
    """
    rider = next((row for row in lock(Rider, [rider_id]) if row.partner_id == partner_id), None)
    if rider is None:
        raise NotFound
    for name, value in changes.items():
        setattr(rider, name, value)
    rider.save(update_fields=list(changes))
    return rider


@step
def take_rider(*, rider_id: uuid.UUID, partner_id: uuid.UUID) -> Rider:
    """Return an active rider of the bank, held. Locks: the rider.      Raises: RiderUnknown"""
    for rider in lock(Rider, [rider_id]):
        if rider.partner_id == partner_id and rider.is_active:
            return rider
    raise RiderUnknown


def booked_way(order: Order, expected_at: dt.datetime | None) -> dict[str, Any]:
    """Return the columns of the courier that a logistics company has promised. Raises: DispatchIncomplete"""
    booking = Booking.objects.filter(order=order, status=BookingStatus.BOOKED).first()
    if booking is None:
        raise DispatchIncomplete
    return {
        "courier_kind": CourierKind.PROVIDER,
        "courier": booking.courier,
        "vehicle": booking.vehicle,
        "expected_at": expected_at or booking.expected_at,
    }
