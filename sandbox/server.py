"""The stand-in for outside providers: one process, one port, everything in memory. Never in production.

`python -m sandbox.server` serves on 127.0.0.1:SANDBOX_PORT; tests use `running()`.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

import orjson
import urllib3
import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

from sandbox import (
    bkash,
    cloudinary,
    faults,
    fcm,
    identity,
    inbox,
    logistics,
    phonepe,
    razorpay,
    receiver,
    stripe,
    twilio,
    vision,
    zoom,
)
from sandbox.answers import NotUnderstood, not_understood
from sandbox.mail import delivering
from sandbox.world import Settings, World

HOST = "127.0.0.1"
DEFAULT_PORT = 8090
# Each with `routes(world)`.
PROVIDERS = (twilio, cloudinary, identity, stripe, razorpay, phonepe, bkash, vision, logistics, zoom, receiver, fcm)
KEEP_ALIVE = 120  # seconds: longer than any client rests between two calls
BACKLOG = 2048
PATIENCE = 60  # seconds: a worker that was just started shares its processors with others


def app(settings: Settings | None = None, *, mail: socket.socket | None = None) -> Starlette:
    """Return the ASGI application over a new, empty world; it takes mails at the listener `mail`."""
    world = World(settings or Settings.from_env())

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        world.courier.start()
        try:
            async with delivering(world, mail):
                yield
        finally:
            world.courier.stop()

    providers = [route for provider in PROVIDERS for route in provider.routes(world)]
    return Starlette(
        routes=[*providers, *inbox.routes(world), *faults.routes(world)],
        exception_handlers={NotUnderstood: not_understood},
        lifespan=lifespan,
    )


class Sandbox:
    """A running sandbox, as tests see it: `url` is its base, `smtp_url` that of its mail server."""

    def __init__(self, url: str, smtp_url: str = "") -> None:
        self.url, self.smtp_url = url, smtp_url
        self._http = urllib3.PoolManager(retries=False, timeout=30)

    def __str__(self) -> str:
        return self.url

    def messages(self, to: str | None = None, **query: Any) -> list[dict[str, Any]]:
        """Return the inbox, newest first: `{id, channel, to, from, body, status, at, ...}`."""
        fields = {name: str(value) for name, value in {"to": to, **query}.items() if value is not None}
        found: list[dict[str, Any]] = self._ask("GET", "/messages", fields=fields)
        return found

    def wait_for(self, count: int = 1, *, to: str | None = None, **query: Any) -> list[dict[str, Any]]:
        """Return the inbox once it holds `count` such messages. Raises TimeoutError after 60 s."""
        pause, deadline = threading.Event(), time.monotonic() + PATIENCE
        while len(found := self.messages(to, **query)) < count and time.monotonic() < deadline:
            pause.wait(0.02)
        if len(found) >= count:
            return found
        raise TimeoutError(f"{len(found)} of {count} messages arrived")

    def faults(self, **wishes: Any) -> dict[str, Any]:
        """Put exactly these faults in force (none: all off) and return them."""
        in_force: dict[str, Any] = self._ask("PUT", "/faults", wishes)
        return in_force

    def reply(self, from_: str, body: str, channel: str = "sms", to: str | None = None) -> dict[str, Any]:
        """Let a person write back; `webhook_status` in the result is what the product answered."""
        wish = {"from": from_, "body": body, "channel": channel, "to": to}
        told: dict[str, Any] = self._ask("POST", "/messages/inbound", wish)
        return told

    def clear(self) -> None:
        """Forget the messages and their callbacks."""
        self._ask("DELETE", "/messages")

    def reset(self) -> None:
        """Forget everything: messages, callbacks, faults, who said STOP."""
        self._ask("PUT", "/reset")

    def close(self) -> None:
        """Close the connections."""
        self._http.clear()

    def _ask(self, method: str, path: str, value: object = None, fields: dict[str, str] | None = None) -> Any:
        body = None if value is None else orjson.dumps(value)
        headers = {"Content-Type": "application/json"} if body else {}
        if fields is not None:
            answer = self._http.request(method, self.url + path, fields=fields)
        else:
            answer = self._http.request(method, self.url + path, body=body, headers=headers)
        told = orjson.loads(answer.data) if answer.data else None
        if not 200 <= answer.status < 300:  # noqa: PLR2004
            raise ValueError(f"the sandbox answered {answer.status}: {told}")
        return told


@contextmanager
def running(port: int = 0, **settings: Any) -> Iterator[Sandbox]:
    """Run a sandbox in a thread of this process; port 0 takes a free one. `settings` are those of Settings.

    It shares this process's clock, so a test that freezes time finds its messages at that time.
    """
    listener, mail = _listen(port), _listen(0)
    server = uvicorn.Server(_config(app(Settings(**{"step_ms": 10, **settings}), mail=mail), log_level="critical"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="sandbox", daemon=True)
    thread.start()
    smtp_url = f"smtp://{HOST}:{mail.getsockname()[1]}"
    sandbox = Sandbox(f"http://{HOST}:{listener.getsockname()[1]}", smtp_url)
    try:
        yield sandbox
    finally:
        sandbox.close()
        server.should_exit = True
        thread.join(10)


class _Protocol(H11Protocol):
    """Answers without delay and shows the connection to the endpoints, so that a fault can cut it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}
        # asyncio does so only for sockets it opened itself; without it every answer waits 40 ms.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _config(application: Starlette, log_level: str) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        http=_Protocol,
        ws="none",
        access_log=False,
        log_level=log_level,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=1,
        backlog=BACKLOG,
    )


def _listen(port: int) -> socket.socket:
    return socket.create_server((HOST, port), backlog=BACKLOG)


def _listen_for_mail(port: str) -> socket.socket:
    """Raises: ValueError when the port cannot be used."""
    try:
        return _listen(int(port))
    except OSError as fault:
        raise ValueError(f"SANDBOX_SMTP_PORT {port} cannot be used: {os.strerror(fault.errno or 0)}") from fault


def main() -> int:
    """Serve until a signal; return the exit code."""
    port = os.environ.get("SANDBOX_PORT") or str(DEFAULT_PORT)
    try:
        listener = _listen(int(port))
        mail_port = os.environ.get("SANDBOX_SMTP_PORT") or str(int(port) + 1)
        application = app(mail=_listen_for_mail(mail_port))
    except (ValueError, OverflowError) as fault:
        print(f"sandbox: {fault}", file=sys.stderr)
        return 2
    except OSError as fault:
        print(f"sandbox: port {port} cannot be used: {os.strerror(fault.errno or 0)}", file=sys.stderr)
        return 1
    with suppress(KeyboardInterrupt):
        uvicorn.Server(_config(application, log_level="warning")).run(sockets=[listener])
    return 0


if __name__ == "__main__":
    sys.exit(main())
