"""The sandbox speaks Stripe: driven by its own SDK, webhooks checked by its own verification."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests
import stripe

from sandbox.server import Sandbox, running
from sandbox.world import SANDBOX_STRIPE_KEY, SANDBOX_STRIPE_WEBHOOK_SECRET

TAGS = {"payment": "p1"}
PAGE: Any = {
    "mode": "payment",
    "success_url": "https://shop.example/paid",
    "cancel_url": "https://shop.example/back",
    "client_reference_id": "p1",
    "line_items": [
        {"price_data": {"currency": "inr", "unit_amount": 5000, "product_data": {"name": "Bag"}}, "quantity": 1}
    ],
    "metadata": TAGS,
    "payment_intent_data": {"metadata": TAGS},
}


class _Hook(BaseHTTPRequestHandler):
    server: Any

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            stripe.WebhookSignature.verify_header(body, self.headers["Stripe-Signature"], SANDBOX_STRIPE_WEBHOOK_SECRET)
            is_signed = True
        except stripe.SignatureVerificationError:
            is_signed = False
        with self.server.arrived:
            self.server.posts.append((self.path, json.loads(body), is_signed))
            self.server.arrived.notify_all()
        self.send_response(self.server.answers.pop(0) if self.server.answers else 204)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def shop() -> Iterator[Any]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Hook) as server:
        server.posts, server.answers, server.arrived = [], [], threading.Condition()
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def sandbox(shop: Any) -> Iterator[Sandbox]:
    with running(public_url=f"http://127.0.0.1:{shop.server_address[1]}") as started:
        yield started


@pytest.fixture
def client(sandbox: Sandbox) -> stripe.StripeClient:
    return stripe.StripeClient(SANDBOX_STRIPE_KEY, base_addresses={"api": sandbox.url}, max_network_retries=0)


def told(shop: Any, count: int) -> list[tuple[str, Any, bool]]:
    with shop.arrived:
        assert shop.arrived.wait_for(lambda: len(shop.posts) >= count, timeout=10), shop.posts
        return list(shop.posts)


def press(page: Any, outcome: str) -> requests.Response:
    return requests.post(page.url, data={"outcome": outcome}, allow_redirects=False, timeout=10)


def test_a_person_pays_on_the_page_and_signed_events_follow(client, shop):
    page = client.v1.checkout.sessions.create(params=PAGE)

    shown = requests.get(page.url, timeout=10)
    pressed = press(page, "pay")
    found = client.v1.checkout.sessions.retrieve(page.id, params={"expand": ["payment_intent"]})

    assert "₹50.00" in shown.text
    assert "Bag" in shown.text
    assert (pressed.status_code, pressed.headers["Location"]) == (303, "https://shop.example/paid")
    assert (found.status, found.payment_status, found.payment_intent.amount_received) == ("complete", "paid", 5000)
    posts = told(shop, 2)
    assert [body["type"] for _, body, _ in posts] == ["payment_intent.succeeded", "checkout.session.completed"]
    assert [(path, is_signed) for path, _, is_signed in posts] == [("/api/v1/webhooks/stripe", True)] * 2
    assert posts[1][1]["data"]["object"]["client_reference_id"] == "p1"


@pytest.mark.parametrize(
    ("outcome", "status", "place"), [("decline", "open", None), ("abandon", "open", "https://shop.example/back")]
)
def test_a_person_who_does_not_pay_may_come_back(client, outcome, status, place):
    page = client.v1.checkout.sessions.create(params=PAGE)

    pressed = press(page, outcome)

    assert pressed.headers["Location"] in (place, page.url)
    assert client.v1.checkout.sessions.retrieve(page.id).status == status


def test_a_page_that_was_expired_takes_no_money(client):
    page = client.v1.checkout.sessions.create(params=PAGE)
    client.v1.checkout.sessions.expire(page.id)

    assert press(page, "pay").status_code == 409
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.checkout.sessions.expire(page.id)


def test_a_key_gives_the_same_answer_and_takes_no_other_form(client, sandbox):
    options: Any = {"idempotency_key": "k1"}

    first = client.v1.checkout.sessions.create(params=PAGE, options=options)
    again = client.v1.checkout.sessions.create(params=PAGE, options=options)
    with pytest.raises(stripe.IdempotencyError):
        client.v1.checkout.sessions.create(params={**PAGE, "client_reference_id": "p2"}, options=options)

    assert first.id == again.id


def test_a_reply_may_be_lost_after_the_deed(client, sandbox):
    sandbox.faults(lost_reply={"times": 1, "channel": "stripe"})
    options: Any = {"idempotency_key": "k1"}

    with pytest.raises(stripe.APIConnectionError):
        client.v1.payment_intents.create(params={"amount": 100, "currency": "inr"}, options=options)
    made = client.v1.payment_intents.create(params={"amount": 100, "currency": "inr"}, options=options)

    assert [row["id"] for row in sandbox._ask("GET", "/stripe/books")["intents"]] == [made.id]


def test_no_more_goes_back_than_came(client, sandbox):
    intent = client.v1.payment_intents.create(params={"amount": 100, "currency": "inr", "metadata": TAGS})
    sandbox._ask("POST", f"/stripe/intents/{intent.id}", {})

    client.v1.refunds.create(params={"payment_intent": intent.id, "amount": 60})
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.refunds.create(params={"payment_intent": intent.id, "amount": 41})

    assert sandbox._ask("GET", "/stripe/books")["captured"] == {"p1": 40}
    assert len(client.v1.refunds.list(params={"payment_intent": intent.id}).data) == 1


def test_a_webhook_insists_on_a_2xx(client, shop):
    shop.answers[:] = [500, 503, 204]
    page = client.v1.checkout.sessions.create(params=PAGE)

    client.v1.checkout.sessions.expire(page.id)

    posts = told(shop, 3)
    assert len({body["id"] for _, body, _ in posts}) == 1


@pytest.mark.parametrize(
    ("fault", "types"),
    [
        ("duplicate_callbacks", ["checkout.session.completed"] * 2 + ["payment_intent.succeeded"] * 2),
        ("out_of_order_callbacks", ["checkout.session.completed", "payment_intent.succeeded"]),
    ],
)
def test_events_come_as_the_faults_have_them(client, sandbox, shop, fault, types):
    sandbox.faults(**{fault: True})
    page = client.v1.checkout.sessions.create(params=PAGE)

    press(page, "pay")

    came = [body["type"] for _, body, _ in told(shop, len(types))]
    assert sorted(came) == sorted(types)
    assert came[0] == types[0] or fault == "duplicate_callbacks"


def test_a_forged_event_does_not_verify(client, sandbox, shop):
    sandbox.faults(bad_signature=True)

    press(client.v1.checkout.sessions.create(params=PAGE), "pay")

    assert {is_signed for _, _, is_signed in told(shop, 2)} == {False}


def test_another_key_is_refused(sandbox):
    stranger = stripe.StripeClient("sk_test_other", base_addresses={"api": sandbox.url}, max_network_retries=0)

    with pytest.raises(stripe.AuthenticationError):
        stranger.v1.payment_intents.create(params={"amount": 100, "currency": "inr"})
