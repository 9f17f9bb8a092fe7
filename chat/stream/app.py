"""The ASGI application of the stream process: two streams, and whether it is well."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import random
import time
import uuid
from collections.abc import AsyncIterator
from typing import Final

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from rest_framework.exceptions import APIException, MethodNotAllowed
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chat.stream.frames import HEARTBEAT, MEDIA_TYPE, frame, number_in, wait_before_return
from chat.stream.hub import Hub, Stream
from chat.stream.limits import Places
from chat.stream.listener import Listener
from chat.stream.passes import Caller, let_in
from common import throttle
from common.api.problems import FRAMEWORK, exception_handler, problem
from common.api.problems import MEDIA_TYPE as PROBLEM
from common.errors import DomainError, NotFound, Unavailable
from common.live_tickets import Pass
from common.logs import request_id
from common.maintenance import API, refuse_in_maintenance
from common.metrics import CONTENT_TYPE as METRICS
from common.metrics import may_scrape, streams_page
from common.middleware import WELL_FORMED
from common.sessions import Seat
from common.tokens import Realm

BEAT: Final = 12.0  # seconds without a word, after which a comment is sent
STALLED: Final = 20.0  # seconds for which a client may take nothing of what it is sent
RETURN: Final = (1000, 5000)  # milliseconds before a client comes back: not all at once
HEADERS: Final = [
    (b"content-type", f"{MEDIA_TYPE}; charset=utf-8".encode()),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx passes each piece on at once
]
LATER: Final = 5  # seconds after which a client tries again when the database was away
GONE: Final = "gone"  # why a stream ends whose client has ended it
log = logging.getLogger("request")


class Streams:
    """What one process holds."""

    def __init__(self) -> None:
        self.hub = Hub()
        self.places = Places()
        self.listener: Listener | None = None

    @contextlib.asynccontextmanager
    async def running(self, _app: Starlette) -> AsyncIterator[None]:
        """Listen and give, for as long as the application lives."""
        self.listener = Listener(self.hub, asyncio.get_running_loop())
        self.listener.start()
        work = asyncio.create_task(self.hub.work())
        try:
            yield
        finally:
            work.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await work
            await asyncio.to_thread(self.listener.stop)
            self.hub.stop()

    async def health(self, _request: Request) -> Response:
        """200 while PostgreSQL tells this process what changes, 503 while it does not."""
        is_well = self.listener is not None and self.listener.listens.is_set()
        body = {"status": "ok" if is_well else "failed", "streams": len(self.hub)}
        return JSONResponse(body, status_code=200 if is_well else 503)

    async def metrics(self, request: Request) -> Response:
        """What Prometheus asks of this process, with the token of the web's `/metrics`."""
        if not may_scrape(request.headers.get("authorization", "")):
            return _refusal(NotFound())
        is_well = self.listener is not None and self.listener.listens.is_set()
        return Response(streams_page(open_now=len(self.hub), listens=is_well), media_type=METRICS)

    async def admit(self, caller: Caller) -> tuple[Pass, Seat]:
        """Return by what and to what the caller listens. Raises: Unauthenticated's kinds, TooMany, Unavailable"""
        self.places.look(caller.network)
        try:
            return await self.hub.in_thread(_admit, caller)
        except (DatabaseError, InterfaceError) as exc:
            log.exception("a stream could not be opened")
            raise Unavailable(retry_after=LATER) from exc

    async def serve(self, stream: Stream, receive: Receive, send: Send) -> None:
        """Send the stream until the client goes, or until it is ended from here."""
        self.hub.open(stream)
        gone = asyncio.create_task(_end_when_gone(stream, receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
            stream.put(wait_before_return(random.randint(*RETURN)))  # noqa: S311 (no secret)
            while not stream.ended:
                await _something(stream)
                piece = stream.take()
                if piece:
                    async with asyncio.timeout(STALLED):
                        await send(_body(piece))
                    self.hub.sent(stream)
            if stream.ended != GONE:
                async with asyncio.timeout(STALLED):
                    await send(_body(frame("bye", {"reason": stream.ended}), is_last=True))
        except TimeoutError:
            log.info("a stream was given up", extra={"reason": "the client takes nothing"})
        finally:
            gone.cancel()
            self.hub.close(stream)


class Endpoint:
    """The address of one realm's stream."""

    def __init__(self, streams: Streams, realm: Realm) -> None:
        self._streams = streams
        self._realm = realm

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one client until it goes or is sent away, or refuse it."""
        request = Request(scope)
        caller = Caller(
            realm=self._realm,
            headers=scope["headers"],
            address=scope["client"][0] if scope.get("client") else "",
            ticket=request.query_params.get("ticket", ""),
        )
        try:
            leave, seat = await self._streams.admit(caller)
            with self._streams.places.place(account=seat.account, network=caller.network):
                await self._streams.serve(_stream(leave, seat, request), receive, send)
        except (DomainError, APIException) as exc:
            await _refusal(exc)(scope, receive, send)


async def _something(stream: Stream) -> None:
    """Wait for something to send; after a while a comment is that."""
    try:
        async with asyncio.timeout(BEAT):
            await stream.wake.wait()
    except TimeoutError:
        stream.put(HEARTBEAT)
    stream.wake.clear()


async def _end_when_gone(stream: Stream, receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    stream.end(GONE)


def _body(piece: bytes, *, is_last: bool = False) -> Message:
    return {"type": "http.response.body", "body": piece, "more_body": not is_last}


def _admit(caller: Caller) -> tuple[Pass, Seat]:
    refuse_in_maintenance(API)
    leave, seat = let_in(caller)
    throttle.spend("stream", str(seat.account))
    return leave, seat


def _stream(leave: Pass, seat: Seat, request: Request) -> Stream:
    """Return the stream from where the client stands; the header is the newer of the two that may say so."""
    given = request.headers.get("last-event-id") or request.query_params.get("last_event_id", "")
    return Stream(leave, seat.topic, after=number_in(given, seat.topic), is_new=not given)


def _refusal(exc: Exception) -> Response:
    answer = exception_handler(exc, {})
    if answer is None:
        raise exc
    return Response(
        json.dumps(answer.data),
        status_code=answer.status_code,
        headers={name: value for name, value in answer.headers.items() if name.lower() != "content-type"},
        media_type=answer.content_type,
    )


class RequestLine:
    """Gives a request its id, and leaves one line behind: the path alone, for a query may hold a ticket."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and write it down when the answer has ended."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1")
        own = given if WELL_FORMED.fullmatch(given) else uuid.uuid4().hex
        token, began, status = request_id.set(own), time.perf_counter(), 0

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message["headers"], (b"x-request-id", own.encode())]}
            await send(message)

        try:
            await self.app(scope, receive, noted)
        finally:
            line = {"method": scope["method"], "path": scope["path"], "status": status}
            log.info("request", extra={**line, "ms": round((time.perf_counter() - began) * 1000)})
            request_id.reset(token)


