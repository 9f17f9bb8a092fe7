"""What time does to accounts and donors, in bounded transactions."""

from __future__ import annotations

import datetime as dt

from common import sessions
from common.retention import retained
from users.models import Session
from users.services import attesting, retention
from users.services.donors import refresh_stale_windows, unlock_due_donors

BATCH = 1000
ASKED_AT_ONCE = 50


def unlock_donors() -> int:
    """Unlock every donor whose time is over; return how many."""
    unlocked = 0
    while found := unlock_due_donors(limit=BATCH):
        unlocked += found
    return unlocked


@retained(
    "devices",
    what="Devices that were signed in: name, address, times",
    since="since they signed out or expired",
    why="To show where an account was used, and to find a thief.",
    keep=sessions.KEEP_ENDED,
)
def prune_sessions(keep: dt.timedelta) -> int:
    """Delete the sessions that ended or expired long ago; return how many went."""
    return sessions.prune(Session, keep)


@retained(
    "erased_people",
    what="What the law had kept of people whose account was erased",
    since="since the erasure",
    why="Blood centres keep records for at least five years, medical records for three; then nobody's any more.",
    keep=retention.KEEP_TRACE,
    floor=dt.timedelta(days=1827),
)
def delete_old_traces(keep: dt.timedelta) -> int:
    """Delete what the law had kept of people who were forgotten long ago; return how many people."""
    deleted, after = 0, None
    while True:
        found, after = retention.delete_old_traces(after=after, limit=BATCH, keep=keep)
        deleted += found
        if after is None:
            return deleted


def settle_attestations() -> int:
    """Ask the provider of identities what became of dialogues whose answer got lost, and close those that are over.

    Return how many. The calls are few and each is bounded, and the next run goes on with the rest.
    """
    settled = attesting.settle_in_doubt(limit=ASKED_AT_ONCE)
    while found := attesting.expire_due(limit=BATCH):
        settled += found
    return settled


def refresh_windows() -> int:
    """Work out again from when to when donors may give, where the rules have changed since; return how many.

    Stopped half-way, the next run goes on with those that are left.
    """
    refreshed, after = 0, None
    while found := refresh_stale_windows(after=after, limit=BATCH):
        refreshed, after = refreshed + len(found), found[-1]
    return refreshed
