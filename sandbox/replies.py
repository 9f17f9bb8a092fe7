"""How a provider's stand-in fails to answer: the faults on the way there and on the way back."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from sandbox.faults import Faults

HTML_PAGE = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"

TOO_MANY = orjson.dumps({"error": {"code": "rate_limit", "message": "Too many requests.", "type": "api_error"}})


async def failure(request: Request, faults: Faults, *, channel: str, to: str, on: str) -> Response | None:
    """Return the answer of a fault that strikes before anything is accepted, or None."""
    limited = faults.strike("rate_limit", to=to, channel=channel, on=on)
    if limited:
        headers = {"Retry-After": str(limited.retry_after)}
        return Response(TOO_MANY, HTTPStatus.TOO_MANY_REQUESTS, headers=headers, media_type="application/json")
    if faults.strike("error_5xx", to=to, channel=channel, on=on):
        return Response(b"{}", HTTPStatus.SERVICE_UNAVAILABLE, media_type="application/json")
    if faults.strike("html_body", to=to, channel=channel, on=on):
        return Response(HTML_PAGE, HTTPStatus.BAD_GATEWAY, media_type="text/html")
    if faults.strike("lost_request", to=to, channel=channel, on=on):
        return HangUp(request)
    return None


async def reply(
    request: Request,
    faults: Faults,
    body: Any,
    *,
    channel: str,
    to: str,
    on: str,
    latency_ms: float = 0,
    status: int = HTTPStatus.OK,
) -> Response:
    """Answer with JSON after the latency, or as a fault on the way back has it."""
    slow = faults.strike("slow_ms", to=to, channel=channel, on=on)
    wait = latency_ms + (slow.ms if slow else 0)
    if wait:
        await asyncio.sleep(wait / 1000)
    if faults.strike("lost_reply", to=to, channel=channel, on=on):
        return HangUp(request)
    text = b"" if status == HTTPStatus.NO_CONTENT else orjson.dumps(body)
    if faults.strike("truncated_json", to=to, channel=channel, on=on):
        text = text[: len(text) // 2]
    return Response(text, status_code=status, media_type="application/json")


class HangUp(Response):
    """No answer at all: the connection is cut."""

    def __init__(self, request: Request) -> None:
        super().__init__()
        self._transport: asyncio.Transport = request.state.transport

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self._transport.abort()
        while (await receive())["type"] != "http.disconnect":
            pass
