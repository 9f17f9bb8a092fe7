"""What the load balancer and the person on call are told."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from common import clock, health, outbox
from common.db import advisory_lock, unit_of_work
from common.models import OutboxEvent
from tests.races import race


def readyz() -> tuple[int, dict]:
    answer = Client().get("/readyz")
    return answer.status_code, answer.json()


def test_a_living_process_says_so_without_the_database(monkeypatch):
    monkeypatch.setattr(connection, "cursor", None)

    answer = Client().get("/healthz")

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_a_server_whose_background_rests_is_ready_but_degraded():
    status, body = readyz()

    assert (status, body["status"]) == (200, "degraded")
    assert set(body["checks"]) == {"database", "migrations", "outbox", "scheduler"}
    assert body["checks"]["scheduler"] == {"ok": False, "vital": False, "detail": "No scheduler leads."}


@pytest.mark.django_db(transaction=True)
def test_with_a_leading_scheduler_all_is_well():
    with advisory_lock(health.LEADER_LOCK):
        assert race(readyz)[0][1]["status"] == "ok"
    assert race(readyz)[0][1]["status"] == "degraded"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["a", "b", "c", "d", "e", "f"])
def test_any_leaders_lock_is_seen_and_no_other(monkeypatch, name):
    monkeypatch.setattr(health, "LEADER_LOCK", name)  # about half of these hash to a negative number
    with advisory_lock(f"not {name}"):
        assert health._scheduler().ok is False
    with advisory_lock(name):
        assert health._scheduler().ok is True


@pytest.mark.django_db
def test_a_migration_that_waits_takes_the_server_out():
    recorder = MigrationRecorder(connection)
    recorder.record_unapplied("users", "0002_packaged_rules")

    status, body = readyz()

    assert (status, body["status"]) == (503, "failed")
    assert body["checks"]["migrations"]["detail"] == "1 to apply"


@pytest.mark.django_db
def test_a_newer_releases_migrations_do_not_take_yesterdays_server_out():
    MigrationRecorder(connection).record_applied("users", "9999_of_tomorrow")

    assert readyz()[0] == 200


@pytest.mark.django_db
def test_events_that_wait_too_long_are_told_of():
    with unit_of_work():
        outbox.emit("test.happened", key="a")
    assert health._outbox().ok is True

    OutboxEvent.objects.update(available_at=clock.now() - health.LONGEST_LAG - dt.timedelta(seconds=1))
    found = health._outbox()

    assert (found.ok, found.vital) == (False, False)


@pytest.mark.django_db
def test_a_dead_event_is_told_of():
    with unit_of_work():
        outbox.emit("test.happened", key="a")
    later = clock.now() + dt.timedelta(hours=1)
    OutboxEvent.objects.update(attempts=outbox.MAX_ATTEMPTS, available_at=later)

    assert health._outbox().detail == "lag 0.0 s, 1 dead"
    assert health._outbox().ok is False


@pytest.mark.django_db
def test_without_the_database_the_server_is_out_and_says_no_more(monkeypatch):
    def fail() -> None:
        raise OperationalError("could not connect to secret-host")

    monkeypatch.setattr(connection, "ensure_connection", fail)

    status, body = readyz()

    assert status == 503
    assert body["checks"] == {"database": {"ok": False, "vital": True, "detail": "The database cannot be reached."}}


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_both_are_only_for_looking(path):
    assert Client().post(path).status_code == 405
    assert Client().head(path).status_code == 200


@pytest.mark.django_db
def test_a_look_costs_few_queries(django_assert_max_num_queries):
    readyz()
    with django_assert_max_num_queries(6):
        readyz()
