"""A client that costs little, so that the server's cost is what is measured."""

from __future__ import annotations

import json
import socket
import threading
import time
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Reply:
    status: int
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """One kept-alive connection to a server on this machine."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._port = port

    def get(self, path: str, token: str = "") -> Reply:
        return self.send(request(self._port, "GET", path, token))

    def post(self, path: str, token: str = "", body: object = None) -> Reply:
        return self.send(request(self._port, "POST", path, token, body))

    def send(self, message: bytes) -> Reply:
        """Send a whole request and read its whole answer, which has to name its length."""
        self._socket.sendall(message)
        received = bytearray()
        while (ends := received.find(b"\r\n\r\n")) < 0:
            received += self._read()
        head = bytes(received[:ends])
        length = int(_header(head, b"content-length") or 0)
        while len(received) < ends + 4 + length:
            received += self._read()
        return Reply(int(head[9:12]), bytes(received[ends + 4 :]))

    def close(self) -> None:
        self._socket.close()

    def _read(self) -> bytes:
        part = self._socket.recv(262_144)
        if not part:
            raise ConnectionError("the server closed the connection")
        return part


def request(port: int, method: str, path: str, token: str = "", body: object = None, *, key: str = "") -> bytes:
    """Return a request's bytes."""
    content = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", f"Content-Length: {len(content)}"]
    if content:
        lines.append("Content-Type: application/json")
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if key:
        lines.append(f"Idempotency-Key: {key}")
    return "\r\n".join([*lines, "", ""]).encode() + content


def rate(port: int, path: str, token: str = "", *, connections: int = 32, seconds: float = 4.0) -> float:
    """Return how many such GETs a second the server answers with 200, asked over so many connections at once."""
    message = request(port, "GET", path, token)
    counts = [0] * connections
    start = threading.Barrier(connections + 1)
    deadline = [0.0]

    def ask(number: int) -> None:
        client = Client(port)
        client.send(message)
        start.wait()
        while time.perf_counter() < deadline[0]:
            reply = client.send(message)
            if reply.status != 200:
                raise RuntimeError(f"{path} answered {reply.status}")
            counts[number] += 1
        client.close()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(connections)]
    for thread in threads:
        thread.start()
    deadline[0] = time.perf_counter() + seconds + 1
    start.wait()
    began = time.perf_counter()
    deadline[0] = began + seconds
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - began)


def _header(head: bytes, name: bytes) -> bytes:
    for line in head.split(b"\r\n")[1:]:
        key, _, value = line.partition(b":")
        if key.lower() == name:
            return value.strip()
    return b""
