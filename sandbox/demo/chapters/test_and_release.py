"""A bag leaves quarantine: five tests, a confirmed group, and then people find it."""

from __future__ import annotations

from typing import Any

from sandbox.demo.stage import Stage

TESTS = ("hiv", "hbsag", "hcv", "syphilis", "malaria")
CLEAR = dict.fromkeys(TESTS, "non_reactive")


def tell(stage: Stage) -> None:
    stage.chapter("Test and release")
    unit = _newest_in_quarantine(stage, "A+")
    place = f"/partner/stock/units/{unit['id']}"
    stage.expect(_offered(stage, "A+"), 0, "what is in quarantine is offered to nobody")
    refusal = stage.desk.post(f"{place}/release", 409)
    stage.expect(refusal["code"], "tests_missing", "without tests it stays there")
    stage.desk.post(f"{place}/tests", results={test: CLEAR[test] for test in TESTS[:4]})
    stage.expect(stage.desk.post(f"{place}/release", 409)["missing"], ["malaria"], "with four of five tests too")
    stage.desk.post(f"{place}/tests", results={"malaria": "non_reactive"}, blood_group="A+")
    released = stage.desk.post(f"{place}/release")
    stage.expect(released["status"], "available", "five non-reactive and the group confirmed: released")
    stage.expect(_offered(stage, "A+"), 1, "and whoever looks for blood nearby finds it")


def _newest_in_quarantine(stage: Stage, group: str) -> dict[str, Any]:
    rows = stage.desk.get("/partner/stock/units", status="quarantined", component="whole_blood", blood_group=group)
    return dict(rows["results"][0])


def _offered(stage: Stage, group: str) -> int:
    """Return how many bags of whole blood of the group the bank is found with."""
    wanted: dict[str, Any] = {"blood_group": group, "component": "whole_blood", "units": 1, "radius_km": 5}
    found = stage.public.call("GET", "/stock/search", 200, None, **wanted, **stage.place)
    mine = [row["units"] for row in found["results"] if row["partner"]["id"] == stage.partner["id"]]
    return int(sum(mine))
