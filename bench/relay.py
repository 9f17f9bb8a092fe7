"""How fast one relay tells events: with nobody listening, and with a handler that queues a message."""

from __future__ import annotations

from bench import crowd
from bench.frame import Report, analyse, own_database, timed
from common import outbox
from common.db import unit_of_work
from common.models import OutboxEvent
from users.models import User

TITLE = "relay: outbox.drain in one thread"
EVENTS = 2000


def run(report: Report) -> None:
    with own_database():
        crowd.add_donors(EVENTS)
        users = [str(pk) for pk in User.objects.values_list("pk", flat=True)]
        for name, what in (
            ("bench.unheard", "nobody listens"),
            ("account.password_changed", "one handler queues one message"),
        ):
            with unit_of_work():
                outbox.emit_many(name, {f"user:{user}": {"user": user} for user in users})
            analyse("common_outboxevent", "common_told")
            took = timed(outbox.drain)
            told = OutboxEvent.objects.filter(name=name, done_at__isnull=False).count()
            if told != EVENTS:
                raise RuntimeError(f"{told} of {EVENTS} events were told")
            report.tell(f"{EVENTS:,} events, {what}", f"{EVENTS / took:,.0f} events/s")
