"""Both sides are reminded a day and an hour before, once for each time that an appointment has had."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Final

from appointments.models import Appointment, Reminder
from appointments.states import AppointmentStatus, ReminderOutcome
from common import clock
from common.db import command, delete_in_batches, lock_free, step
from common.outbox import emit
from common.retention import retained

# How long before, and how late it is still worth saying: what is to come a day before is not said an hour before.
LEADS: Final = {24: dt.timedelta(hours=18), 1: dt.timedelta(minutes=50)}
BATCH: Final = 200
KEEP: Final = dt.timedelta(days=30)


@step
def plan(*, appointment_id: uuid.UUID, starts_at: dt.datetime, sequence: int, since: dt.datetime) -> None:
    """Put down the reminders of this time of the appointment, which was chosen at `since`: none for a moment that had
    passed by then. Safe to repeat."""
    hours = [lead for lead in LEADS if starts_at - dt.timedelta(hours=lead) > since]
    Reminder.objects.bulk_create(
        [
            Reminder(
                appointment_id=appointment_id,
                hours=lead,
                sequence=sequence,
                due_at=starts_at - dt.timedelta(hours=lead),
            )
            for lead in hours
        ],
        ignore_conflicts=True,
    )


@command
def tell_some() -> int:
    """Tell what is due, in one batch; return how many were looked at.

    One of a time that the appointment has no more, or that comes too late, is passed over.
    Locks: the reminders, passing over what others hold.      Emits: appointment.reminder_due
    """
    now = clock.now()
    due = Reminder.objects.filter(outcome=ReminderOutcome.WAITING, due_at__lte=now).order_by("due_at", "id")
    rows = lock_free(due, limit=BATCH)
    visits = Appointment.objects.in_bulk([row.appointment_id for row in rows])
    for row in rows:
        is_worth = _is_worth(row, visits[row.appointment_id], now)
        row.outcome = ReminderOutcome.TOLD if is_worth else ReminderOutcome.SKIPPED
        row.done_at = now
        if is_worth:
            emit(
                "appointment.reminder_due",
                key=f"appointment:{row.appointment_id}",
                appointment=str(row.appointment_id),
                hours=row.hours,
                sequence=row.sequence,
            )
    Reminder.objects.bulk_update(rows, ["outcome", "done_at"])
    return len(rows)


@retained(
    "visit_reminders",
    what="Which reminders of visits were sent",
    since="since they were due",
    why="Nobody is reminded twice.",
    keep=KEEP,
)
def prune(keep: dt.timedelta) -> int:
    """Delete reminders of long ago; return how many went."""
    return delete_in_batches(Reminder.objects.filter(due_at__lt=clock.now() - keep))


def _is_worth(row: Reminder, visit: Appointment, now: dt.datetime) -> bool:
    is_as_planned = visit.state is AppointmentStatus.CONFIRMED and visit.sequence == row.sequence
    return is_as_planned and now < row.due_at + LEADS[row.hours]
