"""Things that happened, and those who want to know.

`emit` writes a row in the deed's own transaction; a worker's relay tells every handler registered with `on`.
Each handler's effect and its mark commit together, so that a killed worker repeats nothing and loses nothing.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from django.db import connection
from django.db.models import Exists, F, OuterRef, QuerySet

from common import clock
from common.db import delete_in_batches, step, unit_of_work
from common.logs import redact_text
from common.models import OutboxEvent, Told
from common.retention import retained

LEASE = dt.timedelta(seconds=60)  # a killed worker holds its events back so long; no handler takes a tenth of it
LONGEST_WAIT = dt.timedelta(hours=1)
MAX_ATTEMPTS = 12  # then the key stands still and /readyz calls somebody
KEEP = dt.timedelta(days=7)
BATCH = 20
LEFT_FOR = dt.timedelta(seconds=5)  # how long an event that this release does not know is left to a newer one's worker
LONGEST_LABEL = 120  # of a handler, as `Told` keeps it

Handler = Callable[[OutboxEvent], None]
_handlers: dict[str, list[Handler]] = defaultdict(list)
_outside: set[str] = set()  # names whose one handler speaks to somebody outside
_unheard: set[str] = set()  # names that nobody is meant to hear
log = logging.getLogger(__name__)


def on(name: str, *, outside: bool = False) -> Callable[[Handler], Handler]:
    """Register the decorated function as a handler of the event `name`.

    One that speaks to somebody `outside` runs in no transaction, and the event counts as told when it is done: a killed
    worker's is run again, so it may be repeated. It is the event's only handler, and holds up nobody else's events.
    """

    def register(handler: Handler) -> Handler:
        if _label(handler) in map(_label, _handlers[name]):
            raise ValueError(f"{_label(handler)} hears {name} already: what one has heard counts for both.")
        if len(_label(handler)) > LONGEST_LABEL:
            raise ValueError(f"{_label(handler)} is longer than {LONGEST_LABEL} characters.")
        if _handlers[name] and (outside or name in _outside):
            raise ValueError(f"{name} has a handler that speaks to the outside, and can have no other.")
        if outside:
            _outside.add(name)
        _handlers[name].append(handler)
        return handler

    return register


def leave_unheard(names: Iterable[str]) -> None:
    """Say which events nobody is meant to hear: they are told when they are claimed."""
    _unheard.update(names)


def heard_names() -> frozenset[str]:
    """Return the names of the events that somebody listens to."""
    return frozenset(name for name, handlers in _handlers.items() if handlers)


@step
def emit(name: str, *, key: str, **payload: object) -> None:
    """Record that `name` happened to `key`. Nobody is told unless the transaction commits.

    The payload holds ids and the facts that may change later, no personal or health data.
    """
    emit_many(name, {key: payload})


@step
def emit_many(name: str, payloads: Mapping[str, Mapping[str, object]]) -> None:
    """Record that `name` happened to each key, in one statement that costs little even for thousands."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO common_outboxevent (name, key, payload, created_at, available_at, attempts, last_error)
            SELECT %(name)s, told.key, told.payload::jsonb, %(now)s, %(now)s, 0, ''
            FROM unnest(%(keys)s::text[], %(payloads)s::text[]) WITH ORDINALITY AS told(key, payload, place)
            ORDER BY place
            """,
            {
                "name": name,
                "now": clock.now(),
                "keys": list(payloads),
                "payloads": [json.dumps(dict(payload)) for payload in payloads.values()],
            },
        )


def open_events() -> QuerySet[OutboxEvent]:
    """Return the events that have not been told to everybody."""
    return OutboxEvent.objects.filter(done_at=None)


def claim(*, limit: int = BATCH, outside: bool | None = None) -> list[OutboxEvent]:
    """Lease up to `limit` due events whose key has nothing older still open, oldest first.

    `outside` chooses those whose handler speaks to somebody outside, or the others; None takes both.
    """
    now = clock.now()
    if not _is_any_due(now):
        return []
    older = open_events().filter(key=OuterRef("key"), id__lt=OuterRef("id"))
    due = open_events().filter(~Exists(older), available_at__lte=now, attempts__lt=MAX_ATTEMPTS)
    if outside is not None:
        due = due.filter(name__in=_outside) if outside else due.exclude(name__in=_outside)
    with unit_of_work():
        events = list(due.order_by("available_at", "id").select_for_update(skip_locked=True, of=("self",))[:limit])
        OutboxEvent.objects.filter(pk__in=[event.pk for event in events]).update(
            attempts=F("attempts") + 1, available_at=now + LEASE
        )
    for event in events:
        event.attempts += 1
    return events


def _is_any_due(now: dt.datetime) -> bool:
    """Look at the index once, without a transaction: relays look ten times a second, mostly at nothing."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM common_outboxevent WHERE done_at IS NULL AND available_at <= %s)", [now]
        )
        return bool(cursor.fetchone()[0])


