"""What time does to bags, in bounded transactions over what an index says is due."""

from __future__ import annotations

from collections.abc import Callable

from common.errors import Busy
from stock.services.leaving import expire_due_units, lapse_due_reservations

BATCH = 5000


def expire_units() -> int:
    """Take every bag whose life is over off its shelf; return how many."""
    return _until_done(expire_due_units)


def lapse_reservations() -> int:
    """Free every bag whose reservation is over; return how many."""
    return _until_done(lapse_due_reservations)


def _until_done(act: Callable[..., int]) -> int:
    """What somebody holds right now waits for the next run."""
    done = 0
    try:
        while found := act(limit=BATCH):
            done += found
    except Busy:
        return done
    return done
