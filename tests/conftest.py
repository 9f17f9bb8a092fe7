"""Every test runs at noon in India on a quiet Wednesday, unless it says otherwise."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import time_machine
from pytest_django import Settings

from users import fitness

NOON = dt.datetime(2030, 5, 1, 6, 30, tzinfo=dt.UTC)  # 12:00 in Asia/Kolkata


@pytest.fixture(autouse=True)
def noon(request: pytest.FixtureRequest) -> Iterator[time_machine.Coordinates | None]:
    """Set the clock, which then goes on; `@pytest.mark.real_time` leaves it alone, for tests with other processes."""
    if request.node.get_closest_marker("real_time"):
        yield None
        return
    with time_machine.travel(NOON, tick=True) as clock:
        yield clock


@pytest.fixture(autouse=True)
def fresh_rules() -> None:
    """No test sees the rules that another has changed."""
    fitness.forget_rules()


@pytest.fixture
def unthrottled(settings: Settings) -> None:
    """Lift every limit, for tests that call the same thing many times."""
    settings.THROTTLES = {name: "1000000/s" for name in settings.THROTTLES}
