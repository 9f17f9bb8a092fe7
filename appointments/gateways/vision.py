"""One question to a vision-language model behind an OpenAI-compatible endpoint (vLLM, Ollama, a provider's own).

POST {VISION_URL}/chat/completions. The model is given a prompt and pictures, no tools and no name; whatever it
answers is text that somebody else checks. Redirects are not followed, and an answer is read no further than its bound.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import orjson
import requests
from django.conf import settings
from urllib3.exceptions import HTTPError

CONNECT: Final = 5.0  # seconds
MOST_TOKENS: Final = 3000  # of the answer
LARGEST_ANSWER: Final = 256 * 1024  # bytes
LARGEST_QUESTION: Final = 12 * 1024 * 1024  # bytes of pictures
MOST_COUNTED: Final = 2_000_000_000  # tokens that a column can hold
_mine = threading.local()


class Unavailable(Exception):
    """Nobody answered, or it is too much just now: the same question may be answered later."""


class Unusable(Exception):
    """What came is no answer to the question; asking again would change nothing."""


@dataclass(frozen=True, slots=True)
class Said:
    """What the model wrote, and what it took; the text is whatever the model made of a stranger's picture."""

    text: str
    model: str
    input_tokens: int | None
    output_tokens: int | None


def ask(*, prompt: str, question: str, pictures: Sequence[bytes], schema: Mapping[str, Any]) -> Said:
    """Ask once. Raises: Unavailable, Unusable"""
    if sum(map(len, pictures)) > LARGEST_QUESTION:
        raise Unusable("pictures")
    shown = [{"type": "image_url", "image_url": {"url": _as_url(picture)}} for picture in pictures]
    body = {
        "model": settings.VISION_MODEL,
        "messages": [
            {"role": "system", "content": prompt},
            {"role": "user", "content": [{"type": "text", "text": question}, *shown]},
        ],
        "temperature": 0,
        "max_tokens": MOST_TOKENS,
        "response_format": {"type": "json_schema", "json_schema": {"name": "values", "strict": True, "schema": schema}},
    }
    status, answer = _post(body)
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise Unavailable(f"http_{status}")
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}:
        raise Unavailable(f"http_{status}")  # the operators' to mend: the key, the model's name
    if status != HTTPStatus.OK:
        raise Unusable(f"http_{status}")
    return _said(answer)


def _post(body: Mapping[str, Any]) -> tuple[int, bytes]:
    headers = {"Content-Type": "application/json"}
    if settings.VISION_KEY:
        headers["Authorization"] = f"Bearer {settings.VISION_KEY}"
    try:
        with _session().post(
            f"{settings.VISION_URL.rstrip('/')}/chat/completions",
            data=orjson.dumps(body),
            headers=headers,
            timeout=(CONNECT, settings.VISION_TIMEOUT),
            allow_redirects=False,
            stream=True,
        ) as reply:
            answer = reply.raw.read(LARGEST_ANSWER + 1, decode_content=True)
            status = reply.status_code
    except (requests.RequestException, HTTPError) as exc:
        raise Unavailable(type(exc).__name__) from None
    if len(answer) > LARGEST_ANSWER:
        raise Unusable("size")
    return status, bytes(answer)


def _said(answer: bytes) -> Said:
    """Return what stands in an answer of the form that the interface has. Raises: Unavailable, Unusable"""
    try:
        told = orjson.loads(answer)
    except orjson.JSONDecodeError:
        raise Unavailable("bad_reply") from None  # cut off on the way, or a proxy's page
    try:
        choice = told["choices"][0]
        text = choice["message"]["content"]
    except (KeyError, IndexError, TypeError):
        raise Unusable("shape") from None
    if not isinstance(text, str) or choice["message"].get("tool_calls"):
        raise Unusable("shape")
    usage = told.get("usage")
    counts = usage if isinstance(usage, dict) else {}
    return Said(
        text=text,
        model=str(told.get("model") or settings.VISION_MODEL)[:80],
        input_tokens=_count(counts.get("prompt_tokens")),
        output_tokens=_count(counts.get("completion_tokens")),
    )


def _count(value: object) -> int | None:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and 0 <= value <= MOST_COUNTED else None  # type: ignore[operator, return-value]


def _as_url(picture: bytes) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(picture).decode("ascii")


def _session() -> requests.Session:
    session: requests.Session | None = getattr(_mine, "session", None)
    if session is None:
        session = _mine.session = requests.Session()
        session.trust_env = False  # no proxy, and no credentials of somebody's home
    return session
