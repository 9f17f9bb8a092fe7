"""Log lines: one form for structlog's loggers and the standard library's, and no secret in any of them."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from contextvars import ContextVar
from datetime import date
from typing import Any, Final
from uuid import UUID

import structlog
from stdnum.in_ import aadhaar
from structlog.typing import EventDict, Processor

from common.phone import mask_phone

# The id of the request that is being answered in this thread or task; empty outside one.
request_id: ContextVar[str] = ContextVar("request_id", default="")

REDACTED: Final = "[redacted]"
_DEEPEST: Final = 8  # deeper values are cut: they may contain themselves
_SHORTEST_NUMBER: Final = 10_000_000  # an int below this is neither a phone number nor an Aadhaar number

# A key is secret when one of its words is here (`new_password`, `HTTP_AUTHORIZATION`, `accessToken`) ...
_SECRET_WORDS: Final = frozenset(
    (
        *("password", "passwd", "passphrase", "pin", "otp", "secret", "secrets", "credential", "credentials"),
        *("token", "tokens", "jwt", "authorization", "cookie", "cookies", "signature", "aadhaar", "pan"),
    )
)
# ... when it is one of these ...
_SECRET_KEYS: Final = frozenset(("code", "refresh", "access", "body", "raw_body", "csrfmiddlewaretoken"))
# ... or when it ends like this (`arrival_code`, `X-Api-Key`), but for the codes that are plain facts.
_SECRET_ENDS: Final = ("_code", "api_key", "private_key", "signing_key")
_PLAIN_CODES: Final = frozenset(
    (
        *("status_code", "error_code", "exit_code", "problem_code", "refusal_code", "deferral_code"),
        *("country_code", "language_code", "currency_code", "component_code"),
    )
)
_PHONE_WORDS: Final = frozenset(("phone", "phones", "mobile", "msisdn"))
_KEY_WORD: Final = re.compile(r"[A-Z0-9]+(?![a-z])|[A-Z]?[a-z0-9]+")

# What follows a key inside a text: `password=x`, `"password": "x"`, `\"password\": \"x\"`, `(token)=(x)`.
_CLOSE: Final = r"""[\\"'\])]{0,4}"""
_EQUALS: Final = rf"[\w-]{{0,24}}{_CLOSE}\s{{0,3}}[:=]\s{{0,3}}"
_VALUE: Final = (
    r"""(?!\[redacted\])(?:\\+".*?\\+"|b?"(?:\\.|[^"\\])*(?:"|$)|b?'(?:\\.|[^'\\])*(?:'|$)|[^\s"',;&})\]]+)"""
)
_KEYED: Final = r"passw(?:or)?d|passphrase|secret|token|signature|aadhaar|api[_-]?key|otp"
_RULES: Final = (
    # Three parts for a signed token, five for an encrypted one (RFC 7515, RFC 7516).
    re.compile(r"()\beyJ[\w-]+(?:\.[\w-]*){2,4}"),
    re.compile(r"(\bjsk_(?:live|test)_[0-9a-f]{12}_)[0-9a-f]+"),  # what is shown of an API key stays
    re.compile(r"(\bBearer\s+)[\w.~+/=-]+", re.IGNORECASE),
    re.compile(r"(\bBasic\s+)[\w+/=-]{16,}", re.IGNORECASE),
    re.compile(rf"""((?:authorization|cookie){_CLOSE}\s{{0,3}}[:=]\s{{0,3}}["']?)[^\r\n"']+""", re.IGNORECASE),
    # The password of a URL.
    re.compile(r"(://[^\s/:@]*:)[^\s@/]+(?=@)"),
    re.compile(rf"((?:{_KEYED}){_EQUALS}){_VALUE}", re.IGNORECASE),
    re.compile(rf"(\b(?:access|refresh|body)\b{_EQUALS}){_VALUE}", re.IGNORECASE),
    # Six digits alone may be an amount or a postal code.
    re.compile(
        rf"((?:\b|_)(?:code|otp|pin)\b{_CLOSE}(?:\s+(?:is|was))?[\s:=]{{0,4}}[\\\"'(]{{0,4}})"
        r"\d{3}[ -]?\d{3}(?!\w)",
        re.IGNORECASE,
    ),
    re.compile(r"()(?<!\w)\d{6}(?= is your\b)"),
)
_AADHAAR: Final = re.compile(r"(?<![\w.])(?<![0-9a-f]{4}-)[2-9]\d{3}([ -]?)\d{4}\1\d{4}(?![\w])")
_PHONE: Final = re.compile(
    r"(?:\+|(?<=%2B)|(?<=%2b))(?:91[ -]?[6-9]\d{4}[ -]?\d{5}|[1-9]\d{7,14})(?!\d)"  # E.164, also in a URL
    r"|(?<![\w.+-])(?:91|0)?[6-9]\d{9}(?![\w])"  # as Indian numbers are written without the plus
)


def redact_text(text: str) -> str:
    """Return the text without tokens, keyed secrets and Aadhaar numbers, and with phone numbers masked.

    An Aadhaar number is twelve digits that pass Verhoeff's check. Six digits are taken for a code only behind
    that word.
    """
    for pattern in _RULES:
        text = pattern.sub(rf"\g<1>{REDACTED}", text)
    text = _AADHAAR.sub(_without_aadhaar, text)
    return _PHONE.sub(lambda found: mask_phone(found[0]), text)


def redact(value: object, *, depth: int = 0) -> Any:
    """Return a copy in plain dicts, lists and scalars with no secret left; other objects become text."""
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return value if abs(value) < _SHORTEST_NUMBER else _redact_number(value)
    if isinstance(value, UUID | date):
        return str(value)
    if isinstance(value, Mapping | list | tuple | set | frozenset):
        return _redact_many(value, depth + 1) if depth < _DEEPEST else "[too deep]"
    return redact_text(value if isinstance(value, str) else str(value))


def redact_event(_logger: object, _method: str, event: MutableMapping[str, Any]) -> EventDict:
    """Clean a line. Stands last before the renderer, when exceptions are text already."""
    return {redact_text(key): _redact_keyed(key, value, 0) for key, value in event.items()}


def add_request_id(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Write down which request the line belongs to."""
    if own := request_id.get():
        event.setdefault("request_id", own)
    return event


class LineHandler(logging.StreamHandler[Any]):
    """Writes lines to standard error; a line that cannot be written is reported without its values."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        # The standard handler prints the raw message and its arguments, secrets and all.
        failure = sys.exc_info()[0]
        reason = failure.__name__ if failure else "unknown"
        sys.stderr.write(f"A log line of {record.name} ({record.pathname}:{record.lineno}) was lost: {reason}\n")


def logging_config(*, json: bool, level: str) -> dict[str, Any]:
    """Set structlog up and return the matching dict for `logging.config.dictConfig` (Django's LOGGING).

    Every logger of the process ends in one handler: Django's own, gunicorn's and uvicorn's give theirs up, so
    that no line gets past the cleaning. `json` makes one JSON object a line, otherwise lines are for people.
    """
    begin: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        add_request_id,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *begin,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    renderer: Processor = (
        structlog.processors.JSONRenderer()
        if json
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    end: list[Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        redact_event,
        renderer,
    ]
    through_root = {"handlers": [], "propagate": True}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": [*begin, structlog.stdlib.ExtraAdder()],
                "processors": end,
            }
        },
        "handlers": {"line": {"()": LineHandler, "formatter": "line"}},
        "root": {"handlers": ["line"], "level": level},
        "loggers": {
            "django": {**through_root, "level": level},
            "django.server": {**through_root, "level": level},
            # The request line is written by the product's middleware.
            "django.request": {**through_root, "level": "ERROR"},
            # Below INFO it writes all that a page knows for each variable that a template looks for in vain.
            "django.template": {"level": "INFO"},
            "gunicorn.error": through_root,
            "gunicorn.access": through_root,
            "uvicorn": through_root,
            "uvicorn.error": through_root,
            # It would write whole addresses, with the tickets in them; the stream process writes its own line.
            "uvicorn.access": {**through_root, "level": "WARNING"},
            # These tell whole requests and their bodies below WARNING.
            "twilio": {"level": "WARNING"},
            "urllib3": {"level": "WARNING"},
        },
    }


def _redact_many(value: Mapping[Any, Any] | list[Any] | tuple[Any, ...] | set[Any] | frozenset[Any], depth: int) -> Any:
    if isinstance(value, Mapping):
        return {redact_text(str(key)): _redact_keyed(str(key), item, depth) for key, item in value.items()}
    return [redact(item, depth=depth) for item in value]


def _redact_keyed(key: str, value: object, depth: int) -> Any:
    if value is None:
        return None
    words = [word.lower() for word in _KEY_WORD.findall(key)]
    if _is_secret(words):
        return REDACTED
    if not _PHONE_WORDS.isdisjoint(words) and isinstance(value, str | int):
        return mask_phone(str(value))
    return redact(value, depth=depth)


def _is_secret(words: list[str]) -> bool:
    key = "_".join(words)
    if key in _SECRET_KEYS or not _SECRET_WORDS.isdisjoint(words):
        return True
    return key.endswith(_SECRET_ENDS) and key not in _PLAIN_CODES


def _redact_number(value: int) -> int | str:
    text = redact_text(str(value))
    return value if text == str(value) else text


def _without_aadhaar(found: re.Match[str]) -> str:
    return REDACTED if aadhaar.is_valid(found[0]) else found[0]
