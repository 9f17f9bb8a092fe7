"""Twilio's JSON: a message, a call, a page of them."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any, Self
from urllib.parse import urlencode

from sandbox.inbox import Message
from sandbox.twilio.rules import API_VERSION, Refused

DEFAULT_PAGE, LARGEST_PAGE = 50, 1000
DAY = 24 * 3600
SENT = ("sent", "undelivered", "failed", "received")
ENDED = ("completed", "busy", "no-answer", "failed")
ONE_SMS, ONE_UNICODE_SMS = 160, 70  # characters; one of several holds 153 and 67


@dataclass(frozen=True, slots=True)
class Period:
    """Unix seconds, both ends included, as `DateSent>=`, `DateSent<=` and `DateSent=` name them."""

    begin: float = 0
    end: float = float("inf")

    @classmethod
    def of(cls, query: Mapping[str, str], name: str) -> Self:
        """Read the filter `name` from a query string. Raises Refused."""
        begin, end = 0.0, float("inf")
        if f"{name}>" in query:
            begin = _moment(query[f"{name}>"])[0]
        if f"{name}<" in query:
            end = _moment(query[f"{name}<"])[1]
        if name in query:
            begin = _moment(query[name])[0]
            begin -= begin % DAY
            end = begin + DAY - 1
        return cls(begin, end)

    def has(self, moment: float) -> bool:
        """Tell whether the moment lies within, at Twilio's grain of one second."""
        return self.begin <= int(moment) <= self.end


def message_body(message: Message, account_sid: str) -> dict[str, Any]:
    """Return a Message resource."""
    step = message.now()
    prefix = "whatsapp:" if message.channel == "whatsapp" else ""
    uri = f"/{API_VERSION}/Accounts/{account_sid}/Messages/{message.sid}"
    return {
        "sid": message.sid,
        "account_sid": account_sid,
        "api_version": API_VERSION,
        "status": step.status,
        "to": prefix + message.to,
        "from": None if message.sender == message.service_sid else prefix + message.sender,
        "messaging_service_sid": message.service_sid,
        "body": message.body,
        "direction": message.direction,
        "num_segments": str(_segments(message)),
        "num_media": "0",
        "error_code": step.error_code,
        "error_message": f"Error {step.error_code}" if step.error_code else None,
        "price": None,
        "price_unit": "USD",
        "date_created": _rfc2822(message.created_at),
        "date_updated": _rfc2822(message.created_at + step.after),
        "date_sent": _rfc2822(message.reached_at(*SENT)),
        "uri": f"{uri}.json",
        "subresource_uris": {"media": f"{uri}/Media.json"},
    }


def call_body(message: Message, account_sid: str) -> dict[str, Any]:
    """Return a Call resource."""
    step = message.now()
    ended = message.reached_at(*ENDED)
    uri = f"/{API_VERSION}/Accounts/{account_sid}/Calls/{message.sid}.json"
    return {
        "sid": message.sid,
        "account_sid": account_sid,
        "api_version": API_VERSION,
        "status": step.status,
        "to": message.to,
        "to_formatted": message.to,
        "from": message.sender,
        "from_formatted": message.sender,
        "direction": message.direction,
        "start_time": _rfc2822(message.reached_at("in-progress", *ENDED)),
        "end_time": _rfc2822(ended),
        "duration": None if ended is None else "1" if step.status == "completed" else "0",
        "answered_by": None,
        "price": None,
        "price_unit": "USD",
        "queue_time": "0",
        "parent_call_sid": None,
        "phone_number_sid": None,
        "caller_name": None,
        "forwarded_from": None,
        "group_sid": None,
        "trunk_sid": None,
        "date_created": _rfc2822(message.created_at),
        "date_updated": _rfc2822(message.created_at + step.after),
        "uri": uri,
        "subresource_uris": {},
    }


def first_page(
    found: Iterable[Message],
    path: str,
    query: Mapping[str, str],
    period: Period,
    *,
    key: str,
    body_of: Callable[[Message], dict[str, Any]],
) -> dict[str, Any]:
    """Return the page that `PageToken` names, or the first, with the way to the next. Raises Refused."""
    size = min(_whole(query.get("PageSize"), DEFAULT_PAGE), LARGEST_PAGE)
    page = _whole(query.get("Page"), 0)
    token = query.get("PageToken", "").removeprefix("PA")
    before = _whole(token, 0) if token else None
    fitting = (message for message in found if _fits(message, query, period, before))
    shown = list(islice(fitting, size + 1))
    following, shown = shown[size:], shown[:size]
    start = page * size
    next_query = {**query, "PageSize": str(size), "Page": str(page + 1)}
    if following:
        next_query["PageToken"] = f"PA{shown[-1].number}"
    return {
        key: [body_of(message) for message in shown],
        "page": page,
        "page_size": size,
        "start": start,
        "end": start + max(len(shown) - 1, 0),
        "uri": f"{path}?{urlencode(query)}",
        "first_page_uri": f"{path}?{urlencode(_without_place(query))}",
        "previous_page_uri": None,
        "next_page_uri": f"{path}?{urlencode(next_query)}" if following else None,
    }


def _fits(message: Message, query: Mapping[str, str], period: Period, before: int | None) -> bool:
    if before is not None and message.number >= before:
        return False
    sender = query.get("From")
    if sender and sender.removeprefix("whatsapp:") != message.sender:
        return False
    status = query.get("Status")
    if status and status != message.now().status:
        return False
    # What has not left yet is found by the time it was accepted: a look-up must not miss it.
    return period.has(message.reached_at("in-progress", *SENT) or message.created_at)


def _without_place(query: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in query.items() if name not in ("Page", "PageToken")}


def _whole(text: str | None, default: int) -> int:
    if not text:
        return default
    if not (text.isascii() and text.isdigit()):
        raise Refused(21220)
    return int(text)


def _moment(text: str) -> tuple[float, float]:
    """Return the first and the last second of a date or a moment, `2025-01-31` or `2025-01-31T10:00:00Z`."""
    try:
        moment = dt.datetime.fromisoformat(text.removeprefix("="))
    except ValueError:
        raise Refused(21220) from None
    begin = moment.replace(tzinfo=moment.tzinfo or dt.UTC).timestamp()
    return begin, begin + (0 if "T" in text else DAY - 1)


def _segments(message: Message) -> int:
    one = ONE_SMS if message.body.isascii() else ONE_UNICODE_SMS
    if message.channel == "whatsapp" or len(message.body) <= one:
        return 1
    part = one - (7 if one == ONE_SMS else 3)
    return -(-len(message.body) // part)


def _rfc2822(moment: float | None) -> str | None:
    return None if moment is None else _second(int(moment))


@lru_cache(maxsize=64)
def _second(moment: int) -> str:
    return time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(moment))
