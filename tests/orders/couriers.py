"""What tests of couriers need: the provider's books, its courier to drive, and its signed reports."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from typing import Any

from rest_framework.test import APIClient

from common import clock
from common.outbox import drain
from common.webhooks import sign
from orders import errands
from orders.models import CourierBooking, Order
from orders.services.assigning import Courier
from sandbox.server import Sandbox
from sandbox.world import SANDBOX_LOGISTICS_WEBHOOK_SECRET
from tests.orders.scenes import make_bank, packed, send

BY_PROVIDER = Courier(is_provider=True)
SOON = dt.timedelta(minutes=1)


class Provider:
    """The other side."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    def bookings(self) -> list[dict[str, Any]]:
        return list(self._books()["bookings"])

    def asked(self) -> int:
        return int(self._books()["asked"])

    def drive(self, booking: CourierBooking, verb: str, **wish: Any) -> dict[str, Any]:
        return dict(self.sandbox._ask("POST", f"/logistics/bookings/{booking.pk}/{verb}", wish))

    def faults(self, **wishes: Any) -> None:
        self.sandbox.faults(**wishes)

    def _books(self) -> dict[str, Any]:
        return dict(self.sandbox._ask("GET", "/logistics/books"))


def sent() -> tuple[Order, Any]:
    """An order that was sent off with a courier of the provider; nobody has asked for one yet."""
    bank = make_bank(bags=2)
    return send(packed(bank), bank, courier=BY_PROVIDER), bank


def booked() -> tuple[Order, Any, CourierBooking]:
    order, bank = sent()
    errands.run_due()
    return order, bank, booking_of(order)


def booking_of(order: Order) -> CourierBooking:
    return CourierBooking.objects.filter(order=order).latest("pk")


def ask(booking: CourierBooking) -> CourierBooking:
    errands.ask(booking.pk)
    booking.refresh_from_db()
    return booking


def run_all() -> None:
    """Tell every event and run every errand that is due."""
    drain()
    while errands.run_due():
        drain()


def said(booking: CourierBooking, status: str = "booked", *, ago: int = 0, **more: Any) -> dict[str, Any]:
    """What the provider says of a booking, as it stood so many seconds ago."""
    booking.refresh_from_db()
    return {
        "id": booking.provider_ref or "LB1",
        "reference": str(booking.pk),
        "status": status,
        "courier": {"name": "Asha Pawar", "vehicle": "MH12 CX 2040"},
        "expected_at": None,
        "tracking_url": "https://tracking.example/LB1",
        "location": None,
        "updated_at": (clock.now() - dt.timedelta(seconds=ago)).isoformat(),
        **more,
    }


def report(data: Any, *, event_id: str = "", secret: str = SANDBOX_LOGISTICS_WEBHOOK_SECRET, age: int = 0) -> Any:
    body = json.dumps({"type": "booking.updated", "data": data}).encode()
    event_id, moment = event_id or f"evt_{uuid.uuid4().hex}", int(clock.now().timestamp()) - age
    return post(body, event_id, moment, sign(secret, event_id=event_id, moment=moment, body=body))


def post(body: bytes, event_id: str, moment: object, signature: str) -> Any:
    headers = {"Webhook-Id": event_id, "Webhook-Timestamp": str(moment), "Webhook-Signature": signature}
    return APIClient().generic(
        "POST", "/api/v1/webhooks/logistics", body, content_type="application/json", headers=headers
    )


def tell(booking: CourierBooking, status: str, **more: Any) -> CourierBooking:
    """Let the provider report, and the worker hear it."""
    assert report(said(booking, status, **more)).status_code == 204
    drain()
    booking.refresh_from_db()
    return booking


def steps(booking: CourierBooking) -> list[str]:
    return list(booking.events.order_by("pk").values_list("verb", flat=True))
