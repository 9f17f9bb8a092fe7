"""What time does to members' devices and partners' keys."""

from __future__ import annotations

from common import sessions
from partners.models import MemberSession
from partners.services import keys


def warn_of_expiring_keys() -> int:
    """Have owners told of API keys that end soon; return how many warnings."""
    return keys.warn_of_ends()


def prune() -> int:
    """Delete the sessions that ended or expired long ago; return how many went."""
    return sessions.prune(MemberSession)
