"""What time does to orders, in bounded batches over what an index says is due."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final
from uuid import UUID

from common import clock
from common.errors import Busy
from orders import selectors
from orders.services import codes, paying

BATCH: Final = 500
log = logging.getLogger(__name__)


def end_due_orders() -> int:
    """End every order that nobody answered or paid in time; return how many were due."""
    return _each(selectors.orders_due(clock.now(), limit=BATCH), paying.lapse_if_due)


def forget_codes() -> int:
    """Wipe the hand-over codes that have run out; return how many."""
    return codes.forget_expired_codes(limit=BATCH)


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
