"""What goes over the wire: the event stream of the WHATWG HTML standard, section 9.2."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from typing import Any, Final

from rest_framework.utils.encoders import JSONEncoder

HEARTBEAT: Final = b":\n\n"  # a comment: nobody is told, and no proxy thinks the line is dead
MEDIA_TYPE: Final = "text/event-stream"
_ID: Final = re.compile(r"(\d{1,18})-([0-9a-f]{8})")


def frame(name: str, data: Mapping[str, Any], *, identity: str = "") -> bytes:
    """Return one event. Only those with an identity are resumed from."""
    # One line: JSON escapes the ends of others. Times and ids are written as the API writes them.
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False, cls=JSONEncoder)
    head = f"id: {identity}\n" if identity else ""
    return f"{head}event: {name}\ndata: {text}\n\n".encode()


def wait_before_return(milliseconds: int) -> bytes:
    """Return the line that tells the client how long to wait before it connects again."""
    return f"retry: {milliseconds}\n\n".encode()


def identity_of(topic: uuid.UUID, number: int) -> str:
    """Return the id of a change. It says whose it is, so that another account's is not taken for one's own."""
    return f"{number}-{topic.hex[-8:]}"


def number_in(identity: str, topic: uuid.UUID) -> int | None:
    """Return which change of the topic an id stands for, or None if it is none of its."""
    found = _ID.fullmatch(identity)
    return int(found[1]) if found and found[2] == topic.hex[-8:] else None
