"""The one connection of this process that PostgreSQL tells at once what has changed."""

from __future__ import annotations

import asyncio
import logging
import select
import socket
import threading
import uuid
from typing import Final

from django.db import connection

from chat.stream.hub import Hub
from common import live

PROBE: Final = 5.0  # seconds without a word, after which the server is asked whether it is there
LEAVES_WITHIN: Final = 10.0  # seconds
AGAIN: Final = (0.1, 0.5, 1.0, 2.0, 5.0)  # seconds before each new try to connect; the last again and again
log = logging.getLogger(__name__)


class Listener(threading.Thread):
    """Listens until it is stopped, and comes back when the connection is lost: then everything is read again."""

    def __init__(self, hub: Hub, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(name="listener", daemon=True)
        self.listens = threading.Event()
        self._hub = hub
        self._loop = loop
        self._is_leaving = threading.Event()
        self._woken, self._waker = socket.socketpair()

    def stop(self) -> None:
        """Leave at once, and let the connection go."""
        self._is_leaving.set()
        self._waker.close()
        self.join(LEAVES_WITHIN)
        self._woken.close()

    def run(self) -> None:
        """Listen; a lost connection is tried again for as long as it takes."""
        failures = 0
        while not self._is_leaving.is_set():
            try:
                self._begin()
                failures = 0
                self._listen()
            except Exception as exc:  # whatever it is, a process that hears nothing is of no use
                wait = AGAIN[min(failures, len(AGAIN) - 1)]
                failures += 1
                log.warning("the connection that listens is lost", extra={"reason": type(exc).__name__, "wait": wait})
                self._is_leaving.wait(wait)
            finally:
                self.listens.clear()
                connection.close()

    def _begin(self) -> None:
        with connection.cursor() as cursor:
            for channel in (live.CHANNEL, live.SIGNALS, live.ENDINGS):
                cursor.execute(f"LISTEN {channel}")
        self.listens.set()
        # What was told while nobody listened is found by reading; what is told from now on is heard.
        self._tell(None, [], suspect=True)

    def _listen(self) -> None:
        while not self._is_leaving.is_set():
            raw = connection.connection
            heard, _, _ = select.select([raw, self._woken], [], [], PROBE)
            if not heard:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT 1")
            raw.poll()
            if raw.notifies:
                notices, raw.notifies[:] = list(raw.notifies), []
                topics = {uuid.UUID(notice.payload) for notice in notices if notice.channel == live.CHANNEL}
                signals = [notice.payload for notice in notices if notice.channel == live.SIGNALS]
                self._tell(topics, signals, suspect=any(notice.channel == live.ENDINGS for notice in notices))

    def _tell(self, topics: set[uuid.UUID] | None, signals: list[str], *, suspect: bool) -> None:
        def tell() -> None:
            self._hub.hear(topics)
            for payload in signals:
                self._hub.hear_signal(payload)
            if suspect:
                self._hub.suspect()

        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(tell)
