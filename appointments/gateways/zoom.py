"""Zoom's meetings, by its REST API and server-to-server OAuth, and its webhooks.

https://developers.zoom.us/docs/api/meetings/ and https://developers.zoom.us/docs/api/webhooks/. Zoom takes no
idempotency key: our reference stands in the agenda, and whoever is not sure looks for it before asking again. The
topic and the agenda say nothing of the people.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from django.conf import settings

from appointments.gateways.base import Challenge, Gone, Made, Notice, Plan
from appointments.states import MeetingNews, MeetingProvider, Side
from common import clock
from common.webhooks import MOMENT, TOLERANCE, Malformed, SignatureInvalid
from payments.gateways import http
from payments.gateways.base import Refused, Unknown, text
from payments.gateways.tokens import Granted, Source, account_name, token_of

SCHEDULED: Final = 2  # a meeting at a time
NO_REGISTRATION: Final = 2
PAGE: Final = 300
MOST_PAGES: Final = 20
PASSWORD_BYTES: Final = 5  # ten hexadecimal digits, Zoom's longest
RENEW_AT: Final = 0.9
MOST_TOKENS: Final = 60  # an hour
UNKNOWN_MEETING: Final = "3001"  # https://developers.zoom.us/docs/api/errors/
VALIDATION: Final = "endpoint.url_validation"
NEWS: Final = {
    "meeting.started": MeetingNews.STARTED,
    "meeting.ended": MeetingNews.ENDED,
    "meeting.participant_joined": MeetingNews.JOINED,
    "meeting.participant_left": MeetingNews.LEFT,
}
MOMENT_OF: Final = {
    MeetingNews.STARTED: "start_time",
    MeetingNews.ENDED: "end_time",
    MeetingNews.JOINED: "join_time",
    MeetingNews.LEFT: "leave_time",
}
MEETING_NUMBER: Final = re.compile(r"[0-9]{1,20}", re.ASCII)


class ZoomGateway:
    """Meetings in the calendars of the account's users."""

    provider = MeetingProvider.ZOOM

    def is_configured(self) -> bool:
        return bool(settings.ZOOM_ACCOUNT_ID and settings.ZOOM_CLIENT_ID and settings.ZOOM_CLIENT_SECRET)

    def make(self, plan: Plan) -> Made:
        wish = {
            "topic": plan.topic,
            "agenda": _agenda(plan),
            "type": SCHEDULED,
            "password": secrets.token_hex(PASSWORD_BYTES),
            "settings": {
                "host_video": True,
                "participant_video": True,
                "join_before_host": False,
                "waiting_room": True,
                "mute_upon_entry": False,
                "approval_type": NO_REGISTRATION,
                "auto_recording": "none",
                "meeting_authentication": False,
            },
            **_time(plan),
        }
        return _made(_ask("POST", f"/users/{quote(plan.host, safe='')}/meetings", wish))

    def find(self, plan: Plan) -> Made | None:
        for row in _listed(plan.host):
            if text(row.get("agenda")).startswith(_agenda(plan)):
                return _made(_ask("GET", f"/meetings/{_number(row.get('id'))}"))
        return None

    def move(self, plan: Plan) -> None:
        _ask("PATCH", f"/meetings/{plan.external_id}", _time(plan))

    def remove(self, plan: Plan) -> None:
        try:
            _ask("DELETE", f"/meetings/{plan.external_id}", query={"schedule_for_reminder": "false"})
        except Gone:
            return

    def host_link(self, plan: Plan) -> str:
        link = text(_ask("GET", f"/meetings/{plan.external_id}").get("start_url"))
        if not link:
            raise Unknown("bad_reply")
        return link

    def read_notice(self, headers: Mapping[str, str], body: bytes) -> Notice | Challenge:
        """Verify a webhook on its raw body and read it. Raises: SignatureInvalid, Malformed"""
        _verify(headers, body)
        try:
            event = json.loads(body)
            if event["event"] == VALIDATION:
                token = event["payload"]["plainToken"]
                return Challenge(token, _hmac(token.encode()))
            return _notice(event, body)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, Unknown) as exc:
            raise Malformed from exc


def signature(secret: str, *, moment: str, body: bytes) -> str:
    """Return what Zoom puts into `x-zm-signature`."""
    digest = hmac.new(secret.encode(), b"v0:" + moment.encode() + b":" + body, hashlib.sha256)
    return f"v0={digest.hexdigest()}"


def _verify(headers: Mapping[str, str], body: bytes) -> None:
    secret, moment = settings.ZOOM_WEBHOOK_SECRET, headers.get("X-Zm-Request-Timestamp", "")
    if not secret or not MOMENT.fullmatch(moment):
        raise SignatureInvalid
    if abs(clock.now().timestamp() - int(moment)) > TOLERANCE.total_seconds():
        raise SignatureInvalid
    wanted = signature(secret, moment=moment, body=body).encode()
    if not hmac.compare_digest(headers.get("X-Zm-Signature", "").encode(), wanted):
        raise SignatureInvalid


