"""The provider that carries messages: Twilio, by its SDK over one shared pool of kept-alive connections.

A send ends in one of four ways: `Accepted`, `Refused`, `TryLater` (certainly not accepted), or `Unknown`
(perhaps accepted: nothing may be sent again before it is known). Twilio takes no idempotency key for a message,
so no POST is repeated here.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from itertools import takewhile
from typing import Any, Final, Protocol
from urllib.parse import urlencode

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies
from twilio.base.exceptions import TwilioException
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.rest import Client
from twilio.twiml.voice_response import VoiceResponse
from urllib3.exceptions import MaxRetryError, NewConnectionError

from notifications.states import Channel

TIMEOUT: Final = (5, 10)  # seconds: to connect, to wait for an answer
RETRY_AFTER: Final = 1.0  # seconds, when a 429 names none
LOOK_BACK: Final = dt.timedelta(minutes=1)  # how far the provider's clock may be behind ours
RING_SECONDS: Final = 30
WHATSAPP: Final = "whatsapp:"
CALL_EVENTS: Final = ["initiated", "answered", "completed"]
# Language and voice of <Say>: https://www.twilio.com/docs/voice/twiml/say/text-speech
VOICES: Final = {
    "en": ("en-IN", "Google.en-IN-Standard-A"),
    "hi": ("hi-IN", "Google.hi-IN-Standard-A"),
    "bn": ("bn-IN", "Google.bn-IN-Standard-A"),
}
# https://www.twilio.com/docs/api/errors
AUTH_FAILED: Final = "20003"
MISCONFIGURED: Final = frozenset({AUTH_FAILED, "21606", "21608"})  # ours to mend: credentials, sender, trial account
SHORTEST_CODE: Final = 5  # digits; a shorter one is an HTTP status that something in between answered with
OPTED_OUT: Final = "21610"  # the recipient said STOP to this sender
DEAD_TOKEN: Final = frozenset({"unregistered", "token_invalid", "other_project"})  # a push token that serves no more
NO_MAILBOX: Final = "mailbox_"  # and the mail server's reply: it knows no such recipient
OUTSIDE_WINDOW: Final = "63016"  # WhatsApp takes only an approved template now
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One attempt, counted from 1, to send one delivery. `as_template` wraps the body for WhatsApp.

    An e-mail has a `subject`, may bring an `invitation` (iCalendar) and a link to `unsubscribe` by. A push has its
    title in `subject`, `data` for the app, and is worth nothing after `valid_until`.
    """

    delivery_id: uuid.UUID
    channel: Channel
    to: str
    body: str
    language: str
    attempt: int
    as_template: bool = False
    subject: str = ""
    invitation: str = field(default="", repr=False)
    unsubscribe: str = field(default="", repr=False)
    data: Mapping[str, str] = field(default_factory=dict)
    valid_until: dt.datetime | None = None
    is_urgent: bool = False


@dataclass(frozen=True, slots=True)
class Accepted:
    provider_id: str


@dataclass(frozen=True, slots=True)
class Found:
    """A message that the provider has; `status` in its words."""

    provider_id: str
    status: str
    error_code: str


