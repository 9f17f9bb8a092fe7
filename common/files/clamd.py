"""A scanner over clamd's own protocol (clamd(8), INSTREAM): the file in chunks, one line back.

`FILE_SCANNER=common.files.clamd.is_clean` and `CLAMD_ADDRESS=tcp://host:3310` or `unix:///run/clamav/clamd.ctl`.
"""

from __future__ import annotations

import socket
import struct
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

TIMEOUT: Final = 20.0  # seconds for each step
CHUNK: Final = 64 * 1024
LONGEST_REPLY: Final = 4096  # bytes
COMMAND: Final = b"zINSTREAM\0"
CLEAN: Final = b"stream: OK"
FOUND: Final = b" FOUND"


class ScannerFailed(Exception):
    """The scanner did not say whether the file is clean."""


def is_clean(content: bytes) -> bool:
    """Return whether clamd found nothing. Raises: ScannerFailed, OSError when it did not say"""
    with _connect() as line:
        line.sendall(COMMAND)
        for at in range(0, len(content), CHUNK):
            chunk = content[at : at + CHUNK]
            line.sendall(struct.pack("!I", len(chunk)) + chunk)
        line.sendall(struct.pack("!I", 0))
        said = _read(line)
    if said == CLEAN:
        return True
    if said.endswith(FOUND):
        return False
    raise ScannerFailed("clamd did not answer as it should.")


def _connect() -> socket.socket:
    address = urlsplit(settings.CLAMD_ADDRESS)
    if address.scheme == "unix" and address.path:
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        line.settimeout(TIMEOUT)
        try:
            line.connect(address.path)
        except OSError:
            line.close()
            raise
        return line
    if address.scheme == "tcp" and address.hostname and address.port:
        return socket.create_connection((address.hostname, address.port), timeout=TIMEOUT)
    raise ImproperlyConfigured("CLAMD_ADDRESS is written tcp://host:port or unix:///path.")


def _read(line: socket.socket) -> bytes:
    said = b""
    while not said.endswith(b"\0") and len(said) < LONGEST_REPLY:
        more = line.recv(LONGEST_REPLY)
        if not more:
            break
        said += more
    return said.rstrip(b"\0\n")
