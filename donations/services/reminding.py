"""Reminding donors of their promises, a few hours before they are expected."""

from __future__ import annotations

import datetime as dt
import uuid

from django.db import connection
from django.db.models import Exists, OuterRef

from common import clock, outbox
from common.db import command
from donations.models import REMINDED_HOURS, Reminder
from requests_app import selectors as requests


@command
def remind_due(*, hours: int, limit: int) -> int:
    """Have up to `limit` donors reminded who are expected in at most `hours`; return how many were found due.

    Each promise once for each number of hours: who writes it down first tells. A reminder that the next one has caught
    up with is left out, and so is one whose moment was past when the promise was made.

    Emits: assignment.reminder_due
    """
    now = clock.now()
    lead, following = dt.timedelta(hours=hours), _next_lead(hours)
    told = Reminder.objects.filter(assignment=OuterRef("pk"), hours=hours)
    due = requests.promises_expected(after=now + following, until=now + lead, made_before=lead)
    found = list(due.filter(~Exists(told)).values_list("pk", flat=True)[:limit])
    payloads = {f"reminder:{pk}": {"assignment": str(pk), "hours": hours} for pk in _write_down(found, hours, now)}
    outbox.emit_many("assignment.reminder_due", payloads)
    return len(found)


def _next_lead(hours: int) -> dt.timedelta:
    """Return how long before its hour a promise's next reminder is due; zero after the last."""
    return dt.timedelta(hours=max((other for other in REMINDED_HOURS if other < hours), default=0))


def _write_down(assignment_ids: list[uuid.UUID], hours: int, now: dt.datetime) -> list[uuid.UUID]:
    """Return those that nobody had written down before: the constraint decides, also between two schedulers."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO donations_reminder (assignment_id, hours, created_at)
            SELECT due, %(hours)s, %(now)s FROM unnest(%(due)s::uuid[]) AS due ORDER BY due
            ON CONFLICT DO NOTHING
            RETURNING assignment_id
            """,
            {"due": assignment_ids, "hours": hours, "now": now},
        )
        return [row[0] for row in cursor.fetchall()]
