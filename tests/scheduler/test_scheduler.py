"""Time passes once, whoever is running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django_apscheduler.models import DjangoJob

import scheduler
from common.db import advisory_lock
from common.health import readiness
from tests.races import race

PROJECT = Path(__file__).resolve().parent.parent.parent


def until(true, seconds: float = 30.0) -> bool:
    """Whether the condition came true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.1)
    return False


def database_url() -> str:
    """Return the address of the test database, for processes of their own."""
    address = urlsplit(os.environ["DATABASE_URL"])
    return urlunsplit(address._replace(path=f"/{connection.settings_dict['NAME']}"))


@pytest.fixture
def two_schedulers(transactional_db) -> Iterator[list[subprocess.Popen]]:
    settings = {**os.environ, "DATABASE_URL": database_url(), "DJANGO_SETTINGS_MODULE": "config.settings.test"}
    command = [sys.executable, "manage.py", "run_scheduler"]
    processes = [
        subprocess.Popen(command, cwd=PROJECT, env=settings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for _ in range(2)
    ]
    for process in processes:
        assert any(b"stands by" in line for line in process.stdout or ())
    yield processes
    for process in processes:
        process.kill()
        process.communicate(timeout=30)


def leader_backends() -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND"
            " (classid::bigint << 32 | objid::bigint) = hashtextextended('scheduler.leader', 0)"
        )
        return {row[0] for row in cursor.fetchall()}


@pytest.mark.real_time
def test_one_leads_and_the_other_takes_over_when_it_is_killed(two_schedulers):
    assert until(lambda: readiness()["scheduler"].ok)
    first = leader_backends()
    assert len(first) == 1
    assert until(lambda: DjangoJob.objects.count() == len(scheduler.JOBS))

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [next(iter(first))])

    assert until(lambda: leader_backends() - first)
    assert len(leader_backends()) == 1


@pytest.mark.real_time
def test_a_scheduler_ends_when_it_is_told_to(two_schedulers):
    assert until(lambda: readiness()["scheduler"].ok)

    for process in two_schedulers:
        process.send_signal(signal.SIGTERM)

    assert [process.wait(timeout=30) for process in two_schedulers] == [0, 0]
    assert leader_backends() == set()


@pytest.mark.django_db
@pytest.mark.parametrize("name", [job.name for job in scheduler.JOBS])
def test_every_job_runs_on_an_empty_database(name):
    scheduler.run_job(name)


@pytest.mark.django_db
def test_no_two_jobs_share_a_name():
    names = [job.name for job in scheduler.JOBS]

    assert len(names) == len(set(names))


def test_an_unknown_job_is_refused_with_the_list():
    with pytest.raises(CommandError, match="expire_requests"):
        call_command("run_job", "no_such_job")


@pytest.mark.django_db(transaction=True)
def test_a_job_that_runs_elsewhere_is_left_alone(monkeypatch):
    ran = []
    job = scheduler.Job("slow", lambda: ran.append(1) or 1, scheduler.every(minutes=1))
    monkeypatch.setattr(scheduler, "JOBS", (job,))

    with advisory_lock("job.slow"):
        race(lambda: scheduler.run_job("slow"))

    assert ran == []
    scheduler.run_job("slow")
    assert ran == [1]
