"""Time: every periodic job of the product, and who runs them.

One process leads, the others stand by; each job takes a lock of its own besides, works in bounded batches and may
run twice or late. What a job enforces is true before it has run: jobs only tidy up and tell.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, close_old_connections, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django_apscheduler.jobstores import DjangoJobStore
from django_apscheduler.models import DjangoJob, DjangoJobExecution

import appointments.jobs
import chat.jobs
import donations.jobs
import notifications.jobs
import notifications.webhooks.jobs
import orders.jobs
import partners.jobs
import payments.jobs
import requests_app.jobs
import stock.jobs
import users.jobs
from common import retention
from common.audit import anchors
from common.db import advisory_lock
from common.health import LEADER_LOCK

KEEP_RUNS = dt.timedelta(days=7)
LOOK_AGAIN = 1.0  # seconds between two tries to lead, or two looks whether one still does
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job:
    """A periodic job; `act` returns how many rows it touched."""

    name: str
    act: Callable[[], int]
    trigger: BaseTrigger


def every(**interval: int) -> IntervalTrigger:
    return IntervalTrigger(timezone=dt.UTC, **interval)


def nightly(hour: int, minute: int = 0) -> CronTrigger:
    return CronTrigger(hour=hour, minute=minute, timezone=settings.DEFAULT_ZONE)


@retention.retained(
    "scheduler_runs",
    what="What the periodic jobs did, and how it ended",
    since="since the run",
    why="To find out what went wrong; no personal data.",
    keep=KEEP_RUNS,
    floor=dt.timedelta(days=1),
)
def prune_runs(keep: dt.timedelta) -> int:
    """Forget the scheduler's own records of old runs; return how many went."""
    return DjangoJobExecution.objects.delete_old_job_executions(int(keep.total_seconds())) or 0


JOBS = (
    Job("advance_waves", requests_app.jobs.advance_due_waves, every(minutes=1)),
    Job("expire_requests", requests_app.jobs.expire_requests, every(minutes=15)),
    Job("expire_families", requests_app.jobs.expire_families, every(minutes=5)),
    Job("go_on_without_hospitals", requests_app.jobs.go_on_without_hospitals, every(minutes=1)),
    Job("miss_unvisited_assignments", requests_app.jobs.miss_unvisited_assignments, every(minutes=30)),
    Job("remind_donors", donations.jobs.remind_donors, every(minutes=1)),
    Job("invite_donors_back", donations.jobs.invite_donors_back, every(hours=1)),
    Job("release_forgotten_visits", requests_app.jobs.release_forgotten_visits, every(hours=1)),
    Job("advance_camps", donations.jobs.advance_camps, every(minutes=1)),
    Job("tell_of_camps", donations.jobs.tell_of_camps, every(minutes=1)),
    Job("remind_of_camps", donations.jobs.remind_of_camps, every(minutes=15)),
    Job("lapse_referrals", appointments.jobs.lapse_referrals, every(hours=1)),
    Job("expire_units", stock.jobs.expire_units, every(minutes=10)),
    Job("lapse_reservations", stock.jobs.lapse_reservations, every(minutes=5)),
    Job("advance_transfers", stock.jobs.advance_transfers, every(minutes=1)),
    Job("ask_after_transfers", stock.jobs.ask_after_transfers, every(minutes=10)),
    Job("end_due_orders", orders.jobs.end_due_orders, every(minutes=1)),
    Job("tell_late_orders", orders.jobs.tell_late_orders, every(minutes=1)),
    Job("reconcile_couriers", orders.jobs.reconcile_couriers, every(minutes=1)),
    Job("bill_contracts", orders.jobs.bill_contracts, nightly(1, 0)),
    Job("remind_of_visits", appointments.jobs.remind_of_visits, every(seconds=15)),
    Job("lapse_appointment_holds", appointments.jobs.lapse_holds, every(minutes=1)),
    Job("close_visits", appointments.jobs.close_visits, every(minutes=15)),
    Job("refresh_next_free", appointments.jobs.refresh_next_free, every(minutes=1)),
    Job("tell_of_waiting_messages", chat.jobs.tell_of_waiting_messages, every(minutes=1)),
    Job("show_ways_into_consultations", chat.jobs.show_ways_in, every(seconds=15)),
    Job("reconcile_payments", payments.jobs.reconcile, every(minutes=1)),
    Job("move_subscriptions", payments.jobs.move_subscriptions, every(minutes=5)),
    Job("follow_disputes", payments.jobs.follow_disputes, nightly(5, 0)),
    Job("settle_months", payments.jobs.settle_months, nightly(4, 30)),
    Job("report_mismatches", payments.jobs.report_mismatches, nightly(6, 0)),
    Job("unlock_donors", users.jobs.unlock_donors, every(hours=1)),
    Job("settle_attestations", users.jobs.settle_attestations, every(minutes=5)),
    Job("refresh_eligibility", users.jobs.refresh_windows, nightly(0, 10)),
    Job("warn_of_expiring_keys", partners.jobs.warn_of_expiring_keys, every(hours=1)),
    Job("finish_announcements", notifications.jobs.finish_announcements, every(minutes=1)),
    Job("apply_retention", retention.apply_nightly, nightly(3, 0)),
    Job("apply_hourly_retention", retention.apply_hourly, every(hours=1)),
    Job("anchor_audit", anchors.anchor, every(minutes=15)),
    Job("tidy_webhooks", notifications.webhooks.jobs.tidy, every(minutes=15)),
)


