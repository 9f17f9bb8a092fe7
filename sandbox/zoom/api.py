"""Zoom's REST API as far as the product speaks it, and its webhooks; a tester says who comes and goes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.answers import NotUnderstood, as_json, read_json
from sandbox.courier import Composed, Letter
from sandbox.paying import Desk, Refusal, base_of, new_id
from sandbox.world import World

CHANNEL = "zoom"
WEBHOOK_PATH = "/api/v1/webhooks/zoom"
TOKEN_LIFE = 3600  # seconds
LONGEST_TOPIC, LONGEST_PASSWORD, LONGEST_LISTED_AGENDA = 200, 10, 250
HOST = "x8uQsandboxhost"
EVENTS = ("started", "joined", "left", "ended")
SIDES = ("doctor", "patient")


@dataclass(slots=True)
class Meeting:
    id: int
    user: str
    wish: dict[str, Any]
    base: str
    sitting: str = field(default_factory=lambda: base64.b64encode(secrets.token_bytes(16)).decode())
    changes: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return the meeting as one who may host it sees it."""
        return {
            **{
                name: self.wish.get(name)
                for name in ("topic", "agenda", "start_time", "timezone", "duration", "settings")
            },
            "id": self.id,
            "uuid": self.sitting,
            "host_id": HOST,
            "type": 2,
            "status": "waiting",
            "password": self.wish.get("password", ""),
            "join_url": f"{self.base}/zoom/j/{self.id}?pwd={hashlib.sha256(str(self.id).encode()).hexdigest()[:16]}",
            "start_url": f"{self.base}/zoom/s/{self.id}?zak={secrets.token_urlsafe(24)}",
        }


@dataclass
class Books:
    """Everything that one account of Zoom holds."""

    tokens: dict[str, float] = field(default_factory=dict)
    granted: int = 0
    meetings: dict[int, Meeting] = field(default_factory=dict)
    made: int = 0
    deleted: int = 0

    def clear(self) -> None:
        self.tokens.clear()
        self.meetings.clear()
        self.granted = self.made = self.deleted = 0

    def meeting(self, ref: str) -> Meeting:
        found = self.meetings.get(int(ref)) if ref.isdecimal() else None
        if found is None:
            raise bad(3001, f"Meeting does not exist: {ref}.", HTTPStatus.NOT_FOUND)
        return found


def bad(code: int, message: str, status: int = HTTPStatus.BAD_REQUEST) -> Refusal:
    return Refusal(status, {"code": code, "message": message})


def routes(world: World) -> list[Route]:
    """The API under `/zoom/v2`, the tokens, what a tester does, and `/zoom/books` for tests."""
    api = Zoom(world)
    world.forgetting.append(api.books.clear)

    def v2(path: str, endpoint: Any, about: str, method: str, status: int = HTTPStatus.OK) -> Route:
        guarded = api.desk.guarded(endpoint, about, admit=api.admit, status=status)
        return Route(f"/zoom/v2{path}", guarded, methods=[method])

    granting = api.desk.guarded(api.grant, "token", admit=lambda _: None)
    return [
        Route("/zoom/oauth/token", granting, methods=["POST"]),
        v2("/users/{user}/meetings", api.create, "create", "POST", HTTPStatus.CREATED),
        v2("/users/{user}/meetings", api.listed, "list", "GET"),
        v2("/meetings/{ref}", api.show, "meeting", "GET"),
        v2("/meetings/{ref}", api.change, "meeting", "PATCH", HTTPStatus.NO_CONTENT),
        v2("/meetings/{ref}", api.delete, "meeting", "DELETE", HTTPStatus.NO_CONTENT),
        Route("/zoom/j/{ref}", api.door, methods=["GET"]),
        Route("/zoom/s/{ref}", api.door, methods=["GET"]),
        Route("/zoom/meetings/{ref}/{event}", api.happen, methods=["POST"]),
        Route("/zoom/validate", api.validate, methods=["POST"]),
        Route("/zoom/books", api.show_books, methods=["GET"]),
    ]


