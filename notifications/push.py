"""Push messages, by Firebase Cloud Messaging's HTTP v1 API and a service account.

https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages. FCM takes no idempotency key and cannot be
asked what it was given: a message whose fate is unknown goes once more under the same tag, and a device that had it
shows one in place of the other.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Any, Final

import requests
from django.conf import settings
from django.db import connection
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import Request
from google.oauth2 import service_account
from urllib3.exceptions import NewConnectionError

from common import clock
from notifications.gateways import Accepted, Found, NotAccepted, Outgoing, Refused, TryLater, Unknown
from notifications.states import Channel
from payments.gateways import base as payments
from payments.gateways.tokens import Granted, Source, account_name, token_of

SCOPE: Final = "https://www.googleapis.com/auth/firebase.messaging"
TIMEOUT: Final = (5, 10)  # seconds: to connect, to wait for an answer
RENEW_AT: Final = 0.8
MOST_TOKENS: Final = 30  # an hour
KNOWN_FOR: Final = 60.0  # seconds for which a process does not look whether another one has renewed the token
RETRY_AFTER: Final = 60.0  # seconds where none are named, as FCM asks for a 429
LONGEST_LIFE: Final = dt.timedelta(weeks=4)  # of a message at FCM
LONGEST_ID: Final = 64
# FCM's words: https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode
OURS_TO_MEND: Final = frozenset({"THIRD_PARTY_AUTH_ERROR", "UNAUTHENTICATED", "PERMISSION_DENIED"})
TOKEN_FAULTS: Final = {"UNREGISTERED": "unregistered", "SENDER_ID_MISMATCH": "other_project"}
log = logging.getLogger(__name__)
_mine = threading.local()


@dataclass(frozen=True, slots=True)
class Account:
    """The service account, as its JSON file says."""

    info: Mapping[str, Any]

    @property
    def project(self) -> str:
        return str(self.info["project_id"])


@cache
def read_account(text: str) -> Account:
    """Read a service account's JSON. Raises: ValueError for anything that is none"""
    try:
        info = json.loads(text)
        service_account.Credentials.from_service_account_info(info)
        if not info["project_id"]:
            raise ValueError("project_id is empty")
    except (TypeError, KeyError, AttributeError, GoogleAuthError) as exc:
        raise ValueError("not the JSON of a service account") from exc
    return Account(info)


class FcmGateway:
    """Sends to one device at a time: FCM has no call for several any more."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._token, self._known_until = "", 0.0

    def send(self, message: Outgoing) -> Accepted:
        account = read_account(settings.FCM_CREDENTIALS)
        url = f"{settings.FCM_API_BASE.rstrip('/')}/v1/projects/{account.project}/messages:send"
        wish = {"message": _message(message)}
        token = self._access_token(account)
        reply = _post(url, wish, token)
        if reply.status_code == HTTPStatus.UNAUTHORIZED and _error_of(reply)[0] != "THIRD_PARTY_AUTH_ERROR":
            reply = _post(url, wish, self._access_token(account, refused=token))
        return _accepted(reply)

    def find(self, *, channel: Channel, to: str, body: str, since: dt.datetime) -> list[Found]:
        """FCM cannot be asked: what is in doubt goes once more, under the same tag."""
        return []

    def _access_token(self, account: Account, *, refused: str = "") -> str:
        """Return the token that all processes share; the sending threads look for it once a minute.

        Raises: TryLater
        """
        with self._lock:
            if not self._token or self._token == refused or time.monotonic() > self._known_until:
                try:
                    self._token = token_of(_source(account), refused=refused)
                except payments.TryLater as exc:
                    raise TryLater(exc.code, exc.retry_after) from exc
                finally:
                    _let_go()
                self._known_until = time.monotonic() + KNOWN_FOR
            return self._token


def _source(account: Account) -> Source:
    name = account_name("fcm", str(account.info["client_email"]), str(account.info["token_uri"]))
    return Source(name=name, ask=lambda: _grant(account), renew_at=RENEW_AT, most_an_hour=MOST_TOKENS)


def _grant(account: Account) -> Granted:
    """Exchange a JWT that the account's key has signed for an access token (RFC 7523). Raises: TryLater of payments"""
    wish: Any = service_account.Credentials.from_service_account_info(account.info, scopes=[SCOPE])
    try:
        wish.refresh(_Bounded(_session()))
    except GoogleAuthError as exc:
        log.error("FCM's token was not to be had", extra={"cause": type(exc).__name__})
        raise payments.TryLater("no_token") from exc
    life = wish.expiry.replace(tzinfo=dt.UTC) - clock.now()
    return Granted(str(wish.token), max(life, dt.timedelta(minutes=1)))


