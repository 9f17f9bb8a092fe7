"""Sends what is due: one desk that leases and writes back, and threads that only send.

The desk keeps more leased than the threads can hold, so that they never wait for the database, but not much
more, so that memory stays flat. Nothing is sent inside a transaction; the sending threads use no database.
"""

from __future__ import annotations

import datetime as dt
import logging
import math
import os
import queue
import random
import socket
import threading
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from common import clock
from common.errors import Busy
from notifications import doorbell
from notifications.envelopes import Envelope, envelopes_of
from notifications.gateways import (
    OUTSIDE_WINDOW,
    Found,
    NotAccepted,
    Outgoing,
    Refused,
    TextGateway,
    TryLater,
)
from notifications.kinds import CAN_WAIT
from notifications.models import Delivery
from notifications.services import delivering
from notifications.services.delivering import MAX_ATTEMPTS, Outcome
from notifications.states import Channel

POLL: Final = 0.1  # seconds between two looks for due rows while nobody rings
GATHER: Final = 0.02  # seconds in which outcomes are collected for one statement
TICK: Final = 1.0  # seconds between two looks for expired leases and doubts
AHEAD: Final = 4  # deliveries in hand per thread
LONGEST_BACKOFF: Final = 600.0  # seconds
LONGEST_PAUSE: Final = 10.0  # seconds between two tries to reach the database
log = logging.getLogger(__name__)
_dice = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class _Task:
    """A leased delivery to send, or one in doubt to look up. `begin_before` is on the monotonic clock."""

    row: Delivery
    begin_before: float = math.inf
    is_look_up: bool = False
    envelope: Envelope | None = None


class Dispatcher:
    """Any number of them, in any number of processes, share the work through the database."""

    def __init__(self, gateway: TextGateway, *, threads: int) -> None:
        self.worker = f"{socket.gethostname()[:30]}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self._gateway = gateway
        self._threads = threads
        self._tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._results: queue.SimpleQueue[Outcome | None] = queue.SimpleQueue()  # None: somebody rang
        self._unwritten: list[Outcome] = []
        self._in_hand = 0  # handed out and not written back
        self._next_tick = 0.0
        self._senders: list[threading.Thread] = []

    def start(self) -> None:
        """Start the sending threads; the caller then takes the turns at the desk."""
        self._senders = [
            threading.Thread(target=self._send_all, name=f"send-{number}", daemon=True)
            for number in range(self._threads)
        ]
        for sender in self._senders:
            sender.start()
        doorbell.listen(self.poke)

    def poke(self) -> None:
        """Look for due rows now. From any thread."""
        self._results.put(None)

    def run(self, stop: threading.Event) -> None:
        """Take turns until `stop` is set, through any failure of the database."""
        pause = 0.0
        while not stop.is_set():
            try:
                self.turn()
                pause = 0.0
            except Busy:
                stop.wait(GATHER)
            except (OperationalError, InterfaceError) as exc:
                pause = min(max(0.5, pause * 2), LONGEST_PAUSE)
                log.warning("dispatcher lost the database", extra={"cause": type(exc).__name__, "pause_s": pause})
                connection.close()
                stop.wait(pause)
            except Exception:  # a worker outlives every failure
                log.exception("dispatcher failed")
                connection.close()
                stop.wait(TICK)

    def turn(self) -> bool:
        """Write back, mind the doubts, lease more, wait a moment; return whether anything is in hand."""
        self._write_back()
        if time.monotonic() >= self._next_tick:
            self._next_tick = time.monotonic() + TICK
            self._mind_doubts()
        self._lease()
        self._gather(POLL)
        return self._in_hand > 0

    def stop(self, *, within: float) -> None:
        """Hand back what has not begun; wait up to `within` seconds for the rest, and write it down.

        What is still on its way then comes into doubt when its lease ends.
        """
        doorbell.leave(self.poke)
        deadline = time.monotonic() + within
        self._take_back()
        for _ in self._senders:
            self._tasks.put(None)
        while self._in_hand > len(self._unwritten) and time.monotonic() < deadline:
            self._gather(POLL)
        if self._in_hand > len(self._unwritten):
            log.warning("stopped before every send had its answer", extra={"count": self._in_hand})
        self._write_back()

    def _lease(self) -> None:
        room = self._threads * AHEAD - self._in_hand
        if room >= self._threads:  # larger bites cost the database less
            begin_before = time.monotonic() + settings.DISPATCH_LEASE.total_seconds() / 2
            rows = delivering.claim(limit=room, worker=self.worker)
            envelopes = envelopes_of(rows)
            self._hand_out(_Task(row, begin_before, envelope=envelopes.get(row.pk)) for row in rows)

    def _mind_doubts(self) -> None:
        expired = delivering.doubt_expired()
        if expired:
            log.warning("leases ended without an answer", extra={"count": expired})
        room = self._threads * AHEAD - self._in_hand
        if room > 0:
            rows = delivering.claim_doubts(limit=min(room, self._threads))
            self._hand_out(_Task(row, is_look_up=True) for row in rows)

    def _hand_out(self, tasks: Iterable[_Task]) -> None:
        for task in tasks:
            self._in_hand += 1
            self._tasks.put(task)

    def _take_back(self) -> None:
        while True:
            try:
                task = self._tasks.get_nowait()
            except queue.Empty:
                return
            if task is not None:
                self._unwritten.append(_hand_back(task))

    def _gather(self, wait: float) -> None:
        """Wait for a result or a ring, and collect what follows it within a moment."""
        until = time.monotonic() + wait
        while True:
            try:
                result = self._results.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                return
            if result is None:
                return
            if not self._unwritten:
                until = time.monotonic() + GATHER
            self._unwritten.append(result)

    def _write_back(self) -> None:
        """Write what is known; when the database fails, it stays known."""
        delivering.complete(self._unwritten, worker=self.worker)
        self._in_hand -= len(self._unwritten)
        self._unwritten = []

    def _send_all(self) -> None:
        while (task := self._tasks.get()) is not None:
            try:
                outcome = self._look_up(task.row) if task.is_look_up else self._send(task)
            except Exception:  # a thread outlives every failure; what became of the message is not known
                log.exception("sending failed", extra={"delivery": str(task.row.pk)})
                outcome = _doubt(task.row, "crashed")
            self._results.put(outcome)

    def _send(self, task: _Task) -> Outcome:
        row = task.row
        if time.monotonic() > task.begin_before:
            return _hand_back(task)  # it could end after the lease does
        if row.body is None:
            return _outcome(row, "refuse", error_code="no_body")
        if row.channel == Channel.PUSH and task.envelope is None:
            return _outcome(row, "refuse", error_code="device_gone")
        try:
            accepted = self._gateway.send(_outgoing(row, row.body, task.envelope))
        except NotAccepted as exc:
            return _not_accepted(row, exc)
        return _outcome(row, "accept", provider_id=accepted.provider_id)

    def _look_up(self, row: Delivery) -> Outcome:
        try:
            found = self._gateway.find(
                channel=Channel(row.channel),
                to=row.to,
                body=row.body or "",
                since=row.attempted_at or row.created_at,
            )
        except NotAccepted as exc:
            if row.valid_until <= clock.now():
                return _outcome(row, "refuse", error_code="fate_unknown")
            return _doubt(row, exc.code)
        return _outcome(row, "look_up", found=tuple(found))


