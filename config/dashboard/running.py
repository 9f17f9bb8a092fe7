"""Whether the product runs: the scheduler's jobs, the events still to be told, and who leads."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from django.db.models import Max, Q, QuerySet
from django.urls import reverse
from django_apscheduler.models import DjangoJob, DjangoJobExecution

from common import clock, figures, outbox
from common.figures import Counted, Scope
from common.health import readiness
from common.models import OutboxEvent
from config.dashboard.charts import Bar, Series, bars
from config.dashboard.panels import BAD, NOTHING, WAIT, Panel, Shown, duration, link_to, shown

LATE: Final = dt.timedelta(minutes=2)  # a job that should have run so long ago is not run by anybody
SLOW: Final = 60  # seconds; /readyz says so, too
SHOWN: Final = 6


def runs(scope: Scope) -> QuerySet[Any]:
    """Return the runs of the period."""
    return DjangoJobExecution.objects.filter(run_time__gte=scope.start, run_time__lt=scope.end)


def open_events(scope: Scope) -> QuerySet[Any]:
    """Return the events that somebody has still to be told of, whenever they happened."""
    return outbox.open_events()


RUNS: Final = Counted(
    "django_apscheduler.djangojobexecution",
    runs,
    {"runs": Q(), "failed": Q(status=DjangoJobExecution.ERROR)},
    {"failed": "failed runs"},
    column="run_time",
)
EVENTS: Final = Counted(
    OutboxEvent._meta.label_lower,
    open_events,
    {"to_be_told": Q(), "given_up": Q(attempts__gte=outbox.MAX_ATTEMPTS)},
    {"to_be_told": "events to be told", "given_up": "events given up"},
)
figures.register(RUNS, EVENTS)


def late_jobs() -> QuerySet[Any]:
    """Return the jobs that should have run and have not."""
    return DjangoJob.objects.filter(next_run_time__lt=clock.now() - LATE)


def panel(scope: Scope) -> Panel:
    """Does the product run?"""
    runs, events = RUNS.count(scope), EVENTS.count(scope)
    late = late_jobs().count()
    oldest = outbox.oldest_due_age().total_seconds()
    leads = readiness()["scheduler"].ok
    jobs = reverse("admin:django_apscheduler_djangojob_changelist")
    slow = _slowest(scope)
    return Panel(
        "Running",
        "Does the scheduler run, and is everybody told?",
        [
            Shown("Scheduler", "leads" if leads else "nobody leads", jobs, "" if leads else BAD),
            Shown("Late jobs", f"{late:,}", f"{jobs}?late=yes", BAD if late else "", "by 2 min or more"),
            *shown(RUNS, scope, runs, "runs", ("failed", BAD)),
            *shown(EVENTS, scope, events, "to_be_told"),
            Shown(
                "Oldest event", duration(oldest), link_to(EVENTS, "to_be_told", scope), WAIT if oldest >= SLOW else ""
            ),
            *shown(EVENTS, scope, events, ("given_up", BAD)),
        ],
        bars(slow, [Series("longest run", WAIT)], label_wide=170) if slow else NOTHING,
        "The slowest jobs of these days, by their longest run.",
    )


def _slowest(scope: Scope) -> list[Bar]:
    rows = runs(scope).order_by().values("job_id").annotate(longest=Max("duration")).filter(longest__gt=0)
    page = reverse("admin:django_apscheduler_djangojobexecution_changelist")
    return [
        Bar(
            row["job_id"],
            [round(row["longest"] * 1000)],
            f"{page}?job__id__exact={row['job_id']}",
            f"{row['longest']} s",
        )
        for row in rows.order_by("-longest")[:SHOWN]
    ]
