"""A small client of the product's HTTP API, as an integrator would write it over `requests`."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable
from html import unescape
from http import HTTPStatus
from typing import Any

import requests

TIMEOUT = 20  # seconds
PATIENCE = 15.0  # seconds to wait for what happens by itself
CELL = re.compile(r'<td[^>]* data-label="([^"]*)"[^>]*>(.*?)</td>', re.DOTALL)
TAG = re.compile(r"<[^>]+>")


class Surprise(Exception):
    """The server answered something else than the story says."""


class Api:
    """One caller: anonymous, or signed in once `token` is set."""

    def __init__(self, base: str) -> None:
        self.base = base.rstrip("/")
        self.http = requests.Session()
        self.token = ""

    def call(self, method: str, path: str, expect: int, body: dict[str, Any] | None = None, **query: Any) -> Any:
        """Send one request and return its JSON. Raises: Surprise on any status but `expect`."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        reply = self.http.request(
            method, f"{self.base}/api/v1{path}", json=body, params=query, headers=headers, timeout=TIMEOUT
        )
        if reply.status_code != expect:
            raise Surprise(f"{method} {path} answered {reply.status_code}, not {expect}: {reply.text[:600]}")
        return reply.json() if reply.content else None

    def get(self, path: str, expect: int = 200, **query: Any) -> Any:
        return self.call("GET", path, expect, **query)

    def post(self, path: str, expect: int = 200, **body: Any) -> Any:
        return self.call("POST", path, expect, body)

    def move(self, path: str, expect: int = 200, **body: Any) -> Any:
        """POST what moves units: with a key, so that sending it again would move nothing twice."""
        self.http.headers["Idempotency-Key"] = str(uuid.uuid4())
        try:
            return self.call("POST", path, expect, body)
        finally:
            del self.http.headers["Idempotency-Key"]

    def send_file(
        self, path: str, name: str, content: bytes, expect: int = 201, *, field: str = "file", **fields: str
    ) -> Any:
        """POST a file as a form does."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        url, files = f"{self.base}/api/v1{path}", {field: (name, content)}
        reply = self.http.post(url, files=files, data=fields, headers=headers, timeout=TIMEOUT)
        if reply.status_code != expect:
            raise Surprise(f"POST {path} answered {reply.status_code}, not {expect}: {reply.text[:600]}")
        return reply.json()

    def put(self, path: str, expect: int = 200, **body: Any) -> Any:
        return self.call("PUT", path, expect, body)


class Inbox:
    """The sandbox's side: what the providers delivered, and their faults."""

    def __init__(self, base: str) -> None:
        self.base = base.rstrip("/")
        self.http = requests.Session()

    def messages(self, to: str, **filters: Any) -> list[dict[str, Any]]:
        """Return the messages to a number, newest first."""
        reply = self.http.get(f"{self.base}/messages", params={"to": to, **filters}, timeout=TIMEOUT)
        reply.raise_for_status()
        return list(reply.json())

    def wait_for(self, to: str, *, containing: str, channel: str = "sms") -> dict[str, Any]:
        """Return the newest message to the number with these words. Raises: Surprise after a while."""
        return wait(
            lambda: next((m for m in self.messages(to, channel=channel) if containing in m["body"]), None),
            f"a message «{containing}» by {channel}",
        )

    def code_for(self, to: str, seen: int) -> str:
        """Return the six digits in the first message to the number beyond the `seen` older ones."""
        newer = wait(lambda: self.messages(to)[: len(self.messages(to)) - seen] or None, "a one-time code")
        found = re.search(r"\b(\d{6})\b", newer[0]["body"])
        if not found:
            raise Surprise("The message about the code holds no code.")
        return found.group(1)

    def reply(self, sender: str, text: str) -> None:
        """Answer as the person with this number."""
        body = {"from": sender, "body": text, "channel": "sms"}
        self.http.post(f"{self.base}/messages/inbound", json=body, timeout=TIMEOUT).raise_for_status()

    def fail(self, **faults: Any) -> None:
        """Switch exactly these faults on; none: all off."""
        self.http.put(f"{self.base}/faults", json=faults, timeout=TIMEOUT).raise_for_status()


class Administrator:
    """Somebody in a browser, in Django's admin."""

    def __init__(self, base: str, phone: str, password: str) -> None:
        self.base = base.rstrip("/")
        self.http = requests.Session()
        self._submit("/admin/login/", {"username": phone, "password": password, "next": "/admin/"})

    def approve(self, partner_id: str) -> None:
        """Choose the partner in the list and run the action «Approve»."""
        self._submit("/admin/partners/partner/", {"action": "approve", "_selected_action": partner_id})

    def approve_doctor(self, doctor_id: str) -> None:
        """Choose the doctor in the list and run the action «Approve»."""
        self._submit("/admin/appointments/doctor/", {"action": "approve", "_selected_action": doctor_id})

    def read(self, path: str) -> str:
        """Return a page of the admin. Raises: Surprise"""
        reply = self.http.get(self.base + path, timeout=TIMEOUT, allow_redirects=False)
        if reply.status_code != HTTPStatus.OK:
            raise Surprise(f"{path} answered {reply.status_code}.")
        return reply.text

    def rows(self, path: str) -> list[dict[str, str]]:
        """Return the rows of a page's tables: what stands under each heading, in small letters. Raises: Surprise"""
        rows = [CELL.findall(row) for row in self.read(path).split("<tr")]
        return [{name.lower(): unescape(TAG.sub("", shown)).strip() for name, shown in row} for row in rows if row]

    def fill(self, path: str, fields: dict[str, Any]) -> str:
        """Fill in the form of a page; return the address that it leads to. Raises: Surprise"""
        return self._submit(path, fields)

    def _submit(self, path: str, fields: dict[str, Any]) -> str:
        page = self.http.get(self.base + path, timeout=TIMEOUT)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        if not token:
            raise Surprise(f"{path} shows no form.")
        reply = self.http.post(
            self.base + path,
            data={**fields, "csrfmiddlewaretoken": token.group(1)},
            headers={"Referer": self.base + path},
            timeout=TIMEOUT,
        )
        if reply.status_code != HTTPStatus.OK or "errornote" in reply.text:
            raise Surprise(f"{path} refused the form ({reply.status_code}).")
        return str(reply.url).removeprefix(self.base)


def wait(look: Callable[[], Any], what: str, patience: float = PATIENCE) -> Any:
    """Return the first true answer of `look`. Raises: Surprise when none comes within so many seconds."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        found = look()
        if found:
            return found
        time.sleep(0.02)
    raise Surprise(f"Waited {patience:.0f} seconds in vain for {what}.")
