"""bKash: executed once, whatever is lost; two tokens an hour; errors in a 200; notifications signed by SNS."""

from __future__ import annotations

import datetime as dt
import json
import re

import pytest
from django.db import connection
from rest_framework.test import APIClient

from common import clock
from common.money import Currency, Money
from payments import selectors
from payments.gateways import sns as product_sns
from payments.gateways.base import Refused, TryLater, Unknown
from payments.gateways.bkash import BkashGateway, _amount, in_taka
from payments.models import Payment, ProviderDecision, ProviderNotice, ProviderToken, Refund
from sandbox.bkash import sns
from sandbox.world import SANDBOX_BKASH_SNS_TOPIC
from tests.payments.scenes import API, ask, begin, close, events, make_purchase, post, refund, run_all, totals

pytestmark = pytest.mark.django_db
PRICE = 120_000
TAKAS = Money(PRICE, Currency.BDT)
LATER = dt.timedelta(minutes=3)


def waiting(**more):
    purchase, client = make_purchase(amount=TAKAS)
    return purchase, begin(purchase, client, "bkash", **more)


def agreed(bkash):
    purchase, payment = waiting()
    bkash.press(payment.provider_ref, "pay")
    return purchase, payment


def paid(bkash):
    purchase, payment = agreed(bkash)
    return purchase, ask(payment)


def notification(bkash, payment, **more):
    message = json.dumps({"trxID": "T1", "transactionStatus": "Completed", "merchantInvoiceNumber": str(payment.pk)})
    wish = {
        "topic": SANDBOX_BKASH_SNS_TOPIC,
        "cert_url": f"{bkash.sandbox.url}/bkash/sns/certificate.pem",
        "Timestamp": clock.now().isoformat(),
        **more,
    }
    return sns.envelope(message, **wish)


def webhook(fields):
    body = fields if isinstance(fields, bytes) else sns.body_of(fields)
    return APIClient().generic("POST", "/api/v1/webhooks/bkash", body, content_type="text/plain; charset=UTF-8")


def come_back(client, payment, status="success", ref=""):
    fields = {"paymentID": ref or payment.provider_ref, "status": status}
    return client.get(f"/api/v1/payments/{payment.pk}/return", fields)


@pytest.mark.parametrize(("minor", "words"), [(10_000, "100.00"), (12_345, "123.45"), (100, "1.00"), (5, "0.05")])
def test_amounts_are_decimal_strings(minor, words):
    assert in_taka(Money(minor, Currency.BDT)) == words
    assert _amount({"amount": words}, "amount") == minor


@pytest.mark.parametrize("words", ["", "x", "1.005", "NaN", "Infinity", None])
def test_what_is_no_amount_is_no_answer(words):
    with pytest.raises(Unknown):
        _amount({"amount": words}, "amount")


def test_the_payer_agrees_at_bkash_and_the_money_is_taken_by_us(bkash):
    _, payment = agreed(bkash)
    before = bkash.captured()

    ask(payment)

    assert (before, bkash.captured()) == ({}, {str(payment.pk): PRICE})
    assert (payment.status, bkash.executed()) == ("succeeded", 1)
    assert totals() == {"gateway": PRICE, "payable": -PRICE}


def test_nothing_is_executed_before_the_payer_has_agreed(bkash):
    _, payment = waiting()

    assert (ask(payment).status, bkash.executed()) == ("pending", 0)


@pytest.mark.parametrize("fault", ["lost_reply", "truncated_json"])
def test_an_execution_that_times_out_after_the_capture_is_asked_about_and_not_repeated(bkash, fault):
    _, payment = agreed(bkash)
    bkash.sandbox.faults(**{fault: {"times": 1, "only_to": "execute"}})

    first = ask(payment).status
    second = ask(payment).status

    assert (first, second) == ("pending", "succeeded")
    assert bkash.executed() == 1
    assert bkash.captured() == {str(payment.pk): PRICE}


@pytest.mark.parametrize("fault", ["lost_request", "error_5xx", "html_body"])
def test_an_execution_that_never_arrived_is_not_repeated_and_fails_in_the_end(bkash, fault, noon):
    _, payment = agreed(bkash)
    bkash.sandbox.faults(**{fault: {"times": 1, "only_to": "execute"}})

    statuses = [ask(payment).status, ask(payment).status]
    noon.shift(LATER)

    assert (*statuses, ask(payment).status) == ("pending", "pending", "failed")
    assert (payment.failure, bkash.executed(), bkash.captured()) == ("execute_lost", 0, {})


