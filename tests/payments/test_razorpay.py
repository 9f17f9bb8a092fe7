"""Razorpay: signatures, late authorisations, and money that only we capture."""

from __future__ import annotations

import json
import uuid
from urllib.parse import urlencode

import pytest
from rest_framework.test import APIClient

from payments.gateways.razorpay import RazorpayGateway, checkout_signature, webhook_signature
from payments.models import Payment, ProviderNotice, Refund
from sandbox.razorpay.api import signed_headers
from sandbox.world import SANDBOX_RAZORPAY_WEBHOOK_SECRET
from tests.payments.scenes import PRICE, ask, begin, close, events, make_purchase, post, run_all, totals

pytestmark = pytest.mark.django_db
VECTOR = "d8f35aaecfebb3d81d02cc3544ee4a7bb9118f31ebb6ada03f738de473e877fc"


def waiting(**more):
    purchase, client = make_purchase()
    return purchase, begin(purchase, client, "razorpay", **more)


def event(payment, kind="payment.captured"):
    about = {"id": "pay_1", "order_id": payment.provider_ref, "notes": {"payment": str(payment.pk)}}
    return json.dumps({"event": kind, "payload": {"payment": {"entity": about}}}).encode()


def webhook(body, *, secret=SANDBOX_RAZORPAY_WEBHOOK_SECRET, event_id=""):
    headers = signed_headers(body, secret, event_id or uuid.uuid4().hex)
    return APIClient().generic(
        "POST", "/api/v1/webhooks/razorpay", body, headers=headers, content_type=headers["Content-Type"]
    )


def test_a_finished_checkout_is_signed_as_it_is_everywhere():
    assert checkout_signature("order_1", "pay_1", "sec") == VECTOR


def test_an_app_gets_the_key_and_the_order(razorpay):
    _, payment = waiting(return_url="")

    assert json.loads(payment.client_token) == {"key": "rzp_test_sandbox", "order_id": payment.provider_ref}
    assert payment.action_type == "sdk"


def test_a_browser_is_led_to_razorpays_page_and_back(razorpay, client):
    _, payment = waiting()

    page = client.get(payment.action_url.removeprefix("http://127.0.0.1:8000"))

    assert page.status_code == 200
    assert f'action="{razorpay.sandbox.url}/razorpay/v1/checkout/embedded"' in page.content.decode()
    assert f'value="{payment.provider_ref}"' in page.content.decode()
    assert "form-action " + razorpay.sandbox.url in page.headers["Content-Security-Policy"]


def test_the_page_of_what_is_over_is_gone(razorpay, client):
    purchase, payment = waiting()
    close(purchase)

    assert client.get(f"/api/v1/payments/{payment.pk}/checkout").status_code == 404


@pytest.mark.parametrize(("is_genuine", "asks"), [(True, True), (False, False)])
def test_a_signed_return_has_razorpay_asked_at_once(razorpay, client, is_genuine, asks, settings):
    _, payment = waiting()
    before = payment.ask_at
    secret = settings.RAZORPAY_KEY_SECRET if is_genuine else "of somebody else"
    form = {
        "razorpay_order_id": payment.provider_ref,
        "razorpay_payment_id": "pay_1",
        "razorpay_signature": checkout_signature(payment.provider_ref, "pay_1", secret),
    }

    kind = "application/x-www-form-urlencoded"

    reply = client.post(f"/api/v1/payments/{payment.pk}/return", urlencode(form), content_type=kind)

    payment.refresh_from_db()
    assert (reply.status_code, reply.headers["Location"]) == (302, payment.return_url)
    assert (payment.ask_at < before) == asks
    assert payment.status == "pending"


def test_the_same_event_ten_times_is_one_payment(razorpay):
    _, payment = waiting()
    razorpay.press(payment.provider_ref, "pay")
    body = event(payment)

    replies = [webhook(body, event_id="evt_1").status_code for _ in range(10)]
    run_all()

    assert replies == [204] * 10
    assert ProviderNotice.objects.count() == 1
    assert len(events("payment.succeeded")) == 1
    assert totals() == {"gateway": PRICE, "payable": -PRICE}


@pytest.mark.parametrize("secret", ["of somebody else", ""])
def test_an_event_of_another_secret_is_refused_and_changes_nothing(razorpay, secret):
    _, payment = waiting()
    razorpay.press(payment.provider_ref, "pay")

    reply = webhook(event(payment), secret=secret)
    run_all()

    payment.refresh_from_db()
    assert (reply.status_code, reply.json()["code"]) == (401, "webhook_signature_invalid")
    assert (payment.status, ProviderNotice.objects.count()) == ("pending", 0)


def test_a_changed_body_does_not_verify(razorpay):
    _, payment = waiting()
    body = event(payment)
    headers = {"X-Razorpay-Signature": webhook_signature(body, SANDBOX_RAZORPAY_WEBHOOK_SECRET)}

    reply = APIClient().generic(
        "POST", "/api/v1/webhooks/razorpay", body + b" ", headers=headers, content_type="application/json"
    )

    assert reply.status_code == 401


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"event": "x", "payload": []}', b"\xff"])
def test_a_signed_body_that_is_no_event_is_refused(razorpay, body):
    assert (webhook(body).status_code, webhook(body).json()["code"]) == (400, "webhook_malformed")


def test_a_failed_try_ends_nothing_and_a_late_authorisation_pays(razorpay):
    _, payment = waiting()
    razorpay.press(payment.provider_ref, "fail")
    webhook(event(payment, "payment.failed"))
    run_all()
    payment.refresh_from_db()
    before = payment.status
    tried = razorpay.books()["payments"][0]["id"]

    razorpay.sandbox._ask("POST", f"/razorpay/payments/{tried}/authorize", {})
    webhook(event(payment, "payment.authorized"))
    run_all()

    payment.refresh_from_db()
    assert (before, payment.status, payment.payment_ref) == ("pending", "succeeded", tried)
    assert razorpay.captured() == {str(payment.pk): PRICE}


def test_events_out_of_order_change_nothing(razorpay):
    _, payment = waiting()
    razorpay.press(payment.provider_ref, "pay")
    webhook(event(payment, "payment.captured"))
    run_all()

    webhook(event(payment, "payment.failed"))
    webhook(event(payment, "payment.authorized"))
    run_all()

    payment.refresh_from_db()
    assert payment.status == "succeeded"
    assert totals() == {"gateway": PRICE, "payable": -PRICE}


def test_an_event_before_the_reply_to_the_creation_is_kept_and_changes_nothing_yet(razorpay):
    purchase, client = make_purchase()
    razorpay.sandbox.faults(lost_reply={"times": 1, "only_to": "checkout"})
    post(client, purchase, "razorpay")
    payment = Payment.objects.get()

    reply = webhook(event(payment))
    run_all()

    payment.refresh_from_db()
    assert (reply.status_code, payment.status) == (204, "created")


def test_what_was_closed_is_never_captured(razorpay):
    purchase, payment = waiting()
    close(purchase)
    ask(payment)

    razorpay.press(payment.provider_ref, "pay")
    webhook(event(payment, "payment.authorized"))
    run_all()

    payment.refresh_from_db()
    assert payment.status == "cancelled"
    assert razorpay.captured() == {}


def test_a_capture_whose_answer_is_lost_is_found_and_not_repeated(razorpay):
    _, payment = waiting()
    razorpay.press(payment.provider_ref, "pay")
    razorpay.sandbox.faults(lost_reply={"times": 1, "only_to": "capture"})

    first = ask(payment).status
    second = ask(payment).status

    assert (first, second) == ("pending", "succeeded")
    assert razorpay.captured() == {str(payment.pk): PRICE}


def test_another_amount_is_held(razorpay):
    _, payment = waiting()
    razorpay.sandbox.faults(wrong_amount={"channel": "razorpay"})
    razorpay.press(payment.provider_ref, "pay")

    ask(payment)

    assert (payment.status, payment.failure) == ("held", "amount_differs")
    assert totals() == {"gateway": PRICE - 100, "suspense": 100 - PRICE}


def test_a_refund_waits_for_the_bank(razorpay):
    purchase, payment = waiting()
    razorpay.press(payment.provider_ref, "pay")
    ask(payment)
    razorpay.sandbox.faults(refund_pending=True)
    close(purchase)
    run_all()
    back = Refund.objects.get()
    before = back.status

    razorpay.sandbox._ask("POST", f"/razorpay/refunds/{back.provider_ref}", {"status": "processed"})
    refunded = {"entity": {"id": back.provider_ref, "payment_id": payment.payment_ref, "receipt": str(back.pk)}}
    webhook(json.dumps({"event": "refund.processed", "payload": {"refund": refunded}}).encode())
    run_all()

    back.refresh_from_db()
    assert (before, back.status) == ("pending", "succeeded")
    assert razorpay.captured() == {str(payment.pk): 0}


def test_a_refund_key_with_another_body_is_refused(razorpay):
    headers = {"Content-Type": "application/json", "X-Refund-Idempotency": "key-0123456789"}
    _, payment = waiting()
    razorpay.press(payment.provider_ref, "pay")
    ask(payment)
    url = f"{razorpay.sandbox.url}/razorpay/v1/payments/{payment.payment_ref}/refund"
    headers["Authorization"] = "Basic " + "cnpwX3Rlc3Rfc2FuZGJveDpzYW5kYm94LXJhem9ycGF5LXNlY3JldA=="

    answers = [
        razorpay.http.request("POST", url, body=body, headers=headers).status
        for body in (b'{"amount": 1000}', b'{"amount": 1000}', b'{"amount": 2000}')
    ]

    assert answers == [200, 200, 400]
    assert razorpay.refunds() == 1


def test_only_rupees_are_taken(razorpay):
    assert sorted(RazorpayGateway().currencies) == ["INR"]
