"""Twilio's HTTP API (2010-04-01) as far as the product speaks it: messages, calls, callbacks, replies.

Field names, statuses and codes are Twilio's: https://www.twilio.com/docs/messaging/api/message-resource,
https://www.twilio.com/docs/voice/api/call-resource, https://www.twilio.com/docs/api/errors.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import secrets
from collections.abc import Awaitable, Callable
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from twilio.request_validator import RequestValidator

from sandbox.answers import NotUnderstood, as_json, hang_up, read_json
from sandbox.courier import Letter
from sandbox.faults import Rule
from sandbox.inbox import Message, Step, plain_number
from sandbox.twilio.callbacks import call_fields, compose, inbound_fields, message_fields
from sandbox.twilio.rules import (
    API_VERSION,
    Refused,
    Wish,
    course_of,
    read_call,
    read_message,
    refuse_magic,
)
from sandbox.twilio.views import Period, call_body, first_page, message_body
from sandbox.world import World

Endpoint = Callable[[Request], Awaitable[Response]]
JSON = "application/json"
STOP_WORDS = {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"}
START_WORDS = {"start", "unstop", "yes"}
WINDOW = 24 * 3600  # seconds a person's reply opens WhatsApp for free text
OUTSIDE_WINDOW = 63016
HTML_PAGE = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
INBOUND_PATH = "/api/v1/webhooks/twilio/inbound"


def routes(world: World) -> list[Route]:
    """Twilio's paths under `/2010-04-01`, and `/messages/inbound`, by which a person writes back."""
    api = Twilio(world)
    account = f"/{API_VERSION}/Accounts/{{account}}"
    return [
        Route(f"{account}/Messages.json", api.guarded(api.send_message), methods=["POST"]),
        Route(f"{account}/Messages.json", api.guarded(api.list_messages), methods=["GET"]),
        Route(f"{account}/Messages/{{sid}}.json", api.guarded(api.fetch), methods=["GET"]),
        Route(f"{account}/Calls.json", api.guarded(api.make_call), methods=["POST"]),
        Route(f"{account}/Calls.json", api.guarded(api.list_calls), methods=["GET"]),
        Route(f"{account}/Calls/{{sid}}.json", api.guarded(api.fetch), methods=["GET"]),
        Route("/messages/inbound", api.write_back, methods=["POST"]),
    ]


