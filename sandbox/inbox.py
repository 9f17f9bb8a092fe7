"""What people received and wrote back: kept in memory, shown as JSON and as a page."""

from __future__ import annotations

import datetime as dt
import html
import time
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.answers import NotUnderstood, as_json
from sandbox.faults import CHANNELS, KNOWN

if TYPE_CHECKING:
    from sandbox.world import World

PAGES = Path(__file__).parent / "pages"
CONTENT_SECURITY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'"
)
DEFAULT_LIMIT, LARGEST_LIMIT = 50, 1000


class Step(NamedTuple):
    """A status that a message takes `after` so many seconds."""

    after: float
    status: str
    event: str = ""  # what the provider calls it, where that is another word
    error_code: int | None = None


@dataclass(slots=True, kw_only=True)
class Message:
    """One message or call. Its status follows from the clock: `course` says when it takes which."""

    sid: str
    channel: str
    to: str  # E.164
    sender: str  # E.164 or an alphanumeric sender
    body: str
    course: tuple[Step, ...]
    direction: str = "outbound-api"
    service_sid: str | None = None
    also: dict[str, Any] = field(default_factory=dict)  # what a mail has besides
    number: int = 0  # position in the inbox; grows
    created_at: float = field(default_factory=time.time)  # unix seconds
    began: float = field(default_factory=time.monotonic)

    def now(self) -> Step:
        """Return the step the message has reached."""
        elapsed = time.monotonic() - self.began
        reached = self.course[0]
        for step in self.course[1:]:
            if step.after > elapsed:
                break
            reached = step
        return reached

    def reached_at(self, *statuses: str) -> float | None:
        """Return the unix time at which the message took one of `statuses`, or None if it has not yet."""
        latest = self.now().after
        times = (step.after for step in self.course if step.status in statuses and step.after <= latest)
        first = next(times, None)
        return None if first is None else self.created_at + first

    def as_json(self) -> dict[str, Any]:
        """Return the inbox's view of the message."""
        step = self.now()
        return {
            "id": self.sid,
            "channel": self.channel,
            "to": self.to,
            "from": self.sender,
            "body": self.body,
            "status": step.status,
            "error_code": step.error_code,
            "direction": "inbound" if self.direction == "inbound" else "outbound",
            "at": dt.datetime.fromtimestamp(self.created_at, tz=dt.UTC).isoformat(timespec="milliseconds"),
            **self.also,
        }


class Inbox:
    """The last `keep` messages, and who has said STOP on which channel."""

    def __init__(self, *, keep: int) -> None:
        self._keep = keep
        self._count = 0
        self._all: deque[Message] = deque()
        self._by_sid: dict[str, Message] = {}
        self._by_number: defaultdict[str, deque[Message]] = defaultdict(deque)
        self._wrote_at: dict[tuple[str, str], float] = {}
        self.stopped: set[tuple[str, str]] = set()  # channel, number

    def add(self, message: Message) -> None:
        """Keep the message; forget the oldest when there are too many."""
        self._count += 1
        message.number = self._count
        self._all.append(message)
        self._by_sid[message.sid] = message
        self._by_number[message.to].append(message)
        if len(self._all) > self._keep:
            self._forget_oldest()

    def find(self, sid: str) -> Message | None:
        """Return the message with this provider's id, or None."""
        return self._by_sid.get(sid)

    def newest_first(self, *, to: str | None = None, before: int | None = None) -> Iterator[Message]:
        """Yield the messages (sent to one number), beginning below position `before`."""
        messages = self._all if to is None else self._by_number.get(to, ())
        for message in reversed(messages):
            if before is None or message.number < before:
                yield message

    def heard_from(self, channel: str, number: str) -> None:
        """Remember that this person has just written on this channel."""
        self._wrote_at[channel, number] = time.time()

    def wrote_within(self, channel: str, number: str, *, seconds: float) -> bool:
        """Tell whether this person has written on this channel so recently."""
        at = self._wrote_at.get((channel, number))
        return at is not None and time.time() - at <= seconds

    def clear(self) -> None:
        """Forget all messages, not who said STOP."""
        self._all.clear()
        self._by_sid.clear()
        self._by_number.clear()

    def forget_people(self) -> None:
        """Forget who wrote when and who said STOP."""
        self._wrote_at.clear()
        self.stopped.clear()

    def _forget_oldest(self) -> None:
        oldest = self._all.popleft()
        del self._by_sid[oldest.sid]
        theirs = self._by_number[oldest.to]
        theirs.popleft()
        if not theirs:
            del self._by_number[oldest.to]


def routes(world: World) -> list[Route]:
    """The page at `/` with its two files, `/messages`, `/reset`, `/healthz`."""

    async def messages(request: Request) -> Response:
        if request.method == "DELETE":
            world.inbox.clear()
            world.courier.forget()
            return Response(status_code=204)
        return as_json(_found(world.inbox, request))

    async def reset(_: Request) -> Response:
        world.inbox.clear()
        world.inbox.forget_people()
        world.courier.forget()
        world.faults.clear()
        for forget in world.forgetting:
            forget()
        return Response(status_code=204)

    async def healthz(_: Request) -> Response:
        return as_json({"status": "ok"})

    return [
        Route("/", _page("inbox.html", "text/html"), methods=["GET"]),
        Route("/inbox.js", _page("inbox.js", "text/javascript"), methods=["GET"]),
        Route("/inbox.css", _page("inbox.css", "text/css"), methods=["GET"]),
        Route("/messages", messages, methods=["GET", "DELETE"]),
        Route("/reset", reset, methods=["PUT"]),
        Route("/healthz", healthz, methods=["GET"]),
    ]


def _found(inbox: Inbox, request: Request) -> list[dict[str, Any]]:
    query = request.query_params
    to, channel, about = query.get("to"), query.get("channel"), query.get("about")
    if channel and channel not in CHANNELS:
        raise NotUnderstood("channel must be sms, whatsapp, voice or email")
    limit = _limit(query.get("limit"))
    found = []
    for message in inbox.newest_first(to=_address(to) if to else None):
        if channel and message.channel != channel:
            continue
        if about and about.strip() not in f"{message.to} {message.sender}":
            continue
        found.append(message.as_json())
        if len(found) == limit:
            break
    return found


def _limit(text: str | None) -> int:
    if not text:
        return DEFAULT_LIMIT
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= LARGEST_LIMIT:
        raise NotUnderstood(f"limit must be a whole number from 1 to {LARGEST_LIMIT}")
    return int(text)


def _address(text: str) -> str:
    return plain_number(text) if text.strip().removeprefix("whatsapp:").lstrip("+ ").isdecimal() else text


def plain_number(text: str) -> str:
    """Return E.164 from `+91…`, `91…` or what a `+` becomes in a query string that was not escaped."""
    return "+" + text.strip().removeprefix("whatsapp:").lstrip("+ ")


def _page(name: str, kind: str) -> Any:
    switches = "".join(
        f'<li><button type="button" data-fault="{fault}" aria-pressed="false">'
        f"{fault.replace('_', ' ')}</button><span>{html.escape(meaning)}</span></li>"
        for fault, meaning in KNOWN.items()
    )
    text = (PAGES / name).read_text(encoding="utf-8").replace("{{switches}}", switches)
    headers = {"Content-Security-Policy": CONTENT_SECURITY, "Cache-Control": "no-cache"}

    async def page(_: Request) -> Response:
        return Response(text, media_type=kind, headers=headers)

    return page
