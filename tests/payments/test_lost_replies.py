"""Whatever the provider does to an answer, money is asked for once and taken once."""

from __future__ import annotations

import contextlib
import datetime as dt

import pytest
import time_machine

from payments.models import Payment, Refund
from payments.services import settling
from tests.conftest import NOON
from tests.payments.scenes import (
    PRICE,
    ask,
    begin,
    events,
    make_purchase,
    paid,
    post,
    refund,
    run_all,
    totals,
)

pytestmark = pytest.mark.django_db
FAULTS = ["lost_reply", "truncated_json", "error_5xx", "html_body", "lost_request", "rate_limit"]
LATER = NOON + dt.timedelta(minutes=3)


def once(fault: str, **limits: object) -> dict[str, object]:
    return {fault: {"times": 1, "channel": "stripe", **limits}}


@pytest.mark.parametrize("fault", FAULTS)
def test_an_answer_that_is_lost_leaves_one_charge(stripe, fault):
    purchase, client = make_purchase()
    stripe.sandbox.faults(**once(fault, only_to="checkout"))

    reply = post(client, purchase)
    payment = Payment.objects.get()
    first = payment.status
    with time_machine.travel(LATER):
        run_all()
    payment.refresh_from_db()
    stripe.press(payment)
    ask(payment)

    assert (reply.status_code, first, reply.json()["action"]["type"]) == (201, "created", "none")
    assert payment.status == "succeeded"
    assert len(stripe.books()["sessions"]) == 1
    assert stripe.captured() == {str(payment.pk): PRICE}


def test_tapping_again_after_a_lost_answer_finds_the_same_charge(stripe):
    purchase, client = make_purchase()
    stripe.sandbox.faults(**once("lost_reply", only_to="checkout"))
    post(client, purchase)

    with time_machine.travel(LATER):
        reply = post(client, purchase)

    assert (reply.status_code, reply.json()["status"]) == (200, "pending")
    assert len(stripe.books()["sessions"]) == 1


@pytest.mark.parametrize("fault", FAULTS)
def test_a_question_that_is_not_answered_is_asked_again(stripe, fault):
    purchase, client = make_purchase()
    payment = begin(purchase, client)
    stripe.press(payment)
    stripe.sandbox.faults(**once(fault, on="look_up"))

    asked = ask(payment).status
    ask(payment)

    assert (asked, payment.status) == ("pending", "succeeded")


@pytest.mark.parametrize("fault", FAULTS)
def test_a_refund_whose_answer_is_lost_is_given_once(stripe, fault):
    _, payment = paid(stripe)
    stripe.sandbox.faults(**once(fault, only_to="refund"))
    back = refund(payment, 1000)

    run_all()
    first = Refund.objects.get().status
    with time_machine.travel(LATER):
        run_all()

    back.refresh_from_db()
    assert (first, back.status) == ("pending", "succeeded")
    assert len(stripe.books()["refunds"]) == 1
    assert stripe.captured() == {str(payment.pk): PRICE - 1000}
    assert len(events("refund.succeeded")) == 1


def test_a_refund_is_found_again_when_the_provider_has_forgotten_the_key(stripe):
    _, payment = paid(stripe)
    stripe.sandbox.faults(**once("lost_reply", only_to="refund"))
    back = refund(payment, 1000)
    run_all()
    stripe.forget_keys()

    with time_machine.travel(LATER):
        run_all()

    back.refresh_from_db()
    assert back.status == "succeeded"
    assert len(stripe.books()["refunds"]) == 1


def test_a_refusal_is_final_and_the_payer_may_try_again(stripe, monkeypatch):
    purchase, client = make_purchase(description="x")
    monkeypatch.setattr("payments.gateways.stripe_api.PAGE_LIFE", dt.timedelta(days=-1))
    monkeypatch.setattr("payments.services.paying.PAY_WITHIN", dt.timedelta(minutes=1))

    reply = post(client, purchase)

    assert (reply.status_code, reply.json()["status"]) == (201, "failed")
    assert len(events("payment.failed")) == 1


def test_a_silent_provider_is_asked_less_and_less(stripe):
    purchase, client = make_purchase()
    payment = begin(purchase, client)
    stripe.sandbox.faults(error_5xx=True, on="any")
    waits = []

    for _ in range(4):
        ask(payment)
        waits.append((payment.ask_at - NOON).total_seconds())

    assert payment.status == "pending"
    assert waits == sorted(waits)
    assert waits[-1] - waits[0] > 10
    assert (payment.asked, payment.failure) == (4, "")


def test_what_never_reached_the_provider_ends_with_its_time(stripe):
    purchase, client = make_purchase()
    stripe.sandbox.faults(lost_request=True, on="any")
    payment = begin(purchase, client)

    with time_machine.travel(NOON + dt.timedelta(hours=1)):
        run_all()

    payment.refresh_from_db()
    assert payment.status == "expired"
    assert stripe.captured() == {}


def die(**_: object) -> None:
    raise SystemExit("killed")


@pytest.mark.parametrize("moment", ["record_created", "settle"])
def test_who_is_killed_between_the_provider_and_the_database_loses_nothing(stripe, monkeypatch, moment):
    purchase, client = make_purchase()
    with monkeypatch.context() as patch:
        patch.setattr(settling, moment, die)
        with contextlib.suppress(SystemExit):
            begin(purchase, client)
        payment = Payment.objects.get()
        with contextlib.suppress(SystemExit):
            stripe.press(payment)
            ask(payment)

    with time_machine.travel(LATER):
        run_all()
        payment.refresh_from_db()
        stripe.press(payment)
        ask(payment)

    assert payment.status == "succeeded"
    assert len(stripe.books()["sessions"]) == 1
    assert stripe.captured() == {str(payment.pk): PRICE}
    assert totals() == {"gateway": PRICE, "payable": -PRICE}
