"""Row ids: UUIDv7, made here because PostgreSQL has `uuidv7()` only from version 18 on."""

from __future__ import annotations

import datetime as dt
import secrets
import threading
import time
import uuid
from typing import Final

# A UUIDv7 as an SQL expression, for statements that make many rows: in order by the millisecond, not within one.
UUID7_SQL: Final = """encode(set_bit(set_bit(overlay(
    uuid_send(gen_random_uuid())
    placing substring(int8send(floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6
), 52, 1), 53, 1), 'hex')::uuid"""

_COUNTER_BITS = 42
_TAIL_BITS = 32
_RAND_B_COUNTER_BITS = 30  # the part of the counter that lies behind the variant bits


class _Sequence:
    """A millisecond and a counter that only ever go up."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ms = 0
        self._counter = 0

    def advance(self) -> tuple[int, int]:
        with self._lock:
            # The system clock, not `common.clock`: the time in an id orders index pages and is never read
            # back as a fact, and ids must go on rising whatever the product is told the time is.
            ms = time.time_ns() // 1_000_000
            if ms > self._ms:
                self._ms, self._counter = ms, secrets.randbits(_COUNTER_BITS - 1)
            else:
                self._counter += 1
            if self._counter >> _COUNTER_BITS:
                self._ms, self._counter = self._ms + 1, secrets.randbits(_COUNTER_BITS - 1)
            return self._ms, self._counter


_sequence = _Sequence()


def uuid7() -> uuid.UUID:
    """Return a new UUIDv7, greater than every one this process returned before, in all its threads.

    RFC 9562 §5.7 with the fixed-length counter of §6.2 (method 1): 48 bits of Unix milliseconds, a 42-bit
    counter that starts at a random 41-bit value in each millisecond, 32 random bits. When the clock goes
    back, the last millisecond is kept and the counter goes on.
    """
    ms, counter = _sequence.advance()
    rand_a = counter >> _RAND_B_COUNTER_BITS
    rand_b = (counter & ((1 << _RAND_B_COUNTER_BITS) - 1)) << _TAIL_BITS | secrets.randbits(_TAIL_BITS)
    return uuid.UUID(int=ms << 80 | 0x7 << 76 | rand_a << 64 | 0b10 << 62 | rand_b)


def id_floor(moment: dt.datetime) -> uuid.UUID:
    """Return what no UUIDv7 made at `moment` or later is below: where an index on ids begins to be read, no fact."""
    return uuid.UUID(int=int(moment.timestamp() * 1000) << 80 | 0x7 << 76 | 0b10 << 62)
