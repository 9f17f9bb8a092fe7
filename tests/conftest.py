"""Every test runs at noon in India on a quiet Wednesday, unless it says otherwise."""

from __future__ import annotations

import datetime as dt
import gc
import logging
import logging.config
from collections.abc import Iterator

import pytest
import time_machine
from django.conf import settings as usual
from pytest_django import DjangoDbBlocker, Settings

from common import operating
from common.logs import logging_config
from sandbox import migrating
from tests import emptying
from users import fitness

emptying.install()
migrating.install()
LONGEST = (
    "end_to_end/test_the_story.py",
    "administration/test_pages.py",
    "administration/test_pictures.py",
    "audit/test_planted_secrets.py",
    "stock/test_nothing_vanishes.py",
)
NOON = dt.datetime(2030, 5, 1, 6, 30, tzinfo=dt.UTC)  # 12:00 in Asia/Kolkata


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, the whole story first: nobody should wait for it alone at the end."""
    ranks = {name: rank for rank, name in enumerate(LONGEST)}
    items.sort(key=lambda item: ranks.get(f"{item.path.parent.name}/{item.path.name}", len(ranks)))


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Look for rubbish among what tests make, and seldom: what was imported and collected stays to the end."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)


@pytest.fixture(autouse=True)
def noon(request: pytest.FixtureRequest) -> Iterator[time_machine.Coordinates | None]:
    """Set the clock, which then goes on; `@pytest.mark.real_time` leaves it alone, for tests with other processes."""
    if request.node.get_closest_marker("real_time"):
        yield None
        return
    with time_machine.travel(NOON, tick=True) as clock:
        yield clock


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Make the database, and remember what the migrations put into it."""
    with django_db_blocker.unblock():
        emptying.keep_copy()


@pytest.fixture(autouse=True)
def fresh_rules() -> None:
    """Every test reads the rules anew, whatever the one before has done to them."""
    fitness.forget_rules()


@pytest.fixture(autouse=True)
def nothing_set() -> None:
    """Every test begins with the operating settings as the files say."""
    operating.assume({})


@pytest.fixture
def unthrottled(settings: Settings) -> None:
    """Lift every limit, for tests that call the same thing many times."""
    settings.THROTTLES = dict.fromkeys(settings.THROTTLES, "1000000/s")


@pytest.fixture
def every_line() -> Iterator[None]:
    """Log every line there is, in JSON; then levels are what they were, and the handlers are back."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    logging.config.dictConfig(logging_config(json=True, level="DEBUG"))
    yield
    logging.config.dictConfig(usual.LOGGING)
    root.handlers[:] = handlers
    root.setLevel(level)
