"""The process in which a stranger's file is opened: it has no settings, no database and little of everything else.

Run as a script with `-I`: `reader_process.py rows|pictures`, the file on standard input, one JSON object on standard
output. It limits itself before it reads the first byte. Whatever goes wrong, it ends with another code than 0, and
whoever started it believes nothing of what it said.
"""

from __future__ import annotations

import base64
import io
import json
import os
import resource
import sys
from typing import Any

MEMORY = 1_200_000_000  # bytes of addresses: the library itself takes 300 million
SECONDS = 20  # of CPU
MOST_OUTPUT = 24_000_000  # bytes
MOST_INPUT = 10 * 1024 * 1024  # what may be uploaded
MOST_PAGES = 20
MOST_PICTURES = 4
MOST_ROWS, MOST_WORDS = 400, 4000  # a page
LONGEST_ROW = 240
LONGEST_SIDE = 1400  # pixels of a picture for the model
GAP = 0.75  # of the letters' height: wider, and another cell begins


def limit() -> None:
    """Take away what reading a page does not need. What a system does not know it cannot limit."""
    wishes = {
        "RLIMIT_AS": MEMORY,
        "RLIMIT_CPU": SECONDS,
        "RLIMIT_FSIZE": MOST_OUTPUT,
        "RLIMIT_CORE": 0,
        "RLIMIT_NOFILE": 64,
    }
    for name, most in wishes.items():
        number = getattr(resource, name, None)
        if number is not None:
            try:
                resource.setrlimit(number, (most, most))
            except (ValueError, OSError):
                continue


def rows_of(page: Any) -> list[str]:
    """Return the page's lines from top to bottom, cells parted by two blanks."""
    words = sorted(page.get_text("words", sort=False)[:MOST_WORDS], key=lambda word: ((word[1] + word[3]) / 2, word[0]))
    lines: list[list[Any]] = []
    for word in words:
        middle, height = (word[1] + word[3]) / 2, word[3] - word[1]
        last = lines[-1][0] if lines else None
        if last is not None and abs(middle - (last[1] + last[3]) / 2) < max(height, last[3] - last[1]) / 2:
            lines[-1].append(word)
        else:
            lines.append([word])
    return [row_of(sorted(line, key=lambda word: word[0])) for line in lines[:MOST_ROWS]]


def row_of(line: list[Any]) -> str:
    text, end = "", None
    for x0, y0, x1, y1, word, *_ in line:
        if end is not None:
            text += "  " if x0 - end > GAP * (y1 - y0) else " "
        text, end = text + word, x1
        if len(text) > LONGEST_ROW:
            break
    return text[:LONGEST_ROW]


def picture_of(page: Any) -> str:
    """Return the page as a JPEG that is no larger than a model needs, in base64."""
    longest = max(page.rect.width, page.rect.height, 1)
    pixmap = page.get_pixmap(matrix=pymupdf.Matrix(LONGEST_SIDE / longest, LONGEST_SIDE / longest), alpha=False)
    return base64.b64encode(pixmap.tobytes("jpeg", jpg_quality=80)).decode("ascii")


def open_as_it_is(content: bytes) -> Any:
    """Open one of the kinds that are let in, by its first bytes, and by no other of the library's readers."""
    if content.startswith(b"RIFF"):
        made = io.BytesIO()
        Image.open(io.BytesIO(content), formats=["WEBP"]).convert("RGB").save(made, "PNG")
        content = made.getvalue()
    kinds = {b"%PDF-": "pdf", b"\xff\xd8\xff": "jpeg", b"\x89PNG": "png"}
    kind = next(kind for beginning, kind in kinds.items() if content.startswith(beginning))
    return pymupdf.open(stream=content, filetype=kind)


def main(wish: str) -> int:
    content = sys.stdin.buffer.read(MOST_INPUT + 1)
    if len(content) > MOST_INPUT:
        return 3
    document = open_as_it_is(content)
    if document.needs_pass:
        return 4
    most = MOST_PAGES if wish == "rows" else MOST_PICTURES
    act = rows_of if wish == "rows" else picture_of
    pages = [act(document[number]) for number in range(min(document.page_count, most))]
    sys.stdout.write(json.dumps({"pages": pages, "page_count": document.page_count}))
    sys.stdout.flush()
    return 0


if __name__ == "__main__":
    limit()
    import pymupdf
    from PIL import Image

    pymupdf.TOOLS.mupdf_display_errors(on=False)
    pymupdf.TOOLS.mupdf_display_warnings(on=False)
    code = main(sys.argv[1])
    os._exit(code)  # nothing that the file left behind runs any more
