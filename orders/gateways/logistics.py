"""A logistics provider by the HTTP protocol of docs/logistics.md.

A booking is known by our reference. Webhooks are signed as Standard Webhooks 1.0.0 has it, over id, moment and body.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.dateparse import parse_datetime

from common import clock
from common.geo import Point
from common.webhooks import Malformed, verify
from orders.gateways.base import Job, News, Notice, Stop
from orders.services.tracking import Place
from orders.states import BookingStatus, CourierKind
from payments.gateways import http
from payments.gateways.base import Refused, Unknown, text

UNKNOWN_BOOKING: Final = "unknown_booking"
CODE: Final = re.compile(r"[0-9]{6}", re.ASCII)
LONGEST_LINK: Final = 500  # characters
UNREADABLE: Final = (ValueError, KeyError, TypeError, AttributeError, OverflowError)


class LogisticsGateway:
    """Couriers of somebody else, asked for over HTTP."""

    kind: Final = CourierKind.PROVIDER

    @property
    def name(self) -> str:
        return str(settings.LOGISTICS_NAME)

    def is_configured(self) -> bool:
        return bool(settings.LOGISTICS_URL and settings.LOGISTICS_KEY and settings.LOGISTICS_WEBHOOK_SECRET)

    def assign(self, job: Job, *, again: bool) -> News:
        known = self._known(job) if again else None  # an earlier reply may have been lost
        return known or _news(_ask("POST", "/v1/bookings", _wish(job)), job)

    def find(self, job: Job) -> News:
        return _news(_ask("GET", f"/v1/bookings/{job.reference}"), job)

    def cancel(self, job: Job) -> News:
        try:
            return _news(_ask("POST", f"/v1/bookings/{job.reference}/cancel", {}), job)
        except Refused as refusal:
            if refusal.code != UNKNOWN_BOOKING:
                raise
            return News(status=BookingStatus.CANCELLED, at=clock.now())

    def read_notice(self, headers: Mapping[str, str], body: bytes) -> Notice:
        event_id = verify(headers, body, secret=settings.LOGISTICS_WEBHOOK_SECRET)
        try:
            event = json.loads(body)
            booking = event["data"]
            return Notice(
                event_id=event_id,
                kind=_line(event["type"], 80),
                reference=_line(booking["reference"], 60),
                news=_read(booking),
                code=_code(booking),
            )
        except UNREADABLE as exc:
            raise Malformed from exc

    def _known(self, job: Job) -> News | None:
        try:
            return self.find(job)
        except Refused:
            return None


def _wish(job: Job) -> dict[str, Any]:
    return {
        "reference": str(job.reference),
        "boxes": job.boxes,
        "pickup": _stop(job.pickup),
        "drop": _stop(job.drop),
    }


def _stop(stop: Stop) -> dict[str, Any]:
    return {
        "name": stop.name,
        "phone": stop.phone,
        "address": stop.address,
        "lat": stop.point.lat,
        "lng": stop.point.lng,
    }


def _ask(method: str, path: str, wish: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
    url = settings.LOGISTICS_URL.rstrip("/") + path
    answer = http.call(method, url, json=wish, headers={"Authorization": f"Bearer {settings.LOGISTICS_KEY}"})
    if answer.is_ok:
        return answer.body
    code = text(answer.body.get("error")) or f"http_{answer.status}"
    if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise http.refuses_account("The logistics provider", code)
    raise Refused(UNKNOWN_BOOKING if answer.status == HTTPStatus.NOT_FOUND else code)


def _news(booking: Mapping[str, Any], job: Job) -> News:
    """Return what an answer says of this very booking."""
    try:
        if booking["reference"] != str(job.reference):
            raise Unknown("bad_reply")
        return _read(booking)
    except UNREADABLE as exc:
        raise Unknown("bad_reply") from exc


def _read(booking: Mapping[str, Any]) -> News:
    """Read a booking as the provider writes it. Raises: UNREADABLE"""
    courier, location = booking.get("courier") or {}, booking.get("location")
    ref = booking["id"]
    if not ref or not isinstance(ref, str):
        raise ValueError("A booking has an id.")
    expected = booking.get("expected_at")
    return News(
        status=BookingStatus(booking["status"]),
        at=_moment(booking["updated_at"]),
        provider_ref=_line(ref, 120),
        courier=_line(courier.get("name"), 120),
        vehicle=_line(courier.get("vehicle"), 40),
        tracking_url=_link(booking.get("tracking_url")),
        expected_at=None if expected is None else _moment(expected),
        place=None if location is None else _place(location),
    )


def _place(location: Mapping[str, Any]) -> Place:
    return Place(at=_moment(location["at"]), point=Point(float(location["lat"]), float(location["lng"])))


def _moment(value: Any) -> dt.datetime:
    moment = parse_datetime(value)
    if moment is None or moment.tzinfo is None:
        raise ValueError("A moment is RFC 3339, with an offset.")
    return moment


def _line(value: Any, most: int) -> str:
    """Return a text of the provider's as a column can hold it."""
    return text(value).replace("\0", "")[:most]


def _link(value: Any) -> str:
    """Return an address that a browser may safely be sent to, else nothing."""
    link = _line(value, LONGEST_LINK + 1)
    return link if len(link) <= LONGEST_LINK and urlsplit(link).scheme in ("https", "http") else ""


def _code(booking: Mapping[str, Any]) -> str:
    code = text(booking.get("code"))
    return code if CODE.fullmatch(code) else ""
