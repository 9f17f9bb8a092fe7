"""What time does to members' devices."""

from __future__ import annotations

from common import sessions
from partners.models import MemberSession


def prune() -> int:
    """Delete the sessions that ended or expired long ago; return how many went."""
    return sessions.prune(MemberSession)
