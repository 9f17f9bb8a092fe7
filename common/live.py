"""What changes for somebody while they look: kept in order, and told to whoever is listening.

A topic is a person's or a partner's id. Its changes are numbered without a gap in the order in which they commit, so
that whoever has seen number 7 and asks for what follows misses nothing. A change holds ids, never a person's text.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import connection
from django.db.models import QuerySet

from common import clock
from common.db import delete_in_batches, step
from common.models import LiveChange, LiveTopic
from common.retention import period, retained

CHANNEL: Final = "live"  # PostgreSQL's NOTIFY: the payload is the topic
SIGNALS: Final = "live_signal"  # the payload is the signal itself
ENDINGS: Final = "live_ended"  # sessions have ended: streams are looked over at once
LARGEST_SIGNAL: Final = 7500  # bytes; PostgreSQL passes on less than 8000
KEPT: Final = "live_changes"  # the rule by which
KEEP: Final = dt.timedelta(hours=48)  # whoever was away longer reads the lists again


Data = dict[str, Any]
Show = Callable[[list[Data]], list[Data | None]]
shows: Final[dict[str, Show]] = {}


@dataclass(frozen=True)
class Change:
    """Something that somebody may want to see at once: `name` as in «chat.message», and what to fetch."""

    topic: uuid.UUID
    name: str
    data: Mapping[str, Any] = field(default_factory=dict)


@step
def publish(changes: Iterable[Change]) -> None:
    """Number and keep the changes, and tell the listeners when the transaction commits.

    It holds the topics' counters until then, and NOTIFY makes commits wait for each other: it is called once, as the
    last thing in a transaction, by messages and by what a worker does; never by a command in which many people race.
    """
    rows = sorted(changes, key=lambda change: change.topic)
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH given AS (
                SELECT topic, name, data, place, row_number() OVER (PARTITION BY topic ORDER BY place) AS nth
                FROM unnest(%(topics)s::uuid[], %(names)s::text[], %(data)s::text[])
                    WITH ORDINALITY AS given(topic, name, data, place)
            ), counted AS (
                INSERT INTO common_livetopic AS t (id, last)
                SELECT topic, count(*) FROM given GROUP BY topic ORDER BY topic
                ON CONFLICT (id) DO UPDATE SET last = t.last + excluded.last
                RETURNING id, last
            ), kept AS (
                INSERT INTO common_livechange (topic, number, name, data, created_at)
                SELECT g.topic, c.last - s.size + g.nth, g.name, g.data::jsonb, %(now)s
                FROM given g JOIN counted c ON c.id = g.topic
                JOIN (SELECT topic, count(*) AS size FROM given GROUP BY topic) s ON s.topic = g.topic
                RETURNING topic
            )
            SELECT pg_notify(%(channel)s, topic::text) FROM (SELECT DISTINCT topic FROM kept) AS told
            """,
            {
                "topics": [row.topic for row in rows],
                "names": [row.name for row in rows],
                "data": [json.dumps(dict(row.data)) for row in rows],
                "now": clock.now(),
                "channel": CHANNEL,
            },
        )


def written(moment: dt.datetime) -> str:
    """Return a time as the data of changes hold it: in UTC, as the API writes it."""
    return moment.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


def signal(topics: Iterable[uuid.UUID], name: str, data: Mapping[str, Any]) -> None:
    """Tell whoever listens right now, and keep nothing: for what is worth nothing a moment later, such as typing.

    It has no number, is never resumed, and may be lost. Inside a transaction it is told when that commits.
    Raises: ValueError for more than `LARGEST_SIGNAL` bytes
    """
    told = sorted({str(topic) for topic in topics})
    if not told:
        return
    payload = json.dumps({"topics": told, "name": name, "data": dict(data)}, separators=(",", ":"), default=str)
    if len(payload) > LARGEST_SIGNAL:  # json.dumps writes ASCII: a character is a byte
        raise ValueError(f"A signal of {len(payload)} bytes is too large.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [SIGNALS, payload])


def shown_by(name: str) -> Callable[[Show], Show]:
    """Register the function that turns the data of changes of this name into what their listeners are sent.

    It is called with the data of many changes, each as it was published, in a thread of the stream process, and
    returns as many, in their order; None stands for what is no longer there to be seen, and is not sent.
    """

    def register(show: Show) -> Show:
        if name in shows:
            raise RuntimeError(f"{name} is shown by {shows[name].__qualname__} already.")
        shows[name] = show
        return show

    return register


def ask_again() -> None:
    """Have every stream process look at once, when this commits, whether whoever listens still may."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [ENDINGS])


@dataclass
class Page:
    """What a topic has for somebody who has seen a number: what follows it, oldest first, and its last number."""

    last: int
    changes: list[LiveChange] = field(default_factory=list)


def read(seen: Mapping[uuid.UUID, int], *, limit: int) -> dict[uuid.UUID, Page]:
    """Return what follows these numbers, up to `limit` changes a topic; one query, one moment."""
    pages: dict[uuid.UUID, Page] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT asked.topic, coalesce(t.last, 0), c.number, c.name, c.data
            FROM unnest(%(topics)s::uuid[], %(seen)s::bigint[]) AS asked(topic, seen)
            LEFT JOIN common_livetopic t ON t.id = asked.topic
            LEFT JOIN LATERAL (
                SELECT number, name, data FROM common_livechange
                WHERE topic = asked.topic AND number > asked.seen ORDER BY number LIMIT %(limit)s
            ) c ON true
            ORDER BY c.number
            """,
            {"topics": list(seen), "seen": list(seen.values()), "limit": limit},
        )
        for topic, last, number, name, data in cursor:
            page = pages.setdefault(topic, Page(last))
            if number is not None:
                page.changes.append(LiveChange(topic=topic, number=number, name=name, data=json.loads(data)))
    return pages


def after(topic: uuid.UUID, number: int, *, limit: int) -> QuerySet[LiveChange]:
    """Return the topic's changes that follow this number, oldest first."""
    return LiveChange.objects.filter(topic=topic, number__gt=number).order_by("number")[:limit]


@step
def forget(topic: uuid.UUID) -> None:
    """Delete a topic with its changes: nobody is behind it any more."""
    LiveChange.objects.filter(topic=topic).delete()
    LiveTopic.objects.filter(pk=topic).delete()


def kept_for() -> dt.timedelta:
    """Return for how long somebody who was away may take a stream up again."""
    return period(KEPT)


@retained(
    KEPT,
    what="Changes for live streams: ids and states",
    since="since they happened",
    why="Whoever was away resumes without a gap; after that the lists are read again.",
    keep=KEEP,
    floor=dt.timedelta(hours=1),
    hourly=True,
)
def prune(keep: dt.timedelta) -> int:
    """Delete what is older than anybody resumes from; return how many changes went."""
    return delete_in_batches(LiveChange.objects.filter(created_at__lt=clock.now() - keep))
