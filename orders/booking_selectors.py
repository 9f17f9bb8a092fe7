"""What may be read of couriers asked for: by the errands that ask, and by whoever tells people."""

from __future__ import annotations

import uuid

from common.errors import NotFound
from orders.gateways.base import Job, Stop
from orders.models import CourierBooking, Order
from partners import selectors as partners


def any_booking(booking_id: uuid.UUID) -> CourierBooking:
    """Return the booking with its order, whoever's it is: for the errands. Raises: NotFound"""
    found = CourierBooking.objects.select_related("order").filter(pk=booking_id).first()
    if found is None:
        raise NotFound
    return found


def find_booking(reference: str) -> CourierBooking | None:
    """Return the booking that a provider speaks of, if it is ours."""
    try:
        return CourierBooking.objects.filter(pk=uuid.UUID(reference)).first()
    except ValueError:
        return None


def job_of(order: Order, *, reference: uuid.UUID, rider_id: uuid.UUID | None = None) -> Job:
    """Return what is to be carried. A courier gets the address and the bank's number, and no name of a person."""
    bank = partners.card(order.bank_id)
    return Job(
        reference=reference,
        order_id=order.pk,
        bank_id=order.bank_id,
        boxes=order.boxes.filter(closed_at=None).count(),
        pickup=Stop(name=bank.name, phone=bank.phone, address=bank.address, point=bank.location),
        drop=Stop(
            name=f"Order {str(order.pk)[-8:]}",
            phone=bank.phone,
            address=order.address or "",
            point=order.destination or bank.location,
        ),
        rider_id=rider_id,
    )
