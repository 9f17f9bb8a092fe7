from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from sandbox import server
from sandbox.server import Sandbox


@pytest.fixture
def sandbox(settings: Settings) -> Iterator[Sandbox]:
    """The provider's stand-in, to which the product now sends; nobody receives its callbacks."""
    with server.running() as running:
        settings.TWILIO_API_BASE = running.url
        settings.PUBLIC_URL = ""
        yield running