def run_job(name: str) -> None:
    """Run the job now, unless it is running somewhere. Raises: what the job raises; the run is then shown as failed."""
    job = next(job for job in JOBS if job.name == name)
    with advisory_lock(f"job.{name}") as held:
        if not held:
            log.info("job runs elsewhere", extra={"job": name})
            return
        touched = job.act()
        log.info("job ran", extra={"job": name, "touched": touched})


def tick(name: str) -> None:
    """Run the job in a thread of the scheduler, which keeps no stale connection from one run to the next."""
    close_old_connections()
    try:
        run_job(name)
    finally:
        close_old_connections()


def serve(stop: threading.Event) -> None:
    """Lead whenever nobody else does, until `stop`; give way when the database is lost.

    The leader's lock lives on a connection of its own, which nothing else closes; closing it gives the lock back.
    """
    log.info("this scheduler stands by")
    while not stop.is_set():
        line = connections.create_connection(DEFAULT_DB_ALIAS)
        try:
            if _may_lead(line):
                _lead(stop, line)
        except DatabaseError:
            log.warning("the scheduler lost the database")
        finally:
            line.close()
        stop.wait(LOOK_AGAIN)


def _may_lead(line: BaseDatabaseWrapper) -> bool:
    with line.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [LEADER_LOCK])
        return bool(cursor.fetchone()[0])


def _lead(stop: threading.Event, line: BaseDatabaseWrapper) -> None:
    """Run the jobs. Raises: DatabaseError when the line, and the lock with it, is gone."""
    log.info("this scheduler leads")
    clock = BackgroundScheduler(timezone=dt.UTC, job_defaults={"coalesce": True, "max_instances": 1})
    clock.add_jobstore(DjangoJobStore(), "default")
    for job in JOBS:
        clock.add_job(
            "scheduler:tick",
            args=[job.name],
            id=job.name,
            trigger=job.trigger,
            replace_existing=True,
            misfire_grace_time=None,
        )
    DjangoJob.objects.exclude(id__in=[job.name for job in JOBS]).delete()
    clock.start()
    try:
        while not stop.wait(LOOK_AGAIN):
            with line.cursor() as cursor:
                cursor.execute("SELECT 1")
    finally:
        clock.shutdown(wait=True)