def deliver(event: OutboxEvent) -> None:
    """Tell every handler that has not heard yet; a failure puts the event back for later.

    So does a name that this release does not know: beside a newer release, that one's workers tell it.
    """
    if not _handlers[event.name] and event.name not in _unheard:
        log.warning("an event of another release is left to its workers", extra={"outbox_event": event.name})
        OutboxEvent.objects.filter(pk=event.pk).update(attempts=F("attempts") - 1, available_at=clock.now() + LEFT_FOR)
        return
    try:
        if event.name in _outside:
            _handlers[event.name][0](event)
        else:
            _tell_all(event)
    except Exception as exc:  # a worker outlives every handler's failure
        wait = min(dt.timedelta(seconds=2**event.attempts), LONGEST_WAIT)
        log.exception("outbox handler failed", extra={"outbox_event": event.name, "attempts": event.attempts})
        OutboxEvent.objects.filter(pk=event.pk).update(
            last_error=redact_text(f"{type(exc).__name__}: {exc}")[:2000], available_at=clock.now() + wait
        )
    else:
        OutboxEvent.objects.filter(pk=event.pk).update(done_at=clock.now())


def _tell_all(event: OutboxEvent) -> None:
    for handler in _handlers[event.name]:
        with unit_of_work():
            _, first_time = Told.objects.get_or_create(event=event, handler=_label(handler))
            if first_time:
                handler(event)


def drain(*, limit: int = BATCH) -> int:
    """Deliver until nothing is due; return how many deliveries were tried."""
    tried = 0
    while events := claim(limit=limit):
        for event in events:
            deliver(event)
        tried += len(events)
    return tried


def oldest_due_age() -> dt.timedelta:
    """Return how long the oldest event that is due has waited; zero when none is."""
    now = clock.now()
    due = open_events().filter(available_at__lte=now).order_by("available_at").values_list("available_at", flat=True)
    oldest = due.first()
    return now - oldest if oldest else dt.timedelta(0)


def dead_events() -> QuerySet[OutboxEvent]:
    """Return the events whose handlers failed too often; each holds back its key until a person replays it."""
    return open_events().filter(attempts__gte=MAX_ATTEMPTS)


def replay(event_id: int) -> None:
    """Give a dead event new attempts."""
    OutboxEvent.objects.filter(pk=event_id, done_at=None).update(attempts=0, available_at=clock.now())


@retained(
    "told_events",
    what="Events that everybody was told",
    since="since they were told",
    why="To tell again what somebody missed; ids and states, no personal data.",
    keep=KEEP,
    floor=dt.timedelta(days=1),
)
def prune(keep: dt.timedelta) -> int:
    """Delete what was told long ago; return how many events went."""
    return delete_in_batches(OutboxEvent.objects.filter(done_at__lt=clock.now() - keep))


def _label(handler: Handler) -> str:
    return f"{handler.__module__}.{handler.__qualname__}"
