"""A webhook is a hint: signed on the raw body, kept once, and then the provider is asked."""

from __future__ import annotations

import json

import pytest
from rest_framework.test import APIClient
from stripe import WebhookSignature

from common.outbox import drain
from payments.models import Payment, ProviderNotice
from tests.payments.scenes import (
    PRICE,
    begin,
    event_about,
    events,
    make_purchase,
    paid,
    run_all,
    totals,
    webhook,
)

pytestmark = pytest.mark.django_db


def waiting(stripe):
    purchase, client = make_purchase()
    payment = begin(purchase, client)
    stripe.press(payment)
    return payment


def status(payment):
    payment.refresh_from_db()
    return payment.status


def test_the_provider_signs_as_it_does_everywhere():
    header = WebhookSignature.generate_signature_header(
        '{"id":"evt_1","object":"event"}', "whsec_x", timestamp=1700000000
    )

    assert header == "t=1700000000,v1=c9bcc97a8a4ff4bae104ef32dcacf8b24b4c3cf0512aef639b8502673db15436"


def test_a_webhook_has_the_provider_asked_and_pays(stripe):
    payment = waiting(stripe)

    reply = webhook(event_about(payment))
    run_all()

    assert (reply.status_code, status(payment)) == (204, "succeeded")
    assert ProviderNotice.objects.get().outcome == "asked"


def test_a_webhook_is_acknowledged_without_asking_anybody(stripe):
    payment = waiting(stripe)
    stripe.sandbox.faults(lost_request=True, on="any")

    assert webhook(event_about(payment)).status_code == 204
    assert status(payment) == "pending"


def test_the_same_webhook_ten_times_is_one_payment(stripe):
    payment = waiting(stripe)
    body = event_about(payment)

    replies = [webhook(body).status_code for _ in range(10)]
    run_all()

    assert replies == [204] * 10
    assert ProviderNotice.objects.count() == 1
    assert len(events("payment.succeeded")) == 1
    assert totals() == {"gateway": PRICE, "payable": -PRICE}


@pytest.mark.parametrize(
    "forge",
    [{"secret": "whsec_other"}, {"age": 301}, {"header": ""}, {"header": "t=1,v1=00"}, {"header": "nonsense"}],
    ids=["other secret", "too old", "none", "wrong", "no header at all"],
)
def test_a_forged_webhook_is_401_and_leaves_nothing(stripe, forge):
    payment = waiting(stripe)

    reply = webhook(event_about(payment), **forge)
    run_all()

    assert (reply.status_code, reply.json()["code"]) == (401, "webhook_signature_invalid")
    assert ProviderNotice.objects.count() == 0
    assert status(payment) == "pending"


def test_one_changed_byte_is_401(stripe):
    body = event_about(waiting(stripe))
    header = WebhookSignature.generate_signature_header(body.decode(), "whsec_sandbox")

    reply = webhook(body.replace(b"completed", b"Completed"), header=header)

    assert reply.status_code == 401


@pytest.mark.parametrize(
    "body", [b"[]", b"{}", b'{"id": "evt_1"}', b'{"id":"e","type":"t","data":{"object":[]}}', b"x"]
)
def test_a_signed_body_that_is_no_event_is_400(stripe, body):
    reply = webhook(body)

    assert (reply.status_code, reply.json()["code"]) == (400, "webhook_malformed")
    assert ProviderNotice.objects.count() == 0


def test_a_body_that_is_no_text_is_401(stripe):
    reply = APIClient().generic(
        "POST", "/api/v1/webhooks/stripe", b"\xff\xfe", headers={"Stripe-Signature": "t=1,v1=0"}
    )

    assert reply.status_code == 401


def test_a_body_too_large_is_413(stripe):
    body = json.dumps({"id": "evt_1", "type": "x" * 300_000, "data": {"object": {}}}).encode()

    reply = webhook(body)

    assert (reply.status_code, reply.json()["code"]) == (413, "body_too_large")
    assert ProviderNotice.objects.count() == 0


@pytest.mark.parametrize("provider", ["paypal", "offline-x"])
def test_an_unknown_provider_is_404(provider):
    assert APIClient().post(f"/api/v1/webhooks/{provider}", {}, format="json").status_code == 404


def test_nobody_signs_for_money_by_hand():
    assert APIClient().post("/api/v1/webhooks/offline", {}, format="json").status_code == 401


def test_a_foreign_event_changes_nothing(stripe):
    payment = waiting(stripe)
    about = {"id": "cs_somebody_elses", "client_reference_id": "not-even-an-id", "metadata": None}
    body = json.dumps({"id": "evt_f", "type": "checkout.session.completed", "data": {"object": about}}).encode()

    reply = webhook(body)
    drain()

    assert reply.status_code == 204
    assert ProviderNotice.objects.get().outcome == "ignored"
    assert status(payment) == "pending"


def test_a_lie_in_a_signed_webhook_changes_nothing(stripe):
    purchase, client = make_purchase()
    payment = begin(purchase, client)

    webhook(event_about(payment, payment_status="paid", amount_total=PRICE))
    run_all()

    assert status(payment) == "pending"


def test_failed_after_succeeded_changes_nothing(stripe):
    _, payment = paid(stripe)
    before = totals()

    for kind in ("checkout.session.expired", "checkout.session.async_payment_failed", "payment_intent.canceled"):
        webhook(event_about(payment, kind))
    run_all()

    assert status(payment) == "succeeded"
    assert totals() == before
    assert events("payment.failed") == events("payment.expired") == []


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_events_in_any_order_end_the_same(stripe, order):
    payment = waiting(stripe)
    kinds = ["payment_intent.succeeded", "checkout.session.completed"]

    for index in order:
        webhook(event_about(payment, kinds[index]))
        run_all()

    assert status(payment) == "succeeded"
    assert len(events("payment.succeeded")) == 1


def test_a_webhook_before_the_reply_to_the_creation_is_stored(stripe):
    purchase, client = make_purchase()
    stripe.sandbox.faults(lost_reply={"times": 1, "channel": "stripe", "only_to": "checkout"})
    payment = begin(purchase, client)

    body = event_about(payment)
    webhook(body)
    drain()
    payment.refresh_from_db()

    assert (payment.status, payment.provider_ref) == ("created", "")
    Payment.objects.update(ask_at=payment.created_at)
    run_all()
    stripe.press(payment)
    webhook(event_about(payment))
    run_all()
    assert status(payment) == "succeeded"


@pytest.mark.parametrize(
    ("fault", "failure"), [("wrong_amount", "amount_differs"), ("wrong_currency", "currency_differs")]
)
def test_other_money_is_held_and_never_fulfils(stripe, fault, failure):
    purchase, client = make_purchase()
    payment = begin(purchase, client)
    stripe.sandbox.faults(**{fault: True})
    stripe.press(payment)

    webhook(event_about(payment))
    run_all()

    payment.refresh_from_db()
    purchase.refresh_from_db()
    assert (payment.status, payment.failure, purchase.status) == ("held", failure, "open")
    assert events("payment.succeeded") == []
    assert len(events("payment.held")) == 1
    assert set(totals()) == {"gateway", "suspense"}
