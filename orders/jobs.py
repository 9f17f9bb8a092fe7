"""What time does to orders, in bounded batches over what an index says is due."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final
from uuid import UUID

from common import clock
from common.errors import Busy
from orders import selectors
from orders.services import codes, paying, road, settling

BATCH: Final = 500
log = logging.getLogger(__name__)


def end_due_orders() -> int:
    """End every order that nobody answered or paid in time; return how many were due."""
    return _each(selectors.orders_due(clock.now(), limit=BATCH), paying.lapse_if_due)


def tell_late_orders() -> int:
    """Tell of every order that should have arrived; return how many."""
    return _each(selectors.orders_late(clock.now(), limit=BATCH), road.tell_if_late)


def forget_codes() -> int:
    """Wipe the hand-over codes that have run out; return how many."""
    return codes.forget_expired_codes(limit=BATCH)


def settle_months() -> int:
    """Bill every month of a contract that is over; return how many bills were made."""
    made = 0
    for bank_id, hospital_id in selectors.pairs_to_settle():
        while settling.settle_month(bank_id=bank_id, hospital_id=hospital_id, limit=BATCH) is not None:
            made += 1
    return made


def _each(ids: list[UUID], act: Callable[..., bool]) -> int:
    """Act on each; one that somebody holds right now waits for the next run, one that fails keeps nobody waiting."""
    done, failure = 0, None
    for pk in ids:
        try:
            done += act(order_id=pk)
        except Busy:
            continue
        except Exception as exc:
            log.exception("order not moved on", extra={"order": str(pk)})
            failure = exc
    if failure is not None:
        raise failure
    return done
