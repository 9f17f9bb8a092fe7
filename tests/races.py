"""Several callers at the same moment, on real threads and real connections."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, models


def race(*calls: Callable[[], Any]) -> list[Any]:
    """Run the calls together; return what each returned or raised."""
    start, outcomes = threading.Barrier(len(calls)), [None] * len(calls)

    def run(index: int, call: Callable[[], Any]) -> None:
        try:
            start.wait(10)
            outcomes[index] = call()
        except Exception as exc:
            outcomes[index] = exc  # type: ignore[call-overload]
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    return outcomes


def names(outcomes: list[Any]) -> list[str]:
    """Return the outcomes' type names, sorted, for comparison."""
    return sorted(type(outcome).__name__ for outcome in outcomes)


@contextmanager
def meeting(parties: int, seconds: float = 0.5) -> Iterator[Callable[[], None]]:
    """Yield a function that holds each caller until all have come, or for `seconds`: to widen a race's window."""
    gate = threading.Barrier(parties)

    def wait() -> None:
        try:
            gate.wait(seconds)
        except threading.BrokenBarrierError:
            return

    yield wait


def without_locks(model: type[models.Model], ids: Any) -> list[Any]:
    """What `common.db.lock` would be if it did not lock: for the controls."""
    return list(model._default_manager.filter(pk__in=list(ids)).order_by("pk"))
