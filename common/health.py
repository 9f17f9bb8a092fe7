"""Whether this server lives, and whether it should be sent requests."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from functools import cache

from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from common import outbox

LEADER_LOCK = "scheduler.leader"
LONGEST_LAG = dt.timedelta(seconds=60)


@dataclass(frozen=True)
class Check:
    """One thing looked at. A failed vital check takes the server out of rotation; others only say so."""

    ok: bool
    vital: bool
    detail: str


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer as long as the process does."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 `ok`; 200 `degraded` when the background processes need somebody; 503 `failed` without the database."""
    checks = readiness()
    if not all(check.ok for check in checks.values() if check.vital):
        status, code = "failed", 503
    else:
        status, code = ("ok" if all(check.ok for check in checks.values()) else "degraded"), 200
    body = {"status": status, "checks": {name: asdict(check) for name, check in checks.items()}}
    return JsonResponse(body, status=code)


def readiness() -> dict[str, Check]:
    """Look at the database, its migrations, the outbox and the scheduler."""
    try:
        connection.ensure_connection()
        return {
            "database": Check(ok=True, vital=True, detail=""),
            "migrations": _migrations(),
            "outbox": _outbox(),
            "scheduler": _scheduler(),
        }
    except (DatabaseError, InterfaceError):
        return {"database": Check(ok=False, vital=True, detail="The database cannot be reached.")}


def _migrations() -> Check:
    waiting = _packaged_migrations() - set(MigrationRecorder(connection).applied_migrations())
    return Check(ok=not waiting, vital=True, detail=f"{len(waiting)} to apply" if waiting else "")


@cache
def _packaged_migrations() -> frozenset[tuple[str, str]]:
    """The migrations on disk; reading them costs more than all the rest of a look."""
    return frozenset(MigrationLoader(None).disk_migrations)


def _outbox() -> Check:
    lag, dead = outbox.oldest_due_age(), outbox.dead_events().count()
    detail = f"lag {lag.total_seconds():.1f} s, {dead} dead"
    return Check(ok=lag < LONGEST_LAG and dead == 0, vital=False, detail=detail)


def _scheduler() -> Check:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks, hashtextextended(%s, 0) AS wanted WHERE locktype = 'advisory' AND granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            " AND (classid::bigint << 32 | objid::bigint) = wanted",
            [LEADER_LOCK],
        )
        leaders = cursor.fetchone()[0]
    return Check(ok=leaders > 0, vital=False, detail="" if leaders else "No scheduler leads.")
