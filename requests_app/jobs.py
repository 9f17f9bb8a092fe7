"""What time does to requests and promises, in bounded transactions over what an index says is due."""

from __future__ import annotations

from common import clock
from common.sweeps import act_on_each
from requests_app import selectors
from requests_app.services.families.following import look_again
from requests_app.services.families.raising import expire_due
from requests_app.services.posting import expire_due_requests
from requests_app.services.visits import FORGOTTEN_AFTER, GRACE, miss_if_late, release_if_forgotten
from requests_app.services.waves import run_due_waves

BATCH = 1000


def expire_requests() -> int:
    """Close every request whose hour has passed; return how many."""
    closed = 0
    while found := expire_due_requests(limit=BATCH):
        closed += found
    return closed


def miss_unvisited_assignments() -> int:
    """End every promise whose donor did not come in time; return how many."""
    now = clock.now()
    return act_on_each(lambda: selectors.promises_past(now - GRACE), lambda pk: miss_if_late(assignment_id=pk))


def release_forgotten_visits() -> int:
    """Release every donor of whose visit the partner has recorded nothing more; return how many."""
    before = clock.now() - FORGOTTEN_AFTER
    return act_on_each(lambda: selectors.visits_since(before), lambda pk: release_if_forgotten(assignment_id=pk))


def advance_due_waves() -> int:
    """Ask the next donors of every request whose wave's window has passed; return how many requests were looked at."""
    now = clock.now()
    return act_on_each(lambda: selectors.waves_due(now), lambda pk: run_due_waves(request_id=pk))


def expire_families() -> int:
    """Close every family's request whose hour has passed; return how many."""
    closed = 0
    while found := expire_due(limit=BATCH):
        closed += found
    return closed


def go_on_without_hospitals() -> int:
    """Go on for every family whose hospital let the time pass while it kept bags; return how many."""
    now = clock.now()
    return act_on_each(lambda: selectors.families_unanswered(now), lambda pk: look_again(request_id=pk))
