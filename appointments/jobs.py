"""What the scheduler may call."""

from appointments.services import attendance, reminders


def remind_of_visits() -> int:
    """Remind doctors and patients of what is tomorrow, and in an hour."""
    looked_at = 0
    while found := reminders.tell_some():
        looked_at += found
    return looked_at


def prune_meetings() -> int:
    """Forget webhooks and reminders of long ago."""
    return attendance.prune() + reminders.prune()
