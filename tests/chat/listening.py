"""Stream processes and their clients, over real sockets."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from chat.stream.server import make_server, open_socket
from common import live
from common.db import unit_of_work
from common.live import Change
from tests.processes import until

PATIENCE = 10.0  # seconds


@dataclass(frozen=True)
class Event:
    name: str
    data: Any
    id: str


class StreamServer:
    """A stream server in a thread of this process."""

    def __init__(self) -> None:
        self.server = make_server()
        self._socket = open_socket("127.0.0.1", 0)
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def listener(self) -> Any:
        return self.server._streams.listener

    @property
    def hub(self) -> Any:
        return self.server._streams.hub

    def start(self) -> None:
        self._thread.start()
        until(lambda: self.listener is not None and self.listener.listens.is_set())

    def stop(self) -> None:
        self.server.should_exit = True
        self._thread.join(20)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        asyncio.run(self.server.serve(sockets=[self._socket]))


@contextmanager
def stream_server() -> Iterator[StreamServer]:
    server = StreamServer()
    server.start()
    try:
        yield server
    finally:
        server.stop()


class Client:
    """One open connection: the answer's head, then the events."""

    def __init__(
        self, port: int, *, token: str = "", path: str = "/api/v1/stream", last: str = "", buffer: int = 0
    ) -> None:
        self._socket = socket.socket()
        if buffer:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self._socket.settimeout(PATIENCE)
        self._socket.connect(("127.0.0.1", port))
        lines = [f"GET {path} HTTP/1.1", "Host: test"]
        lines += [f"Authorization: Bearer {token}"] if token else []
        lines += [f"Last-Event-ID: {last}"] if last else []
        self._socket.sendall("\r\n".join([*lines, "", ""]).encode())
        self._file = self._socket.makefile("rb")
        self.status = int(self._file.readline().split()[1])
        self.headers: dict[str, str] = {}
        while (line := self._file.readline().strip()) != b"":
            name, _, value = line.decode().partition(":")
            self.headers[name.lower()] = value.strip()
        self._text = b""
        self.last = last

    def body(self) -> Any:
        return json.loads(self._file.read(int(self.headers["content-length"])))

    def next(self, *, skip: frozenset[str] = frozenset()) -> Event | None:
        """Return the next event that is not skipped; None at the end."""
        while True:
            while b"\n\n" not in self._text:
                piece = self._piece()
                if not piece:
                    return None
                self._text += piece
            block, _, self._text = self._text.partition(b"\n\n")
            fields = dict(line.split(": ", 1) for line in block.decode().split("\n") if ": " in line)
            self.last = fields.get("id", self.last)
            if "event" in fields and fields["event"] not in skip:
                return Event(fields["event"], json.loads(fields["data"]), fields.get("id", ""))

    def take(self, count: int) -> list[Event]:
        """Return the next events, without the greeting."""
        found = [self.next(skip=frozenset({"ready"})) for _ in range(count)]
        assert None not in found
        return found  # type: ignore[return-value]

    def close(self) -> None:
        self._file.close()
        self._socket.close()

    def _piece(self) -> bytes:
        """Return a chunk of the body (RFC 9112, 7.1)."""
        size = self._file.readline()
        if not size.strip():
            return b""
        piece = self._file.read(int(size, 16))
        self._file.readline()
        return piece


@contextmanager
def listening(port: int, **how: Any) -> Iterator[Client]:
    client = Client(port, **how)
    try:
        yield client
    finally:
        client.close()


def publish(topic: uuid.UUID, *values: int, name: str = "order.accepted") -> None:
    with unit_of_work():
        live.publish([Change(topic, name, {"value": value}) for value in values])


def values(events: list[Event]) -> list[int]:
    return [event.data["value"] for event in events]