@pytest.mark.parametrize("fault", ["rate_limit", "error_in_200"])
def test_an_execution_that_was_certainly_not_done_is_done_later(bkash, fault):
    _, payment = agreed(bkash)
    bkash.sandbox.faults(**{fault: {"times": 1, "only_to": "execute"}})

    first = ask(payment).status
    second = ask(payment).status

    assert (first, second, bkash.executed()) == ("pending", "succeeded", 1)


def test_an_error_in_a_200_is_an_error(bkash):
    _, payment = waiting()
    bkash.sandbox.faults(error_in_200={"times": 1, "only_to": "checkout", "on": "look_up"})

    with pytest.raises(TryLater) as refusal:
        bkash.gateway._query(payment)
    assert refusal.value.code == "503"


def test_what_was_closed_is_never_executed(bkash):
    purchase, payment = agreed(bkash)
    close(purchase)

    ask(payment)
    ask(payment)

    assert (payment.status, bkash.executed()) == ("cancelled", 0)


def test_what_is_being_executed_is_not_cancelled(bkash):
    purchase, payment = agreed(bkash)
    bkash.sandbox.faults(lost_reply={"times": 1, "only_to": "execute"})
    ask(payment)
    close(purchase)

    ask(payment)

    assert (payment.status, payment.is_late) == ("succeeded", True)


def test_another_amount_is_held(bkash):
    _, payment = agreed(bkash)
    bkash.sandbox.faults(wrong_amount={"channel": "bkash"})

    ask(payment)

    assert (payment.status, payment.failure) == ("held", "amount_differs")


def test_a_payment_that_failed_at_bkash_fails(bkash):
    _, payment = waiting()
    bkash.press(payment.provider_ref, "fail")

    assert ask(payment).status == "failed"


def test_the_browser_that_comes_back_has_bkash_asked_and_goes_on(bkash, client):
    _, payment = agreed(bkash)

    reply = come_back(client, payment)
    run_all()

    payment.refresh_from_db()
    assert (reply.status_code, reply.headers["Location"]) == (302, payment.return_url)
    assert payment.status == "succeeded"


def test_coming_back_again_and_again_pays_once(bkash, client):
    _, payment = agreed(bkash)

    for _ in range(3):
        come_back(client, payment)
        run_all()

    assert (bkash.executed(), len(events("payment.succeeded"))) == (1, 1)
    assert totals() == {"gateway": PRICE, "payable": -PRICE}


def test_the_browsers_word_alone_takes_no_money(bkash, client):
    _, payment = waiting()

    come_back(client, payment)
    run_all()

    payment.refresh_from_db()
    assert (payment.status, bkash.executed()) == ("pending", 0)


def test_where_bkash_does_not_say_whether_the_payer_agreed_the_browser_does(bkash, client, monkeypatch):
    _, payment = agreed(bkash)
    real = BkashGateway._query
    names = ("verificationStatus", "userVerificationStatus")

    def query(self, charge):
        return {name: value for name, value in real(self, charge).items() if name not in names}

    monkeypatch.setattr(BkashGateway, "_query", query)
    before = ask(payment).status
    come_back(client, payment)

    assert (before, ask(payment).status) == ("pending", "succeeded")


@pytest.mark.parametrize(("status", "ref"), [("success", "TR-of-another"), ("cancel", "")])
def test_only_the_payments_own_success_counts_as_agreed(bkash, client, status, ref):
    _, payment = waiting()

    come_back(client, payment, status, ref)

    assert not ProviderDecision.objects.filter(decided="agreed").exists()


def test_without_an_address_to_go_on_to_there_is_a_page(bkash, client):
    _, payment = waiting(return_url="")

    reply = come_back(client, payment)

    assert (reply.status_code, "close this page" in reply.content.decode()) == (200, True)


def test_nobody_comes_back_to_a_payment_of_another_provider(bkash, client):
    purchase, person = make_purchase()
    payment = begin(purchase, person, "phonepe")

    assert client.get(f"/api/v1/payments/{payment.pk}/return").status_code == 404


