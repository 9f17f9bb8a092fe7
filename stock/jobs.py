"""What time does to bags, in bounded transactions over what an index says is due."""

from __future__ import annotations

import logging
from collections.abc import Callable

from common import clock
from common.errors import Busy
from stock import selectors
from stock.services.exchanging.ending import advance_if_due
from stock.services.leaving import expire_due_units, lapse_due_reservations

BATCH = 5000
log = logging.getLogger(__name__)


def expire_units() -> int:
    """Take every bag whose life is over off its shelf; return how many."""
    return _until_done(expire_due_units)


def lapse_reservations() -> int:
    """Free every bag whose reservation is over; return how many."""
    return _until_done(lapse_due_reservations)


def advance_transfers() -> int:
    """Move every transfer on whose window has passed; return how many were.

    One that somebody holds right now waits for the next run. One that fails keeps nobody else waiting; its failure is
    raised when all have had their turn.
    """
    now, moved = clock.now(), 0
    failure: Exception | None = None
    for pk in selectors.transfers_due(now):
        try:
            moved += advance_if_due(transfer_id=pk)
        except Busy:
            continue
        except Exception as exc:
            log.exception("sweep failed on one row", extra={"row": str(pk)})
            failure = exc
    if failure is not None:
        raise failure
    return moved


def _until_done(act: Callable[..., int]) -> int:
    """What somebody holds right now waits for the next run."""
    done = 0
    try:
        while found := act(limit=BATCH):
            done += found
    except Busy:
        return done
    return done
