"""A family is served by a bag from another bank."""

from __future__ import annotations

import secrets

from sandbox.demo.chapters.family_from_stock import need, shelve, source
from sandbox.demo.client import Api, wait
from sandbox.demo.people import KM_NORTH, PASSWORD, Donor, new_phone
from sandbox.demo.stage import Stage

RARE = "Oh+"  # the Bombay group, which receives from itself only


def open_second_bank(stage: Stage, *, km: float) -> Api:
    """Return the desk of a new bank, `km` north of the first."""
    phone = new_phone()
    claim = stage.public.post(
        "/partner/auth/register",
        201,
        organisation={
            "name": "Northern Blood Centre",
            "kind": "blood_bank",
            "license_number": f"MH/DEMO/{secrets.token_hex(4).upper()}",
            "phone": "+912026050001",
            "email": "desk@north.example",
            "address": "7 River Road",
            "city": stage.partner["city"],
            "state": stage.partner["state"],
            "pincode": "411001",
            "lat": stage.place["lat"] + km * KM_NORTH,
            "lng": stage.place["lng"],
        },
        owner={"name": "Farida Shaikh", "phone": phone, "password": PASSWORD},
    )
    desk = Api(stage.base)
    desk.token = stage.public.post("/partner/auth/login", phone=phone, password=PASSWORD)["access"]
    stage.admin.approve(claim["partner"]["id"])
    return desk


def tell(stage: Stage) -> None:
    stage.chapter("A family is served by transfer")
    north = open_second_bank(stage, km=3)
    [din] = shelve(north, 1, RARE)
    stage.line(f"A second bank, 3 km away, has a bag of {RARE}; the hospital has none.")
    family = Donor("Bina", RARE, stage.base, stage.inbox)
    family.sign_up()
    asked = family.app.post("/attender-requests", 201, **need(stage.partner["id"], RARE, 1))
    source(family, asked["id"], "transfer", "asked")
    stage.line("Bina asks; the hospital has no such bag, and the nearest bank that has one is asked.")
    path = wait(lambda: _transfer_asked_of(north), "the transfer in the second bank's list")
    north.move(f"{path}/offer")
    source(family, asked["id"], "transfer", "promised")
    north.move(f"{path}/dispatch", courier="Ravi, city van", box="BOX-7")
    stage.inbox.wait_for(family.phone, containing="on their way")
    stage.line("The bank offers it and sends it off; Bina's phone says that it is on its way.")
    stage.desk.move(f"{path}/receive", units=[{"unit": din}])
    source(family, asked["id"], "transfer", "reserved")
    stage.inbox.wait_for(family.phone, containing="have arrived")
    stage.line("It arrives sound and is kept for her patient.")
    served = stage.desk.move(f"/partner/attender-requests/{asked['id']}/issue")
    stage.expect((served["status"], served["units_issued"]), ("fulfilled", 1), "handed out, it fulfils the request")
    stage.inbox.wait_for(family.phone, containing="every unit")


def _transfer_asked_of(desk: Api) -> str | None:
    rows = desk.get("/partner/transfers", status="requested")["results"]
    return f"/partner/transfers/{rows[0]['id']}" if rows else None