class _Bounded(Request):
    """google-auth's transport with our patience instead of its two minutes."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return super().__call__(*args, **{**kwargs, "timeout": TIMEOUT[1]})


def _message(message: Outgoing) -> dict[str, Any]:
    life = LONGEST_LIFE
    if message.valid_until is not None:
        life = min(max(message.valid_until - clock.now(), dt.timedelta(0)), LONGEST_LIFE)
    seconds = int(life.total_seconds())
    tag = message.data.get("notification", str(message.delivery_id))
    return {
        "token": message.to,
        "notification": {"title": message.subject, "body": message.body},
        "data": dict(message.data),
        "android": {
            "priority": "HIGH" if message.is_urgent else "NORMAL",
            "ttl": f"{seconds}s",
            "notification": {"tag": tag},
        },
        "apns": {
            "headers": {
                "apns-collapse-id": tag,
                "apns-priority": "10" if message.is_urgent else "5",
                "apns-expiration": str(int(clock.now().timestamp()) + seconds),
            }
        },
        "webpush": {
            "headers": {"TTL": str(seconds), "Urgency": "high" if message.is_urgent else "normal"},
            "notification": {"tag": tag},
        },
    }


def _post(url: str, wish: object, token: str) -> requests.Response:
    try:
        return _session().post(
            url, json=wish, headers={"Authorization": f"Bearer {token}"}, timeout=TIMEOUT, allow_redirects=False
        )
    except requests.ConnectTimeout as exc:
        raise TryLater("unreachable") from exc
    except requests.ConnectionError as exc:
        cause = exc.args[0] if exc.args else None
        never_left = isinstance(getattr(cause, "reason", cause), NewConnectionError)
        raise (TryLater("unreachable") if never_left else Unknown("connection_lost")) from exc
    except requests.RequestException as exc:
        raise Unknown("timeout") from exc


def _accepted(reply: requests.Response) -> Accepted:
    if reply.status_code == HTTPStatus.OK:
        try:
            name = str(reply.json()["name"])
        except (ValueError, KeyError, TypeError) as exc:
            raise Unknown("bad_reply") from exc
        return Accepted(name.rpartition("/")[2][:LONGEST_ID])
    raise _refusal(reply)


def _refusal(reply: requests.Response) -> NotAccepted:
    code, blames_token = _error_of(reply)
    if reply.status_code in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        return TryLater(code.lower() or f"http_{reply.status_code}", _seconds(reply.headers.get("Retry-After", "")))
    if reply.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR or reply.is_redirect:
        return Unknown(f"http_{reply.status_code}")
    if code in TOKEN_FAULTS or (code == "INVALID_ARGUMENT" and blames_token):
        return Refused(TOKEN_FAULTS.get(code, "token_invalid"))
    if code in OURS_TO_MEND:
        log.error("FCM refuses our account", extra={"error_code": code})
        return TryLater(code.lower())
    return Refused((code or f"http_{reply.status_code}").lower()[:40])


def _error_of(reply: requests.Response) -> tuple[str, bool]:
    """Return FCM's word for the error, and whether it lies with the token."""
    try:
        error = reply.json()["error"]
        details = [detail for detail in error.get("details", []) if isinstance(detail, dict)]
        codes = [str(detail["errorCode"]) for detail in details if detail.get("errorCode")]
        fields = [str(one.get("field")) for detail in details for one in detail.get("fieldViolations", [])]
        return (codes or [str(error.get("status", ""))])[0], "message.token" in fields
    except (ValueError, KeyError, TypeError, AttributeError):
        return "", False


def _seconds(retry_after: str) -> float:
    return float(retry_after) if retry_after.isdecimal() else RETRY_AFTER


def _session() -> requests.Session:
    session: requests.Session | None = getattr(_mine, "session", None)
    if session is None:
        session = _mine.session = requests.Session()
    return session


def _let_go() -> None:
    """Close the database connection of a sending thread, which wants none for long."""
    if threading.current_thread() is not threading.main_thread():
        connection.close()
