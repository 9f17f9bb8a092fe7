"""Bookings as a logistics provider keeps and shows them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from sandbox.paying import Refusal, new_id

LIVE = ("requested", "booked", "picked_up")
STOP = ("name", "phone", "address", "lat", "lng")


def bad(code: str, message: str, status: int = 422) -> Refusal:
    """An error of the provider's API."""
    return Refusal(status, {"error": code, "message": message})


def now() -> str:
    return dt.datetime.now(tz=dt.UTC).isoformat()


@dataclass(slots=True, kw_only=True)
class Booking:
    reference: str
    wish: dict[str, Any]
    base: str
    id: str = field(default_factory=lambda: new_id("LB"))
    status: str = "booked"
    courier: dict[str, str] | None = None
    expected_at: str | None = None
    location: dict[str, Any] | None = None
    updated_at: str = field(default_factory=now)
    code: str = ""  # that the receiver told the courier

    def move_to(self, status: str) -> None:
        self.status, self.updated_at = status, now()

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "reference": self.reference,
            "status": self.status,
            "courier": self.courier,
            "expected_at": self.expected_at,
            "tracking_url": f"{self.base}/logistics/track/{self.id}",
            "location": self.location,
            "updated_at": self.updated_at,
        }

    def as_told(self) -> dict[str, Any]:
        """Return what a webhook says of it."""
        return self.as_json() | ({"code": self.code} if self.code and self.status == "delivered" else {})


class Books:
    """Everything that this sandbox's provider knows. `asked` counts the calls that wanted a booking made."""

    def __init__(self) -> None:
        self.bookings: dict[str, Booking] = {}  # by our reference
        self.asked = 0

    def clear(self) -> None:
        self.bookings.clear()
        self.asked = 0

    def get(self, reference: str) -> Booking:
        found = self.bookings.get(reference)
        if found is None:
            raise bad("unknown_booking", "there is no booking of this reference", 404)
        return found


def add_booking(books: Books, wish: dict[str, Any], base: str) -> Booking:
    """POST /v1/bookings: a repeated reference gets the first booking as it stands now."""
    books.asked += 1
    reference, stops = wish.get("reference"), [wish.get("pickup"), wish.get("drop")]
    if not isinstance(reference, str) or not reference:
        raise bad("reference", "reference is a text")
    if not all(isinstance(stop, dict) and set(STOP) <= stop.keys() for stop in stops):
        raise bad("stops", f"pickup and drop have {', '.join(STOP)}")
    if not isinstance(wish.get("boxes"), int) or wish["boxes"] < 1:
        raise bad("boxes", "boxes is a whole number above 0")
    known = books.bookings.get(reference)
    if known is None:
        known = books.bookings[reference] = Booking(reference=reference, wish=wish, base=base)
    elif known.wish != wish:
        raise bad("another_request", "this reference was used for something else", 409)
    return known
