"""What time does to camps and for donors who come back, in bounded transactions over what an index says is due."""

from __future__ import annotations

from common import clock
from common.sweeps import act_on_each
from donations import selectors
from donations.models import REMINDED_HOURS
from donations.services import announcing
from donations.services.camps import advance_due_camps
from donations.services.inviting import invite_due, waking_zones
from donations.services.reminding import remind_due

BATCH = 500
CAMPS = 100  # in one batch


def remind_donors() -> int:
    """Remind every donor who is expected soon; return how many."""
    reminded = 0
    for hours in REMINDED_HOURS:
        while found := remind_due(hours=hours, limit=BATCH):
            reminded += found
    return reminded


def invite_donors_back() -> int:
    """Ask the donors who may give again, where it is day; return how many invitations were looked at."""
    looked_at = 0
    for zone in waking_zones():
        while found := invite_due(zone=zone, limit=BATCH):
            looked_at += found
    return looked_at


def advance_camps() -> int:
    """Write down which camps have begun or are over; return how many."""
    moved = 0
    while found := advance_due_camps(limit=CAMPS):
        moved += found
    return moved


def tell_of_camps() -> int:
    """Go on telling donors of camps, where quiet hours or a day's peace are over; return how many camps."""
    now = clock.now()
    return act_on_each(lambda: selectors.camps_to_invite(now), lambda pk: announcing.run_due_invitations(camp_id=pk))


def remind_of_camps() -> int:
    """Have those enrolled in tomorrow's camps reminded; return how many camps."""
    reminded = 0
    while found := announcing.remind_due(limit=CAMPS):
        reminded += found
    return reminded
