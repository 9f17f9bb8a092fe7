"""The protocol of a licensed provider, as docs/identity.md has it, under `/identity/v1`.

Codes come into the inbox as an SMS. `PUT /identity/people` says whom a number belongs to, `GET /identity/charges`
what the provider would put on the bill.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import re
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

import jwt
import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.answers import NotUnderstood, as_json, hang_up, read_json
from sandbox.identity.people import Person, behaviour_of, stranger
from sandbox.inbox import Message, Step
from sandbox.world import World

Endpoint = Callable[[Request], Awaitable[Response]]
CHANNEL: Final = "identity"  # by which faults can be aimed here
SENDER: Final = "UIDAI"
CODE_LIVES: Final = 600  # seconds
ASSERTION_LIVES: Final = 300  # seconds
SLOW: Final = 60  # seconds: longer than anybody waits
TRIES: Final = 3
NUMBER: Final = re.compile(r"[0-9]{12}|[0-9]{16}", re.ASCII)
TELEPHONE: Final = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)


@dataclass
class Dialogue:
    """One check: who is to be found, which code was sent, what was answered to which try."""

    id: str
    number: str
    name: str
    person: Person
    code: str
    began: float
    status: str = "code_sent"
    tries: int = TRIES
    answers: dict[str, tuple[int, str]] = field(default_factory=dict)  # by the key of the try


def routes(world: World) -> list[Route]:
    """The protocol under `/identity/v1`, `/identity/people` and `/identity/charges`."""
    api = Identity(world)
    world.forgetting.append(api.forget)
    return [
        Route("/identity/v1/verifications", api.guarded(api.start), methods=["POST"]),
        Route("/identity/v1/verifications/{id}/code", api.guarded(api.complete), methods=["POST"]),
        Route("/identity/v1/verifications/{id}", api.guarded(api.find), methods=["GET"]),
        Route("/identity/people", api.know, methods=["PUT"]),
        Route("/identity/charges", api.charges, methods=["GET"]),
    ]


class Identity:
    """The endpoints over one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._settings = world.settings
        pair = f"{world.settings.identity_client}:{world.settings.identity_secret}".encode()
        self._credentials = b"Basic " + base64.b64encode(pair)
        self._people: dict[str, Person] = {}
        self._dialogues: dict[str, Dialogue] = {}
        self._charged: list[dict[str, str]] = []

    def guarded(self, endpoint: Endpoint) -> Endpoint:
        """Wrap an endpoint: credentials first."""

        async def answer(request: Request) -> Response:
            given = request.headers.get("authorization", "").encode()
            if not hmac.compare_digest(given, self._credentials):
                return _refused(HTTPStatus.UNAUTHORIZED, "credentials")
            return await endpoint(request)

        return answer

    async def start(self, request: Request) -> Response:
        """POST verifications {id, number, name}: a repeated id gets the first answer, and is charged once."""
        wish = await read_json(request)
        if not isinstance(wish, dict) or not NUMBER.fullmatch(str(wish.get("number"))):
            return _refused(HTTPStatus.UNPROCESSABLE_ENTITY, "number")
        number, name, dialogue_id = (str(wish.get(part, "")) for part in ("number", "name", "id"))
        person = self._people.get(number) or stranger(number)
        failure = await self._failure(request, person, on="send")
        if failure is not None:
            return failure
        known = self._dialogues.get(dialogue_id)
        if known is not None and (known.number, known.name) != (number, name):
            return _refused(HTTPStatus.CONFLICT, "another_request")
        if behaviour_of(number) in {"unknown_number", "no_telephone"}:
            return _refused(HTTPStatus.UNPROCESSABLE_ENTITY, behaviour_of(number))
        if known is None:
            known = self._begin(dialogue_id, number, name, person)
        if behaviour_of(number) == "slow":
            await asyncio.sleep(SLOW)
        return await self._reply(request, person, {"id": known.id, "status": known.status}, on="send", status=201)

    async def complete(self, request: Request) -> Response:
        """POST verifications/{id}/code {code}: the same Idempotency-Key is the same try."""
        wish = await read_json(request)
        found = self._dialogues.get(request.path_params["id"])
        if found is None:
            return _refused(HTTPStatus.NOT_FOUND, "unknown")
        failure = await self._failure(request, found.person, on="send")
        if failure is not None:
            return failure
        key = request.headers.get("idempotency-key", "")
        if key not in found.answers:
            code = str(wish.get("code", "")) if isinstance(wish, dict) else ""
            found.answers[key] = self._judge(found, code)
        status, reason = found.answers[key]
        body = self._standing(found) if status == HTTPStatus.OK else {"error": reason}
        return await self._reply(request, found.person, body, on="send", status=status)

    async def find(self, request: Request) -> Response:
        """GET verifications/{id}"""
        found = self._dialogues.get(request.path_params["id"])
        person = found.person if found else Person("", "")
        failure = await self._failure(request, person, on="look_up")
        if failure is not None:
            return failure
        if found is None:
            return _refused(HTTPStatus.NOT_FOUND, "unknown")
        return await self._reply(request, person, self._standing(found), on="look_up")

    async def know(self, request: Request) -> Response:
        """PUT people {number, phone, name?}: whom a number belongs to from now on"""
        wish = await read_json(request)
        told = wish if isinstance(wish, dict) else {}
        number, phone, name = (str(told.get(part, "")) for part in ("number", "phone", "name"))
        if not NUMBER.fullmatch(number) or not TELEPHONE.fullmatch(phone):
            raise NotUnderstood("an object {number, phone, name?} of texts is expected")
        self._people[number] = Person(number, phone, name)
        return as_json({"number": number, "phone": phone, "name": name})

    async def charges(self, request: Request) -> Response:
        """GET charges: each code that was sent and each person that was attested, once"""
        return as_json(self._charged)

    def forget(self) -> None:
        """Forget people, dialogues and charges."""
        self._people.clear()
        self._dialogues.clear()
        self._charged.clear()

    def _begin(self, dialogue_id: str, number: str, name: str, person: Person) -> Dialogue:
        begun = Dialogue(dialogue_id, number, name, person, f"{secrets.randbelow(10**6):06d}", time.time())
        self._dialogues[dialogue_id] = begun
        self._charged.append({"id": dialogue_id, "for": "code"})
        self._world.inbox.add(
            Message(
                sid="ID" + secrets.token_hex(16),
                channel="sms",
                to=person.phone,
                sender=SENDER,
                body=f"{begun.code} is the code to confirm your Aadhaar. Tell it to nobody who calls you.",
                course=(Step(0, "delivered"),),
            )
        )
        return begun

    def _judge(self, found: Dialogue, code: str) -> tuple[int, str]:
        if found.status != "code_sent" or time.time() > found.began + CODE_LIVES:
            return HTTPStatus.GONE, "over"
        is_right = hmac.compare_digest(code.encode(), found.code.encode())
        if not is_right or behaviour_of(found.number) == "every_code_wrong":
            found.tries -= 1
            if found.tries == 0:
                found.status = "failed"
            return HTTPStatus.UNPROCESSABLE_ENTITY, "code"
        found.status = "verified"
        self._charged.append({"id": found.id, "for": "person"})
        return HTTPStatus.OK, ""

    def _standing(self, found: Dialogue) -> dict[str, Any]:
        body: dict[str, Any] = {"id": found.id, "status": found.status}
        return body | {"assertion": self._assertion(found)} if found.status == "verified" else body

    def _assertion(self, found: Dialogue) -> str:
        """Return what is said of the person, signed now: it is fresh whenever it is asked for."""
        how, now = behaviour_of(found.number), int(time.time())
        name_fits = found.person.is_called(found.name) and how != "name_differs"
        claims = {
            "iss": self._settings.identity_name,
            "aud": self._settings.identity_client,
            "sub": found.person.token,
            "jti": f"txn-{found.id}",
            "txn": "00000000-0000-7000-8000-000000000000" if how == "other_dialogue" else found.id,
            "iat": now,
            "exp": now - ASSERTION_LIVES if how == "expired_assertion" else now + ASSERTION_LIVES,
            "last4": found.number[-4:],
            "name_match": name_fits,
        }
        key = "another secret that is long enough for it" if how == "bad_signature" else self._settings.identity_secret
        return jwt.encode(claims, key, "HS256")

    async def _failure(self, request: Request, person: Person, *, on: str) -> Response | None:
        """Return the answer of a fault that lets nothing through."""
        strike = self._world.faults.strike
        if rule := strike("rate_limit", to=person.phone, channel=CHANNEL, on=on):
            return _refused(HTTPStatus.TOO_MANY_REQUESTS, "rate", {"Retry-After": str(rule.retry_after)})
        if strike("error_5xx", to=person.phone, channel=CHANNEL, on=on):
            return _refused(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable")
        if strike("html_body", to=person.phone, channel=CHANNEL, on=on):
            return Response("<html>502</html>", HTTPStatus.BAD_GATEWAY, media_type="text/html")
        if strike("lost_request", to=person.phone, channel=CHANNEL, on=on):
            return hang_up(request)
        return None

    async def _reply(
        self, request: Request, person: Person, body: dict[str, Any], *, on: str, status: int = HTTPStatus.OK
    ) -> Response:
        """Answer after the latency, or as a fault on the way back has it."""
        strike = self._world.faults.strike
        slow = strike("slow_ms", to=person.phone, channel=CHANNEL, on=on)
        wait = self._settings.latency_ms + (slow.ms if slow else 0)
        if wait:
            await asyncio.sleep(wait / 1000)
        if strike("lost_reply", to=person.phone, channel=CHANNEL, on=on):
            return hang_up(request)
        text = orjson.dumps(body)
        if strike("truncated_json", to=person.phone, channel=CHANNEL, on=on):
            text = text[: len(text) // 2]
        return Response(text, status_code=status, media_type="application/json")


def _refused(status: int, reason: str, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps({"error": reason}), status, media_type="application/json", headers=headers)
