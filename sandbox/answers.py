"""The sandbox's own JSON: reading what it is told, answering."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response


class NotUnderstood(ValueError):
    """A wish that makes no sense; the message says why."""


async def read_json(request: Request) -> Any:
    """Return the body's JSON value. Raises NotUnderstood.

    The content type is insisted on: a foreign page in the same browser cannot send it without asking first.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise NotUnderstood("send JSON, with Content-Type: application/json")
    try:
        return orjson.loads(await request.body())
    except orjson.JSONDecodeError as fault:
        raise NotUnderstood("the body is not JSON") from fault


def as_json(value: object, status: int = HTTPStatus.OK) -> Response:
    """Answer with a JSON value."""
    return Response(orjson.dumps(value), status_code=status, media_type="application/json")


async def not_understood(_: Request, reason: Exception) -> Response:
    """Answer for NotUnderstood, wherever it is raised."""
    return as_json({"error": str(reason)}, HTTPStatus.BAD_REQUEST)


class _HangUp(Response):
    """No answer at all: the connection is cut."""

    def __init__(self, transport: asyncio.Transport) -> None:
        super().__init__()
        self._transport = transport

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self._transport.abort()
        while (await receive())["type"] != "http.disconnect":
            pass


def hang_up(request: Request) -> Response:
    """Return what cuts the connection instead of answering."""
    return _HangUp(request.state.transport)
