"""A file's pages as rows of text or as pictures, opened by a process that can be lost.

The process has an empty environment and its own limits (`reader_process`); it is killed when its time is up, and
what it says is bounded and checked before it is believed.
"""

from __future__ import annotations

import base64
import binascii
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO, Any, Final

from appointments.analysis.tables import LONGEST_ROW, Row

SCRIPT: Final = Path(__file__).with_name("reader_process.py")
PATIENCE: Final = 30.0  # seconds, of the clock on the wall
MOST_OUTPUT: Final = 24_000_000  # bytes
MOST_PAGES: Final = 20
MOST_PICTURES: Final = 4
LARGEST_PICTURE: Final = 4_000_000  # bytes
JPEG: Final = b"\xff\xd8\xff"


class Unreadable(Exception):
    """The file does not open, or takes more than it may; nothing of it is known."""


def rows_of(content: bytes) -> list[Row]:
    """Return the rows of the first twenty pages; none of a file without text. Raises: Unreadable"""
    pages = _pages(content, "rows", MOST_PAGES)
    rows: list[Row] = []
    for number, lines in enumerate(pages, 1):
        if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
            raise Unreadable("rows")
        rows += [Row(number, at, line[:LONGEST_ROW]) for at, line in enumerate(lines, 1)]
    return rows


def pictures_of(content: bytes) -> list[bytes]:
    """Return the first four pages as JPEG. Raises: Unreadable"""
    pictures = []
    for text in _pages(content, "pictures", MOST_PICTURES):
        try:
            picture = base64.b64decode(text, validate=True)
        except (TypeError, ValueError, binascii.Error):
            raise Unreadable("pictures") from None
        if not picture.startswith(JPEG) or len(picture) > LARGEST_PICTURE:
            raise Unreadable("pictures")
        pictures.append(picture)
    return pictures


def _pages(content: bytes, wish: str, most: int) -> list[Any]:
    try:
        said = json.loads(_run(content, wish))
    except ValueError:
        raise Unreadable("answer") from None
    pages = said.get("pages") if isinstance(said, dict) else None
    if not isinstance(pages, list) or not 1 <= len(pages) <= most:
        raise Unreadable("pages")
    return pages


def _run(content: bytes, wish: str) -> bytes:
    with tempfile.TemporaryFile() as answer:
        if _end_of(content, wish, answer) != 0:
            raise Unreadable("process")
        answer.seek(0)
        said = answer.read(MOST_OUTPUT + 1)
    if len(said) > MOST_OUTPUT:
        raise Unreadable("size")
    return said


def _end_of(content: bytes, wish: str, answer: IO[bytes]) -> int:
    """Return how the process ended, having written to `answer`. Raises: Unreadable when it took too long"""
    with subprocess.Popen(  # noqa: S603 - our own script
        [sys.executable, "-I", str(SCRIPT), wish],
        stdin=subprocess.PIPE,
        stdout=answer,
        stderr=subprocess.DEVNULL,
        env={"LC_ALL": "C.UTF-8"},
        cwd=tempfile.gettempdir(),
        start_new_session=True,
    ) as process:
        try:
            process.communicate(content, timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            raise Unreadable("time") from None
        finally:
            process.kill()
    return process.returncode
