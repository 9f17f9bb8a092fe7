"""Somebody orders for a patient, pays by Stripe, and calls it off: the rest goes back."""

from __future__ import annotations

from sandbox.demo.chapters.hospital_order import open_bank, pay, wish
from sandbox.demo.client import wait
from sandbox.demo.people import Donor
from sandbox.demo.stage import Stage

PATIENT = {"name": "Suresh Patil", "age": 61, "sex": "male", "hospital": "City Hospital", "ward": "3B"}


def tell(stage: Stage) -> None:
    stage.chapter("A patient's order is paid by Stripe, cancelled, and refunded")
    bank, bank_id = open_bank(stage, B=1)
    buyer = Donor("Chitra", "B+", stage.base, stage.inbox)
    buyer.sign_up()
    made = buyer.app.post("/orders", 201, **wish(stage, bank_id, B=1), patient=PATIENT)
    order, total = made["id"], made["total"]["amount"]
    refused = bank.move(f"/partner/orders/{order}/accept", 409)
    stage.expect(refused["code"], "requisition_missing", "no bag is kept without a doctor's requisition")
    buyer.app.post(f"/orders/{order}/requisition", document=buyer.requisition())
    bank.move(f"/partner/orders/{order}/accept")
    stage.inbox.wait_for(buyer.phone, containing="Pay in the app before")
    stage.line("The bank keeps the bag, and Chitra's phone says until when to pay.")
    pay(buyer.app, order, provider="stripe")
    ended = buyer.app.post(f"/orders/{order}/cancel", reason="The operation was put off.")
    stage.expect((ended["status"], ended["fee"]), ("cancelled", 5_000), "she calls it off; the bank's fee is 50 rupees")

    def returned() -> int | None:
        [payment] = buyer.app.get("/payments", purchase=order)["results"]
        return next((row["amount"]["amount"] for row in payment["refunds"] if row["status"] == "succeeded"), None)

    stage.expect(wait(returned, "the refund"), total - 5_000, "the rest has gone back")
    bag = bank.get("/partner/stock/units")["results"][0]
    stage.expect(bag["status"], "available", "and the bag is free again")
