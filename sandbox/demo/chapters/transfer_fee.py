"""A bank sends a bag to a hospital that has agreed to its fee; the fee is paid like anything else."""

from __future__ import annotations

import requests

from sandbox.demo.chapters.family_by_transfer import RARE
from sandbox.demo.chapters.hospital_order import PRICES, RETURN_URL, open_bank, soon
from sandbox.demo.client import TIMEOUT, wait
from sandbox.demo.stage import Stage


def tell(stage: Stage) -> None:
    stage.chapter("A transfer between two banks, and its fee")
    bank, _ = open_bank(stage, Oh=1)
    ours = stage.desk
    wanted = {"blood_group": RARE, "component": "red_cells", "units": 1, "urgency": "critical"}
    transfer = ours.post("/partner/transfers", 201, **wanted, needed_by=soon(hours=4))["id"]
    path = f"/partner/transfers/{transfer}"
    fee = bank.move(f"{path}/offer")["processing_fee"]["amount"]
    stage.expect(fee, PRICES["processing"][0]["charge"], "a bank offers a rare bag at the fee of its price list")
    ours.move(f"{path}/confirm")
    sent = bank.move(f"{path}/dispatch", courier="Ravi, city van", box="BOX-4")
    got = ours.move(f"{path}/receive", units=[{"unit": bag["din"]} for bag in sent["bags"]])
    stage.expect(got["fee_due"]["amount"], fee, "it arrives sound, and the fee is due")
    purchase = {"kind": "transfer", "id": transfer}
    payment = ours.post("/partner/payments", 201, purchase=purchase, provider="stripe", return_url=RETURN_URL)
    url = payment["action"]["url"]
    requests.post(url, data={"outcome": "pay"}, timeout=TIMEOUT, allow_redirects=False).raise_for_status()
    wait(lambda: ours.get(path)["fee_paid"], "the fee to be paid")
    [balance] = bank.get("/partner/balance")["balances"]
    stage.expect(balance["owed"], fee, "paid on Stripe's page, it is owed to the bank")
