"""A family is served from the stock of its hospital."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Any

from sandbox.demo.client import Api, wait
from sandbox.demo.people import Donor
from sandbox.demo.stage import Stage

TESTS = ("hiv", "hbsag", "hcv", "syphilis", "malaria")


def shelve(desk: Api, count: int, blood_group: str) -> list[str]:
    """Scan so many bags of red cells in, test and release them; return their numbers."""
    now = dt.datetime.now(tz=dt.UTC)
    dins = [f"D0001{now:%y}{secrets.randbelow(10**6):06d}" for _ in range(count)]
    collected = (now - dt.timedelta(days=1)).isoformat()
    bag = {"component": "red_cells", "blood_group": blood_group, "collected_at": collected, "volume_ml": 250}
    desk.post("/partner/stock/units", 201, units=[{"din": din, **bag} for din in dins])
    for din in dins:
        clear = dict.fromkeys(TESTS, "non_reactive")
        desk.post(f"/partner/stock/units/{din}/tests", results=clear, blood_group=blood_group)
        desk.post(f"/partner/stock/units/{din}/release")
    return dins


def need(hospital: str, blood_group: str, units: int) -> dict[str, Any]:
    """What a family says; the patient and the doctor are invented."""
    return {
        "patient": {"name": "Suresh Patil", "age": 61, "sex": "male"},
        "doctor": "Dr. Leela Rao",
        "blood_group": blood_group,
        "component": "red_cells",
        "units": units,
        "urgency": "urgent",
        "needed_by": (dt.datetime.now(tz=dt.UTC) + dt.timedelta(hours=6)).isoformat(),
        "hospital": hospital,
    }


def source(family: Donor, request: str, kind: str, status: str) -> dict[str, Any]:
    """Wait until a source of the family's request stands there."""

    def look() -> dict[str, Any] | None:
        steps = family.app.get(f"/attender-requests/{request}")["steps"]
        return next((step for step in steps if (step["kind"], step["status"]) == (kind, status)), None)

    return dict(wait(look, f"the {kind} to be {status}"))


def tell(stage: Stage) -> None:
    stage.chapter("A family is served from stock")
    dins = shelve(stage.desk, 2, "A+")
    stage.line("The bank tests two bags of A+ red cells and releases them.")
    family = Donor("Anil", "A+", stage.base, stage.inbox)
    family.sign_up()
    asked = family.app.post("/attender-requests", 201, **need(stage.partner["id"], "A+", 2))
    path = f"/partner/attender-requests/{asked['id']}"
    step = source(family, asked["id"], "stock", "reserved")
    stage.expect(step["units"], 2, "Anil asks for his father, and both are kept for him at once")
    stage.inbox.wait_for(family.phone, containing="keeps 2 of 2")
    stage.line("His phone says so, and that the hospital has still to confirm.")
    again = family.app.post("/attender-requests", 409, **need(stage.partner["id"], "A+", 1))
    stage.expect(again["code"], "family_request_open", "without a proven identity one request is open at a time")
    seen = stage.desk.get(path)
    stage.expect(seen["patient"]["name"], "Suresh Patil", "the hospital sees patient, doctor and who asks")
    stage.desk.post(f"{path}/confirm")
    stage.inbox.wait_for(family.phone, containing="has confirmed")
    first = stage.desk.move(f"{path}/issue", units=[dins[0]])
    stage.expect((first["units_issued"], first["units_left"]), (1, 1), "one bag is handed out by its bar code")
    last = stage.desk.move(f"{path}/issue")
    stage.expect((last["status"], last["units_issued"]), ("fulfilled", 2), "the second fulfils the request")
    stage.inbox.wait_for(family.phone, containing="every unit")
    stage.line("Anil is told.")
