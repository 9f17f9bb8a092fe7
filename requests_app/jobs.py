"""What time does to requests and promises, in bounded transactions over what an index says is due."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterable

from common import clock
from common.errors import Busy
from requests_app import selectors
from requests_app.services.families.following import look_again
from requests_app.services.families.raising import expire_due
from requests_app.services.posting import expire_due_requests
from requests_app.services.visits import FORGOTTEN_AFTER, GRACE, miss_if_late, release_if_forgotten
from requests_app.services.waves import run_due_waves

BATCH = 1000
log = logging.getLogger(__name__)


def expire_requests() -> int:
    """Close every request whose hour has passed; return how many."""
    closed = 0
    while found := expire_due_requests(limit=BATCH):
        closed += found
    return closed


def miss_unvisited_assignments() -> int:
    """End every promise whose donor did not come in time; return how many."""
    now = clock.now()
    return _each(lambda: selectors.promises_past(now - GRACE), lambda pk: miss_if_late(assignment_id=pk))


def release_forgotten_visits() -> int:
    """Release every donor of whose visit the partner has recorded nothing more; return how many."""
    before = clock.now() - FORGOTTEN_AFTER
    return _each(lambda: selectors.visits_since(before), lambda pk: release_if_forgotten(assignment_id=pk))


def advance_due_waves() -> int:
    """Ask the next donors of every request whose wave's window has passed; return how many requests were looked at."""
    now = clock.now()
    return _each(lambda: selectors.waves_due(now), lambda pk: run_due_waves(request_id=pk))


def expire_families() -> int:
    """Close every family's request whose hour has passed; return how many."""
    closed = 0
    while found := expire_due(limit=BATCH):
        closed += found
    return closed


def go_on_without_hospitals() -> int:
    """Go on for every family whose hospital let the time pass while it kept bags; return how many."""
    now = clock.now()
    return _each(lambda: selectors.families_unanswered(now), lambda pk: look_again(request_id=pk))


def _each(due: Callable[[], Iterable[uuid.UUID]], act: Callable[[uuid.UUID], object]) -> int:
    """Act on each that is due, batch by batch; return how many acts did something.

    One that somebody holds right now waits for the next run. One that fails keeps nobody else waiting; its failure
    is raised when all have had their turn.
    """
    done, seen = 0, set[uuid.UUID]()
    failure: Exception | None = None
    while batch := [pk for pk in due() if pk not in seen]:
        seen.update(batch)
        for pk in batch:
            try:
                done += act(pk) is not False
            except Busy:
                continue
            except Exception as exc:
                log.exception("sweep failed on one row", extra={"row": str(pk)})
                failure = exc
    if failure is not None:
        raise failure
    return done
