import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from types import SimpleNamespace

import pytest

from common import ids
from common.ids import uuid7


@pytest.fixture
def frozen_ms(monkeypatch):
    """Stand the clock still; the returned function sets it to another millisecond."""

    def set_ms(ms):
        monkeypatch.setattr(ids, "time", SimpleNamespace(time_ns=lambda: ms * 1_000_000))

    monkeypatch.setattr(ids, "_sequence", ids._Sequence())
    set_ms(1_800_000_000_000)
    return set_ms


def test_an_id_carries_version_7_and_the_rfc_variant():
    made = [uuid7() for _ in range(1000)]

    assert {one.version for one in made} == {7}
    assert {one.variant for one in made} == {uuid.RFC_4122}


def test_an_id_begins_with_the_milliseconds_of_its_making(monkeypatch):
    monkeypatch.setattr(ids, "_sequence", ids._Sequence())

    before = time.time_ns() // 1_000_000
    made = uuid7()
    after = time.time_ns() // 1_000_000

    assert before <= made.int >> 80 <= after


def test_ids_rise_within_one_millisecond(frozen_ms):
    made = [uuid7() for _ in range(10_000)]

    assert {one.int >> 80 for one in made} == {1_800_000_000_000}
    assert all(a < b for a, b in pairwise(made))


def test_ids_rise_as_text_too():
    made = [str(uuid7()) for _ in range(10_000)]

    assert made == sorted(made)


def test_ids_go_on_rising_when_the_clock_goes_back(frozen_ms):
    before = uuid7()
    frozen_ms(1_700_000_000_000)
    after = uuid7()

    assert after > before


def test_a_full_counter_borrows_the_next_millisecond(frozen_ms):
    uuid7()
    ids._sequence._counter = (1 << 42) - 2

    last, first = uuid7(), uuid7()

    assert last.int >> 80 == 1_800_000_000_000
    assert first.int >> 80 == 1_800_000_000_001
    assert last.version == first.version == 7
    assert last.variant == first.variant == uuid.RFC_4122


def test_threads_never_share_an_id_and_each_sees_rising_ones(frozen_ms):
    start = threading.Barrier(8)

    def make():
        start.wait()
        return [uuid7() for _ in range(5_000)]

    with ThreadPoolExecutor(8) as pool:
        batches = [future.result() for future in [pool.submit(make) for _ in range(8)]]

    assert len({one for batch in batches for one in batch}) == 40_000
    assert len({one.int >> 32 for batch in batches for one in batch}) == 40_000
    assert all(batch == sorted(batch) for batch in batches)


def test_the_thread_test_sees_a_missing_lock(frozen_ms, monkeypatch):
    """Control: the same load on a counter without its lock hands out one value twice."""

    class NoLock:
        def __enter__(self):
            return None

        def __exit__(self, *_):
            return None

    met = threading.Barrier(2)

    class Meeting(int):
        """A counter whose readers wait for each other, as a switch of threads in between would make them."""

        def __add__(self, other):
            met.wait(timeout=10)
            return Meeting(int(self) + other)

    sequence = ids._Sequence()
    sequence._lock = NoLock()
    sequence._ms, sequence._counter = 1_800_000_000_000, Meeting(5)
    monkeypatch.setattr(ids, "_sequence", sequence)

    with ThreadPoolExecutor(2) as pool:
        made = [future.result() for future in [pool.submit(uuid7) for _ in range(2)]]

    assert made[0].int >> 32 == made[1].int >> 32
