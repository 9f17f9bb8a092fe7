"""The worker's threads that carry webhooks: what is due is leased, sent outside any transaction, and written down.

Endpoints that fail have a lane of their own: however long they take, those that work are served beside them.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue
from typing import Final

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from common import clock
from common.errors import Busy, NotFound
from common.webhooks import sign
from notifications.webhooks import carrying
from notifications.webhooks.services import trying
from notifications.webhooks.services.trying import Claimed

WAIT: Final = 0.2  # seconds for a free thread before the lane looks whether it is told to stop
LANES: Final = (False, True)  # endpoints that work, and those that fail
log = logging.getLogger(__name__)


class Lane:
    """So many threads for the endpoints that fail, or for the others."""

    def __init__(self, *, failing: bool, threads: int) -> None:
        self.name = "webhooks-failing" if failing else "webhooks"
        self._failing, self._threads = failing, threads
        self._free = threading.Semaphore(threads)
        self._given: SimpleQueue[Claimed | None] = SimpleQueue()
        for number in range(threads):
            threading.Thread(target=self._serve, name=f"{self.name}-{number}", daemon=True).start()

    def turn(self) -> int:
        """Hand what is due to threads that are free; return how much that was, waiting a moment for the first."""
        if not self._free.acquire(timeout=WAIT):
            return 0
        free = 1
        while free < self._threads and self._free.acquire(blocking=False):
            free += 1
        given = 0
        try:
            for claimed in trying.claim(limit=free, failing=self._failing):
                self._given.put(claimed)
                given += 1
        finally:
            for _ in range(free - given):
                self._free.release()
        return given

    def close(self, *, within: float) -> None:
        """Wait so many seconds for what is on its way; what takes longer goes again after its lease."""
        deadline = time.monotonic() + within
        for _ in range(self._threads):
            if not self._free.acquire(timeout=max(0.0, deadline - time.monotonic())):
                break
        for _ in range(self._threads):
            self._given.put(None)

    def _serve(self) -> None:
        while (claimed := self._given.get()) is not None:
            try:
                deliver(claimed)
            except (OperationalError, InterfaceError, Busy, NotFound) as exc:  # its lease ends by itself
                log.warning("a webhook's outcome was not recorded", extra={"cause": type(exc).__name__})
                connection.close()
            except Exception:  # a worker outlives every failure
                log.exception("a webhook could not be sent")
                connection.close()
            finally:
                self._free.release()
        connection.close()


def lanes() -> list[Lane]:
    """Return the lanes of one worker."""
    threads: int = settings.WEBHOOK_THREADS
    return [Lane(failing=failing, threads=max(1, threads // 4) if failing else threads) for failing in LANES]


def run_due() -> int:
    """Send what is due now, one after the other, and return how much it was: for a worker that runs once."""
    due = [claimed for failing in LANES for claimed in trying.claim(limit=settings.WEBHOOK_THREADS, failing=failing)]
    for claimed in due:
        deliver(claimed)
    return len(due)


def deliver(claimed: Claimed) -> None:
    """Send one message and write down what came of it."""
    started_at = clock.now()
    moment = int(started_at.timestamp())
    signed: Callable[[str], str] = partial(sign, event_id=claimed.message_id, moment=moment, body=claimed.body)
    outcome = carrying.carry(
        claimed.url,
        body=claimed.body,
        headers={
            "webhook-id": claimed.message_id,
            "webhook-timestamp": str(moment),
            "webhook-signature": " ".join(signed(secret) for secret in claimed.secrets),
        },
    )
    trying.record(claimed=claimed, started_at=started_at, outcome=outcome)
