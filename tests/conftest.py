"""Every test runs at noon in India on a quiet Wednesday, unless it says otherwise."""

from __future__ import annotations

import datetime as dt
import gc
import logging
import logging.config
from collections.abc import Iterator
from importlib import import_module

import pytest
import time_machine
from django.apps import apps
from django.conf import settings as usual
from pytest_django import Settings

from common import operating
from common.logs import logging_config
from sandbox import migrating
from tests import emptying
from users import fitness
from users.models import EligibilityRule

packaged_rules = import_module("users.migrations.0002_packaged_rules")
consent_notices = import_module("users.migrations.0004_consent_notices")
provider_notices = import_module("users.migrations.0005_licensed_identity")
donation_consent = import_module("users.migrations.0007_donation_consent")
report_consents = import_module("users.migrations.0009_report_consents")
plans = import_module("payments.migrations.0004_plans")
specialisations = import_module("appointments.migrations.0002_doctors")
emptying.install()
migrating.install()
NOON = dt.datetime(2030, 5, 1, 6, 30, tzinfo=dt.UTC)  # 12:00 in Asia/Kolkata


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tell the whole story first: it takes minutes, and whoever works beside it should not wait for it at the end."""
    items.sort(key=lambda item: "end_to_end" not in item.nodeid)


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


@pytest.fixture(autouse=True)
def fresh_rules(request: pytest.FixtureRequest) -> None:
    """Every test finds the packaged rules, notices and plans, though real transactions leave all tables empty."""
    fitness.forget_rules()
    marker = request.node.get_closest_marker("django_db")
    if marker is None:
        return
    request.getfixturevalue("transactional_db" if marker.kwargs.get("transaction") else "db")
    load_packaged()


def load_packaged() -> None:
    """Fill what migrations fill, where it is gone."""
    if not EligibilityRule.objects.exists():
        packaged_rules.load(apps, None)
        consent_notices.load(apps, None)
        provider_notices.load(apps, None)
        donation_consent.load(apps, None)
        report_consents.load(apps, None)
        plans.load(apps, None)
        specialisations.load(apps, None)


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
