"""bKash takes the money and its answer is lost: it is asked, and never told to take it again."""

from __future__ import annotations

from typing import Any

import requests

from sandbox.demo.chapters.hospital_order import PRICES, RETURN_URL, open_bank, wish
from sandbox.demo.chapters.patient_order import PATIENT
from sandbox.demo.client import TIMEOUT, wait
from sandbox.demo.people import Donor
from sandbox.demo.stage import Stage

IN_TAKAS: dict[str, Any] = {**PRICES, "currency": "BDT"}


def tell(stage: Stage) -> None:
    stage.chapter("bKash takes the money, and its answer is lost")
    bank, bank_id = open_bank(stage, B=1)
    bank.put("/partner/price-list", **IN_TAKAS)
    buyer = Donor("Farzana", "B+", stage.base, stage.inbox)
    buyer.sign_up()
    body = {**wish(stage, bank_id, B=1), "patient": PATIENT, "requisition": buyer.requisition()}
    order = buyer.app.post("/orders", 201, **body)
    stage.expect(order["total"]["currency"], "BDT", "a bank across the border has its prices in takas")
    bank.move(f"/partner/orders/{order['id']}/accept")
    purchase = {"kind": "order", "id": order["id"]}
    begun = buyer.app.post("/payments", 201, purchase=purchase, provider="bkash", return_url=RETURN_URL)
    before = _books(stage)
    stage.inbox.fail(lost_reply={"times": 1, "only_to": "execute"})
    agreed = requests.post(begun["action"]["url"], data={"outcome": "pay"}, timeout=TIMEOUT, allow_redirects=False)
    back = requests.get(agreed.headers["Location"], timeout=TIMEOUT, allow_redirects=False)
    stage.expect(back.headers.get("Location"), RETURN_URL, "Farzana enters her PIN and comes back to the app")
    wait(lambda: _books(stage)["executed"] > before["executed"], "the execution at bKash")
    stage.line("bKash is told to take the money; it does, and the connection drops before it says so.")
    path = f"/payments/{begun['id']}"
    wait(lambda: buyer.app.get(path)["status"] == "succeeded", "the payment to succeed")
    after = _books(stage)
    stage.expect(after["executed"] - before["executed"], 1, "it is asked what became of it: executed once")
    stage.expect(after["captured"][begun["id"]], order["total"]["amount"], "and taken once")
    wait(lambda: buyer.app.get(f"/orders/{order['id']}")["paid_at"], "the order to be paid")
    stage.line("The order is paid.")
    stage.inbox.fail()


def _books(stage: Stage) -> dict[str, Any]:
    return dict(requests.get(f"{stage.inbox.base}/bkash/books", timeout=TIMEOUT).json())
