"""A courier of the logistics provider brings an order: booked, followed, and handed over with the receiver's code."""

from __future__ import annotations

from typing import Any

import requests

from sandbox.demo.chapters.hospital_order import open_bank, pack, pay, soon, wish
from sandbox.demo.client import TIMEOUT, wait
from sandbox.demo.people import KM_NORTH
from sandbox.demo.stage import Stage


def tell(stage: Stage) -> None:
    stage.chapter("A courier of the provider brings an order")
    bank, bank_id = open_bank(stage, B=1)
    hospital = stage.desk
    order = hospital.post("/partner/orders", 201, **wish(stage, bank_id, B=1))["id"]
    path = f"/partner/orders/{order}"
    bank.move(f"{path}/accept")
    pay(hospital, order, "/partner", provider="stripe")
    pack(bank, order, "BOX-3")
    bank.move(f"{path}/dispatch", provider=True)
    code = hospital.post(f"{path}/code")["code"]
    wait(lambda: bank.get(path)["courier"]["status"] == "booked", "a courier to be booked")
    stage.line("The bank has no rider free and asks for the provider's; a worker books one within a moment.")
    drive(stage, order, "assign", name="Asha Pawar", vehicle="MH12 CX 2040", expected_at=soon(minutes=20))
    wait(lambda: hospital.get(path)["courier"]["name"] == "Asha Pawar", "the courier's name")
    drive(stage, order, "pick-up")
    place = {"lat": stage.place["lat"] + 2 * KM_NORTH, "lng": stage.place["lng"]}
    drive(stage, order, "move", **place)
    wait(lambda: hospital.get(f"{path}/timeline")["eta"]["remaining_km"], "her place on the way")
    eta = hospital.get(f"{path}/timeline")["eta"]
    at = eta["expected_at"][11:16]
    stage.line(f"Asha Pawar has the box and is on the way: {eta['remaining_km']:g} km to go, expected at {at}.")
    drive(stage, order, "arrive", code=code)
    wait(lambda: hospital.get(path)["status"] == "delivered", "the hand-over")
    steps = [step["verb"] for step in hospital.get(f"{path}/timeline")["steps"]]
    wanted = ["courier_booked", "courier_came", "courier_there", "deliver"]
    stage.expect(steps[-4:], wanted, "at the door she enters the hospital's code, and the provider reports it, signed")


def drive(stage: Stage, order: str, verb: str, **what: Any) -> None:
    """Have the stand-in's courier of this order do something."""
    books = requests.get(f"{stage.inbox.base}/logistics/books", timeout=TIMEOUT).json()
    shown = stage.desk.get(f"/partner/orders/{order}")["courier"]["tracking_url"]
    [reference] = [row["reference"] for row in books["bookings"] if row["tracking_url"] == shown]
    url = f"{stage.inbox.base}/logistics/bookings/{reference}/{verb}"
    requests.post(url, json=what, timeout=TIMEOUT).raise_for_status()