def test_a_creation_whose_reply_is_lost_is_made_anew_and_paid_once(bkash):
    purchase, client = make_purchase(amount=TAKAS)
    bkash.sandbox.faults(lost_reply={"times": 1, "only_to": "checkout"})
    post(client, purchase, "bkash")
    payment = Payment.objects.get()
    payment.ask_at = payment.created_at
    payment.save()

    run_all()
    payment.refresh_from_db()
    bkash.press(payment.provider_ref, "pay")
    ask(payment)

    assert (payment.status, bkash.charges()) == ("succeeded", 2)
    assert bkash.captured() == {str(payment.pk): PRICE}


def test_one_token_serves_an_hour_and_is_stored_sealed(bkash, noon):
    waiting()
    noon.shift(dt.timedelta(minutes=45))
    waiting()

    token = ProviderToken.objects.get().token
    with connection.cursor() as cursor:
        cursor.execute("SELECT token FROM payments_providertoken")
        stored = bytes(cursor.fetchone()[0])
    assert bkash.tokens() == 1
    assert token.encode() not in stored


def test_no_third_token_is_asked_for_within_an_hour(bkash, noon):
    waiting()
    bkash.sandbox.faults(token_expired={"times": 1})
    waiting()
    bkash.sandbox.faults(token_expired={"times": 1})

    purchase, client = make_purchase(amount=TAKAS)
    refused = begin(purchase, client, "bkash")
    within = bkash.tokens()
    noon.shift(dt.timedelta(minutes=61))
    run_all()

    assert (refused.status, within) == ("created", 2)
    assert bkash.tokens() == 1


def test_calls_for_a_token_that_failed_count_too(bkash):
    bkash.sandbox.faults(lost_reply={"only_to": "token"})
    purchase, client = make_purchase(amount=TAKAS)
    payment = begin(purchase, client, "bkash")
    with pytest.raises(TryLater):
        BkashGateway()._query(payment)
    with pytest.raises(TryLater) as limited:
        BkashGateway()._query(payment)

    assert (limited.value.code, bkash.tokens()) == ("token_limit", 2)


def test_two_refunds_of_the_same_amount_whose_replies_are_lost_are_two(bkash, noon):
    _, payment = paid(bkash)
    bkash.sandbox.faults(lost_reply={"times": 2, "only_to": "refund"})
    first, second = refund(payment, 1000, "a"), refund(payment, 1000, "b")

    run_all()
    noon.shift(LATER)
    run_all()

    rows = Refund.objects.order_by("pk")
    assert {row.status for row in rows} == {"succeeded"}
    assert len({row.provider_ref for row in rows}) == 2
    assert bkash.captured() == {str(payment.pk): PRICE - 2000}
    assert {first.pk, second.pk} == {row.pk for row in rows}


def test_a_refund_in_doubt_waits_and_is_not_repeated(bkash):
    _, payment = paid(bkash)
    back = refund(payment, 1000)
    repayment = refunding_of(back)
    bkash.sandbox.faults(lost_request={"times": 1, "only_to": "refund"})
    with pytest.raises(Unknown):
        bkash.gateway.refund(repayment)

    with pytest.raises(TryLater) as doubt:
        bkash.gateway.fetch_refund(repayment)

    assert (doubt.value.code, bkash.refunds()) == ("refund_in_doubt", 0)


def refunding_of(back):

    return selectors.repayment_of(selectors.any_refund(back.pk))


def test_a_refund_waits_for_bkash(bkash):
    purchase, payment = paid(bkash)
    bkash.sandbox.faults(refund_pending=True)
    close(purchase)
    run_all()
    back = Refund.objects.get()
    before = back.status

    bkash.sandbox._ask("POST", f"/bkash/refunds/{back.provider_ref}", {"status": "Completed"})
    back.ask_at = back.created_at
    back.save()
    run_all()

    back.refresh_from_db()
    assert (before, back.status) == ("pending", "succeeded")


def test_more_than_is_left_is_refused_and_leaves_no_decision(bkash):
    _, payment = paid(bkash)
    back = refund(payment, PRICE)
    repayment = refunding_of(back)
    bkash.gateway.refund(repayment)
    other = type(repayment)(id=payment.pk, charge=repayment.charge, amount=repayment.amount, reason="x")

    with pytest.raises(Refused):
        bkash.gateway.refund(other)
    assert not ProviderDecision.objects.filter(ref=str(payment.pk)).exists()


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_notification_is_verified_and_has_bkash_asked(bkash, version):
    _, payment = agreed(bkash)
    fields = notification(bkash, payment, version=version)

    replies = [webhook(fields).status_code for _ in range(10)]
    run_all()

    payment.refresh_from_db()
    assert replies == [204] * 10
    assert (payment.status, ProviderNotice.objects.count()) == ("succeeded", 1)
    assert len(events("payment.succeeded")) == 1


