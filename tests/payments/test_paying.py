"""A payment is begun once, believed only from the provider, and ends in one state."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common import clock
from common.money import Currency, Money
from payments import errands, selectors
from payments.models import Payment, PaymentEvent
from payments.parties import PLATFORM, Party
from tests.conftest import NOON
from tests.factories import make_user, person_client
from tests.payments.scenes import (
    API,
    PRICE,
    ask,
    begin,
    close,
    events,
    make_purchase,
    paid,
    post,
    register,
    run_all,
    totals,
)

pytestmark = pytest.mark.django_db


def test_a_payer_with_a_page_is_sent_there_and_pays(stripe):
    purchase, client = make_purchase()

    reply = post(client, purchase)
    body = reply.json()
    payment = Payment.objects.get()
    stripe.press(payment)
    ask(payment)

    assert (reply.status_code, body["status"]) == (201, "pending")
    assert body["amount"] == {"amount": PRICE, "currency": "INR"}
    assert body["action"]["type"] == "redirect"
    assert body["action"]["url"].startswith(stripe.sandbox.url)
    assert client.get(f"{API}/{payment.pk}").json()["status"] == "succeeded"
    assert (payment.status, payment.is_applied, payment.received_minor) == ("succeeded", True, PRICE)
    assert selectors.is_paid(purchase.kind, purchase.reference)
    assert [event["late"] for event in events("payment.succeeded")] == [False]
    assert [row.verb for row in PaymentEvent.objects.order_by("pk")] == ["create", "submit", "succeed", "apply"]


def test_a_payer_in_an_app_gets_a_token_for_the_sdk(stripe):
    purchase, client = make_purchase()

    payment = begin(purchase, client, return_url="")
    action = client.get(f"{API}/{payment.pk}").json()["action"]
    stripe.pay_in_app(payment)
    ask(payment)

    assert (action["type"], action["client_token"]) == ("sdk", f"{payment.provider_ref}_secret_sandbox")
    assert payment.status == "succeeded"


@pytest.mark.parametrize("more", [{"amount": 1}, {"discount": "all"}, {"purchase_amount": 5, "currency": "USD"}])
def test_the_price_is_the_servers_whatever_the_client_says(stripe, more):
    purchase, client = make_purchase()

    payment = begin(purchase, client, **more)

    assert (payment.amount_minor, payment.currency) == (PRICE, "INR")
    assert stripe.books()["sessions"][0]["amount_total"] == PRICE


def test_a_second_tap_finds_the_first_payment(stripe):
    purchase, client = make_purchase()

    replies = [post(client, purchase) for _ in range(3)]

    assert [reply.status_code for reply in replies] == [201, 200, 200]
    assert len({reply.json()["id"] for reply in replies}) == 1
    assert len({reply.json()["action"]["url"] for reply in replies}) == 1
    assert len(stripe.books()["sessions"]) == 1


def test_the_same_key_finds_the_same_payment_even_after_it_has_ended(stripe):
    purchase, client = make_purchase()
    first = begin(purchase, client, key="tap")
    stripe.press(first)
    ask(first)

    again = post(client, purchase, key="tap")
    other = post(client, purchase, "offline", key="tap")
    fresh = post(client, purchase, key="another")

    assert (again.status_code, again.json()["id"], again.json()["status"]) == (200, str(first.pk), "succeeded")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")
    assert (fresh.status_code, fresh.json()["code"]) == (409, "purchase_paid")


def test_another_provider_waits_until_the_first_is_cancelled(stripe):
    purchase, client = make_purchase()
    first = begin(purchase, client)

    refused = post(client, purchase, "offline")
    client.post(f"{API}/{first.pk}/cancel")
    run_all()
    second = post(client, purchase, "offline")

    assert (refused.status_code, refused.json()["code"]) == (409, "payment_open")
    first.refresh_from_db()
    assert (first.status, second.status_code) == ("cancelled", 201)
    assert stripe.books()["sessions"][0]["status"] == "expired"
    assert len(events("payment.cancelled")) == 1


def test_a_stranger_pays_and_sees_nothing(stripe):
    purchase, client = make_purchase()
    payment = begin(purchase, client)
    stranger = person_client(make_user())

    replies = [
        stranger.get(f"{API}/{payment.pk}"),
        stranger.post(f"{API}/{payment.pk}/cancel"),
        stranger.get(f"{API}/{payment.pk}/receipt"),
        stranger.get(f"{API}/{payment.pk}/receipt.pdf"),
    ]

    assert [reply.status_code for reply in replies] == [404] * 4
    assert post(stranger, purchase).json()["code"] == "purchase_unknown"
    assert stranger.get(API).json()["results"] == []


@pytest.mark.parametrize("provider", ["bkash", "phonepe", "razorpay"])
def test_what_is_not_set_up_is_not_offered(settings, provider):
    purchase, client = make_purchase()
    for name in ("STRIPE_SECRET_KEY", "RAZORPAY_KEY_ID", "PHONEPE_CLIENT_ID", "BKASH_APP_KEY"):
        setattr(settings, name, "")

    listed = client.get(f"{API}/providers").json()["providers"]

    assert [row["provider"] for row in listed] == ["offline"]
    assert post(client, purchase, provider).json()["code"] == "provider_unavailable"
    assert post(client, purchase).json()["offered"] == ["offline"]


@pytest.mark.parametrize("url", ["http://evil.example/x", "javascript:alert(1)", "ftp://x.example"])
def test_a_return_address_is_https(stripe, url):
    purchase, client = make_purchase()

    reply = post(client, purchase, return_url=url)

    assert reply.status_code == 400
    assert Payment.objects.count() == 0


def test_a_declined_card_may_be_followed_by_another(stripe):
    purchase, client = make_purchase()
    payment = begin(purchase, client)

    stripe.press(payment, "decline")
    declined = ask(payment).status
    stripe.press(payment)
    ask(payment)

    assert (declined, payment.status) == ("pending", "succeeded")


def test_a_bank_transfer_that_fails_later_has_failed(stripe):
    purchase, client = make_purchase()
    payment = begin(purchase, client)

    stripe.press(payment, "fail")
    ask(payment)

    assert (payment.status, payment.failure) == ("failed", "bank_transfer_failed")
    assert len(events("payment.failed")) == 1
    assert post(client, purchase).status_code == 201


def test_who_does_not_pay_in_time_cannot_pay_afterwards(stripe):
    purchase, client = make_purchase()
    payment = begin(purchase, client)

    with time_machine.travel(NOON + dt.timedelta(minutes=31)):
        run_all()

    payment.refresh_from_db()
    assert (payment.status, stripe.press(payment)) == ("expired", 409)
    assert len(events("payment.expired")) == 1
    assert totals() == {}


def test_money_in_the_last_moment_counts_though_the_time_is_over(stripe):
    purchase, client = make_purchase()
    payment = begin(purchase, client)
    stripe.press(payment)

    with time_machine.travel(NOON + dt.timedelta(minutes=31)):
        run_all()

    payment.refresh_from_db()
    assert (payment.status, payment.is_late) == ("succeeded", False)


def test_what_is_closed_for_payment_is_not_begun():
    purchase, client = make_purchase(closes_at=clock.now() - dt.timedelta(seconds=1))

    assert post(client, purchase).json()["code"] == "purchase_closed"


def test_a_price_may_change_until_somebody_pays(stripe):
    purchase, client = make_purchase()
    values = {"kind": purchase.kind, "reference": purchase.reference, "payee": purchase.payee}

    register(purchase.payer, **values, amount=Money(500, Currency.INR))
    payment = begin(purchase, client)

    assert payment.amount_minor == 500
    with pytest.raises(Exception, match="purchase_fixed"):
        register(purchase.payer, **values, amount=Money(600, Currency.INR))


def test_registering_the_same_again_changes_nothing(stripe):
    purchase, client = make_purchase()
    begin(purchase, client)

    same = register(purchase.payer, purchase.payee, kind=purchase.kind, reference=purchase.reference)

    assert same.pk == purchase.pk


def test_lines_that_do_not_add_up_are_a_mistake():
    lines = [{"description": "Bag", "amount": 100, "taxes": [{"name": "CGST", "rate": "9", "amount": 9}]}]

    with pytest.raises(ValueError, match="109"):
        register(Party.person(make_user().pk), lines=lines)


def test_the_list_is_mine_newest_first_and_filtered(stripe):
    purchase, client = make_purchase()
    begin(purchase, client)
    other = register(purchase.payer)
    begin(other, client, "offline")

    rows = client.get(API).json()["results"]

    assert [row["provider"] for row in rows] == ["offline", "stripe"]
    assert len(client.get(API, {"purchase": str(other.reference)}).json()["results"]) == 1
    assert client.get(API, {"status": "succeeded"}).json()["results"] == []
    assert client.get(API, {"status": "nonsense"}).status_code == 400


def test_a_list_costs_the_same_for_one_and_for_twenty(unthrottled):
    user = make_user()
    client = person_client(user)
    payee = Party.partner(register(Party.person(user.pk)).payee_partner_id)
    for _ in range(20):
        begin(register(Party.person(user.pk), payee), client, "offline")

    costs = []
    for limit in (1, 20):
        with CaptureQueriesContext(connection) as counted:
            assert len(client.get(API, {"limit": limit}).json()["results"]) == limit
        costs.append(len(counted))

    assert costs[0] == costs[1]


def test_closing_what_is_open_cancels_it_at_the_provider(stripe):
    purchase, client = make_purchase()
    payment = begin(purchase, client)

    close(purchase)
    run_all()

    payment.refresh_from_db()
    assert (payment.status, stripe.press(payment)) == ("cancelled", 409)
    assert post(client, purchase).json()["code"] == "purchase_closed"


def test_the_ledger_owes_the_seller_what_was_paid_less_the_fee(stripe):
    paid(stripe, fee_minor=10_000)

    assert totals() == {"gateway": PRICE, "payable": -(PRICE - 10_000), "revenue": -10_000}
    assert selectors.trial_balance() == {"INR": 0}


def test_what_the_platform_sells_is_its_revenue(stripe):
    paid(stripe, payee=PLATFORM)

    assert totals() == {"gateway": PRICE, "revenue": -PRICE}


def test_a_worker_that_dies_on_the_way_leaves_the_errand_due(stripe, monkeypatch):
    purchase, client = make_purchase()
    payment = begin(purchase, client)
    stripe.press(payment)
    Payment.objects.update(ask_at=clock.now())

    monkeypatch.setattr(errands, "ask", lambda payment_id: None)
    errands.run_due()
    monkeypatch.undo()
    with time_machine.travel(NOON + dt.timedelta(seconds=90)):
        run_all()

    payment.refresh_from_db()
    assert payment.status == "succeeded"
