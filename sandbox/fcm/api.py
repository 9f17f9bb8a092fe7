"""The token endpoint of a service account (RFC 7523) and `messages:send`; what arrives is in the inbox as `push`."""

from __future__ import annotations

import secrets
import time
from http import HTTPStatus
from typing import Any

import jwt
import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox import replies
from sandbox import service_account as account
from sandbox.answers import as_json
from sandbox.inbox import Message, Step
from sandbox.world import World

CHANNEL = "push"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
AUDIENCE = "https://oauth2.googleapis.com/token"  # what Google's library signs for, wherever the tokens come from
TOKEN_LIFE = 3600  # seconds
FCM_ERROR = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"
ENDS = {400: "INVALID_ARGUMENT", 403: "SENDER_ID_MISMATCH", 404: "UNREGISTERED"}
STATUS = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND"}


class Desk:
    """Grants tokens and takes messages."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._tokens: dict[str, float] = {}
        self.granted = 0
        world.forgetting.append(self._tokens.clear)

    async def token(self, request: Request) -> Response:
        """Grant an access token to whoever holds the account's key."""
        failed = await replies.failure(request, self._world.faults, channel=CHANNEL, to="token", on="send")
        if failed is not None:
            return failed
        form = dict((await request.form()).items())
        if form.get("grant_type") != GRANT:
            return as_json({"error": "unsupported_grant_type"}, HTTPStatus.BAD_REQUEST)
        try:
            claims = jwt.decode(
                str(form.get("assertion", "")),
                account.key().public_key(),
                algorithms=["RS256"],
                audience=AUDIENCE,
                issuer=account.CLIENT_EMAIL,
                options={"require": ["exp", "iat", "aud", "iss"]},
                leeway=10,
            )
        except jwt.PyJWTError as fault:
            wrong = {"error": "invalid_grant", "error_description": f"Invalid JWT: {fault}"}
            return as_json(wrong, HTTPStatus.BAD_REQUEST)
        if SCOPE not in str(claims.get("scope", "")).split():
            return as_json({"error": "invalid_scope"}, HTTPStatus.BAD_REQUEST)
        token = f"ya29.sandbox-{secrets.token_urlsafe(24)}"
        self._tokens[token] = time.time() + TOKEN_LIFE
        self.granted += 1
        return as_json({"access_token": token, "expires_in": TOKEN_LIFE, "token_type": "Bearer"})

    async def send(self, request: Request) -> Response:
        """Take one message for one device."""
        wish = await _message_in(request)
        to = str(wish.get("token", ""))
        faults = self._world.faults
        failed = await replies.failure(request, faults, channel=CHANNEL, to=to, on="send")
        if failed is not None:
            return failed
        if not self._is_known(request) or faults.strike("token_expired", to=to, channel=CHANNEL):
            return _error(HTTPStatus.UNAUTHORIZED, "UNAUTHENTICATED", "Request had invalid authentication credentials.")
        if request.path_params["project"] != account.PROJECT_ID:
            return _error(HTTPStatus.FORBIDDEN, "PERMISSION_DENIED", "Permission denied on the project.")
        fault = _fault_in(wish)
        if fault:
            return _error(HTTPStatus.BAD_REQUEST, "INVALID_ARGUMENT", fault, field=fault)
        dead = faults.strike("undelivered", to=to, channel=CHANNEL)
        if dead:
            status = dead.code if dead.code in ENDS else int(HTTPStatus.NOT_FOUND)
            field = "message.token" if status == HTTPStatus.BAD_REQUEST else ""
            return _error(status, ENDS[status], "The registration token is not valid.", field=field)
        name = f"projects/{account.PROJECT_ID}/messages/0:{secrets.token_hex(16)}"
        self._world.inbox.add(_kept(wish, name))
        return await replies.reply(
            request,
            faults,
            {"name": name},
            channel=CHANNEL,
            to=to,
            on="send",
            latency_ms=self._world.settings.latency_ms,
        )

    def _is_known(self, request: Request) -> bool:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return scheme == "Bearer" and self._tokens.get(token, 0) > time.time()


async def _message_in(request: Request) -> dict[str, Any]:
    try:
        body = orjson.loads(await request.body())
    except orjson.JSONDecodeError:
        return {}
    wish = body.get("message") if isinstance(body, dict) else None
    return wish if isinstance(wish, dict) else {}


def _fault_in(wish: dict[str, Any]) -> str:
    """Return the field that FCM would not take, or an empty string."""
    if not isinstance(wish.get("token"), str) or not wish["token"]:
        return "message.token"
    data = wish.get("data", {})
    if not isinstance(data, dict) or not all(isinstance(value, str) for value in data.values()):
        return "message.data"
    ttl = wish.get("android", {}).get("ttl", "0s")
    if not (isinstance(ttl, str) and ttl.endswith("s") and ttl[:-1].isdecimal()):
        return "message.android.ttl"
    return ""


def _error(status: int, code: str, text: str, *, field: str = "") -> Response:
    details: list[dict[str, Any]] = [{"@type": FCM_ERROR, "errorCode": code}]
    if field:
        details.append({"@type": BAD_REQUEST, "fieldViolations": [{"field": field, "description": text}]})
    error = {"code": status, "message": text, "status": STATUS[status], "details": details}
    return as_json({"error": error}, status)


def _kept(wish: dict[str, Any], name: str) -> Message:
    shown = wish.get("notification", {})
    return Message(
        sid=name.rpartition("/")[2],
        channel=CHANNEL,
        to=wish["token"],
        sender=account.PROJECT_ID,
        body=str(shown.get("body", "")),
        course=(Step(0, "delivered"),),
        also={
            "subject": str(shown.get("title", "")),
            "data": wish.get("data", {}),
            "tag": wish.get("android", {}).get("notification", {}).get("tag"),
            "ttl": wish.get("android", {}).get("ttl"),
            "priority": wish.get("android", {}).get("priority"),
        },
    )


def routes(world: World) -> list[Route]:
    """Return what FCM answers to."""
    desk = Desk(world)
    return [
        Route("/fcm/token", desk.token, methods=["POST"]),
        Route("/fcm/v1/projects/{project}/messages:send", desk.send, methods=["POST"]),
    ]
