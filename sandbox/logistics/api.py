"""A logistics provider's HTTP API, as docs/logistics.md has it, its tracking page, and how a courier is driven."""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import json
import math
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.answers import NotUnderstood, as_json, read_json
from sandbox.courier import Composed
from sandbox.logistics import objects
from sandbox.logistics.objects import LIVE, Booking, Books, bad
from sandbox.paying import Desk, base_of, new_id, no_page
from sandbox.world import World

CHANNEL = "logistics"
WEBHOOK_PATH = "/api/v1/webhooks/logistics"
FORGED = "whsec_" + "Zm9yZ2VkLWJ5LXNvbWVib2R5LWVsc2UtZW50aXJlbHk="
COURIER = {"name": "Asha Pawar", "vehicle": "MH12 CX 2040"}


def routes(world: World) -> list[Route]:
    """The API under `/logistics/v1`, the page, the books; `/logistics/bookings/{reference}/…` drives a courier."""
    api = Logistics(world)
    world.forgetting.append(api.books.clear)

    def v1(path: str, endpoint: Any, about: str, method: str) -> Route:
        guarded = api.desk.guarded(endpoint, about, admit=api.admit)
        return Route(f"/logistics/v1/bookings{path}", guarded, methods=[method])

    def driven(verb: str, act: Callable[[Request, Booking], Awaitable[list[str]]]) -> Route:
        return Route(f"/logistics/bookings/{{reference}}/{verb}", api.driving(act), methods=["POST"])

    return [
        v1("", api.book, "booking", "POST"),
        v1("/{reference}", api.show, "booking", "GET"),
        v1("/{reference}/cancel", api.cancel, "cancel", "POST"),
        driven("assign", api.assign),
        driven("pick-up", api.pick_up),
        driven("move", api.move),
        driven("arrive", api.arrive),
        driven("fail", api.fail),
        Route("/logistics/track/{id}", api.page, methods=["GET"]),
        Route("/logistics/books", api.show_books, methods=["GET"]),
    ]


class Logistics:
    """The endpoints over one world."""

    def __init__(self, world: World) -> None:
        self._settings = world.settings
        self.desk = Desk(world, CHANNEL)
        self.books = Books()

    def admit(self, request: Request) -> None:
        if request.headers.get("authorization", "") != f"Bearer {self._settings.logistics_key}":
            raise bad("credentials", "the key is not known", 401)

    async def book(self, request: Request) -> Any:
        before = len(self.books.bookings)
        booking = objects.add_booking(self.books, await read_json(request), base_of(request))
        if len(self.books.bookings) > before:
            self._tell([booking.as_told()])
        return booking.as_json()

    async def show(self, request: Request) -> Any:
        return self.books.get(request.path_params["reference"]).as_json()

    async def cancel(self, request: Request) -> Any:
        """Not once the courier has the boxes: the answer says how it stands."""
        booking = self.books.get(request.path_params["reference"])
        if booking.status in ("requested", "booked"):
            booking.move_to("cancelled")
            self._tell([booking.as_told()])
        return booking.as_json()

    def driving(self, act: Callable[[Request, Booking], Awaitable[list[str]]]) -> Any:
        """Wrap what drives a courier: it acts on a live booking, and each change it names is told in a webhook."""

        async def drive(request: Request) -> Response:
            booking = self.books.bookings.get(request.path_params["reference"])
            if booking is None or booking.status not in LIVE:
                raise NotUnderstood("there is no live booking of this reference")
            told = []
            for status in await act(request, booking):
                booking.move_to(status)
                told.append(booking.as_told())
            self._tell(told)
            return as_json(booking.as_json())

        return drive

    async def assign(self, request: Request, booking: Booking) -> list[str]:
        """{name?, vehicle?, expected_at?}: a courier is found"""
        wish = await _wish(request)
        booking.courier = {name: str(wish.get(name) or COURIER[name]) for name in COURIER}
        booking.expected_at = wish.get("expected_at")
        return ["booked"]

    async def pick_up(self, request: Request, booking: Booking) -> list[str]:
        """{}: the courier has the boxes"""
        await _wish(request)
        booking.courier = booking.courier or dict(COURIER)
        return ["picked_up"]

    async def move(self, request: Request, booking: Booking) -> list[str]:
        """{lat, lng, at?, expected_at?}: where the courier is"""
        wish = await _wish(request)
        place = [wish.get("lat"), wish.get("lng")]
        if not all(isinstance(value, (int, float)) and math.isfinite(value) for value in place):
            raise NotUnderstood("lat and lng are numbers")
        booking.location = {"lat": place[0], "lng": place[1], "at": wish.get("at") or objects.now()}
        booking.expected_at = wish.get("expected_at") or booking.expected_at
        return [booking.status]

    async def arrive(self, request: Request, booking: Booking) -> list[str]:
        """{code?}: handed over, and which code the receiver told; whatever step was left out is made up for"""
        wish = await _wish(request)
        booking.code = str(wish.get("code") or "")
        return ["picked_up", "delivered"] if booking.status != "picked_up" else ["delivered"]

    async def fail(self, request: Request, booking: Booking) -> list[str]:
        """{}: the courier does not bring it"""
        await _wish(request)
        return ["failed"]

    async def page(self, request: Request) -> Response:
        """What a receiver sees."""
        found = next((row for row in self.books.bookings.values() if row.id == request.path_params["id"]), None)
        if found is None:
            return no_page()
        who = html.escape((found.courier or {"name": "A courier"})["name"])
        text = f"<!doctype html><title>Tracking</title><h1>{who}: {found.status}</h1>"
        return Response(text, media_type="text/html", headers={"Content-Security-Policy": "default-src 'none'"})

    async def show_books(self, _: Request) -> Response:
        """All bookings, with what was asked for, and how often one was wanted."""
        bookings = [{**row.as_json(), "wish": row.wish} for row in self.books.bookings.values()]
        return as_json({"bookings": bookings, "asked": self.books.asked})

    def _tell(self, states: list[dict[str, Any]]) -> None:
        events = [{"type": "booking.updated", "timestamp": state["updated_at"], "data": state} for state in states]
        bodies = [(new_id("evt_"), json.dumps(event).encode()) for event in events]
        self.desk.tell(WEBHOOK_PATH, [partial(self._event, *body) for body in bodies])

    def _event(self, event_id: str, body: bytes, is_forged: bool) -> Composed:  # noqa: FBT001 - as the desk calls it
        secret = FORGED if is_forged else self._settings.logistics_webhook_secret
        moment = int(time.time())
        return body, {
            "Content-Type": "application/json",
            "Webhook-Id": event_id,
            "Webhook-Timestamp": str(moment),
            "Webhook-Signature": signature(secret, f"{event_id}.{moment}.".encode() + body),
        }


def signature(secret: str, content: bytes) -> str:
    """Return the signature of Standard Webhooks 1.0.0."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


async def _wish(request: Request) -> dict[str, Any]:
    wish = await read_json(request)
    if not isinstance(wish, dict):
        raise NotUnderstood("an object is expected")
    return wish
