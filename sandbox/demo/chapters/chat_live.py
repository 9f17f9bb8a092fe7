"""A donor and the bank talk on the way: numbers stay hidden until they meet, and a repeated message is one."""

from __future__ import annotations

import uuid
from typing import Any

from sandbox.demo.chapters.practice import enter
from sandbox.demo.client import wait
from sandbox.demo.people import Donor
from sandbox.demo.stage import Stage

WORDS = "I am at the west gate, my number is 98765 43210. By 18:30?"
HIDDEN = "I am at the west gate, my number is ••••••. By 18:30?"


def tell(stage: Stage) -> None:
    stage.chapter("A donor on the way and the bank talk")
    gita = stage.donor("Gita", "B-", 1)
    request = stage.post_request(units=1, blood_group="B-")
    promise = gita.app.post(f"/requests/{request['id']}/accept", 201)
    chat = _opened(gita, promise["id"])
    _they_talk(stage, gita, chat)
    _nobody_else_reads(stage, chat)
    _they_meet(stage, gita, chat, promise)
    stage.desk.post(f"/partner/assignments/{promise['id']}/release", reason="Enough bags have come.")
    stage.desk.post(f"/partner/requests/{request['id']}/cancel", reason="Enough bags have come.")


def _opened(gita: Donor, promise: str) -> str:
    def found() -> str | None:
        rows = gita.app.get("/conversations", subject=promise)["results"]
        return rows[0]["id"] if rows else None

    return str(wait(found, "the conversation"))


def _they_talk(stage: Stage, gita: Donor, chat: str) -> None:
    said: dict[str, Any] = {"client_id": str(uuid.uuid4()), "text": WORDS}
    first = gita.app.post(f"/conversations/{chat}/messages", 201, **said)
    again = gita.app.post(f"/conversations/{chat}/messages", **said)
    stage.expect(again["id"], first["id"], "Gita's telephone sends her message twice, and it is one")
    row = stage.desk.get(f"/partner/conversations/{chat}")
    stage.expect((row["unread"], row["other"]["name"]), (1, ""), "the desk has one to read, of somebody without a name")
    theirs = stage.desk.get(f"/partner/conversations/{chat}/messages", after=1)["results"]
    stage.expect(theirs[0]["text"], HIDDEN, "it reads the hour, and not her number")
    stage.desk.post(f"/partner/conversations/{chat}/read", number=theirs[0]["number"])
    reply: dict[str, Any] = {"client_id": str(uuid.uuid4()), "quick_reply": "come_to_desk"}
    stage.desk.post(f"/partner/conversations/{chat}/messages", 201, **reply)
    mine = gita.app.get(f"/conversations/{chat}")
    read_up_to = mine["other"]["read_up_to"]
    stage.expect((mine["unread"], read_up_to), (1, first["number"]), "Gita sees that hers was read, and has an answer")
    stage.line(f"The bank, with one tap: «{mine['last_message']['text']}»")


def _nobody_else_reads(stage: Stage, chat: str) -> None:
    stranger = enter(stage, "Harish")
    refused = stranger.app.get(f"/conversations/{chat}/messages", 404)
    stage.expect(refused["code"], "not_found", "for Harish there is no such conversation")


def _they_meet(stage: Stage, gita: Donor, chat: str, promise: dict[str, Any]) -> None:
    stage.desk.post(f"/partner/assignments/{promise['id']}/arrival", code=promise["arrival_code"])

    def arrived() -> bool:
        return gita.app.get(f"/conversations/{chat}")["last_message"]["code"] == "arrived"

    wait(arrived, "the arrival to be told in the conversation")
    rows = stage.desk.get(f"/partner/conversations/{chat}/messages", after=1)["results"]
    stage.expect(rows[0]["text"], WORDS, "Gita is there, and the same message shows her number")