def _hmac(content: bytes) -> str:
    return hmac.new(settings.ZOOM_WEBHOOK_SECRET.encode(), content, hashlib.sha256).hexdigest()


def _notice(event: Mapping[str, Any], body: bytes) -> Notice:
    kind = str(event["event"])
    digest = hashlib.sha256(body).hexdigest()  # Zoom gives no id: the same bytes are the same event
    news = NEWS.get(kind, MeetingNews.OTHER)
    if news is MeetingNews.OTHER:
        return Notice(event_id=digest, kind=kind)
    about = event["payload"]["object"]
    participant = about.get("participant", {})
    is_of_somebody = news in (MeetingNews.JOINED, MeetingNews.LEFT)
    moment = dt.datetime.fromisoformat((participant if is_of_somebody else about)[MOMENT_OF[news]])
    if moment.tzinfo is None:
        raise ValueError("A moment without its offset.")
    said = {"sitting": str(about["uuid"])[:80], "at": moment.isoformat()}
    if is_of_somebody:
        said["participant"] = _digest(about["uuid"], participant["user_id"])
        said["side"] = str(_side(about, participant))
    return Notice(event_id=digest, kind=kind, external_id=_number(about["id"]), news=news, said=said)


def _side(about: Mapping[str, Any], participant: Mapping[str, Any]) -> Side:
    """The doctor comes by the host's link, and is Zoom's host; whoever else comes has the patient's link."""
    is_host = bool(about.get("host_id")) and participant.get("id") == about["host_id"]
    return Side.DOCTOR if is_host else Side.PATIENT


def _digest(sitting: object, participant: object) -> str:
    return hashlib.sha256(f"{sitting}\0{participant}".encode()).hexdigest()


def _agenda(plan: Plan) -> str:
    return f"Reference {plan.id}"


def _time(plan: Plan) -> dict[str, Any]:
    start = plan.starts_at.astimezone(dt.UTC)
    return {"start_time": f"{start:%Y-%m-%dT%H:%M:%SZ}", "timezone": "UTC", "duration": plan.minutes}


def _made(body: Mapping[str, Any]) -> Made:
    made = Made(
        external_id=_number(body.get("id")), join_url=text(body.get("join_url")), password=text(body.get("password"))
    )
    if not made.join_url:
        raise Unknown("bad_reply")
    return made


def _number(value: object) -> str:
    number = text(value)
    if not MEETING_NUMBER.fullmatch(number):
        raise Unknown("bad_reply")
    return number


def _listed(host: str) -> Iterator[Mapping[str, Any]]:
    query = {"type": "scheduled", "page_size": str(PAGE)}
    for _ in range(MOST_PAGES):
        body = _ask("GET", f"/users/{quote(host, safe='')}/meetings", query=query)
        yield from body.get("meetings") or ()
        following = text(body.get("next_page_token"))
        if not following:
            return
        query["next_page_token"] = following


def _ask(
    method: str, path: str, wish: Mapping[str, Any] | None = None, *, query: Mapping[str, str] | None = None
) -> Mapping[str, Any]:
    """Ask with a token; when it is turned down, once more with another: nothing was done for the first."""
    source = _source()
    token = token_of(source)
    answer = _call(method, path, token, wish, query)
    if answer.status == HTTPStatus.UNAUTHORIZED:
        answer = _call(method, path, token_of(source, refused=token), wish, query)
    if answer.is_ok:
        return answer.body
    code = text(answer.body.get("code")) or f"http_{answer.status}"
    if answer.status == HTTPStatus.NOT_FOUND and code == UNKNOWN_MEETING:
        raise Gone(code)
    if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise http.refuses_account("Zoom", code)
    raise Refused(code)


def _call(
    method: str, path: str, token: str, wish: Mapping[str, Any] | None, query: Mapping[str, str] | None
) -> http.Answer:
    url = settings.ZOOM_API_BASE.rstrip("/") + path
    return http.call(method, url, json=wish, query=query, headers={"Authorization": f"Bearer {token}"})


def _source() -> Source:
    return Source(
        name=account_name("zoom", settings.ZOOM_OAUTH_BASE, settings.ZOOM_ACCOUNT_ID, settings.ZOOM_CLIENT_ID),
        ask=_grant,
        renew_at=RENEW_AT,
        most_an_hour=MOST_TOKENS,
    )


def _grant() -> Granted:
    answer = http.call(
        "POST",
        settings.ZOOM_OAUTH_BASE.rstrip("/") + "/oauth/token",
        query={"grant_type": "account_credentials", "account_id": settings.ZOOM_ACCOUNT_ID},
        auth=(settings.ZOOM_CLIENT_ID, settings.ZOOM_CLIENT_SECRET),
    )
    token, life = text(answer.body.get("access_token")), answer.body.get("expires_in")
    if not answer.is_ok or not token or not isinstance(life, int):
        raise http.refuses_account("Zoom", text(answer.body.get("error")) or f"http_{answer.status}")
    return Granted(token=token, life=dt.timedelta(seconds=life))
