"""What time does to doctors, appointments, files and records, in bounded transactions."""

from __future__ import annotations

import datetime as dt
from typing import Final

from appointments.selectors import analysing as analyses
from appointments.selectors import booking, records
from appointments.selectors import files as kept_files
from appointments.services import (
    analysing,
    ending,
    files,
    holding,
    referring,
    reminders,
    visiting,
)
from appointments.services.doctors import find_next_free_of_stale
from common import clock
from common.retention import retained
from common.sweeps import act_on_each

BATCH: Final = 500
ROUNDS: Final = 100  # batches in one run; the next one goes on
KEEP_FAILURES: Final = dt.timedelta(days=30)


def lapse_holds() -> int:
    """Free every time that nobody paid for or agreed to in time; return how many were due."""
    now = clock.now()
    return act_on_each(lambda: booking.holds_over(now, limit=BATCH), lambda pk: holding.lapse_if_due(appointment_id=pk))


def close_visits() -> int:
    """End the visits that nobody started, and those that nobody has ended; return how many were due."""
    now = clock.now()
    unvisited = act_on_each(
        lambda: booking.unvisited(now - ending.CLOSE_AFTER, limit=BATCH),
        lambda pk: ending.close_if_unvisited(appointment_id=pk),
    )
    return unvisited + act_on_each(
        lambda: booking.forgotten(now - visiting.FORGOTTEN_AFTER, limit=BATCH),
        lambda pk: visiting.complete_if_forgotten(appointment_id=pk),
    )


def refresh_next_free() -> int:
    """Look again when doctors are free whose kept times have passed; return how many."""
    refreshed = 0
    for _ in range(ROUNDS):
        found = find_next_free_of_stale()
        if not found:
            break
        refreshed += found
    return refreshed


def remind_of_visits() -> int:
    """Remind doctors and patients of what is tomorrow, and in an hour."""
    looked_at = 0
    while found := reminders.tell_some():
        looked_at += found
    return looked_at


@retained(
    "deleted_files",
    what="Medical files that their owner deleted",
    since="seven days after they were deleted, in which they can be brought back",
    why="A finger slips.",
    keep=None,
    hourly=True,
)
def destroy_deleted_files(_keep: dt.timedelta) -> int:
    """Destroy every file whose time to be brought back is over; return how many."""
    now = clock.now()
    return act_on_each(
        lambda: kept_files.files_to_destroy(now, limit=BATCH), lambda pk: files.destroy_if_due(file_id=pk)
    )


@retained(
    "failed_analyses",
    what="Readings of reports that failed",
    since="since they failed",
    why="To find out why.",
    keep=KEEP_FAILURES,
)
def prune_analyses(keep: dt.timedelta) -> int:
    """Delete analyses that failed long ago; return how many."""
    before, gone = clock.now() - keep, 0
    while due := analyses.old_failures(before, limit=BATCH):
        gone += analysing.prune(analysis_ids=due)
    return gone


def lapse_referrals() -> int:
    """Close the referrals that nobody has answered in time; return how many."""
    now = clock.now()
    return act_on_each(
        lambda: records.due_referrals(now, limit=BATCH), lambda pk: referring.lapse_if_due(referral_id=pk)
    )
