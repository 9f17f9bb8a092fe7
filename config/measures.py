"""What is measured of the whole product for Prometheus (common/metrics.py): sums and ages, no ids, few labels."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.conf import settings
from django.db import connection
from django.db.models import Count, Max
from django_apscheduler.models import DjangoJobExecution

from common import clock, health, metrics, outbox
from common.figures import Scope
from common.metrics import Measure, Samples
from notifications import figures as notifications
from payments import queues as payments
from payments import selectors as books
from requests_app import figures as requests

DAY, MINUTE = dt.timedelta(days=1), dt.timedelta(minutes=1)
RARELY: Final = 300.0  # seconds: what adds up a whole ledger


def outbox_lag() -> Samples:
    yield (), outbox.oldest_due_age().total_seconds()


def outbox_open() -> Samples:
    yield (), outbox.open_events().count()


def outbox_dead() -> Samples:
    yield (), outbox.dead_events().count()


def deliveries() -> Samples:
    for channel, status, number in notifications.by_channel_and_status(clock.now() - DAY):
        yield (channel, status), number


def dispatched() -> Samples:
    now = clock.now()
    for channel, number in notifications.sent_since(now - MINUTE, made_since=now - DAY):
        yield (channel,), number / MINUTE.total_seconds()


def webhooks() -> Samples:
    for state, number in notifications.webhooks_now().items():
        yield (state,), number


def leads() -> Samples:
    yield (), health.readiness()["scheduler"].ok


def job_successes() -> Samples:
    rows = DjangoJobExecution.objects.filter(status=DjangoJobExecution.SUCCESS).order_by().values_list("job_id")
    for job, latest in rows.annotate(latest=Max("run_time")):
        yield (job,), latest.timestamp()


def job_failures() -> Samples:
    rows = DjangoJobExecution.objects.filter(status=DjangoJobExecution.ERROR, run_time__gte=clock.now() - DAY)
    for job, number in rows.order_by().values_list("job_id").annotate(number=Count("pk")):
        yield (job,), number


def requests_open() -> Samples:
    for urgency, number, _oldest in requests.waiting_by_urgency():
        yield (urgency,), number


def requests_oldest() -> Samples:
    now = clock.now()
    for urgency, _number, oldest in requests.waiting_by_urgency():
        yield (urgency,), (now - oldest).total_seconds()


def fill_time() -> Samples:
    times = requests.times_to_fill(Scope.of_days(2, zone=settings.DEFAULT_ZONE))
    for quantile, seconds in (("0.5", times.half), ("0.9", times.most)):
        if seconds is not None:
            yield (quantile,), float(seconds)


def payments_held() -> Samples:
    yield (), payments.HELD.count()


def mismatches() -> Samples:
    yield (), len(books.mismatches())


def connections() -> Samples:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(state, 'other'), count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() GROUP BY 1"
        )
        for state, number in cursor.fetchall():
            yield (state.replace(" ", "_"),), number


def connections_most() -> Samples:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('max_connections')::int")
        yield (), cursor.fetchone()[0]


metrics.register(
    Measure("jeevansetu_outbox_lag_seconds", "Age of the oldest event that is due.", outbox_lag),
    Measure("jeevansetu_outbox_open_events", "Events that somebody is still to be told of.", outbox_open),
    Measure("jeevansetu_outbox_dead_events", "Events whose handler failed too often.", outbox_dead),
    Measure("jeevansetu_deliveries", "Deliveries made within 24 hours.", deliveries, ("channel", "status"), every=30.0),
    Measure(
        "jeevansetu_dispatch_per_second", "Deliveries taken by providers, within a minute.", dispatched, ("channel",)
    ),
    Measure("jeevansetu_webhooks", "Addresses failing or switched off, and webhooks waiting.", webhooks, ("state",)),
    Measure("jeevansetu_scheduler_leads", "1 if a scheduler leads.", leads),
    Measure("jeevansetu_job_last_success_timestamp_seconds", "When a job last succeeded.", job_successes, ("job",)),
    Measure("jeevansetu_job_failures", "Failed runs within 24 hours.", job_failures, ("job",)),
    Measure("jeevansetu_requests_open", "Requests that wait for donors.", requests_open, ("urgency",)),
    Measure("jeevansetu_requests_oldest_seconds", "Age of the oldest of them.", requests_oldest, ("urgency",)),
    Measure(
        "jeevansetu_request_fill_seconds",
        "Time to fill requests of today and yesterday.",
        fill_time,
        ("quantile",),
        every=60.0,
    ),
    Measure("jeevansetu_payments_held", "Payments whose money is held for a person.", payments_held, every=60.0),
    Measure("jeevansetu_payment_mismatches", "What of money a person has to look at.", mismatches, every=RARELY),
    Measure("jeevansetu_database_connections", "Connections to the database.", connections, ("state",)),
    Measure("jeevansetu_database_connections_most", "How many the server lets in.", connections_most, every=RARELY),
)
