"""One call to a provider's JSON API, and how it can end without an answer."""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final

import requests
from urllib3.exceptions import NewConnectionError

from common import clock
from payments.gateways.base import TryLater, Unknown

TIMEOUT: Final = (5, 10)  # seconds: to connect, to wait for an answer
log = logging.getLogger(__name__)
_mine = threading.local()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider answered; an error's body may be no JSON object and is empty then."""

    status: int
    body: Mapping[str, Any]

    @property
    def is_ok(self) -> bool:
        return self.status < HTTPStatus.MULTIPLE_CHOICES


def call(
    method: str,
    url: str,
    *,
    json: Any = None,
    form: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    auth: tuple[str, str] | None = None,
    timeout: tuple[float, float] = TIMEOUT,
) -> Answer:
    """Ask once, without following redirects.

    Raises: TryLater when nobody was reached or it is too much; Unknown when no readable answer came.
    """
    try:
        reply = _session().request(
            method,
            url,
            json=json,
            data=form,
            params=query,
            headers=dict(headers or {}),
            auth=auth,
            timeout=timeout,
            allow_redirects=False,
        )
    except requests.ConnectTimeout as exc:
        raise TryLater("no_connection") from exc
    except requests.ConnectionError as exc:
        raise (TryLater("no_connection") if _was_never_made(exc) else Unknown("no_answer")) from exc
    except requests.RequestException as exc:
        raise Unknown("no_answer") from exc
    if reply.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        raise TryLater("rate_limited", _wait(reply.headers.get("Retry-After", "")))
    if reply.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise Unknown(f"http_{reply.status_code}")
    body = _object(reply)
    is_error = reply.status_code >= HTTPStatus.BAD_REQUEST
    if body is None and not is_error and reply.status_code != HTTPStatus.NO_CONTENT:
        raise Unknown("bad_reply")
    return Answer(reply.status_code, body or {})


def field(row: Mapping[str, Any], name: str) -> str:
    """Return the text that an answer must hold under this name. Raises: Unknown"""
    value = row.get(name)
    if not value or not isinstance(value, str):
        raise Unknown("bad_reply")
    return value


def refuses_account(name: str, code: str) -> TryLater:
    """Return the end of a call that the provider refuses to our account; the operators are told."""
    log.error("%s refuses our account", name, extra={"error_code": code})
    return TryLater(code)


def _wait(retry_after: str) -> float | None:
    """Return the seconds in a `Retry-After`: a number of them, or a moment as HTTP or RFC 3339 writes it."""
    if retry_after.isdecimal():
        return float(retry_after)
    for read in (dt.datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(retry_after)
        except ValueError:
            continue
        return max(0.0, (moment - clock.now()).total_seconds()) if moment.tzinfo else None
    return None


def _session() -> requests.Session:
    session: requests.Session | None = getattr(_mine, "session", None)
    if session is None:
        session = _mine.session = requests.Session()
    return session


def _was_never_made(exc: requests.ConnectionError) -> bool:
    cause = exc.args[0] if exc.args else None
    return isinstance(getattr(cause, "reason", cause), NewConnectionError)


def _object(reply: requests.Response) -> Mapping[str, Any] | None:
    try:
        found = reply.json()
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
