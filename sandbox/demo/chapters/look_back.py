"""One donation made into components: one is given, one stands on the shelf, and then a test says otherwise."""

from __future__ import annotations

import json
from typing import Any

from sandbox.demo.chapters.test_and_release import CLEAR
from sandbox.demo.client import wait
from sandbox.demo.loop import Loop
from sandbox.demo.people import Donor
from sandbox.demo.stage import Stage


def tell(stage: Stage) -> None:
    stage.chapter("Look-back")
    asha = _asha(stage)
    donation = asha.app.get("/me/donations")["results"][0]
    red, plasma = _separated(stage, donation)
    stage.desk.post(f"/partner/stock/units/{red['id']}/transfuse", recipient="case 17")
    news = wait(lambda: _news(asha), "the news to Asha")
    stage.line(f"The red cells are given, and Asha hears of it: «{news['body']}»")
    way = asha.app.get(f"/me/donations/{donation['id']}/journey")
    now = {row["component"]: row["now"] for row in way["components"]}
    stage.expect(
        now,
        {"whole_blood": "separated", "red_cells": "given", "fresh_frozen_plasma": "ready"},
        "she can follow every component, and no patient",
    )
    _a_test_says_otherwise(stage, donation, red, plasma)
    _what_asha_hears(stage, asha, donation)


def _news(asha: Donor) -> dict[str, Any] | None:
    """Return what the app shows at once; the text message waits for the morning."""
    letters = asha.app.get("/me/notifications")["results"]
    return next((dict(letter) for letter in letters if letter["kind"] == "blood_issued"), None)


def _asha(stage: Stage) -> Donor:
    if not isinstance(stage, Loop):
        raise TypeError("This chapter is told after the loop.")
    return stage.asha


def _separated(stage: Stage, donation: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Test, release and separate the donation's bag; return red cells and plasma."""
    unit = stage.desk.get(f"/partner/donations/{donation['id']}/trace")["units"][0]
    place = f"/partner/stock/units/{unit['id']}"
    stage.desk.post(f"{place}/tests", results=CLEAR, blood_group="O-")
    stage.desk.post(f"{place}/release")
    parts = [
        {"component": "red_cells", "volume_ml": 200},
        {"component": "fresh_frozen_plasma", "volume_ml": 150},
    ]
    red, plasma = stage.desk.post(f"{place}/split", 201, components=parts)["units"]
    stage.line("Asha's bag is tested, released and separated into red cells and plasma.")
    return red, plasma


def _a_test_says_otherwise(stage: Stage, donation: dict[str, Any], red: dict[str, Any], plasma: dict[str, Any]) -> None:
    path = f"/partner/stock/units/{plasma['id']}/tests"
    done = stage.desk.post(path, results={"hbsag": "reactive"})
    stage.expect([unit["id"] for unit in done["discarded"]], [plasma["id"]], "a test is reactive: the plasma goes")
    stage.expect([unit["id"] for unit in done["recalled"]], [red["id"]], "and the red cells, though gone, are found")
    found = stage.desk.get(f"/partner/stock/units/{red['id']}/trace")
    stage.expect(found["donation"], donation["id"], "from the bag the bank gets back to the donation")
    given = next(step for unit in found["units"] for step in unit["steps"] if step["verb"] == "transfuse")
    stage.expect(given["facts"]["recipient"], "case 17", "and to whom it was given")


def _what_asha_hears(stage: Stage, asha: Donor, donation: dict[str, Any]) -> None:
    answer = wait(lambda: _if_unfit(asha), "Asha's deferral")
    stage.expect(
        [reason["code"] for reason in answer["reasons"] if reason["until"] is None],
        ["centre_deferral"],
        "Asha is deferred, and told to ask the centre",
    )
    way = asha.app.get(f"/me/donations/{donation['id']}/journey")
    words = json.dumps([answer, way, stage.inbox.messages(asha.phone)])
    stage.expect(
        [word for word in ("hbsag", "hepatitis", "reactive") if word in words.lower()], [], "without a word of the test"
    )


def _if_unfit(asha: Donor) -> dict[str, Any] | None:
    answer = asha.app.get("/me/donor/eligibility")
    return dict(answer) if any(reason["until"] is None for reason in answer["reasons"]) else None
