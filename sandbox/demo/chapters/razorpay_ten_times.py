"""Somebody pays through Razorpay, whose webhook then comes ten times over: one payment, told once."""

from __future__ import annotations

import json
import re
import secrets
from html import unescape
from typing import Any

import requests

from sandbox.demo.chapters.hospital_order import RETURN_URL, open_bank, wish
from sandbox.demo.chapters.patient_order import PATIENT
from sandbox.demo.client import TIMEOUT, Surprise, wait
from sandbox.demo.people import Donor
from sandbox.demo.stage import Stage
from sandbox.razorpay.api import CHANNEL, WEBHOOK_PATH, signed_headers
from sandbox.world import Settings

TIMES = 10


def tell(stage: Stage) -> None:
    stage.chapter("A webhook of Razorpay's comes ten times")
    bank, bank_id = open_bank(stage, B=1)
    buyer = Donor("Ekta", "B+", stage.base, stage.inbox)
    buyer.sign_up()
    asked = {**wish(stage, bank_id, B=1), "patient": PATIENT, "requisition": buyer.requisition()}
    order = buyer.app.post("/orders", 201, **asked)
    bank.move(f"/partner/orders/{order['id']}/accept")
    purchase = {"kind": "order", "id": order["id"]}
    begun = buyer.app.post("/payments", 201, purchase=purchase, provider="razorpay", return_url=RETURN_URL)
    page = _submit(requests.get(begun["action"]["url"], timeout=TIMEOUT))
    stage.line("Ekta's browser is led to Razorpay's page, and she pays.")
    back = _submit(requests.post(page.url, data={"outcome": "pay"}, timeout=TIMEOUT), follow=False)
    stage.expect(back.headers.get("Location"), RETURN_URL, "the signed result brings her back to the app")
    wait(lambda: _paid(buyer, order["id"]), "the order to be paid")
    stage.line("Razorpay is asked, and the order is paid.")
    body, headers = _captured(stage, begun["id"])
    url = stage.base + WEBHOOK_PATH
    answers = {requests.post(url, data=body, headers=headers, timeout=TIMEOUT).status_code for _ in range(TIMES)}
    stage.expect(answers, {204}, "the same signed event is posted ten times, and taken each time")
    notices = f"/admin/payments/providernotice/?q={headers['X-Razorpay-Event-Id']}"
    wait(lambda: "asked" in _outcomes(stage, notices), "the event to be handled")
    stage.expect(
        _outcomes(stage, notices), ["asked"], "it is kept once, and Razorpay is asked once more how the payment stands"
    )
    [payment] = buyer.app.get("/payments", purchase=order["id"])["results"]
    stage.expect((payment["status"], payment["amount"]), ("succeeded", order["total"]), "there is one payment")
    steps = [step["verb"] for step in buyer.app.get(f"/orders/{order['id']}/timeline")["steps"]]
    stage.expect(steps.count("pay"), 1, "one step in the order's timeline")
    told = [row for row in stage.inbox.messages(buyer.phone, channel="sms") if "have received" in row["body"]]
    stage.expect(len(told), 1, "one message on Ekta's phone")
    receipt = buyer.app.get(f"/payments/{begun['id']}/receipt")
    stage.expect(len(receipt["documents"]), 1, "one invoice")
    taken = _books(stage)["captured"][begun["id"]]
    stage.expect(taken, order["total"]["amount"], "and Razorpay has taken the money once")


def _outcomes(stage: Stage, notices: str) -> list[str]:
    return [row["outcome"] for row in stage.admin.rows(notices)]


def _paid(buyer: Donor, order: str) -> Any:
    return buyer.app.get(f"/orders/{order}")["paid_at"]


def _submit(page: requests.Response, *, follow: bool = True) -> requests.Response:
    """Post the page's form, as a browser would."""
    action = re.search(r'<form method="post" action="([^"]+)"', page.text)
    if not page.ok or not action:
        raise Surprise(f"{page.url} answered {page.status_code} and shows no form.")
    fields = {name: unescape(value) for name, value in re.findall(r'name="([^"]+)" value="([^"]*)"', page.text)}
    return requests.post(unescape(action[1]), data=fields, timeout=TIMEOUT, allow_redirects=follow)


def _captured(stage: Stage, payment: str) -> tuple[bytes, dict[str, str]]:
    """What Razorpay posts about the capture, once more: body and headers."""
    books = _books(stage)
    order = next(row["id"] for row in books["orders"] if row["receipt"] == payment)
    entity = next(row for row in books["payments"] if row["order_id"] == order)
    event = {"entity": "event", "event": "payment.captured", "payload": {"payment": {"entity": entity}}}
    body = json.dumps(event).encode()
    return body, signed_headers(body, Settings.from_env().razorpay_webhook_secret, f"evt_{secrets.token_hex(7)}")


def _books(stage: Stage) -> dict[str, Any]:
    return dict(requests.get(f"{stage.inbox.base}/{CHANNEL}/books", timeout=TIMEOUT).json())