class Twilio:
    """The endpoints over one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._settings = world.settings
        self._faults = world.faults
        self._inbox = world.inbox
        pair = f"{world.settings.account_sid}:{world.settings.auth_token}".encode()
        self._credentials = b"Basic " + base64.b64encode(pair)
        self._validator = RequestValidator(world.settings.auth_token)

    def guarded(self, endpoint: Endpoint) -> Endpoint:
        """Wrap an endpoint: credentials first; a refusal becomes Twilio's error body."""

        async def answer(request: Request) -> Response:
            given = request.headers.get("authorization", "").encode()
            own = request.path_params["account"] == self._settings.account_sid
            try:
                if not own or not hmac.compare_digest(given, self._credentials):
                    raise Refused(20003)
                return await endpoint(request)
            except Refused as refusal:
                return _error(refusal)

        return answer

    async def send_message(self, request: Request) -> Response:
        """POST Messages.json"""
        return await self._accept(request, read_message(await _form(request)))

    async def make_call(self, request: Request) -> Response:
        """POST Calls.json"""
        return await self._accept(request, read_call(await _form(request)))

    async def list_messages(self, request: Request) -> Response:
        """GET Messages.json, newest first"""
        period = Period.of(request.query_params, "DateSent")
        return await self._list(request, "messages", period, lambda found: found.channel != "voice")

    async def list_calls(self, request: Request) -> Response:
        """GET Calls.json, newest first"""
        period = Period.of(request.query_params, "StartTime")
        return await self._list(request, "calls", period, lambda found: found.channel == "voice")

    async def fetch(self, request: Request) -> Response:
        """GET one message or call"""
        found = self._inbox.find(request.path_params["sid"])
        kind = "Calls" if found and found.channel == "voice" else "Messages"
        if found is None or f"/{kind}/" not in request.url.path:
            raise Refused(20404)
        failure = await self._failure(request, to=found.to, channel=found.channel, on="look_up")
        if failure is not None:
            return failure
        return await self._reply(request, self._body(found), to=found.to, channel=found.channel, on="look_up")

    async def write_back(self, request: Request) -> Response:
        """Let a person write: remember STOP and START, post the signed webhook, say what it answered."""
        wish = await read_json(request)
        message = self._reply_of(wish if isinstance(wish, dict) else {})
        word = message.body.strip().lower()
        person = (message.channel, message.sender)
        self._inbox.heard_from(*person)
        if word in STOP_WORDS:
            self._inbox.stopped.add(person)
        elif word in START_WORDS:
            self._inbox.stopped.discard(person)
        self._inbox.add(message)
        letter = self._letter(
            0, self._settings.public_url + INBOUND_PATH, inbound_fields(message, self._settings.account_sid)
        )
        status = await asyncio.to_thread(self._world.courier.hand_over_patiently, letter)
        return as_json(message.as_json() | {"webhook_status": status}, HTTPStatus.CREATED)

    async def _accept(self, request: Request, wish: Wish) -> Response:
        failure = await self._failure(request, to=wish.to, channel=wish.channel, on="send")
        if failure is not None:
            return failure
        refuse_magic(wish)
        if (wish.channel, wish.to) in self._inbox.stopped:
            raise Refused(21610)
        message = self._keep(wish)
        if wish.callback_url:
            self._world.courier.post(self._callbacks(message, wish))
        return await self._reply(
            request,
            self._body(message),
            to=wish.to,
            channel=wish.channel,
            on="send",
            status=HTTPStatus.CREATED,
        )

    def _keep(self, wish: Wish) -> Message:
        error_code = None
        undelivered = self._strike("undelivered", wish)
        if undelivered:
            error_code = undelivered.code or (63024 if wish.channel == "whatsapp" else 30003)
        elif self._outside_window(wish):
            error_code = OUTSIDE_WINDOW
        settings = self._settings
        course = course_of(wish, wait=settings.latency_ms / 1000, step=settings.step_ms / 1000, error_code=error_code)
        message = Message(
            sid=("CA" if wish.channel == "voice" else "SM") + secrets.token_hex(16),
            channel=wish.channel,
            to=wish.to,
            sender=wish.sender,
            body=wish.body,
            course=course,
            service_sid=wish.service_sid,
        )
        self._inbox.add(message)
        return message

    def _outside_window(self, wish: Wish) -> bool:
        if wish.channel != "whatsapp" or wish.is_template:
            return False
        if self._inbox.wrote_within("whatsapp", wish.to, seconds=WINDOW):
            return False
        rule = self._strike("whatsapp_window", wish)
        if rule is not None and rule.refuse:
            raise Refused(OUTSIDE_WINDOW)
        return rule is not None

    def _strike(self, fault: str, wish: Wish) -> Rule | None:
        return self._faults.strike(fault, to=wish.to, channel=wish.channel)

    async def _failure(self, request: Request, *, to: str, channel: str, on: str) -> Response | None:
        """Return the answer of a fault that lets nothing through."""
        strike = partial(self._faults.strike, to=to, channel=channel, on=on)
        if rule := strike("rate_limit"):
            return _error(Refused(20429), {"Retry-After": str(rule.retry_after)})
        if strike("error_5xx"):
            return _error(Refused(20503))
        if strike("html_body"):
            return Response(HTML_PAGE, status_code=HTTPStatus.BAD_GATEWAY, media_type="text/html")
        if strike("lost_request"):
            return hang_up(request)
        return None

    async def _reply(
        self,
        request: Request,
        body: dict[str, Any],
        *,
        to: str,
        channel: str,
        on: str,
        status: int = HTTPStatus.OK,
    ) -> Response:
        """Answer after the latency, or as a fault on the way back has it."""
        strike = partial(self._faults.strike, to=to, channel=channel, on=on)
        slow = strike("slow_ms")
        wait = self._settings.latency_ms + (slow.ms if slow else 0)
        if wait:
            await asyncio.sleep(wait / 1000)
        if strike("lost_reply"):
            return hang_up(request)
        text = orjson.dumps(body)
        if strike("truncated_json"):
            text = text[: len(text) // 2]
        return Response(text, status_code=status, media_type=JSON)

    async def _list(self, request: Request, key: str, period: Period, fits: Callable[[Message], bool]) -> Response:
        query = request.query_params
        to = plain_number(query["To"]) if "To" in query else None
        channel = "voice" if key == "calls" else "whatsapp" if query.get("To", "").startswith("whatsapp:") else "sms"
        failure = await self._failure(request, to=to or "", channel=channel, on="look_up")
        if failure is not None:
            return failure
        if to is not None:
            found = (item for item in self._inbox.newest_first(to=to) if item.channel == channel)
        else:
            found = (item for item in self._inbox.newest_first() if fits(item))
        page = first_page(found, request.url.path, query, period, key=key, body_of=self._body)
        return await self._reply(request, page, to=to or "", channel=channel, on="look_up")

    def _body(self, message: Message) -> dict[str, Any]:
        render = call_body if message.channel == "voice" else message_body
        return render(message, self._settings.account_sid)

    def _callbacks(self, message: Message, wish: Wish) -> list[Letter]:
        """Return the letters that report the message's course, as the faults have them."""
        if self._strike("no_callbacks", wish):
            return []
        told = [step for step in message.course[1:] if not wish.events or step.event in wish.events]
        due = [message.began + step.after for step in told]
        if self._strike("out_of_order_callbacks", wish):
            told.reverse()
            due = due[-1:] * len(told)
        forged = self._strike("bad_signature", wish) is not None
        fields = call_fields if message.channel == "voice" else message_fields
        letters = [
            self._letter(when, wish.callback_url, fields(message, step, self._settings.account_sid), forged=forged)
            for when, step in zip(due, told, strict=True)
        ]
        if self._strike("duplicate_callbacks", wish):
            self._world.courier.post(letters)
        return letters

    def _letter(self, due: float, url: str, fields: dict[str, str], *, forged: bool = False) -> Letter:
        token = secrets.token_hex(16)
        return Letter(due, url, partial(compose, self._validator, url, fields, token=token, forged=forged))

    def _reply_of(self, wish: dict[str, Any]) -> Message:
        channel, sender, body = wish.get("channel", "sms"), wish.get("from"), wish.get("body")
        if channel not in ("sms", "whatsapp"):
            raise NotUnderstood("channel must be sms or whatsapp")
        if not isinstance(sender, str) or not sender.strip() or not isinstance(body, str):
            raise NotUnderstood("an object {from, body, channel, to?} of texts is expected")
        person = plain_number(sender)
        asked = wish.get("to")
        to = plain_number(asked) if isinstance(asked, str) and asked else self._last_sender(channel, person)
        return Message(
            sid="SM" + secrets.token_hex(16),
            channel=channel,
            to=to,
            sender=person,
            body=body,
            course=(Step(0, "received"),),
            direction="inbound",
        )

    def _last_sender(self, channel: str, person: str) -> str:
        sent = (message.sender for message in self._inbox.newest_first(to=person) if message.channel == channel)
        return next(sent, self._settings.whatsapp_from if channel == "whatsapp" else self._settings.sms_from)


async def _form(request: Request) -> dict[str, list[str]]:
    return parse_qs((await request.body()).decode("utf-8", "replace"))


def _error(refusal: Refused, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(refusal.body()), status_code=refusal.status, media_type=JSON, headers=headers)
