from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from sandbox.server import Sandbox, running
from tests.appointments.zoom_side import ZoomSide


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    """A private folder of the test's own."""
    settings.PRIVATE_FILES_DIR = str(tmp_path / "private")
    return tmp_path / "private"


@pytest.fixture(scope="session")
def started() -> Iterator[Sandbox]:
    """One stand-in for all tests; it posts no webhooks: tests sign their own."""
    with running(public_url="") as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(started: Sandbox, settings: Settings) -> Iterator[Sandbox]:
    """The stand-ins of Zoom, of the mail server and of Twilio, empty."""
    started.reset()
    settings.ZOOM_API_BASE, settings.ZOOM_OAUTH_BASE = f"{started.url}/zoom/v2", f"{started.url}/zoom"
    settings.TWILIO_API_BASE, settings.SMTP_URL, settings.PUBLIC_URL = started.url, started.smtp_url, ""
    yield started
    started.reset()


@pytest.fixture
def zoom(sandbox: Sandbox) -> ZoomSide:
    return ZoomSide(sandbox)
