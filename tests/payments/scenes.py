"""What tests of money need: things to pay, payers, Stripe's page and its webhooks."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

import urllib3
from rest_framework.test import APIClient
from stripe import WebhookSignature

from common.db import unit_of_work
from common.models import OutboxEvent
from common.money import Currency, Money
from common.outbox import drain
from payments import errands, selectors
from payments.models import Payment, Purchase, Refund
from payments.parties import Party
from payments.services import purchasing, refunding
from payments.states import PurchaseKind
from sandbox.server import Sandbox
from sandbox.world import SANDBOX_STRIPE_WEBHOOK_SECRET
from tests.factories import make_hospital, make_user, person_client

API = "/api/v1/payments"
PRICE = 310_000
RETURN_URL = "https://app.jeevansetu.example/paid"


class Stripe:
    """The other side: the page a payer presses on, the books, the faults."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._http = urllib3.PoolManager(retries=False, timeout=20)

    def press(self, payment: Payment, outcome: str = "pay") -> int:
        payment.refresh_from_db()
        url = f"{self.sandbox.url}/stripe/pay/{payment.provider_ref}"
        body = f"outcome={outcome}".encode()
        return self._http.request("POST", url, body=body, redirect=False).status

    def pay_in_app(self, payment: Payment) -> None:
        payment.refresh_from_db()
        self.sandbox._ask("POST", f"/stripe/intents/{payment.provider_ref}", {})

    def end_refund(self, refund: Refund, status: str) -> None:
        refund.refresh_from_db()
        self.sandbox._ask("POST", f"/stripe/refunds/{refund.provider_ref}", {"status": status})

    def forget_keys(self) -> None:
        """Stripe keeps an idempotency key for a day or so."""
        self.sandbox._ask("DELETE", "/stripe/keys")

    def books(self) -> dict[str, Any]:
        return dict(self.sandbox._ask("GET", "/stripe/books"))

    def captured(self) -> dict[str, int]:
        return dict(self.books()["captured"])


def register(payer: Party, payee: Party | None = None, **values: Any) -> Purchase:
    wish = {
        "kind": PurchaseKind.ORDER,
        "reference": uuid.uuid4(),
        "amount": Money(PRICE, Currency.INR),
        "description": "Blood order, 2 units",
        **values,
    }
    with unit_of_work():
        return purchasing.register_purchase(payer=payer, payee=payee or seller(), **wish)


def seller() -> Party:
    return Party.partner(make_hospital().partner_id)


def make_purchase(**values: Any) -> tuple[Purchase, APIClient]:
    """Something that a person is to pay, and the person."""
    user = make_user()
    return register(Party.person(user.pk), **values), person_client(user)


def wish_for(purchase: Purchase, provider: str = "stripe", **more: Any) -> dict[str, Any]:
    what = {"kind": purchase.kind, "id": str(purchase.reference)}
    return {"purchase": what, "provider": provider, "return_url": RETURN_URL, **more}


def post(client: APIClient, purchase: Purchase, provider: str = "stripe", *, key: str = "", **more: Any) -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    return client.post(API, wish_for(purchase, provider, **more), format="json", headers=headers)


def begin(purchase: Purchase, client: APIClient, provider: str = "stripe", **more: Any) -> Payment:
    reply = post(client, purchase, provider, **more)
    assert reply.status_code in (200, 201), reply.content
    return Payment.objects.get(pk=reply.json()["id"])


def paid(stripe: Stripe, **values: Any) -> tuple[Purchase, Payment]:
    """A purchase that has been paid by Stripe."""
    purchase, client = make_purchase(**values)
    payment = begin(purchase, client)
    stripe.press(payment)
    ask(payment)
    payment.refresh_from_db()
    purchase.refresh_from_db()
    return purchase, payment


def ask(payment: Payment) -> Payment:
    errands.ask(payment.pk)
    payment.refresh_from_db()
    return payment


def run_all() -> None:
    """Tell every event and run every errand that is due."""
    drain()
    while errands.run_due():
        drain()


def event_about(payment: Payment, kind: str = "checkout.session.completed", event_id: str = "", **more: Any) -> bytes:
    payment.refresh_from_db()
    about = {"id": payment.provider_ref, "client_reference_id": str(payment.pk), "metadata": {}, **more}
    return json.dumps({"id": event_id or f"evt_{uuid.uuid4().hex}", "type": kind, "data": {"object": about}}).encode()


def webhook(
    body: bytes, *, secret: str = SANDBOX_STRIPE_WEBHOOK_SECRET, age: int = 0, header: str | None = None
) -> Any:
    moment = int(time.time()) - age
    signature = WebhookSignature.generate_signature_header(body.decode(), secret, timestamp=moment)
    return APIClient().generic(
        "POST",
        "/api/v1/webhooks/stripe",
        body,
        content_type="application/json",
        headers={"Stripe-Signature": signature if header is None else header},
    )


def refund(payment: Payment, minor: int | None = None, key: str = "k") -> Refund:
    with unit_of_work():
        return refunding.refund_payment(payment_id=payment.pk, key=key, reason="Because.", actor="test", minor=minor)


def close(purchase: Purchase, **values: Any) -> Refund | None:
    with unit_of_work():
        return purchasing.close_purchase(
            kind=PurchaseKind(purchase.kind), reference=purchase.reference, reason="Cancelled.", actor="test", **values
        )


def events(name: str) -> list[dict[str, Any]]:
    return [row.payload for row in OutboxEvent.objects.filter(name=name).order_by("pk")]


def totals() -> dict[str, int]:
    """The balance of each kind of account, debits above zero, without those at zero."""
    found: dict[str, int] = {}
    for kind, _, _, total in selectors.account_totals():
        found[kind] = found.get(kind, 0) + total
    return {kind: total for kind, total in found.items() if total}
