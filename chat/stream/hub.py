"""Who listens in this process, and how changes reach them.

Everything here runs in one event loop; only reading is done in threads. A stream knows the number of the last change
it was given and gets what follows it, whether that is an hour's backlog or the change of this moment: there is one way
for both, so nothing falls between them. A gap in the numbers means that the client must read its lists again.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import json
import logging
import uuid
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from django.db import close_old_connections

from chat.stream.frames import frame, identity_of
from chat.stream.passes import no_longer
from common import clock, live
from common.live import Page
from common.live_tickets import Pass
from common.models import LiveChange

READ_TOPICS: Final = 500  # in one query
READ_CHANGES: Final = 100  # of a topic in one query; the rest follow in the next
BUFFER: Final = 128 * 1024  # bytes that wait for one client; then it is given nothing more until they are gone
NOBODY: Final = 2**62  # a number that no topic reaches
LOOK_OVER: Final = 2.0  # seconds between two looks whether everybody may still listen
LOOK_ANYWAY: Final = 20.0  # seconds between two looks at everything, should a notice have been lost
AGAIN: Final = 0.5  # seconds until a failed read is tried again

T = TypeVar("T")
log = logging.getLogger(__name__)


class Stream:
    """One client's open stream: where it stands, and what waits to be sent."""

    def __init__(self, leave: Pass, topic: uuid.UUID, *, after: int | None, is_new: bool) -> None:
        """Follow the topic `after` a number; None, when the client names none or one that is not known."""
        self.leave = leave
        self.topic = topic
        self.position = after
        self.is_new = is_new
        self.is_greeted = False
        self.is_behind = False
        self.ended = ""  # why
        self.wake = asyncio.Event()
        self._waiting: deque[bytes] = deque()
        self._size = 0

    @property
    def is_full(self) -> bool:
        return self._size >= BUFFER

    def put(self, piece: bytes) -> None:
        """Have it sent, unless it has ended."""
        if self.ended:
            return
        self._waiting.append(piece)
        self._size += len(piece)
        self.wake.set()

    def take(self) -> bytes:
        """Return everything that waits."""
        found = b"".join(self._waiting)
        self._waiting.clear()
        self._size = 0
        return found

    def end(self, why: str) -> None:
        """End it; what still waits is not sent, and a client that comes back gets it."""
        self.ended = self.ended or why
        self.take()
        self.wake.set()


@dataclass(frozen=True)
class Shown:
    """A change as it is sent; an empty frame is passed over."""

    number: int
    frame: bytes


@dataclass(frozen=True)
class Reading:
    last: int
    changes: list[Shown]
    is_cut: bool


class Hub:
    """The streams of this process, by topic."""

    def __init__(self, *, threads: int = 4) -> None:
        self.streams: dict[uuid.UUID, set[Stream]] = defaultdict(set)
        self._unread: set[uuid.UUID] = set()
        self._something = asyncio.Event()
        self._suspicion = asyncio.Event()
        self._threads = ThreadPoolExecutor(threads, "stream")

    def __len__(self) -> int:
        return sum(map(len, self.streams.values()))

    def every(self) -> list[Stream]:
        """Return the streams that are open."""
        return [stream for streams in self.streams.values() for stream in streams]

    async def in_thread(self, act: Callable[..., T], *args: Any) -> T:
        """Do what asks the database, and let go of a connection that is of no use any more."""

        def run() -> T:
            close_old_connections()
            try:
                return act(*args)
            finally:
                close_old_connections()

        return await asyncio.get_running_loop().run_in_executor(self._threads, run)

    def open(self, stream: Stream) -> None:
        """Let it listen, and have read what it has missed. It hears what commits from now on."""
        self.streams[stream.topic].add(stream)
        self.hear([stream.topic])

    def close(self, stream: Stream) -> None:
        """Forget it."""
        self.streams[stream.topic].discard(stream)
        if not self.streams[stream.topic]:
            del self.streams[stream.topic]

    def hear(self, topics: Iterable[uuid.UUID] | None) -> None:
        """Have these topics read as far as somebody listens to them; None is all of them."""
        found = set(self.streams) if topics is None else {topic for topic in topics if topic in self.streams}
        if found:
            self._unread |= found
            self._something.set()

    def hear_signal(self, payload: str) -> None:
        """Pass a signal on to whoever listens and keeps up; nobody else ever gets it."""
        told = json.loads(payload)
        piece = frame(told["name"], told["data"])
        for topic in map(uuid.UUID, told["topics"]):
            for stream in self.streams.get(topic, ()):
                if stream.is_greeted and not stream.is_full:
                    stream.put(piece)

    def suspect(self) -> None:
        """Look at once whether everybody may still listen: sessions have ended."""
        self._suspicion.set()

    def sent(self, stream: Stream) -> None:
        """What waited for the client has gone: it may have more."""
        if stream.is_behind:
            stream.is_behind = False
            self.hear([stream.topic])

    async def work(self) -> None:
        """Give the streams what they have not seen, and end those that may not go on; for ever."""
        async with asyncio.TaskGroup() as group:
            for turn in (self._read_unread, self._look_over_in_a_moment, self._look_anyway):
                group.create_task(_for_ever(turn))

    async def _read_unread(self) -> None:
        await self._something.wait()
        topics = [self._unread.pop() for _ in range(min(READ_TOPICS, len(self._unread)))]
        if not self._unread:
            self._something.clear()
        try:
            await self._read(topics)
        except Exception:
            self.hear(topics)
            raise

    async def _look_over_in_a_moment(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._suspicion.wait(), LOOK_OVER)
        self._suspicion.clear()
        await self.look_over()

    async def _look_anyway(self) -> None:
        """PostgreSQL's notice of something may have been lost."""
        await asyncio.sleep(LOOK_ANYWAY)
        self.hear(None)

    async def look_over(self) -> None:
        """End the streams whose session has ended, whose account may do nothing, or whose token has expired."""
        streams, now = self.every(), clock.now()
        for stream in streams:
            if has_expired(stream.leave, now):
                stream.end("expired")
        over = await self.in_thread(no_longer, {stream.leave for stream in streams})
        for stream in streams:
            if stream.leave in over:
                stream.end("ended")

    def end_all(self, why: str) -> None:
        """End every stream: this process goes, another takes the clients on."""
        for stream in self.every():
            stream.end(why)

    def stop(self) -> None:
        """Let the threads go."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    async def _read(self, topics: Collection[uuid.UUID]) -> None:
        asked = {topic: self._hungry(topic) for topic in topics}
        seen = {topic: _least(streams) for topic, streams in asked.items() if streams}
        if not seen:
            return
        readings = await self.in_thread(_readings, seen)
        for topic, reading in readings.items():
            for stream in asked[topic]:
                _give(stream, reading)
            if reading.is_cut:
                self.hear([topic])

    def _hungry(self, topic: uuid.UUID) -> list[Stream]:
        """Return who is to be given something; whoever has enough to read is left out until it is gone."""
        for stream in self.streams.get(topic, ()):
            stream.is_behind = stream.is_full
        return [stream for stream in self.streams.get(topic, ()) if not stream.is_full and not stream.ended]


async def _for_ever(turn: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await turn()
        except Exception:  # the process outlives whatever goes wrong once, a database that is away above all
            log.exception("a turn of the stream process failed")
            await asyncio.sleep(AGAIN)


def has_expired(leave: Pass, now: dt.datetime) -> bool:
    return leave.until is not None and leave.until <= now


def _least(streams: Iterable[Stream]) -> int:
    """Return the number after which the topic is read; a stream without one begins at the topic's end."""
    return min(NOBODY if stream.position is None else stream.position for stream in streams)