class Zoom:
    """The endpoints over one world."""

    def __init__(self, world: World) -> None:
        self._settings = world.settings
        self._world = world
        self.desk = Desk(world, CHANNEL)
        self.books = Books()

    def admit(self, request: Request) -> None:
        if self.desk.strike("token_expired", to="token"):
            self.books.tokens.clear()
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self.books.tokens.get(token, 0) <= time.time():
            raise bad(124, "Invalid access token.", HTTPStatus.UNAUTHORIZED)

    async def grant(self, request: Request) -> Any:
        settings = self._settings
        basic = base64.b64encode(f"{settings.zoom_client}:{settings.zoom_secret}".encode()).decode()
        query = request.query_params
        if not hmac.compare_digest(request.headers.get("authorization", "").encode(), f"Basic {basic}".encode()):
            raise Refusal(
                HTTPStatus.BAD_REQUEST, {"reason": "Invalid client_id or client_secret", "error": "invalid_client"}
            )
        if (query.get("grant_type"), query.get("account_id")) != ("account_credentials", settings.zoom_account):
            raise Refusal(HTTPStatus.BAD_REQUEST, {"reason": "Bad Request", "error": "invalid_request"})
        token = new_id("eyJzandbox")
        self.books.tokens[token] = time.time() + TOKEN_LIFE
        self.books.granted += 1
        return {
            "access_token": token,
            "token_type": "bearer",
            "expires_in": TOKEN_LIFE,
            "scope": "meeting:write:meeting:admin",
        }

    async def create(self, request: Request) -> Any:
        wish = await read_json(request)
        _check(wish)
        number = secrets.randbelow(9 * 10**10) + 10**10
        meeting = Meeting(number, request.path_params["user"], wish, base_of(request))
        self.books.meetings[number] = meeting
        self.books.made += 1
        return meeting.as_json()

    async def listed(self, request: Request) -> Any:
        """All of a user's, one to a page, without passwords; agendas are cut short, as there."""
        user, after = request.path_params["user"], int(request.query_params.get("next_page_token") or 0)
        own = [meeting for meeting in self.books.meetings.values() if meeting.user == user]
        rows = [_as_listed(meeting) for meeting in own[after : after + 1]]
        following = str(after + 1) if after + 1 < len(own) else ""
        return {"page_size": 1, "total_records": len(own), "next_page_token": following, "meetings": rows}

    async def show(self, request: Request) -> Any:
        return self.books.meeting(request.path_params["ref"]).as_json()

    async def change(self, request: Request) -> Any:
        meeting, wish = self.books.meeting(request.path_params["ref"]), await read_json(request)
        meeting.wish = {**meeting.wish, **wish}
        meeting.changes += 1

    async def delete(self, request: Request) -> Any:
        meeting = self.books.meeting(request.path_params["ref"])
        del self.books.meetings[meeting.id]
        self.books.deleted += 1

    async def door(self, request: Request) -> Response:
        known = request.path_params["ref"].isdecimal() and int(request.path_params["ref"]) in self.books.meetings
        return Response("Here a meeting would be." if known else "There is no such meeting.", media_type="text/plain")

    async def happen(self, request: Request) -> Response:
        """Somebody comes or goes: `{side: doctor | patient}`; or the meeting starts or ends."""
        event, wish = request.path_params["event"], await read_json(request)
        meeting = self.books.meetings.get(int(request.path_params["ref"]))
        side = wish.get("side", "doctor") if isinstance(wish, dict) else ""
        if meeting is None or event not in EVENTS or side not in SIDES:
            raise NotUnderstood(f"a meeting, one of {', '.join(EVENTS)}, and a side are expected")
        self.desk.tell(WEBHOOK_PATH, [partial(self._letter, _event(meeting, event, side))])
        return as_json({})

    async def validate(self, _: Request) -> Response:
        """Ask the product whether the address is its own, as Zoom does every three days; return what it says."""
        event = {"event": "endpoint.url_validation", "payload": {"plainToken": new_id("t")}}
        url = self._settings.public_url + WEBHOOK_PATH
        letter = Letter(time.monotonic(), url, partial(self._letter, event, False))
        status = self._world.courier.hand_over(letter)
        return as_json({"webhook_status": status})

    async def show_books(self, _: Request) -> Response:
        """All meetings, and how many were made and deleted and tokens asked for."""
        return as_json(
            {
                "meetings": [
                    {**row.as_json(), "user": row.user, "changes": row.changes} for row in self.books.meetings.values()
                ],
                "made": self.books.made,
                "deleted": self.books.deleted,
                "tokens": self.books.granted,
            }
        )

    def _letter(self, event: Mapping[str, Any], is_forged: bool) -> Composed:  # noqa: FBT001 - as the desk
        body, moment = json.dumps(event).encode(), str(int(time.time()))
        secret = "forged" if is_forged else self._settings.zoom_webhook_secret
        digest = hmac.new(secret.encode(), f"v0:{moment}:".encode() + body, hashlib.sha256).hexdigest()
        return body, {
            "Content-Type": "application/json",
            "x-zm-request-timestamp": moment,
            "x-zm-signature": f"v0={digest}",
        }


def _check(wish: Any) -> None:
    if not isinstance(wish, dict) or wish.get("type") != 2:  # noqa: PLR2004 - Zoom's word for a scheduled meeting
        raise bad(300, "Invalid parameter: type.")
    if len(wish.get("topic", "")) > LONGEST_TOPIC or len(wish.get("password", "")) > LONGEST_PASSWORD:
        raise bad(300, "Validation Failed.")
    try:
        datetime.strptime(wish.get("start_time", ""), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise bad(300, "Invalid parameter: start_time.") from None


def _as_listed(meeting: Meeting) -> dict[str, Any]:
    row = {
        name: value for name, value in meeting.as_json().items() if name not in ("password", "settings", "start_url")
    }
    return {**row, "agenda": (row["agenda"] or "")[:LONGEST_LISTED_AGENDA]}


def _event(meeting: Meeting, event: str, side: str) -> dict[str, Any]:
    moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    about: dict[str, Any] = {
        "id": str(meeting.id),
        "uuid": meeting.sitting,
        "host_id": HOST,
        "topic": meeting.wish.get("topic"),
        "type": 2,
        "start_time": meeting.wish.get("start_time"),
        "duration": meeting.wish.get("duration"),
        "timezone": "UTC",
    }
    if event in ("joined", "left"):
        is_host = side == "doctor"
        about["participant"] = {
            "user_id": "16778240" if is_host else "16790528",
            "user_name": "Somebody",
            "id": HOST if is_host else "",
            "participant_uuid": f"{meeting.id}-{side}",
            ("join_time" if event == "joined" else "leave_time"): moment,
        }
        name = f"participant_{event}"
    else:
        name = event
        about["start_time" if event == "started" else "end_time"] = moment
    payload = {"account_id": "sandbox-account", "object": about}
    return {"event": f"meeting.{name}", "event_ts": int(time.time() * 1000), "payload": payload}
