"""The way to the logistics provider: what is due is claimed, asked outside any transaction, and the answer recorded.

Whoever claims a booking puts it a minute ahead, so that two workers do not ask at once; whoever is killed on the way
loses nothing, for the same booking is due again, and our reference keeps the provider from booking twice.
"""

from __future__ import annotations

import uuid
from typing import Final

from common import clock
from common.db import command, lock_free
from orders import booking_selectors as selectors
from orders import gateways
from orders.gateways.base import News, ProviderGateway
from orders.models import CourierBooking
from orders.services import bookings
from orders.states import BookingStatus
from payments.gateways.base import NotDone, Refused

BITE: Final = 1  # booking claimed at a time: what is asked about it takes half a lease, however slow the provider is


def ask(booking_id: uuid.UUID) -> None:
    """Book a courier, call one off, or learn how a booking stands."""
    row = selectors.any_booking(booking_id)
    gateway = gateways.provider()
    if gateway is None:
        bookings.postpone(booking_id=booking_id, code="not_configured")
        return
    try:
        news = _ask(gateway, row)
    except Refused as refusal:
        bookings.refuse(booking_id=booking_id, code=refusal.code)
    except NotDone as failure:
        bookings.postpone(booking_id=booking_id, code=failure.code)
    else:
        bookings.record(booking_id=booking_id, news=news)


def run_due(*, limit: int = BITE) -> int:
    """Ask about up to `limit` bookings that are due; return how many there were."""
    due = claim(limit=limit)
    for booking_id in due:
        ask(booking_id)
    return len(due)


@command
def claim(*, limit: int) -> list[uuid.UUID]:
    """Put due bookings a lease ahead. Locks: the bookings, passing over what others hold."""
    due = CourierBooking.objects.filter(ask_at__lte=clock.now()).order_by("ask_at", "id")
    rows = lock_free(due, limit=limit)
    CourierBooking.objects.filter(pk__in=[row.pk for row in rows]).update(ask_at=clock.now() + bookings.LEASE)
    return [row.pk for row in rows]


def _ask(gateway: ProviderGateway, row: CourierBooking) -> News:
    job = selectors.job_of(row.order, reference=row.pk)
    if row.is_cancel_wanted:
        return gateway.cancel(job)
    if row.state is BookingStatus.REQUESTED and not row.provider_ref:
        return gateway.assign(job, again=row.created_at < clock.now() - bookings.LEASE or row.asked > 0)
    return gateway.find(job)
