"""The worker: relays events to their handlers, sends what they queued, and asks the providers of payments, of couriers
and of meetings, until it is told to stop."""

from __future__ import annotations

import logging
import threading
import time
from typing import Final

from django.conf import settings
from django.db import InterfaceError, OperationalError

from appointments import errands as visits
from common import outbox
from common.audit import chain
from common.errands import serve
from common.errors import Busy
from notifications.dispatch import POLL, Dispatcher
from notifications.gateways import TextGateway, TwilioGateway
from notifications.mail import Carriers, SmtpGateway
from notifications.push import FcmGateway
from notifications.services import batching
from notifications.webhooks import sending as webhooks
from orders import errands as couriers
from payments import errands as payments

RELAYS: Final = 2  # threads that tell events; events of one key keep their order all the same
CARRIERS: Final = 1  # threads that tell events to the outside, which may be slow: no message waits for them
# What is done at providers outside, in a thread each: one that is slow holds up no other.
ERRANDS: Final = (
    ("payments", payments.run_due),
    ("couriers", couriers.run_due),
    *visits.ERRANDS,
    ("announcements", batching.run_due),
    ("audit", chain.run_due),  # no provider, and as little to do with messages
)
BITE: Final = 5  # events that a relay takes at a time: what one holds, the other cannot tell
STOP_WITHIN: Final = 9.0  # seconds for what is on its way when the worker is told to stop
log = logging.getLogger(__name__)


class Worker:
    """One process's share of the work."""

    def __init__(self, *, threads: int | None = None, gateway: TextGateway | None = None) -> None:
        threads = threads or settings.DISPATCH_THREADS
        self.dispatcher = Dispatcher(gateway or carriers(threads), threads=threads)

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set, then finish what is in hand, within 10 seconds."""
        relays = [
            threading.Thread(target=relay_until, args=(stop, number >= RELAYS), name=f"relay-{number}", daemon=True)
            for number in range(RELAYS + CARRIERS)
        ]
        relays += [
            threading.Thread(target=serve, args=(run_due, stop), name=name, daemon=True) for name, run_due in ERRANDS
        ]
        lanes = webhooks.lanes()
        relays += [
            threading.Thread(target=serve, args=(lane.turn, stop), name=lane.name, daemon=True) for lane in lanes
        ]
        for relay in relays:
            relay.start()
        self.dispatcher.start()
        log.info("worker started", extra={"worker": self.dispatcher.worker})
        try:
            self.dispatcher.run(stop)
        finally:
            deadline = time.monotonic() + STOP_WITHIN
            self._stop_dispatcher(STOP_WITHIN)
            for relay in relays:
                relay.join(max(0.0, deadline - time.monotonic()))
            for lane in lanes:
                lane.close(within=max(0.0, deadline - time.monotonic()))
            log.info("worker stopped", extra={"worker": self.dispatcher.worker})

    def run_once(self) -> None:
        """Tell every event, run every errand to a provider, send every delivery that is due, and return."""
        outbox.drain()
        while sum(run_due() for _, run_due in ERRANDS) + webhooks.run_due():
            outbox.drain()
        self.dispatcher.start()
        try:
            while self.dispatcher.turn():
                pass
        finally:
            self._stop_dispatcher(STOP_WITHIN)

    def _stop_dispatcher(self, within: float) -> None:
        try:
            self.dispatcher.stop(within=within)
        except (OperationalError, InterfaceError, Busy) as exc:  # the leases end by themselves
            log.warning("stopped without the database", extra={"cause": type(exc).__name__})


def carriers(threads: int) -> TextGateway:
    """Return what sends by every channel, for so many threads."""
    return Carriers(text=TwilioGateway(connections=threads), mail=SmtpGateway(), push=FcmGateway())


def relay_until(stop: threading.Event, outside: bool = False) -> None:  # noqa: FBT001, FBT002 - a thread's argument
    """Tell events, or those for the `outside`, until `stop` is set, through any failure of the database."""
    serve(lambda: _relay_batch(outside=outside), stop, poll=POLL, called="relay")


def _relay_batch(*, outside: bool) -> int:
    events = outbox.claim(limit=1 if outside else BITE, outside=outside)
    for event in events:
        outbox.deliver(event)
    return len(events)
