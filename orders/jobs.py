"""What time does to orders, in bounded batches over what an index says is due."""

from __future__ import annotations

import datetime as dt
from typing import Final

from common import clock
from common.errors import Busy
from common.retention import Fate, retained
from common.sweeps import act_on_each
from orders import errands, selectors
from orders.services import billing, codes, paying, road

BATCH: Final = 500


def end_due_orders() -> int:
    """End every order that nobody answered or paid in time; return how many were due."""
    now = clock.now()
    return act_on_each(lambda: selectors.orders_due(now, limit=BATCH), lambda pk: paying.lapse_if_due(order_id=pk))


def tell_late_orders() -> int:
    """Tell of every order that should have arrived; return how many."""
    now = clock.now()
    return act_on_each(lambda: selectors.orders_late(now, limit=BATCH), lambda pk: road.tell_if_late(order_id=pk))


@retained(
    "handover_codes",
    what="Sealed hand-over codes of orders",
    since="when the order is over or the code has run out",
    why="The receiver may ask for the code again until then.",
    keep=None,
    fate=Fate.WIPE,
    hourly=True,
)
def forget_codes(_keep: dt.timedelta) -> int:
    """Wipe the hand-over codes that have run out; return how many."""
    return codes.forget_expired_codes(limit=BATCH)


def reconcile_couriers() -> int:
    """Ask the logistics provider about every booking that is due and that no worker took up; return how many."""
    done = 0
    try:
        while done < BATCH and errands.run_due():
            done += 1
    except Busy:
        return done
    return done


def bill_contracts() -> int:
    """Bill every month of a contract that is over; return how many bills were made."""
    made = 0
    for bank_id, hospital_id in selectors.pairs_to_bill():
        while billing.bill_month(bank_id=bank_id, hospital_id=hospital_id, limit=BATCH) is not None:
            made += 1
    return made
