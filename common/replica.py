"""Searches may be answered by a copy of the database, some seconds behind; everything else asks the database itself.

A view that may says so (`reads_replica`). Without `DATABASE_REPLICA_URL`, and while the copy is away or too far behind,
the database answers as ever: nobody who searches is refused because of a copy.
"""

from __future__ import annotations

import datetime as dt
import functools
import logging
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Final, TypeVar

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, InterfaceError, connections

REPLICA: Final = "replica"
FURTHEST_BEHIND: Final = dt.timedelta(seconds=30)
LOOK_EVERY: Final = 5.0  # seconds between two looks at how the copy is

T = TypeVar("T")
log = logging.getLogger(__name__)
_searching: ContextVar[bool] = ContextVar("searching", default=False)
_look = threading.Lock()
_seen: tuple[float, bool] = (0.0, False)  # when one looked last, on the monotonic clock, and what one saw


class Router:
    """Sends the reads of a search to the copy."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        return REPLICA if _searching.get() else None

    def db_for_write(self, model: Any, **hints: Any) -> str | None:
        return DEFAULT_DB_ALIAS

    def allow_relation(self, first: Any, second: Any, **hints: Any) -> bool:
        return True  # the two are one database

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == DEFAULT_DB_ALIAS


def from_replica(search: Callable[..., T]) -> Callable[..., T]:
    """Let `search`, which only reads and may be repeated, be answered by the copy when that is well."""

    @functools.wraps(search)
    def run(*args: Any, **kwargs: Any) -> T:
        if not is_well():
            return search(*args, **kwargs)
        token = _searching.set(True)
        try:
            return search(*args, **kwargs)
        except (DatabaseError, InterfaceError) as exc:
            log.warning("the replica did not answer", extra={"cause": type(exc).__name__})
            _note(False)  # noqa: FBT003 - what was seen
        finally:
            _searching.reset(token)
        return search(*args, **kwargs)

    return run


def is_well() -> bool:
    """Whether there is a copy that answers and is not too far behind; looked at every few seconds by one thread."""
    if REPLICA not in settings.DATABASES:
        return False
    if time.monotonic() - _seen[0] > LOOK_EVERY and _look.acquire(blocking=False):
        try:
            _note(_looks_well())
        finally:
            _look.release()
    return _seen[1]


def _note(is_good: bool) -> None:  # noqa: FBT001 - what was seen
    global _seen  # noqa: PLW0603 - one process has one opinion
    _seen = (time.monotonic(), is_good)


def _looks_well() -> bool:
    """A copy is well when it has all that it was sent and is still being sent, or is only a little behind.

    What a quiet database last committed may be old; so the age counts only where something waits to be replayed.
    """
    try:
        with connections[REPLICA].cursor() as cursor:
            cursor.execute(
                """
                SELECT pg_is_in_recovery()
                   AND EXISTS (SELECT FROM pg_stat_wal_receiver)
                   AND (pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn()
                        OR clock_timestamp() - pg_last_xact_replay_timestamp() < make_interval(secs => %s))
                """,
                [FURTHEST_BEHIND.total_seconds()],
            )
            return bool(cursor.fetchone()[0])
    except (DatabaseError, InterfaceError) as exc:
        log.warning("the replica does not answer", extra={"cause": type(exc).__name__})
        connections[REPLICA].close()
        return False
