"""What a race needs beside threads: looks without locks, clocks that differ, constraints taken away."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, models

from common import clock
from requests_app.models import Assignment, BloodRequest
from requests_app.states import LIVE_ASSIGNMENT, LIVE_REQUEST
from tests.races import without_locks

race_test = pytest.mark.django_db(transaction=True)


def unlock(monkeypatch: pytest.MonkeyPatch, *names: str, after: type[models.Model], wait: Callable[[], None]) -> None:
    """Replace the lock helper under these names; whoever has looked at a row of `after` waits for the others."""

    def look(model: type[models.Model], ids: Any) -> list[Any]:
        rows = without_locks(model, ids)
        if model is after:
            wait()
        return rows

    for name in names:
        monkeypatch.setattr(name, look)


def waiting(call: Callable[..., Any], wait: Callable[[], None]) -> Callable[..., Any]:
    """Return `call` followed by a wait for the others."""

    def run(*args: Any, **values: Any) -> Any:
        found = call(*args, **values)
        wait()
        return found

    return run


class Clocks:
    """A clock that may show each thread another time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._real, self._own = clock.now, threading.local()
        monkeypatch.setattr(clock, "now", self.now)

    def now(self) -> dt.datetime:
        return getattr(self._own, "moment", None) or self._real()

    def at(self, moment: dt.datetime, call: Callable[[], Any]) -> Callable[[], Any]:
        """Return the call as it is by a clock that shows `moment`."""

        def run() -> Any:
            self._own.moment = moment
            return call()

        return run


@contextmanager
def without_constraints(*names: tuple[type[models.Model], str]) -> Iterator[None]:
    """Take constraints away for a while. What broke them meanwhile must be gone at the end."""
    taken = [(model, next(rule for rule in model._meta.constraints if rule.name == name)) for model, name in names]
    with connection.schema_editor() as editor:
        for model, rule in taken:
            editor.remove_constraint(model, rule)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            tables = ", ".join(model._meta.db_table for model, _ in taken)
            cursor.execute(f"TRUNCATE {tables} CASCADE")
        with connection.schema_editor() as editor:
            for model, rule in taken:
                editor.add_constraint(model, rule)


def is_consistent(request_id: Any) -> bool:
    """Whether the request counts its living promises, and a closed one has none."""
    request = BloodRequest.objects.get(pk=request_id)
    living = Assignment.objects.filter(request=request, status__in=LIVE_ASSIGNMENT).count()
    given = Assignment.objects.filter(request=request, status="donated").count()
    if request.status not in LIVE_REQUEST and living:
        return False
    return (living, given) == (request.units_promised, request.units_fulfilled)
