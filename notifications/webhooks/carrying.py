"""One try: to a checked address, without redirects, for a bounded time, reading a bounded answer."""

from __future__ import annotations

import datetime as dt
import email.utils
import http.client
import ipaddress
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from typing import Final

import certifi

from common import clock
from common.logs import redact_text
from notifications.webhooks.addresses import Address, AddressRefused, NameUnknown, Target, look_up, parse_url
from notifications.webhooks.errors import WebhookUrlRefused
from notifications.webhooks.states import Failure

CONNECT_WITHIN: Final = 5.0  # seconds, for each address
ANSWER_WITHIN: Final = 20.0  # seconds for everything after the look-up; Standard Webhooks asks for 15 to 30
MOST_ADDRESSES: Final = 3
READ: Final = 2048  # bytes of an answer; the rest is left unread
EXCERPT: Final = 500  # characters of it that are kept
CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
USER_AGENT: Final = "JeevanSetu-Webhooks/1.0"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one try. `retry_after` is what the answer asked for."""

    http_status: int | None
    error: Failure | None
    excerpt: str
    duration: dt.timedelta
    retry_after: dt.timedelta | None = None

    @property
    def is_success(self) -> bool:
        return self.error is None


def carry(url: str, *, body: bytes, headers: Mapping[str, str], trust: ssl.SSLContext | None = None) -> Outcome:
    """Post the body and return what came of it; nothing is raised that the other side could cause."""
    started = time.monotonic()
    status, failure, excerpt, wait = None, None, "", None
    try:
        target = parse_url(url)
        with _connected(target, look_up(target), trust or trusted()) as line:
            status, content, wait = _exchange(line, target, body, headers)
        excerpt = _excerpt(content)
        failure = None if http.HTTPStatus.OK <= status < http.HTTPStatus.MULTIPLE_CHOICES else Failure.STATUS
    except (WebhookUrlRefused, AddressRefused):
        failure = Failure.ADDRESS_REFUSED
    except NameUnknown:
        failure = Failure.NAME_UNKNOWN
    except _Unreachable:
        failure = Failure.UNREACHABLE
    except ssl.SSLError as exc:
        failure = Failure.TIMEOUT if isinstance(exc, TimeoutError) else Failure.TLS
    except TimeoutError:
        failure = Failure.TIMEOUT
    except (OSError, http.client.HTTPException, ValueError):
        failure = Failure.NO_ANSWER
    spent = time.monotonic() - started
    if failure in (Failure.NO_ANSWER, Failure.TLS) and spent >= ANSWER_WITHIN:
        failure = Failure.TIMEOUT  # it was cut off
    return Outcome(status, failure, excerpt, dt.timedelta(seconds=spent), wait)


@cache
def trusted() -> ssl.SSLContext:
    """Return what verifies a partner's certificate and its name."""
    return ssl.create_default_context(cafile=certifi.where())


class _Unreachable(Exception):
    """No address takes a connection."""


@contextmanager
def _connected(target: Target, addresses: Sequence[Address], trust: ssl.SSLContext) -> Iterator[socket.socket]:
    """Yield a connection to one of these very addresses, for the target's name; it ends when the time is up."""
    line = _reach(addresses, target.port)
    line.settimeout(ANSWER_WITHIN)
    if target.scheme == "https":
        line = trust.wrap_socket(line, server_hostname=target.host, do_handshake_on_connect=False)
    # A timeout of the socket is one of each read: whoever sends a byte now and then is cut off by this.
    watchdog = threading.Timer(ANSWER_WITHIN, _cut, [line])
    watchdog.daemon = True
    watchdog.start()
    try:
        if isinstance(line, ssl.SSLSocket):
            line.do_handshake()
        yield line
    finally:
        watchdog.cancel()
        line.close()


def _reach(addresses: Sequence[Address], port: int) -> socket.socket:
    for address in addresses[:MOST_ADDRESSES]:
        family = socket.AF_INET if isinstance(address, ipaddress.IPv4Address) else socket.AF_INET6
        raw = socket.socket(family, socket.SOCK_STREAM)
        raw.settimeout(CONNECT_WITHIN)
        try:
            raw.connect((str(address), port))
        except OSError:
            raw.close()
        else:
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return raw
    raise _Unreachable


def _cut(line: socket.socket) -> None:
    with suppress(OSError):
        socket.socket.shutdown(line, socket.SHUT_RDWR)  # of the connection: TLS would wait for the other side


def _exchange(
    line: socket.socket, target: Target, body: bytes, headers: Mapping[str, str]
) -> tuple[int, bytes, dt.timedelta | None]:
    default = http.client.HTTPS_PORT if target.scheme == "https" else http.client.HTTP_PORT
    name = target.host if target.port == default else f"{target.host}:{target.port}"
    speech = http.client.HTTPConnection(target.host, target.port)
    speech.sock = line
    speech.request(
        "POST",
        target.path,
        body,
        {
            **headers,
            "Host": name,
            "Content-Type": "application/json",
            "User-Agent": USER_AGENT,
            "Accept-Encoding": "identity",
            "Connection": "close",
        },
    )
    answer = speech.getresponse()
    return answer.status, answer.read(READ), _retry_after(answer.status, answer.headers.get("Retry-After", ""))


def _retry_after(status: int, text: str) -> dt.timedelta | None:
    """Return how long the answer asks to wait, in seconds or until a date (RFC 9110, 10.2.3)."""
    if status not in (http.HTTPStatus.TOO_MANY_REQUESTS, http.HTTPStatus.SERVICE_UNAVAILABLE) or not text:
        return None
    if text.isascii() and text.isdigit():
        return dt.timedelta(seconds=min(int(text[:9]), 10**6))
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    return max(aware - clock.now(), dt.timedelta(0))


def _excerpt(content: bytes) -> str:
    return redact_text(CONTROL.sub(" ", content.decode("utf-8", "replace")))[:EXCERPT]
