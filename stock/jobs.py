"""What time does to bags, in bounded transactions over what an index says is due."""

from __future__ import annotations

from collections.abc import Callable

from common import clock
from common.errors import Busy
from common.sweeps import act_on_each
from stock import selectors
from stock.services.exchanging.ending import advance_if_due
from stock.services.exchanging.shipping import ask_after
from stock.services.leaving import expire_due_units, lapse_due_reservations

BATCH = 5000


def expire_units() -> int:
    """Take every bag whose life is over off its shelf; return how many."""
    return _until_done(expire_due_units)


def lapse_reservations() -> int:
    """Free every bag whose reservation is over; return how many."""
    return _until_done(lapse_due_reservations)


def advance_transfers() -> int:
    """Move every transfer on whose window has passed; return how many were."""
    now = clock.now()
    return act_on_each(lambda: selectors.transfers_due(now), lambda pk: advance_if_due(transfer_id=pk))


def ask_after_transfers() -> int:
    """Ask both sides after every box that nobody has received in time; return how many there were."""
    now = clock.now()
    return act_on_each(lambda: selectors.transfers_overdue(now), lambda pk: ask_after(transfer_id=pk))


def _until_done(act: Callable[..., int]) -> int:
    """What somebody holds right now waits for the next run."""
    done = 0
    try:
        while found := act(limit=BATCH):
            done += found
    except Busy:
        return done
    return done
