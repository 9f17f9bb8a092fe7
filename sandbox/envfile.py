"""The settings file `.env`, read before any library is at hand."""

from __future__ import annotations

import os
import re
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
LINE = re.compile(r"\A(?:export )?([A-Za-z_0-9]+)=(.*)\Z")


def load_env_file(path: Path = PROJECT / ".env") -> None:
    """Put the file's settings into the environment, where they are not set already; an absent file has none.

    Reads a line as django-environ does, because the processes started from here would otherwise
    see other values than those started by hand.
    """
    if not path.exists():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        found = LINE.match(line)
        if found:
            os.environ.setdefault(found[1], _unquoted(found[2]))


def _unquoted(value: str) -> str:
    if re.fullmatch(r"'.*'", value):
        return value[1:-1]
    if re.fullmatch(r'".*"', value):
        return re.sub(r"\\([^rnt])", r"\1", value[1:-1])
    return value
