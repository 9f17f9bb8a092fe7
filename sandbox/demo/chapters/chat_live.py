"""A donor and the bank talk while she is on the way: live on both sides, with a tunnel in between, and once each."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any

from sandbox.demo.chapters.practice import enter
from sandbox.demo.client import wait
from sandbox.demo.listening import Listener
from sandbox.demo.people import Donor
from sandbox.demo.stage import Stage

WORDS = "I am at the west gate, my number is 98765 43210. By 18:30?"
HIDDEN = "I am at the west gate, my number is ••••••. By 18:30?"


def tell(stage: Stage) -> None:
    stage.chapter("A donor on the way and the bank talk, live")
    gita = stage.donor("Gita", "B-", 1)
    hers, theirs = Listener(gita.app, "/stream"), Listener(stage.desk, "/partner/stream")
    stage.line("Both hold a live stream open: Gita's app, and the bank's desk.")
    request = stage.post_request(units=1, blood_group="B-")
    promise = gita.app.post(f"/requests/{request['id']}/accept", 201)
    chat = str(hers.wait_for("chat.message", subject="assignment")["conversation"])
    stage.line("She promises to come, and a conversation opens on her screen.")
    _they_talk(stage, gita, chat, hers, theirs)
    _a_tunnel(stage, gita, chat, hers)
    _nobody_else_reads(stage, chat)
    _they_meet(stage, gita, chat, promise, hers)
    stage.desk.post(f"/partner/assignments/{promise['id']}/release", reason="Enough bags have come.")
    stage.desk.post(f"/partner/requests/{request['id']}/cancel", reason="Enough bags have come.")
    _she_signs_out(stage, gita, hers)
    theirs.cut()


def _they_talk(stage: Stage, gita: Donor, chat: str, hers: Listener, theirs: Listener) -> None:
    took = _live(lambda: gita.app.post(f"/conversations/{chat}/typing", 204), theirs, "chat.typing")
    stage.line(f"Gita types, and the desk sees it after {took:.0f} ms; it is kept nowhere.")
    said: dict[str, Any] = {"client_id": str(uuid.uuid4()), "text": WORDS}
    took = _live(lambda: gita.app.post(f"/conversations/{chat}/messages", 201, **said), theirs, "chat.message")
    again = gita.app.post(f"/conversations/{chat}/messages", **said)
    row = stage.desk.get(f"/partner/conversations/{chat}")
    stage.expect((row["unread"], row["other"]["name"]), (1, ""), f"her message is there after {took:.0f} ms, unnamed")
    [read] = [one for one in _messages(stage, chat) if one["text"]]
    stage.expect(read["number"], again["number"], "her telephone sends it twice, and it is one")
    stage.expect(read["text"], HIDDEN, "the desk reads the hour, and not her number")
    mark = {"number": read["number"]}
    took = _live(lambda: stage.desk.post(f"/partner/conversations/{chat}/read", **mark), hers, "chat.read", **mark)
    stage.line(f"Gita sees after {took:.0f} ms that it was read.")


def _a_tunnel(stage: Stage, gita: Donor, chat: str, hers: Listener) -> None:
    hers.cut()
    path = f"/partner/conversations/{chat}/messages"
    for words in ({"quick_reply": "come_to_desk"}, {"text": "The lift is at the back."}):
        stage.desk.post(path, 201, client_id=str(uuid.uuid4()), **words)
    stage.line("She is in a tunnel while the desk answers, with one tap and in words.")
    hers.open()
    told = [hers.wait_for("chat.message", conversation=chat)["shown"] for _ in range(2)]
    stage.expect(
        (told[0]["code"], told[1]["text"]),
        ("come_to_desk", "The lift is at the back."),
        f"out of it, her app goes on where it was: «{told[0]['text']}», then the lift",
    )
    whole = list(range(hers.heard[0], hers.heard[0] + len(hers.heard)))
    stage.expect(hers.heard, whole, "nothing is missed and nothing comes twice: the numbers of her stream have no gap")
    stage.expect(gita.app.get(f"/conversations/{chat}")["unread"], 2, "two wait to be read")


def _nobody_else_reads(stage: Stage, chat: str) -> None:
    stranger = enter(stage, "Harish")
    refused = stranger.app.get(f"/conversations/{chat}/messages", 404)
    stage.expect(refused["code"], "not_found", "for Harish there is no such conversation")


def _they_meet(stage: Stage, gita: Donor, chat: str, promise: dict[str, Any], hers: Listener) -> None:
    stage.desk.post(f"/partner/assignments/{promise['id']}/arrival", code=promise["arrival_code"])
    hers.wait_for("assignment.arrived", id=promise["id"])
    wait(lambda: gita.app.get(f"/conversations/{chat}")["last_message"]["code"] == "arrived", "the arrival in the chat")
    [read] = [one for one in _messages(stage, chat) if one["text"] == WORDS]
    stage.expect(read["masked"], False, "her app says that she is there, and the same message shows her number now")


def _she_signs_out(stage: Stage, gita: Donor, hers: Listener) -> None:
    took = _live(lambda: gita.app.post("/auth/logout", 204, refresh=gita.refresh), hers, "bye", reason="ended")
    stage.line(f"Gita signs out, and her stream says bye after {took:.0f} ms.")


def _messages(stage: Stage, chat: str) -> list[dict[str, Any]]:
    """Return what the donor has said, as the desk reads it."""
    rows = stage.desk.get(f"/partner/conversations/{chat}/messages", after=0)["results"]
    return [row for row in rows if row["author"] == "donor"]


def _live(act: Callable[[], Any], listener: Listener, name: str, **facts: Any) -> float:
    """Do it; return after how many milliseconds the listener has heard of it."""
    began = time.perf_counter()
    act()
    listener.wait_for(name, **facts)
    return 1000 * (time.perf_counter() - began)