async def _unknown(_request: Request, _exc: Exception) -> Response:
    return _refusal(NotFound())


async def _wrong_method(request: Request, _exc: Exception) -> Response:
    return _refusal(MethodNotAllowed(request.method))


async def _our_fault(_request: Request, _exc: Exception) -> Response:
    body = problem(500, "server_error", FRAMEWORK["server_error"][1])
    return JSONResponse(body, status_code=500, media_type=PROBLEM)


def application(streams: Streams) -> Starlette:
    """Return the application around these streams."""
    cors = Middleware(
        CORSMiddleware,
        allow_origins=["*"] if getattr(settings, "CORS_ALLOW_ALL_ORIGINS", False) else settings.CORS_ALLOWED_ORIGINS,
        allow_methods=["GET"],
        allow_headers=settings.CORS_ALLOW_HEADERS,
        expose_headers=settings.CORS_EXPOSE_HEADERS,
    )
    routes = [
        Route("/api/v1/stream", Endpoint(streams, Realm.USER), methods=["GET"]),
        Route("/api/v1/partner/stream", Endpoint(streams, Realm.PARTNER), methods=["GET"]),
        Route("/healthz", streams.health),
        Route("/metrics", streams.metrics),
    ]
    for route in routes[:2]:
        route.methods = {"GET"}  # a HEAD would hold a stream that says nothing
    return Starlette(
        routes=routes,
        middleware=[Middleware(RequestLine), cors],
        exception_handlers={404: _unknown, 405: _wrong_method, 500: _our_fault},
        lifespan=streams.running,
    )
