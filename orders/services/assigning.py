"""Who brings the boxes of an order: chosen when they are sent off, and anew when nobody comes."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any, Final

from common import clock
from common.db import command, step
from orders import gateways
from orders.booking_selectors import job_of
from orders.errors import CourierProviderUnavailable, DispatchIncomplete, ExpectedInPast, NotOnTheRoad
from orders.models import Order
from orders.services import bookings
from orders.services.records import BANK, hold_order, note, tell
from orders.states import CourierKind, OrderStatus
from partners import selectors as partners
from partners.errors import NotInTestMode

NOBODY: Final[dict[str, Any]] = {"rider_id": None, "courier": "", "vehicle": ""}


@dataclass(frozen=True)
class Courier:
    """Who brings it: one of our riders, the nearest that is free, one whom the provider sends, or somebody in words."""

    rider_id: uuid.UUID | None = None
    is_nearest: bool = False
    is_provider: bool = False
    name: str = ""
    vehicle: str = ""
    expected_at: dt.datetime | None = None


@step
def way_of(order: Order, courier: Courier, *, actor: str) -> dict[str, Any]:
    """Have somebody bring a locked order; return the columns that say who.

    Locks: the rider.
    Raises: ExpectedInPast, DispatchIncomplete, CourierProviderUnavailable, NotInTestMode, CourierBooked, RiderUnknown
    """
    if courier.expected_at is not None and courier.expected_at <= clock.now():
        raise ExpectedInPast
    expected: dict[str, Any] = {"expected_at": courier.expected_at}
    if courier.is_provider:
        return {**_provided(order, actor=actor), **expected}
    if order.is_pickup:
        return {"courier_kind": CourierKind.PICKUP, **expected}
    if courier.rider_id is not None or courier.is_nearest:
        return {**_ridden(order, courier), **expected}
    if not courier.name:
        raise DispatchIncomplete
    return {"courier_kind": CourierKind.OTHER, "courier": courier.name, "vehicle": courier.vehicle, **expected}


@command
def send_another(*, order_id: uuid.UUID, partner_id: uuid.UUID, member_id: uuid.UUID, courier: Courier) -> Order:
    """Have somebody else bring an order that is on the road; the provider's courier is called off.

    Locks: the order, the booking, the rider.      Emits: order.left
    Raises: NotFound, NotOnTheRoad, CourierHasBoxes, CourierBooked, ExpectedInPast, DispatchIncomplete,
    CourierProviderUnavailable, NotInTestMode, RiderUnknown
    """
    order = hold_order(order_id, bank_id=partner_id)
    if order.state is not OrderStatus.DISPATCHED or order.is_pickup:
        raise NotOnTheRoad
    was_awaited = order.courier_kind == CourierKind.PROVIDER
    bookings.release(order)
    actor = f"member:{member_id}"
    columns = NOBODY | way_of(order, courier, actor=actor)
    if columns["expected_at"] is None:
        columns["expected_at"] = order.expected_at  # what is not said stays
    elif columns["expected_at"] != order.expected_at:
        columns["late_told_at"] = None
    for name, value in columns.items():
        setattr(order, name, value)
    order.save(update_fields=["updated_at", *columns])
    note(order, "send_courier", role=BANK, actor=actor, facts={"courier": order.courier_kind})
    if was_awaited and order.courier_kind != CourierKind.PROVIDER:
        tell(order, "order.left")
    return order


def _provided(order: Order, *, actor: str) -> dict[str, Any]:
    if partners.world_of(order.bank_id) is not None:
        raise NotInTestMode
    gateway = gateways.provider()
    if gateway is None or order.is_pickup:
        raise CourierProviderUnavailable
    bookings.request(order, actor=actor)
    return {"courier_kind": gateway.kind, "courier": gateway.name}


def _ridden(order: Order, courier: Courier) -> dict[str, Any]:
    gateway = gateways.riders()
    job = job_of(order, reference=order.pk, rider_id=courier.rider_id)
    news = gateway.assign(job, again=False)
    return {
        "courier_kind": gateway.kind,
        "rider_id": news.rider_id,
        "courier": news.courier,
        "vehicle": courier.vehicle or news.vehicle,
    }
