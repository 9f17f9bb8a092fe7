"""A clamd that finds the EICAR test file (https://www.eicar.org), for tests: INSTREAM, as the product speaks it."""

from __future__ import annotations

import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


class Scan(socketserver.StreamRequestHandler):
    """One connection: the command, chunks with their lengths, and one line back."""

    def handle(self) -> None:
        assert self.rfile.read(10) == b"zINSTREAM\0"
        content = b""
        while size := struct.unpack("!I", self.rfile.read(4))[0]:
            content += self.rfile.read(size)
        found = b"stream: Win.Test.EICAR_HDB-1 FOUND\0" if EICAR in content else b"stream: OK\0"
        says = getattr(self.server, "says", None)
        self.wfile.write(found if says is None else says)


@contextmanager
def scanner(path: str | None = None, *, says: bytes | None = None) -> Iterator[str]:
    """Run one on a port, or on a socket at `path`; yields its address. `says` is what it answers to everything."""
    kind = socketserver.TCPServer if path is None else socketserver.UnixStreamServer
    with kind(("127.0.0.1", 0) if path is None else path, Scan) as server:
        server.says = says  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"tcp://127.0.0.1:{server.server_address[1]}" if path is None else f"unix://{path}"
        server.shutdown()
