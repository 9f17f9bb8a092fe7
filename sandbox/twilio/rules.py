"""What Twilio accepts, what it refuses with which code, and what becomes of what it accepted."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import orjson

from sandbox.inbox import Step

API_VERSION = "2010-04-01"
LONGEST_BODY = 1600  # characters
SENDER_NAME = 11  # characters of an alphanumeric sender at most
E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
TAG = re.compile(r"<[^>]*>")
WHATSAPP = "whatsapp:"
CALL_EVENTS = ("initiated", "ringing", "answered", "completed")

MESSAGES: dict[int, str] = {
    20003: "Authenticate",
    20404: "The requested resource was not found",
    20429: "Too Many Requests",
    20503: "Service unavailable",
    21201: "No 'To' number is specified",
    21205: "Neither Url nor Twiml is given",
    21211: "Invalid 'To' Phone Number",
    21212: "Invalid 'From' Number",
    21213: "A 'From' number is required",
    21220: "Invalid paging or date filter",
    21266: "'To' and 'From' number cannot be the same",
    21602: "Message body is required.",
    21603: "A 'From' phone number or a MessagingServiceSid is required.",
    21604: "A 'To' phone number is required.",
    21609: "Invalid 'StatusCallback' URL",
    21610: "Attempt to send to unsubscribed recipient",
    21612: "Message cannot be sent with the current combination of 'To' and 'From' parameters",
    21614: "'To' number is not a valid mobile number",
    21617: f"The message body exceeds the {LONGEST_BODY} character limit.",
    21626: "Invalid StatusCallbackEvent",
    21655: "The ContentSid is invalid",
    21656: "The ContentVariables parameter is invalid",
    21701: "The Messaging Service does not exist",
    21910: "Invalid 'From' and 'To' pair: both must be of the same channel",
    63016: "Failed to send freeform message because you are outside the allowed window. Use a template.",
}
STATUSES = {
    20003: HTTPStatus.UNAUTHORIZED,
    20404: HTTPStatus.NOT_FOUND,
    20429: HTTPStatus.TOO_MANY_REQUESTS,
    20503: HTTPStatus.SERVICE_UNAVAILABLE,
}

MAGIC = "990000"  # a number whose last eight digits are this and two more behaves as those two say
REFUSALS: dict[str, tuple[int, tuple[str, ...]]] = {
    "01": (21211, ("sms", "whatsapp", "voice")),
    "02": (21610, ("sms", "whatsapp")),
    "03": (21614, ("sms",)),
    "09": (21612, ("sms", "whatsapp")),
}
# last status and error code; what is not listed goes well
FATES: dict[str, dict[str, tuple[str, int | None]]] = {
    "00": {"sms": ("undelivered", 30003), "whatsapp": ("undelivered", 63024), "voice": ("no-answer", None)},
    "04": {"voice": ("busy", None)},
    "05": {"sms": ("undelivered", 30005), "whatsapp": ("undelivered", 63024), "voice": ("failed", None)},
    "06": {"sms": ("undelivered", 30006), "whatsapp": ("undelivered", 63024)},
    "07": {"sms": ("undelivered", 30007)},
    "08": {"sms": ("failed", 30008), "whatsapp": ("failed", 63012)},
    "12": {"whatsapp": ("undelivered", 63024)},
    "13": {"sms": ("sent", None), "whatsapp": ("sent", None)},
}


class Refused(Exception):
    """Twilio says no; `code` is Twilio's."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code
        self.status = STATUSES.get(code, HTTPStatus.BAD_REQUEST)

    def body(self) -> dict[str, Any]:
        """Return Twilio's error body."""
        return {
            "code": self.code,
            "message": MESSAGES[self.code],
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }


@dataclass(slots=True, kw_only=True)
class Wish:
    """A message or a call that has passed the checks of its form."""

    channel: str
    to: str  # E.164
    sender: str
    body: str
    callback_url: str = ""
    service_sid: str | None = None
    is_template: bool = False
    events: frozenset[str] = frozenset()  # which callbacks a call wants; empty: all


def read_message(form: dict[str, list[str]]) -> Wish:
    """Read the form of Messages.json. Raises Refused."""
    to_address, from_address = _first(form, "To"), _first(form, "From")
    service_sid = _first(form, "MessagingServiceSid")
    if not to_address:
        raise Refused(21604)
    if not from_address and not service_sid:
        raise Refused(21603)
    if service_sid and not service_sid.startswith("MG"):
        raise Refused(21701)
    is_whatsapp = to_address.startswith(WHATSAPP)
    to, sender = to_address.removeprefix(WHATSAPP), from_address.removeprefix(WHATSAPP)
    if not E164.fullmatch(to):
        raise Refused(21211)
    if from_address:
        _check_sender(sender, to=to, same_channel=is_whatsapp == from_address.startswith(WHATSAPP))
    body, is_template = _text(form)
    return Wish(
        channel="whatsapp" if is_whatsapp else "sms",
        to=to,
        sender=sender or service_sid,
        body=body,
        callback_url=_callback_url(form),
        service_sid=service_sid or None,
        is_template=is_template,
    )