def _readings(seen: Mapping[uuid.UUID, int]) -> dict[uuid.UUID, Reading]:
    pages = live.read(seen, limit=READ_CHANGES)
    shown = _shown([change for page in pages.values() for change in page.changes])
    return {topic: _reading(topic, page, shown) for topic, page in pages.items()}


def _reading(topic: uuid.UUID, page: Page, shown: Mapping[tuple[uuid.UUID, int], bytes]) -> Reading:
    changes = [Shown(change.number, shown[topic, change.number]) for change in page.changes]
    return Reading(page.last, changes, is_cut=len(changes) == READ_CHANGES)


def _shown(changes: Collection[LiveChange]) -> dict[tuple[uuid.UUID, int], bytes]:
    """Return each change as it is sent: its data, or what the function that shows its kind makes of them."""
    found: dict[tuple[uuid.UUID, int], bytes] = {}
    by_name: dict[str, list[LiveChange]] = defaultdict(list)
    for change in changes:
        by_name[change.name].append(change)
    for name, rows in by_name.items():
        data: list[Any] = [row.data for row in rows]
        if name in live.shows:
            try:
                data = list(live.shows[name](data))
            except Exception:  # the ids alone still tell the client what to fetch, and the streams go on
                log.exception("changes could not be shown", extra={"change": name})
        for row, seen in zip(rows, data, strict=True):
            identity = identity_of(row.topic, row.number)
            found[row.topic, row.number] = b"" if seen is None else frame(name, seen, identity=identity)
    return found


def _give(stream: Stream, reading: Reading) -> None:
    """Give the stream what follows its position, or tell it that this is not known any more."""
    if stream.position is None:
        _begin_at(stream, reading.last)
        return
    known = reading.changes[-1].number if reading.is_cut else reading.last
    if reading.is_cut and stream.position >= known:
        return  # what it waits for is read next
    following = [change for change in reading.changes if change.number > stream.position]
    first = following[0].number if following else known + 1
    if first != stream.position + 1:
        _begin_at(stream, reading.last)
        return
    if not stream.is_greeted:
        stream.put(frame("ready", {"resumed": True, "until": stream.leave.until}))
        stream.is_greeted = True
    for change in following:
        if stream.is_full:
            stream.is_behind = True
            return
        if change.frame:
            stream.put(change.frame)
        stream.position = change.number


def _begin_at(stream: Stream, number: int) -> None:
    """Begin at the topic's end: at the first time, or with a `reset` when what lies between is not known."""
    identity = identity_of(stream.topic, number)
    if stream.is_new:
        stream.put(frame("ready", {"resumed": False, "until": stream.leave.until}, identity=identity))
    else:
        stream.put(frame("reset", {"until": stream.leave.until}, identity=identity))
    stream.is_new, stream.is_greeted, stream.position = False, True, number
