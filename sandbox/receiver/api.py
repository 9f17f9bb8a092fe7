"""Partners' systems, each under a name: `/receiver/{name}` takes webhooks, verified by the library of their makers.

`PUT /receiver/{name}/settings` says which secrets it knows and what it answers; `GET /receiver/{name}/received` shows
what came. Faults strike with the channel `webhook` and the name.
"""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import secrets
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.answers import NotUnderstood, as_json, hang_up, read_json
from sandbox.inbox import Message, Step
from sandbox.world import World

CHANNEL = "webhook"
HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")
KEPT = 10_000  # webhooks of one system


@dataclass(slots=True)
class System:
    """One partner's system: what it knows, what it answers, and what it was sent, the oldest first."""

    secrets: list[str] = field(default_factory=list)
    answer: int = HTTPStatus.NO_CONTENT
    headers: dict[str, str] = field(default_factory=dict)
    wait_ms: float = 0  # between taking a webhook and answering
    received: list[dict[str, Any]] = field(default_factory=list)


def routes(world: World) -> list[Route]:
    receiver = Receiver(world)
    world.forgetting.append(receiver.systems.clear)
    return [
        Route("/receiver/{name}", receiver.receive, methods=["POST"]),
        Route("/receiver/{name}/settings", receiver.settle, methods=["PUT"]),
        Route("/receiver/{name}/received", receiver.show, methods=["GET"]),
    ]


class Receiver:
    """The systems of one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.systems: dict[str, System] = {}

    def _named(self, request: Request) -> System:
        return self.systems.setdefault(request.path_params["name"], System())

    async def settle(self, request: Request) -> Response:
        wish, system = await read_json(request), self._named(request)
        known = {one.name for one in dataclasses.fields(System)} - {"received"}
        if not isinstance(wish, dict) or not set(wish) <= known:
            raise NotUnderstood(f"a system has: {', '.join(sorted(known))}")
        for name, value in wish.items():
            setattr(system, name, value)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def show(self, request: Request) -> Response:
        return as_json(self._named(request).received)

    async def receive(self, request: Request) -> Response:
        """Verify and keep a webhook, then answer as it was told to."""
        system, body = self._named(request), await request.body()
        strike = self._world.faults.strike
        about = {"to": request.path_params["name"], "channel": CHANNEL}
        if strike("lost_request", **about):
            return hang_up(request)
        if (slow := strike("slow_ms", **about)) is not None:
            await asyncio.sleep(slow.ms / 1000)
        if (limit := strike("rate_limit", **about)) is not None:
            return Response(status_code=429, headers={"Retry-After": str(limit.retry_after)})
        if strike("error_5xx", **about):
            return Response("come back later", status_code=503)
        is_verified = self._keep(request, system, body)
        await asyncio.sleep(system.wait_ms / 1000)
        if strike("lost_reply", **about):
            return hang_up(request)
        if system.secrets and not is_verified:
            return as_json({"error": "the signature is not right"}, HTTPStatus.UNAUTHORIZED)
        return Response(status_code=system.answer, headers=system.headers)

    def _keep(self, request: Request, system: System, body: bytes) -> bool:
        headers = {name: request.headers.get(name, "") for name in HEADERS}
        is_verified = any(_is_right(secret, body, headers) for secret in system.secrets)
        text = body.decode("utf-8", "replace")
        now = dt.datetime.now(tz=dt.UTC)
        system.received.append({"at": now.isoformat(), "verified": is_verified, "headers": headers, "body": text})
        del system.received[:-KEPT]
        self._world.inbox.add(
            Message(
                sid=f"WH{secrets.token_hex(16)}",
                channel=CHANNEL,
                to=request.path_params["name"],
                sender="JeevanSetu",
                body=text,
                course=(Step(0, "received" if is_verified else "failed"),),
            )
        )
        return is_verified


def _is_right(secret: str, body: bytes, headers: dict[str, str]) -> bool:
    try:
        Webhook(secret).verify(body, headers)
    except (WebhookVerificationError, ValueError):
        return False
    return True