def read_call(form: dict[str, list[str]]) -> Wish:
    """Read the form of Calls.json. Raises Refused."""
    to, sender = _first(form, "To"), _first(form, "From")
    twiml, url = _first(form, "Twiml"), _first(form, "Url")
    if not to:
        raise Refused(21201)
    if not sender:
        raise Refused(21213)
    if not E164.fullmatch(to):
        raise Refused(21211)
    if not E164.fullmatch(sender):
        raise Refused(21212)
    if not twiml and not _is_url(url):
        raise Refused(21205)
    events = frozenset(" ".join(form.get("StatusCallbackEvent", ["completed"])).split())
    if not events <= set(CALL_EVENTS):
        raise Refused(21626)
    body = spoken(twiml) if twiml else f"(spoken as {url} says)"
    return Wish(channel="voice", to=to, sender=sender, body=body, callback_url=_callback_url(form), events=events)


def refuse_magic(wish: Wish) -> None:
    """Raise Refused for a number that is always refused."""
    code, channels = REFUSALS.get(_magic(wish.to), (0, ()))
    if wish.channel in channels:
        raise Refused(code)


def course_of(wish: Wish, *, wait: float, step: float, error_code: int | None) -> tuple[Step, ...]:
    """Return the statuses the message goes through, the first at once, the others from `wait` seconds on.

    An `error_code` makes it fail whatever its number is.
    """
    fate = FATES.get(_magic(wish.to), {}).get(wish.channel)
    if error_code:
        fate = ("no-answer", None) if wish.channel == "voice" else ("undelivered", error_code)
    names = _call_course(fate) if wish.channel == "voice" else _message_course(wish, fate)
    last = len(names) - 1
    return tuple(
        Step(
            wait + number * step if number else 0,
            status,
            event,
            fate[1] if fate and number == last else None,
        )
        for number, (status, event) in enumerate(names)
    )


def spoken(twiml: str) -> str:
    """Return what a call says: the text of its TwiML without the tags."""
    return " ".join(html.unescape(TAG.sub(" ", twiml)).split())


def _message_course(wish: Wish, fate: tuple[str, int | None] | None) -> list[tuple[str, str]]:
    begin = ["accepted", "queued"] if wish.service_sid else ["queued"]
    if fate is None:
        end = ["sent", "delivered", "read"] if wish.channel == "whatsapp" else ["sent", "delivered"]
    else:
        end = [fate[0]] if fate[0] in ("failed", "sent") else ["sent", fate[0]]
    return [(status, "") for status in begin + end]


def _call_course(fate: tuple[str, int | None] | None) -> list[tuple[str, str]]:
    begin = [("queued", ""), ("queued", "initiated")]
    if fate is None:
        return [*begin, ("ringing", "ringing"), ("in-progress", "answered"), ("completed", "completed")]
    if fate[0] == "no-answer":
        begin.append(("ringing", "ringing"))
    return [*begin, (fate[0], "completed")]


def _magic(number: str) -> str:
    return number[-2:] if number[-8:-2] == MAGIC else ""


def _first(form: dict[str, list[str]], name: str) -> str:
    return form.get(name, [""])[0].strip()


def _check_sender(sender: str, *, to: str, same_channel: bool) -> None:
    if not same_channel:
        raise Refused(21910)
    is_short_or_name = sender.isascii() and sender.replace(" ", "").isalnum() and len(sender) <= SENDER_NAME
    if not E164.fullmatch(sender) and not is_short_or_name:
        raise Refused(21212)
    if sender == to:
        raise Refused(21266)


def _text(form: dict[str, list[str]]) -> tuple[str, bool]:
    """Return what the person reads, and whether it is an approved template."""
    body, content_sid = form.get("Body", [""])[0], _first(form, "ContentSid")
    if content_sid:
        return _template(content_sid, _first(form, "ContentVariables")), True
    if not body.strip() and "MediaUrl" not in form:
        raise Refused(21602)
    if len(body) > LONGEST_BODY:
        raise Refused(21617)
    return body, False


def _template(content_sid: str, variables: str) -> str:
    if not re.fullmatch("HX[0-9a-fA-F]{32}", content_sid):
        raise Refused(21655)
    try:
        values = orjson.loads(variables or "{}")
    except orjson.JSONDecodeError:
        raise Refused(21656) from None
    if not isinstance(values, dict):
        raise Refused(21656)
    return "\n".join([f"[{content_sid}]", *(f"{name}: {value}" for name, value in values.items())])


def _callback_url(form: dict[str, list[str]]) -> str:
    url = _first(form, "StatusCallback")
    if url and not _is_url(url):
        raise Refused(21609)
    return url


def _is_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)
