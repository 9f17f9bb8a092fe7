"""A hospital orders many bags of a bank, pays, and receives them with their cold chain."""

from __future__ import annotations

import datetime as dt
from typing import Any

import requests

from sandbox.demo.chapters.family_by_transfer import open_second_bank
from sandbox.demo.chapters.family_from_stock import shelve
from sandbox.demo.client import TIMEOUT, Api, wait
from sandbox.demo.stage import Stage

PRICES: dict[str, Any] = {
    "processing": [{"component": "red_cells", "charge": 145_000}],
    "delivery": [{"up_to_km": 10, "charge": 15_000}],
    "taxes": {"name": "GST", "delivery": 1800},
    "cancellation": {"accepted": 5_000, "packed": 20_000},
}
RETURN_URL = "http://127.0.0.1/paid"


def soon(**ahead: int) -> str:
    return (dt.datetime.now(tz=dt.UTC) + dt.timedelta(**ahead)).isoformat()


def reading(celsius: int, seconds_ago: int) -> dict[str, Any]:
    return {"sensor": "S-1", "at": soon(seconds=-seconds_ago), "temperature_c": celsius}


def open_bank(stage: Stage, **bags: int) -> tuple[Api, str]:
    """Let a bank with prices and so many bags of each group go live; return its desk and its id."""
    desk = open_second_bank(stage, km=4)
    desk.put("/partner/price-list", **PRICES)
    for group, count in bags.items():
        shelve(desk, count, f"{group}+")
    return desk, desk.get("/partner")["id"]


def wish(stage: Stage, bank: str, **units: int) -> dict[str, Any]:
    """What an order says: red cells of these groups, to the first bank's address."""
    return {
        "bank": bank,
        "lines": [{"blood_group": f"{group}+", "component": "red_cells", "units": n} for group, n in units.items()],
        "deliver_to": {"address": "Main Road", **stage.place},
        "needed_by": soon(hours=6),
    }


def pay(payer: Api, order: str, prefix: str = "", *, provider: str) -> None:
    """Pay an order on the provider's page, as a person would, and wait until the order knows."""
    purchase = {"kind": "order", "id": order}
    payment = payer.post(f"{prefix}/payments", 201, purchase=purchase, provider=provider, return_url=RETURN_URL)
    url = payment["action"]["url"]
    requests.post(url, data={"outcome": "pay"}, timeout=TIMEOUT, allow_redirects=False).raise_for_status()
    wait(lambda: payer.get(f"{prefix}/orders/{order}")["paid_at"], "the order to be paid")


def pack(bank: Api, order: str, box: str) -> dict[str, Any]:
    """Scan every bag that is kept for the order into one box; return the order."""
    path = f"/partner/orders/{order}"
    kept = [bag["din"] for bag in bank.get(path)["bags"] if bag["fate"] == "kept"]
    return dict(bank.move(f"{path}/pack", box=box, units=[{"unit": din} for din in kept]))


def tell(stage: Stage) -> None:
    stage.chapter("A hospital orders in bulk, pays, and receives with a cold chain")
    bank, bank_id = open_bank(stage, A=1, B=2)
    hospital = stage.desk
    stage.line("A bank publishes its charges and has three bags.")
    body = wish(stage, bank_id, A=1, B=2)
    quote = hospital.post("/partner/orders/quote", **{name: body[name] for name in ("bank", "lines")})
    stage.expect(quote["total"]["amount"], 3 * 145_000, "the price is the bank's: three charges, fetched")
    refused = hospital.post("/partner/orders", 400, **body, price=1)
    stage.expect(refused["errors"][0]["code"], "read_only", "a price of the hospital's own is refused")
    order = hospital.post("/partner/orders", 201, **body)["id"]
    path = f"/partner/orders/{order}"
    stage.expect(bank.move(f"{path}/accept")["status"], "accepted", "the bank keeps a bag for every unit")
    pay(hospital, order, "/partner", provider="phonepe")
    [payment] = hospital.get("/partner/payments", purchase=order)["results"]
    stage.expect(payment["provider"], "phonepe", "the hospital pays on PhonePe's page, and the bags are kept")
    packed = pack(bank, order, "BOX-1")
    stage.expect(packed["status"], "packed", "three scans, and the box is packed")
    bank.move(f"{path}/dispatch", courier="Ravi, city van", vehicle="MH12 AB 1234", expected_at=soon(minutes=40))
    code = hospital.post(f"{path}/code")["code"]
    readings = [reading(4, ago) for ago in (0, 20, 10)]
    box = bank.post(f"/partner/boxes/{packed['boxes'][0]['id']}/readings", readings=readings)
    stage.expect(box["breached_at"], None, "readings come in any order, all within 2-10 degrees")
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    stage.expect(bank.move(f"{path}/deliver", 400, code=wrong)["tries_left"], 4, "a wrong code costs a try")
    stage.expect(bank.move(f"{path}/deliver", code=code)["status"], "delivered", "the hospital's code hands it over")
    steps = hospital.get(f"{path}/timeline")["steps"]
    stage.line("The timeline: " + ", ".join(f"{step['verb']} {step['local'][11:]}" for step in steps) + ".")
