"""How often a thing may be done: GCRA in one PostgreSQL upsert, exact across workers and machines."""

from __future__ import annotations

import datetime as dt
import hashlib
import math
import re
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.db import connection

from common import clock
from common.db import delete_in_batches
from common.errors import TooMany
from common.models import Throttle
from common.retention import retained

PERIODS = {"s": 1, "m": 60, "h": 3600, "d": 86400}  # seconds
RATE = re.compile(r"([1-9]\d*)/([1-9]\d*)?([smhd])")


@dataclass(frozen=True)
class Rate:
    """`count` calls in any `period`, all of which may come at once."""

    count: int
    period: dt.timedelta

    @classmethod
    @cache
    def parse(cls, text: str) -> Rate:
        """Read «20/h» or «1/30s». Raises: ValueError."""
        found = RATE.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} is not a rate like 20/h or 1/30s.")
        count, units, unit = found.groups()
        return cls(int(count), int(units or 1) * dt.timedelta(seconds=PERIODS[unit]))

    @property
    def emission(self) -> dt.timedelta:
        """How far one call moves the schedule; rounded down, or the last of `count` would not fit in."""
        return self.period // self.count


@dataclass(frozen=True)
class Left:
    """What is left of a rate after a call: so many calls at once, and all of them in `full_in` seconds."""

    rate: Rate
    calls: int
    full_in: int


def spend(name: str, who: str) -> None:
    """Count one call of `who` (stored only as a digest) against the throttle `name`.

    The rate is `settings.THROTTLES[name]`. Raises: TooMany with `retry_after` in whole seconds.
    """
    spend_of(Rate.parse(settings.THROTTLES[name]), name, who)


def spend_of(rate: Rate, name: str, who: str) -> Left:
    """Count one call of `who` against a rate of its own; return what is left of it.

    Raises: TooMany with `retry_after` in whole seconds.
    """
    key = hashlib.sha256(f"{name}\0{who}".encode()).hexdigest()
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO common_throttle AS t (key, arrival) VALUES (%(key)s, %(now)s + %(emission)s::interval)
            ON CONFLICT (key) DO UPDATE SET arrival = GREATEST(t.arrival, %(now)s) + %(emission)s::interval
            WHERE GREATEST(t.arrival, %(now)s) + %(emission)s::interval <= %(now)s + %(period)s::interval
            RETURNING arrival
            """,
            {"key": key, "now": now, "emission": _interval(rate.emission), "period": _interval(rate.period)},
        )
        found = cursor.fetchone()
    if found is None:
        raise TooMany(retry_after=_seconds_to_wait(key, rate, now))
    ahead = found[0] - now
    return Left(rate, (rate.period - ahead) // rate.emission, math.ceil(ahead.total_seconds()))


@retained(
    "throttles",
    what="Counters of calls, by digests of numbers and networks",
    since="when they have run out",
    why="A limit is counted, and nothing of it is needed later.",
    keep=None,
    hourly=True,
)
def prune(_keep: dt.timedelta) -> int:
    """Delete the throttles that have run dry; return how many went."""
    return delete_in_batches(Throttle.objects.filter(arrival__lt=clock.now()))


def _seconds_to_wait(key: str, rate: Rate, now: dt.datetime) -> int:
    arrival = Throttle.objects.filter(key=key).values_list("arrival", flat=True).first()
    if arrival is None:  # pruned this instant
        return 1
    return max(1, math.ceil((arrival + rate.emission - rate.period - now).total_seconds()))


def _interval(length: dt.timedelta) -> str:
    return f"{length // dt.timedelta(microseconds=1)} microseconds"
