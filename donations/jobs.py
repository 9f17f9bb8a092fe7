"""What time does to camps, in bounded transactions over what an index says is due."""

from __future__ import annotations

import logging
import uuid

from common import clock
from common.errors import Busy
from donations import selectors
from donations.services import inviting
from donations.services.camps import advance_due_camps

BATCH = 100
log = logging.getLogger(__name__)


def advance_camps() -> int:
    """Write down which camps have begun or are over; return how many."""
    moved = 0
    while found := advance_due_camps(limit=BATCH):
        moved += found
    return moved


def invite_donors() -> int:
    """Go on telling donors of camps, where quiet hours or a day's peace are over; return how many camps."""
    now, seen = clock.now(), set[uuid.UUID]()
    for camp_id in selectors.camps_to_invite(now):
        try:
            inviting.run_due_invitations(camp_id=camp_id)
        except Busy:
            log.info("a camp is held elsewhere", extra={"camp": str(camp_id)})
            continue
        seen.add(camp_id)
    return len(seen)


def remind_of_camps() -> int:
    """Have those enrolled in tomorrow's camps reminded; return how many camps."""
    reminded = 0
    while found := inviting.remind_due(limit=BATCH):
        reminded += found
    return reminded


def prune_invites() -> int:
    """Forget who was told of camps that are over; return how many rows went."""
    return inviting.prune_invites()
