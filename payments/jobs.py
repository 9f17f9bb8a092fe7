"""What time does to money: errands that no worker has run, and what is written down for people."""

from __future__ import annotations

import logging
from typing import Final

from common.errors import Busy, Conflict
from common.sweeps import act_on_each
from payments import errands, plan_selectors, selectors, settlement_selectors
from payments.services import aftermath, renewing, settlements

TURNS: Final = 100  # of a job: what is left waits for the next
MOST_DISPUTES: Final = 1000  # asked about in a night
BATCH: Final = 200  # subscriptions at a time
log = logging.getLogger(__name__)


def reconcile() -> int:
    """Ask the providers about every payment and refund that is due, and send back late money; return how many."""
    done = 0
    try:
        for _ in range(TURNS):
            found = errands.run_due()
            if not found:
                break
            done += found
    except Busy:
        return done
    return done


def follow_disputes() -> int:
    """Have the providers asked about every open dispute, should a webhook have been lost; return how many."""
    found = selectors.open_disputes(MOST_DISPUTES)
    return act_on_each(lambda: found, lambda pk: aftermath.question_dispute(dispute_id=pk))


def report_mismatches() -> int:
    """Write one line into the log for each thing that a person has to look at; return how many."""
    found = selectors.mismatches()
    for one in found:
        log.error("money needs a person", extra={"kind": one.kind, "subject": one.subject, "detail": one.detail})
    return len(found)


def move_subscriptions() -> int:
    """Announce, charge, remind of and end every subscription that is due; return how many were."""
    return act_on_each(lambda: plan_selectors.due_subscriptions(BATCH), lambda pk: renewing.move_on(subscription_id=pk))


def settle_months() -> int:
    """Settle every month that is over with every partner; return how many. What has just changed waits for the next."""
    done = 0
    for partner_id, currency, month in settlement_selectors.unsettled():
        try:
            row = settlements.settle_month(partner_id=partner_id, currency=currency, month=month)
        except Conflict:
            continue
        done += row is not None
    return done