@pytest.mark.parametrize(
    "forge",
    [
        {"is_forged": True},
        {"topic": "arn:aws:sns:sandbox:111111111111:bkash"},
        {"cert_url": "https://sns.sandbox.amazonaws.com.evil.example/certificate.pem"},
        {"cert_url": "http://127.0.0.1:1/certificate.pem"},
        {"Timestamp": "2030-04-29T06:30:00Z"},
        {"Timestamp": "2030-05-01T08:30:00Z"},
        {"Timestamp": "yesterday"},
    ],
    ids=lambda forge: next(iter(forge)),
)
def test_a_notification_of_somebody_else_is_refused(bkash, forge):
    _, payment = agreed(bkash)

    reply = webhook(notification(bkash, payment, **forge))
    run_all()

    payment.refresh_from_db()
    assert (reply.status_code, reply.json()["code"]) == (401, "webhook_signature_invalid")
    assert (payment.status, ProviderNotice.objects.count()) == ("pending", 0)


@pytest.mark.parametrize(
    "change",
    [{"Message": "{}"}, {"MessageId": "other"}, {"Signature": "%%%"}, {"SignatureVersion": "3"}, {"Subject": "added"}],
    ids=lambda change: next(iter(change)),
)
def test_what_is_changed_after_the_signature_is_refused(bkash, change):
    _, payment = agreed(bkash)

    assert webhook({**notification(bkash, payment), **change}).status_code == 401


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"\xff"])
def test_what_is_no_envelope_is_refused(bkash, body):
    assert webhook(body).status_code == 401


def test_a_signed_message_that_is_no_json_is_malformed(bkash):
    fields = sns.envelope(
        "hello",
        topic=SANDBOX_BKASH_SNS_TOPIC,
        cert_url=f"{bkash.sandbox.url}/bkash/sns/certificate.pem",
        Timestamp=clock.now().isoformat(),
    )

    assert webhook(fields).json()["code"] == "webhook_malformed"


def test_without_a_topic_nobody_is_believed(bkash, settings):
    _, payment = agreed(bkash)
    fields = notification(bkash, payment)
    settings.BKASH_SNS_TOPIC = ""

    assert webhook(fields).status_code == 401


def test_a_subscription_is_confirmed_where_it_must_be_and_nowhere_else(bkash):
    url = f"{bkash.sandbox.url}/bkash/sns/confirm?Token=t"
    words = {"Type": "SubscriptionConfirmation", "Token": "t"}
    _, payment = waiting()

    strange = webhook(notification(bkash, payment, SubscribeURL="https://evil.example/confirm", **words))
    genuine = webhook(notification(bkash, payment, SubscribeURL=url, **words))

    assert (strange.status_code, genuine.status_code) == (401, 204)
    assert bkash.books()["confirmed"] >= 1


def test_the_origin_of_certificates_follows_from_the_topic():
    assert product_sns.origin_of("arn:aws:sns:ap-southeast-1:123456789012:ipn") == (
        "https://sns.ap-southeast-1.amazonaws.com"
    )
    assert product_sns.origin_of("") == ""


def test_the_signed_bytes_are_names_and_values_in_order():
    fields = {"Type": "Notification", "Message": "m", "MessageId": "i", "Timestamp": "t", "TopicArn": "a", "Else": "e"}

    assert product_sns.canonical(fields) == b"Message\nm\nMessageId\ni\nTimestamp\nt\nTopicArn\na\nType\nNotification\n"


@pytest.mark.parametrize("price", [Money(PRICE, Currency.INR), Money(99, Currency.BDT)])
def test_what_bkash_cannot_take_is_not_offered_and_not_begun(bkash, price):
    purchase, client = make_purchase(amount=price)

    listed = client.get(f"{API}/providers", {"currency": price.currency, "amount": price.minor}).json()["providers"]
    reply = post(client, purchase, "bkash")

    assert "bkash" not in [row["provider"] for row in listed]
    assert reply.json()["code"] == "provider_unavailable"


def test_nothing_personal_of_the_payer_is_told_to_bkash(bkash):
    _, payment = waiting()

    told = bkash.books()["payments"][0]

    assert (told["payerReference"], told["merchantInvoice"]) == (str(payment.pk), str(payment.pk))
    assert not re.search(r"\+?880\d", json.dumps(told))
