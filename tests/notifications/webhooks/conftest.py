from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from sandbox.server import Sandbox, running
from tests.notifications.webhooks.scenes import System


@pytest.fixture(scope="session")
def receiving() -> Iterator[Sandbox]:
    """One stand-in for all tests."""
    with running(public_url="") as sandbox:
        yield sandbox


@pytest.fixture
def system(receiving: Sandbox, settings: Settings) -> System:
    """A partner's system on this machine, to which webhooks may go here."""
    receiving.reset()
    settings.WEBHOOK_SANDBOX_ORIGIN = receiving.url
    return System(receiving)
