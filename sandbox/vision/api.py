"""POST `/vision/v1/chat/completions`, as OpenAI, vLLM and Ollama have it, for questions with pictures.

It cannot see: it answers a small blood count, or what `PUT /vision/answer` {text} made it say. `GET /vision/questions`
shows what it was asked, without the pictures. Faults are aimed here by the channel `vision`.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from http import HTTPStatus
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.answers import NotUnderstood, as_json, hang_up, read_json
from sandbox.world import World

CHANNEL: Final = "vision"
KEEP: Final = 100  # questions
MODEL: Final = "sandbox-vision"
ROWS: Final = [
    {"name": "Haemoglobin (Hb)", "result": "11.8", "unit": "g/dL", "range": "12.0 - 16.0", "flag": "L", "page": 1},
    {
        "name": "Platelet Count",
        "result": "2,45,000",
        "unit": "/cumm",
        "range": "150000 - 450000",
        "flag": "",
        "page": 1,
    },
    {"name": "Serum Creatinine", "result": "0.9", "unit": "mg/dL", "range": "0.6 - 1.2", "flag": "", "page": 1},
]


def routes(world: World) -> list[Route]:
    """The endpoint, and the two by which it is told what to say and says what it was asked."""
    api = Vision(world)
    world.forgetting.append(api.forget)
    return [
        Route("/vision/v1/chat/completions", api.complete, methods=["POST"]),
        Route("/vision/answer", api.say, methods=["PUT"]),
        Route("/vision/questions", api.questions, methods=["GET"]),
    ]


class Vision:
    """The endpoints over one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._text: str | None = None
        self._asked: list[dict[str, Any]] = []

    async def complete(self, request: Request) -> Response:
        """POST chat/completions: what is malformed is refused as OpenAI does"""
        failure = await self._failure(request)
        if failure is not None:
            return failure
        try:
            wish = await read_json(request)
            asked = question_in(wish)
        except (NotUnderstood, KeyError, TypeError, ValueError, IndexError, binascii.Error) as fault:
            return _refused(HTTPStatus.BAD_REQUEST, f"invalid request: {fault}")
        self._asked = [*self._asked, asked][-KEEP:]
        text = orjson.dumps({"rows": ROWS}).decode() if self._text is None else self._text
        body = orjson.dumps(
            {
                "id": "chatcmpl-sandbox",
                "object": "chat.completion",
                "model": asked["model"],
                "choices": [
                    {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"},
                ],
                "usage": {
                    "prompt_tokens": 700 * len(asked["pictures"]),
                    "completion_tokens": len(text) // 4,
                    "total_tokens": 700 * len(asked["pictures"]) + len(text) // 4,
                },
            }
        )
        strike = self._world.faults.strike
        if strike("lost_reply", to="", channel=CHANNEL):
            return hang_up(request)
        if strike("truncated_json", to="", channel=CHANNEL):
            body = body[: len(body) // 2]
        return Response(body, media_type="application/json")

    async def say(self, request: Request) -> Response:
        """PUT answer {text}: what it answers from now on; null, the blood count again"""
        wish = await read_json(request)
        text = wish.get("text") if isinstance(wish, dict) else 0
        if text is not None and not isinstance(text, str):
            raise NotUnderstood("an object {text} is expected")
        self._text = text
        return as_json({"text": text})

    async def questions(self, request: Request) -> Response:
        """GET questions: model, words and the sizes of the pictures, oldest first"""
        return as_json(self._asked)

    def forget(self) -> None:
        """Forget questions and what was to be said."""
        self._text, self._asked = None, []

    async def _failure(self, request: Request) -> Response | None:
        strike = self._world.faults.strike
        slow = strike("slow_ms", to="", channel=CHANNEL)
        if slow:
            await asyncio.sleep(slow.ms / 1000)
        if rule := strike("rate_limit", to="", channel=CHANNEL):
            return _refused(HTTPStatus.TOO_MANY_REQUESTS, "rate limit", {"Retry-After": str(rule.retry_after)})
        if strike("error_5xx", to="", channel=CHANNEL):
            return _refused(HTTPStatus.SERVICE_UNAVAILABLE, "the model is being loaded")
        if strike("html_body", to="", channel=CHANNEL):
            return Response("<html>502</html>", HTTPStatus.BAD_GATEWAY, media_type="text/html")
        if strike("lost_request", to="", channel=CHANNEL):
            return hang_up(request)
        return None


def question_in(wish: Any) -> dict[str, Any]:
    """Return what was asked. Raises whatever a question of another shape raises"""
    system, user = wish["messages"]
    parts = user["content"]
    words = [part["text"] for part in parts if part["type"] == "text"]
    pictures = [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]
    sizes = [len(base64.b64decode(url.removeprefix("data:image/jpeg;base64,"), validate=True)) for url in pictures]
    if not sizes or not isinstance(wish["model"], str):
        raise ValueError("a model and a picture are wanted")
    return {
        "model": wish["model"],
        "system": str(system["content"]),
        "words": words,
        "pictures": sizes,
        "has_tools": "tools" in wish or "functions" in wish,
        "wants": wish.get("response_format", {}).get("type"),
    }


def _refused(status: int, reason: str, headers: dict[str, str] | None = None) -> Response:
    body = {"error": {"message": reason, "type": "invalid_request_error"}}
    return Response(orjson.dumps(body), status, media_type="application/json", headers=headers)
