"""The server of the stream process: any number of clients in one event loop."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from typing import Final

import uvicorn

from chat.stream.app import Streams, application

WAITING: Final = 1024  # connections that the kernel holds for the loop
UNREACHED: Final = 30_000  # milliseconds after which the kernel gives up a client that acknowledges nothing
GRACE: Final = 8  # seconds for farewells


class Server(uvicorn.Server):
    """Says good-bye to every client before it stops, so that they go on with another process."""

    def __init__(self, config: uvicorn.Config, streams: Streams) -> None:
        super().__init__(config)
        self._streams = streams

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._streams.hub.end_all("shutdown")
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to whoever runs the server: `handle_exit` is there for them."""
        yield


def make_server() -> Server:
    """Return a server that is not listening yet: `serve(sockets=[open_socket(…)])`."""
    streams = Streams()
    config = uvicorn.Config(
        application(streams),
        log_config=None,  # the product's own has been set up
        access_log=False,
        proxy_headers=False,  # TRUSTED_PROXIES decides
        server_header=False,
        lifespan="on",
        timeout_graceful_shutdown=GRACE,
    )
    return Server(config, streams)


def open_socket(host: str, port: int) -> socket.socket:
    """Return a listening socket whose connections do not outlive their clients; port 0 is a free one.

    Raises: OSError
    """
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)  # the next process may begin before this ends
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREACHED)
        listening.bind(address)
        listening.listen(WAITING)
    except OSError:
        listening.close()
        raise
    return listening
