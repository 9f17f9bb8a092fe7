from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from sandbox.server import Sandbox, running
from tests.payments.scenes import Stripe


@pytest.fixture(scope="session")
def started() -> Iterator[Sandbox]:
    """One stand-in for all tests; it posts no webhooks: tests sign their own."""
    with running(public_url="") as sandbox:
        yield sandbox


@pytest.fixture
def stripe(started: Sandbox, settings: Settings) -> Iterator[Stripe]:
    """Stripe's stand-in, empty, to which the product talks by the real SDK."""
    started.reset()
    settings.STRIPE_API_BASE = started.url
    yield Stripe(started)
    started.reset()
