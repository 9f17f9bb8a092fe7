from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> None:
    """A private folder of the test's own."""
    settings.PRIVATE_FILES_DIR = str(tmp_path / "private")
