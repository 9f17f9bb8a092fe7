"""A box gets too warm on the way: its bags are quarantined at once, and nothing is handed over."""

from __future__ import annotations

from sandbox.demo.chapters.hospital_order import open_bank, pack, pay, reading, soon, wish
from sandbox.demo.chapters.patient_order import PATIENT
from sandbox.demo.people import Donor
from sandbox.demo.stage import Stage


def tell(stage: Stage) -> None:
    stage.chapter("A breach of the cold chain on the way")
    bank, bank_id = open_bank(stage, B=2)
    buyer = Donor("Deepa", "B+", stage.base, stage.inbox)
    buyer.sign_up()
    body = {**wish(stage, bank_id, B=2), "patient": PATIENT, "requisition": buyer.requisition()}
    order = buyer.app.post("/orders", 201, **body)["id"]
    path = f"/partner/orders/{order}"
    bank.move(f"{path}/accept")
    pay(buyer.app, order, provider="stripe")
    box = pack(bank, order, "BOX-9")["boxes"][0]["id"]
    bank.move(f"{path}/dispatch", courier="Ravi, city van", expected_at=soon(minutes=30))
    stage.inbox.wait_for(buyer.phone, containing="is your JeevanSetu code for the blood")
    stage.line("The boxes leave, and Deepa alone is sent a code.")
    # On one machine the grace is a minute, so that the story need not wait for ten.
    shown = bank.post(f"/partner/boxes/{box}/readings", readings=[reading(14, 100), reading(14, 0)])
    stage.expect(shown["breached_at"] is not None, True, "the box is at 14 degrees for longer than its grace")
    stage.inbox.wait_for(buyer.phone, containing="too warm or too cold")
    stage.line("Both sides are told at once not to use the bags.")
    fates = {row["status"] for row in bank.get("/partner/stock/units")["results"]}
    stage.expect(fates, {"quarantined"}, "they are quarantined where they are")
    code = buyer.app.post(f"/orders/{order}/code")["code"]
    refused = bank.move(f"{path}/deliver", 409, code=code)
    stage.expect(refused["code"], "box_breached", "and not even the right code hands them over")
    bank.post(f"{path}/fail", reason="The box got warm.", fault="courier")
    bags = [bag["din"] for bag in bank.get(path)["bags"]]
    back = bank.move(f"{path}/return", units=[{"unit": din, "minutes_out": 20} for din in bags])
    stage.expect(back["status"], "returned", "they come back to the bank")
    fates = {row["status"] for row in bank.get("/partner/stock/units")["results"]}
    stage.expect(fates, {"discarded"}, "which discards them; Deepa gets her money back")
