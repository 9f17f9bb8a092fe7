"""What time does to appointments, in bounded batches over what an index says is due."""

from __future__ import annotations

from typing import Final

from appointments.selectors import booking
from appointments.services import attendance, ending, holding, reminders, visiting
from common import clock
from common.sweeps import act_on_each

BATCH: Final = 500


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


def remind_of_visits() -> int:
    """Remind doctors and patients of what is tomorrow, and in an hour."""
    looked_at = 0
    while found := reminders.tell_some():
        looked_at += found
    return looked_at


def prune_meetings() -> int:
    """Forget webhooks and reminders of long ago."""
    return attendance.prune() + reminders.prune()
