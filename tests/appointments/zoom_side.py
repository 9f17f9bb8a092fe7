"""What a tester sees and does at the stand-in of Zoom."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from django.conf import settings

from appointments.gateways.zoom import signature
from common import clock
from sandbox.server import Sandbox

HOOK = "/api/v1/webhooks/zoom"
HOST = "x8uQsandboxhost"


class ZoomSide:
    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    def books(self) -> dict[str, Any]:
        return dict(self.sandbox._ask("GET", "/zoom/books"))

    def meetings(self) -> list[dict[str, Any]]:
        return list(self.books()["meetings"])

    def fails(self, **faults: Any) -> None:
        self.sandbox.faults(channel="zoom", **faults)

    def recovers(self) -> None:
        self.sandbox.faults()


def event(number: str, kind: str, *, at: dt.datetime, who: str = "", sitting: str = "4444AAAi==") -> dict[str, Any]:
    """A webhook's body; `who` is host, or the id of somebody else in the meeting."""
    about: dict[str, Any] = {"id": number, "uuid": sitting, "host_id": HOST, "start_time": at.isoformat()}
    about["end_time"] = at.isoformat()
    if who:
        person = {"user_id": who, "user_name": "A Name", "id": HOST if who == "host" else ""}
        about["participant"] = {**person, "join_time": at.isoformat(), "leave_time": at.isoformat()}
    return {"event": f"meeting.{kind}", "payload": {"account_id": "sandbox-account", "object": about}}


def post(client: Any, body: dict[str, Any] | bytes, *, moment: dt.datetime | None = None, secret: str = "") -> Any:
    """Post a webhook as Zoom signs it."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    stamp = str(int((moment or clock.now()).timestamp()))
    signed = signature(secret or settings.ZOOM_WEBHOOK_SECRET, moment=stamp, body=raw)
    headers = {"X-Zm-Request-Timestamp": stamp, "X-Zm-Signature": signed}
    return client.post(HOOK, raw, content_type="application/json", headers=headers)
