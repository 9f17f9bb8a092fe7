"""What time does to members' devices and partners' keys."""

from __future__ import annotations

import datetime as dt

from common import sessions
from common.retention import retained
from partners.models import MemberSession
from partners.services import keys


def warn_of_expiring_keys() -> int:
    """Have owners told of API keys that end soon; return how many warnings."""
    return keys.warn_of_ends()


@retained(
    "partner_devices",
    what="Devices of partners' members: name, address, times",
    since="since they signed out or expired",
    why="To show where an account was used, and to find a thief.",
    keep=sessions.KEEP_ENDED,
)
def prune(keep: dt.timedelta) -> int:
    """Delete the sessions that ended or expired long ago; return how many went."""
    return sessions.prune(MemberSession, keep)
