"""Posts what the providers have to say to the product: one letter after another, each not before its time."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urlsplit

import urllib3

log = logging.getLogger("sandbox")

CARRIERS = 4  # threads
TRIES = 4  # of one letter that cannot be handed over, then it is given up
FIRST_WAIT = 0.2  # seconds; doubles with each try
TIMEOUT = urllib3.Timeout(connect=3, read=15)  # Twilio waits 15 s for an answer

Composed = tuple[bytes, dict[str, str]]  # body, headers


@dataclass(frozen=True, slots=True)
class Letter:
    """A POST to `url`, not before `due` (monotonic seconds); composed only when it is sent."""

    due: float
    url: str
    compose: Callable[[], Composed]
    insists: bool = False  # only a 2xx is an answer: everything else is tried again


@dataclass(slots=True)
class _Errand:
    letters: deque[Letter]
    age: int
    tries: int = field(default=0)


class Courier:
    """A few threads that carry letters. Only a failed connection is tried again, unless a letter insists on a 2xx."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, _Errand]] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._age = 0
        self._open = False
        self._silent: set[str] = set()  # addresses
        self._carriers: list[threading.Thread] = []
        self._http = urllib3.PoolManager(maxsize=CARRIERS, retries=False, timeout=TIMEOUT)

    def start(self) -> None:
        """Begin to carry."""
        self._open = True
        names = [f"sandbox-courier-{number}" for number in range(CARRIERS)]
        self._carriers = [threading.Thread(target=self._carry, name=name, daemon=True) for name in names]
        for carrier in self._carriers:
            carrier.start()

    def stop(self) -> None:
        """Carry nothing more; a letter on its way has two seconds to arrive."""
        with self._changed:
            self._open = False
            self._due.clear()
            self._changed.notify_all()
        deadline = time.monotonic() + 2
        for carrier in self._carriers:
            carrier.join(max(0, deadline - time.monotonic()))
        self._http.clear()

    def post(self, letters: Iterable[Letter]) -> None:
        """Take letters to carry in this order, each after the one before was handed over or given up."""
        errand = _Errand(deque(letters), self._age)
        if errand.letters:
            with self._changed:
                self._put(errand.letters[0].due, errand)

    def forget(self) -> None:
        """Drop every letter that has not been sent."""
        with self._changed:
            self._age += 1
            self._due.clear()

    def hand_over(self, letter: Letter) -> int | None:
        """Post one letter now; return the HTTP status, or None when nobody answered."""
        body, headers = letter.compose()
        try:
            answer = self._http.request("POST", letter.url, body=body, headers=headers, redirect=False)
        except urllib3.exceptions.HTTPError:
            return None
        return answer.status

    def hand_over_patiently(self, letter: Letter) -> int | None:
        """Post one letter, trying a failed connection again; blocks for up to some seconds."""
        status = self.hand_over(letter)
        for number in range(TRIES - 1):
            if status is not None:
                break
            time.sleep(FIRST_WAIT * 2**number)
            status = self.hand_over(letter)
        return status

    def _note(self, letter: Letter, *, arrived: bool) -> None:
        """Say that nobody answers at an address: once, until somebody does."""
        address = urlsplit(letter.url).netloc
        if arrived:
            self._silent.discard(address)
        elif address not in self._silent:
            self._silent.add(address)
            log.warning("nobody answers at %s: its callbacks are given up", address)

    def _put(self, due: float, errand: _Errand) -> None:
        heapq.heappush(self._due, (due, next(self._order), errand))
        if self._due[0][2] is errand:
            self._changed.notify()

    def _carry(self) -> None:
        while (errand := self._take()) is not None:
            letter = errand.letters[0]
            errand.tries += 1
            arrived = _is_answer(self.hand_over(letter), letter)
            if arrived or errand.tries >= TRIES:
                self._note(letter, arrived=arrived)
                errand.letters.popleft()
                errand.tries = 0
            self._go_on(errand)

    def _take(self) -> _Errand | None:
        """Wait for the next errand that is due; None means the courier has closed."""
        with self._changed:
            while self._open:
                wait = self._due[0][0] - time.monotonic() if self._due else None
                if wait is not None and wait <= 0:
                    errand = heapq.heappop(self._due)[2]
                    if self._due:
                        self._changed.notify()
                    return errand
                self._changed.wait(wait)
        return None

    def _go_on(self, errand: _Errand) -> None:
        if not errand.letters:
            return
        due = errand.letters[0].due
        if errand.tries:
            due = time.monotonic() + FIRST_WAIT * 2 ** (errand.tries - 1)
        with self._changed:
            if self._open and errand.age == self._age:
                self._put(due, errand)


def _is_answer(status: int | None, letter: Letter) -> bool:
    if status is None:
        return False
    return not letter.insists or HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES
