"""PhonePe: a webhook that signs nothing, tokens that run out, replies that are lost, and the checksums of v1."""

from __future__ import annotations

import base64
import datetime as dt
import json

import pytest
from django.db import connection
from rest_framework.test import APIClient

from common.money import Currency, Money
from payments.gateways import phonepe_v1
from payments.gateways.base import TryLater
from payments.gateways.phonepe import _ask, webhook_header
from payments.models import Payment, ProviderNotice, ProviderToken, Refund
from sandbox.world import SANDBOX_PHONEPE_WEBHOOK_PASSWORD, SANDBOX_PHONEPE_WEBHOOK_USERNAME
from tests.payments.scenes import API, PRICE, ask, begin, close, events, make_purchase, post, run_all, totals

pytestmark = pytest.mark.django_db
HEADER = webhook_header(SANDBOX_PHONEPE_WEBHOOK_USERNAME, SANDBOX_PHONEPE_WEBHOOK_PASSWORD)
SALT = "099eb0cd-02cf-4e2a-8aca-3e6c6aff0399"
ENCODED = "eyJtZXJjaGFudElkIjoiTUVSQ0hBTlRVQVQiLCJtZXJjaGFudFRyYW5zYWN0aW9uSWQiOiJNVDEiLCJhbW91bnQiOjEwMDAwfQ=="


def waiting(**more):
    purchase, client = make_purchase()
    return purchase, begin(purchase, client, "phonepe", **more)


def event(payment, state="COMPLETED", amount=PRICE, kind="checkout.order.completed"):
    payload = {"merchantOrderId": payment.provider_ref, "orderId": "OMO1", "state": state, "amount": amount}
    return json.dumps({"event": kind, "payload": payload}).encode()


def webhook(body, **headers):
    return APIClient().generic(
        "POST",
        "/api/v1/webhooks/phonepe",
        body,
        content_type="application/json",
        headers=headers or {"Authorization": HEADER},
    )


def paid(phonepe):
    purchase, payment = waiting()
    phonepe.press(payment.provider_ref, "pay")
    return purchase, ask(payment)


def test_the_header_of_a_webhook_is_made_as_it_is_everywhere():
    assert webhook_header("username", "password") == "bc842c31a9e54efe320d30d948be61291f3ceee4766e36ab25fa65243cd76e0e"


def test_the_checksum_of_a_callback_of_v1_is_made_as_it_is_everywhere():
    assert phonepe_v1.callback_checksum(ENCODED, SALT, "1") == (
        "2ad897a8d0b3cca881c8d22e8db39a82e0cba662c53e32025f5b8079e487d04c###1"
    )


def test_a_browser_is_sent_to_phonepes_page_and_an_app_gets_a_token(phonepe):
    _, page = waiting()
    _, app = waiting(return_url="")

    assert page.action_url == f"{phonepe.sandbox.url}/phonepe/pay/{page.pk}"
    assert json.loads(app.client_token).keys() == {"merchant", "order_id", "token"}


def test_a_webhook_is_a_hint_and_the_money_is_what_phonepe_says_when_asked(phonepe):
    _, payment = waiting()

    reply = webhook(event(payment))
    run_all()

    payment.refresh_from_db()
    assert (reply.status_code, payment.status) == (204, "pending")
    assert ProviderNotice.objects.get().outcome == "asked"


def test_another_amount_in_the_webhook_changes_nothing(phonepe):
    _, payment = waiting()
    phonepe.press(payment.provider_ref, "pay")

    webhook(event(payment, amount=1))
    run_all()

    payment.refresh_from_db()
    assert (payment.status, payment.received_minor) == ("succeeded", PRICE)


def test_another_amount_at_phonepe_is_held(phonepe):
    _, payment = waiting()
    phonepe.sandbox.faults(wrong_amount={"channel": "phonepe"})
    phonepe.press(payment.provider_ref, "pay")

    webhook(event(payment))
    run_all()

    payment.refresh_from_db()
    assert (payment.status, payment.failure) == ("held", "amount_differs")


def test_the_same_webhook_ten_times_and_one_out_of_order_are_one_payment(phonepe):
    _, payment = waiting()
    phonepe.press(payment.provider_ref, "pay")

    replies = [webhook(event(payment)).status_code for _ in range(10)]
    run_all()
    webhook(event(payment, state="FAILED", kind="checkout.order.failed"))
    run_all()

    assert replies == [204] * 10
    assert ProviderNotice.objects.count() == 2
    assert len(events("payment.succeeded")) == 1
    assert totals() == {"gateway": PRICE, "payable": -PRICE}


def test_the_header_is_compared_whatever_its_case(phonepe):
    _, payment = waiting()

    assert webhook(event(payment), Authorization=HEADER.upper()).status_code == 204


@pytest.mark.parametrize(
    "headers",
    [{"Authorization": webhook_header("sandbox_hook", "other12345")}, {"Authorization": ""}, {"X-Verify": "x###1"}],
)
def test_a_webhook_of_somebody_else_is_refused(phonepe, headers):
    _, payment = waiting()

    reply = webhook(event(payment), **headers)

    assert (reply.status_code, reply.json()["code"]) == (401, "webhook_signature_invalid")
    assert ProviderNotice.objects.count() == 0


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"event": "x"}', b'{"payload": []}'])
def test_a_body_that_is_no_event_is_refused(phonepe, body):
    assert webhook(body).json()["code"] == "webhook_malformed"


def test_a_callback_of_v1_is_verified_by_its_checksum(phonepe, settings):
    settings.PHONEPE_SALT_KEY = SALT
    _, payment = waiting()
    phonepe.press(payment.provider_ref, "pay")
    told = {"success": True, "code": "PAYMENT_SUCCESS", "data": {"merchantTransactionId": payment.pk.hex}}
    encoded = base64.b64encode(json.dumps(told).encode()).decode()
    body = json.dumps({"response": encoded}).encode()

    forged = webhook(body, **{"X-Verify": phonepe_v1.callback_checksum(encoded, "of-somebody-else", "1")})
    genuine = webhook(body, **{"X-Verify": phonepe_v1.callback_checksum(encoded, SALT, "1")})
    run_all()

    payment.refresh_from_db()
    assert (forged.status_code, genuine.status_code, payment.status) == (401, 204, "succeeded")


def test_what_v1_signs_is_no_event_by_itself(phonepe, settings):
    settings.PHONEPE_SALT_KEY = SALT
    body = json.dumps({"response": "bm8="}).encode()

    reply = webhook(body, **{"X-Verify": phonepe_v1.callback_checksum("bm8=", SALT, "1")})

    assert reply.json()["code"] == "webhook_malformed"


def test_a_page_that_nobody_was_told_of_is_left_and_another_opened(phonepe):
    purchase, client = make_purchase()
    phonepe.sandbox.faults(lost_reply={"times": 1, "only_to": "checkout"})
    post(client, purchase, "phonepe")
    payment = Payment.objects.get()
    first = payment.status
    payment.ask_at = payment.created_at
    payment.save()

    run_all()
    payment.refresh_from_db()
    phonepe.press(payment.provider_ref, "pay")
    ask(payment)

    assert (first, payment.provider_ref, payment.status) == ("created", f"{payment.pk}-1", "succeeded")
    assert phonepe.captured() == {str(payment.pk): PRICE}


def test_an_order_ends_at_its_time(phonepe, noon):
    purchase, payment = waiting()
    close(purchase)
    before = ask(payment).status

    noon.shift(dt.timedelta(hours=1))

    assert (before, ask(payment).status) == ("pending", "cancelled")
    assert phonepe.press(payment.provider_ref, "pay") == 409


def test_a_failed_order_fails_the_payment(phonepe):
    _, payment = waiting()

    phonepe.press(payment.provider_ref, "fail")

    assert (ask(payment).status, payment.failure) == ("failed", "TXN_NOT_COMPLETED")


def test_one_token_serves_many_calls_and_is_stored_sealed(phonepe):
    waiting()
    waiting()

    token = ProviderToken.objects.get().token
    with connection.cursor() as cursor:
        cursor.execute("SELECT token FROM payments_providertoken")
        stored = bytes(cursor.fetchone()[0])
    assert phonepe.tokens() == 1
    assert token.startswith("eyJ")
    assert token.encode() not in stored


def test_a_token_is_renewed_at_half_its_life_and_the_old_one_serves_if_that_fails(phonepe, noon):
    waiting()
    noon.shift(dt.timedelta(minutes=31))
    phonepe.sandbox.faults(error_5xx={"only_to": "token"})

    _, payment = waiting()
    before = phonepe.tokens()
    phonepe.sandbox.faults()
    noon.shift(dt.timedelta(minutes=1))
    waiting()

    assert (before, payment.status, phonepe.tokens()) == (1, "pending", 2)


def test_a_token_that_is_turned_down_is_replaced_once(phonepe):
    waiting()
    phonepe.sandbox.faults(token_expired={"times": 1})

    _, payment = waiting()

    assert (payment.status, phonepe.tokens()) == ("pending", 2)


def test_without_a_token_nothing_was_done(phonepe):
    phonepe.sandbox.faults(error_5xx={"only_to": "token"})

    with pytest.raises(TryLater):
        _ask("GET", "/checkout/v2/order/x/status")


def test_a_token_of_another_account_is_not_used(phonepe, settings):
    waiting()
    settings.PHONEPE_CLIENT_SECRET = "of another account"

    with pytest.raises(TryLater):
        _ask("GET", "/checkout/v2/order/x/status")


def test_a_refund_waits_for_the_bank(phonepe):
    purchase, payment = paid(phonepe)
    phonepe.sandbox.faults(refund_pending=True)
    close(purchase)
    run_all()
    back = Refund.objects.get()
    before = back.status

    phonepe.sandbox._ask("POST", f"/phonepe/refunds/{back.pk}", {"status": "completed"})
    payload = {"merchantRefundId": str(back.pk), "originalMerchantOrderId": payment.provider_ref, "state": "COMPLETED"}
    webhook(json.dumps({"event": "pg.refund.completed", "payload": payload}).encode())
    run_all()

    back.refresh_from_db()
    assert (before, back.status) == ("pending", "succeeded")
    assert phonepe.captured() == {str(payment.pk): 0}


@pytest.mark.parametrize("price", [Money(99, Currency.INR), Money(PRICE, Currency.BDT)])
def test_what_phonepe_cannot_take_is_not_offered_and_not_begun(phonepe, price):
    purchase, client = make_purchase(amount=price)

    listed = client.get(f"{API}/providers", {"currency": price.currency, "amount": price.minor}).json()["providers"]
    reply = post(client, purchase, "phonepe")

    assert "phonepe" not in [row["provider"] for row in listed]
    assert (reply.status_code, reply.json()["code"]) == (400, "provider_unavailable")
    assert "phonepe" not in reply.json()["offered"]
    assert not Payment.objects.exists()
