"""What time does to money: errands that no worker has run, and what is written down for people."""

from __future__ import annotations

import logging
from typing import Final

from common.errors import Busy
from payments import errands, selectors
from payments.services import notices

TURNS: Final = 100  # of a job: what is left waits for the next
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


def prune() -> int:
    """Forget webhooks that no provider repeats any more; return how many went."""
    return notices.prune()


def report_mismatches() -> int:
    """Write one line into the log for each thing that a person has to look at; return how many."""
    found = selectors.mismatches()
    for one in found:
        log.error("money needs a person", extra={"kind": one.kind, "subject": one.subject, "detail": one.detail})
    return len(found)
