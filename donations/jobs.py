"""What time does for donors who come back, in bounded transactions."""

from __future__ import annotations

from donations.models import REMINDED_HOURS
from donations.services.inviting import invite_due, waking_zones
from donations.services.reminding import remind_due

BATCH = 500


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