class NotAccepted(Exception):
    """The send did not end in `Accepted`; `code` is the provider's, or a word of ours."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


class Refused(NotAccepted):
    """The provider will never take this message."""


class TryLater(NotAccepted):
    """The provider has certainly not taken it; `retry_after` in seconds, when it named a time."""

    def __init__(self, code: str, retry_after: float | None = None) -> None:
        self.retry_after = retry_after
        super().__init__(code)


class Unknown(NotAccepted):
    """The provider may have taken it."""


class TextGateway(Protocol):
    def send(self, message: Outgoing) -> Accepted:
        """Hand one message over. Raises: Refused, TryLater, Unknown."""

    def find(self, *, channel: Channel, to: str, body: str, since: dt.datetime) -> list[Found]:
        """Return what the provider was given for this number with this body since then, newest first.

        Raises: NotAccepted's kinds when it does not say.
        """


class TwilioGateway:
    """Sends SMS, WhatsApp messages and voice calls."""

    def __init__(self, *, connections: int) -> None:
        sid = settings.TWILIO_ACCOUNT_SID
        self._client = Client(
            sid,
            settings.TWILIO_AUTH_TOKEN,
            http_client=PooledHttpClient(connections, base=settings.TWILIO_API_BASE),
            environment={"TWILIO_ACCOUNT_SID": sid},  # else TWILIO_EDGE and TWILIO_REGION would move the host
        )
        self._client.api.base_url = settings.TWILIO_API_BASE.rstrip("/")

    def send(self, message: Outgoing) -> Accepted:
        try:
            if message.channel is Channel.VOICE:
                made = self._client.calls.create(**_call(message))
            else:
                made = self._client.messages.create(**_text(message))
            sid = made.sid
        except (
            ValueError,
            TypeError,
            AttributeError,
            KeyError,
        ) as exc:  # a 2xx whose body is not what was promised
            raise Unknown("bad_reply") from exc
        except TwilioException as exc:
            raise _refusal(exc) from exc
        if not sid:
            raise Unknown("bad_reply")
        return Accepted(sid)

    def find(self, *, channel: Channel, to: str, body: str, since: dt.datetime) -> list[Found]:
        # No filter by date: the provider's DateSent leaves out what it has accepted but not yet sent.
        try:
            if channel is Channel.VOICE:
                return list(_found(self._client.calls.stream(to=to, page_size=50), since, body=None))
            rows = self._client.messages.stream(to=_address(channel, to), page_size=50)
            return list(_found(rows, since, body=body))
        except (ValueError, TypeError, AttributeError, KeyError) as exc:
            raise Unknown("bad_reply") from exc
        except TwilioException as exc:
            raise _refusal(exc) from exc


class PooledHttpClient(HttpClient):
    """The SDK's transport: one session for all threads, with as many connections as there are threads.

    Raises: TryLater when nothing was sent or the provider says «too many», Unknown when an answer is missing.
    """

    def __init__(self, connections: int, *, base: str) -> None:
        super().__init__(logger=log, is_async=False, timeout=None)
        self._session = requests.Session()
        adapter = HTTPAdapter(pool_connections=1, pool_maxsize=connections, max_retries=0)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)
        self._session.trust_env = False  # read once below, not at every call
        self._session.proxies = get_environ_proxies(base)
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def request(
        self,
        method: str,
        url: str,
        params: Any = None,
        data: Any = None,
        headers: Any = None,
        auth: Any = None,
        timeout: float | None = None,
        allow_redirects: bool = False,  # noqa: FBT001, FBT002 - the SDK's signature
    ) -> Response:
        try:
            reply = self._session.request(
                method,
                url,
                params=params,
                data=data,
                headers=headers,
                auth=auth,
                timeout=TIMEOUT,
                allow_redirects=allow_redirects,
            )
        except requests.RequestException as exc:
            raise _failure(exc) from exc
        if reply.status_code == requests.codes.too_many_requests:
            raise TryLater("20429", _seconds(reply.headers.get("Retry-After")))
        if reply.status_code >= requests.codes.server_error or reply.is_redirect:
            raise Unknown(f"http_{reply.status_code}")
        return Response(reply.status_code, reply.text, reply.headers)


def _text(message: Outgoing) -> dict[str, Any]:
    is_whatsapp = message.channel is Channel.WHATSAPP
    sender = settings.TWILIO_WHATSAPP_FROM if is_whatsapp else settings.TWILIO_SMS_FROM
    wish: dict[str, Any] = {
        "to": _address(message.channel, message.to),
        "from_": _address(message.channel, sender),
        **_callback(message),
    }
    if message.as_template:
        return wish | {
            "content_sid": settings.TWILIO_WHATSAPP_CONTENT_SID,
            # A template's variable takes no line breaks.
            "content_variables": json.dumps({"1": _squeezed(message.body)}, ensure_ascii=False),
        }
    return wish | {"body": message.body}


def _call(message: Outgoing) -> dict[str, Any]:
    language, voice = VOICES.get(message.language, VOICES["en"])
    speech = VoiceResponse()
    speech.say(message.body, language=language, voice=voice, loop=2)
    wish = {
        "to": message.to,
        "from_": settings.TWILIO_VOICE_FROM,
        "twiml": str(speech),
        "timeout": RING_SECONDS,
    }
    callback = _callback(message)
    return wish | callback | ({"status_callback_event": CALL_EVENTS} if callback else {})


def _callback(message: Outgoing) -> dict[str, str]:
    if not settings.PUBLIC_URL:
        return {}
    query = urlencode({"delivery": message.delivery_id, "attempt": message.attempt})
    return {"status_callback": f"{settings.PUBLIC_URL.rstrip('/')}/api/v1/webhooks/twilio/status?{query}"}


def _address(channel: Channel, phone: str) -> str:
    return f"{WHATSAPP}{phone}" if channel is Channel.WHATSAPP else phone


def _found(rows: Iterable[Any], since: dt.datetime, *, body: str | None) -> Iterator[Found]:
    """Yield what was sent from here since then; rows come newest first.

    A body is contained, not equal: trial accounts put a line before it, templates stand around it.
    """
    for row in takewhile(lambda row: row.date_created is None or row.date_created >= since - LOOK_BACK, rows):
        is_ours = str(row.direction).startswith("outbound")
        if is_ours and (body is None or _squeezed(body) in _squeezed(row.body or "")):
            yield Found(row.sid, str(row.status), str(getattr(row, "error_code", None) or ""))


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def _failure(exc: requests.RequestException) -> NotAccepted:
    cause = exc.args[0] if exc.args else None
    never_left = isinstance(exc, requests.ConnectTimeout) or (
        isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)
    )
    if never_left:
        return TryLater("unreachable")
    return Unknown("timeout" if isinstance(exc, requests.Timeout) else "connection_lost")


def _refusal(exc: TwilioException) -> NotAccepted:
    code = str(getattr(exc, "code", None) or "refused")
    if code in MISCONFIGURED:
        log.error("the provider refuses our account", extra={"error_code": code})
    if code == AUTH_FAILED or len(code) < SHORTEST_CODE:
        return TryLater(code)
    return Refused(code)


def _seconds(retry_after: str | None) -> float:
    return float(retry_after) if retry_after and retry_after.isdigit() else RETRY_AFTER
