"""The committed schema, read once a process: `make check` insists that it is the code's."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import yaml

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "openapi.yaml"


@functools.cache
def read_document() -> dict[str, Any]:
    return dict(yaml.load(DOCUMENT.read_text(encoding="utf-8"), yaml.CSafeLoader))