def backoff(attempt: int) -> dt.timedelta:
    """Return how long to wait after this attempt: doubling, with jitter, so that many come one by one."""
    return dt.timedelta(seconds=min(2.0**attempt, LONGEST_BACKOFF) * _dice.uniform(0.5, 1.5))


def later(seconds: float) -> dt.timedelta:
    """Return a wait of at least so many seconds, with jitter on top."""
    return dt.timedelta(seconds=seconds * _dice.uniform(1, 1.5))


def _not_accepted(row: Delivery, exc: NotAccepted) -> Outcome:
    log.warning(
        "send not accepted",
        extra={
            "delivery": str(row.pk),
            "channel": row.channel,
            "error_code": exc.code,
            "kind": type(exc).__name__,
        },
    )
    if isinstance(exc, Refused):
        verb = delivering.refusal_of(row.channel, exc.code, attempt=row.attempts)
        return _outcome(row, verb, error_code=exc.code, run_at=clock.now())
    if not isinstance(exc, TryLater):
        return _doubt(row, exc.code)
    if row.attempts >= MAX_ATTEMPTS:
        return _outcome(row, "refuse", error_code=exc.code)
    wait = backoff(row.attempts) if exc.retry_after is None else later(exc.retry_after)
    return _outcome(row, "fail", error_code=exc.code, run_at=clock.now() + wait)


def _doubt(row: Delivery, code: str) -> Outcome:
    """For a look-up without an answer this changes nothing: when to ask again is written already."""
    return _outcome(row, "doubt", error_code=code, run_at=clock.now() + settings.DISPATCH_GRACE)


def _hand_back(task: _Task) -> Outcome:
    if task.is_look_up:
        return _doubt(task.row, "")
    return _outcome(task.row, "hand_back", error_code=task.row.error_code, run_at=task.row.run_at)


def _outgoing(row: Delivery, body: str, envelope: Envelope | None) -> Outgoing:
    return Outgoing(
        delivery_id=row.pk,
        channel=Channel(row.channel),
        to=envelope.to if envelope else row.to,
        body=body,
        language=row.language,
        attempt=row.attempts,
        as_template=row.error_code == OUTSIDE_WINDOW,
        subject=row.subject,
        invitation=row.invitation or "",
        unsubscribe=envelope.unsubscribe if envelope else "",
        data=envelope.data if envelope else {},
        valid_until=row.valid_until,
        is_urgent=row.priority < CAN_WAIT,
    )


def _outcome(
    row: Delivery,
    verb: str,
    *,
    provider_id: str = "",
    error_code: str = "",
    run_at: dt.datetime | None = None,
    found: tuple[Found, ...] = (),
) -> Outcome:
    return Outcome(
        delivery_id=row.pk,
        notification_id=row.notification_id,
        channel=row.channel,
        to=row.to,
        attempt=row.attempts,
        verb=verb,
        provider_id=provider_id,
        error_code=error_code,
        run_at=run_at,
        found=found,
    )
