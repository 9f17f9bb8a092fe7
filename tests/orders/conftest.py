from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from sandbox.server import Sandbox, running
from tests.orders.couriers import Provider


@pytest.fixture(scope="session")
def started() -> Iterator[Sandbox]:
    """One stand-in for all tests; it posts no webhooks: tests sign their own."""
    with running(public_url="") as sandbox:
        yield sandbox


@pytest.fixture
def provider(started: Sandbox, settings: Settings) -> Iterator[Provider]:
    """The logistics provider's stand-in, empty, to which the product talks by its real adapter."""
    started.reset()
    settings.LOGISTICS_URL = f"{started.url}/logistics"
    yield Provider(started)
    started.reset()
