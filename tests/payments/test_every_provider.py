"""What a payer meets is the same whichever provider takes the money, and whatever it loses on the way."""

from __future__ import annotations

import datetime as dt

import pytest

from common.outbox import drain
from payments import errands
from payments.models import Payment, Refund
from tests.payments.scenes import ask, begin, close, events, make_purchase, post, refund, run_all, totals
from tests.payments.sides import SIDES, TOKENED

pytestmark = pytest.mark.django_db
LOST = ["lost_reply", "lost_request", "truncated_json", "error_5xx", "html_body", "rate_limit"]
LATER = dt.timedelta(minutes=5)


@pytest.fixture(params=sorted(SIDES))
def side(request, sandbox):
    return SIDES[request.param](sandbox)


def begun(side):
    purchase, client = make_purchase(amount=side.price)
    return purchase, client, begin(purchase, client, side.provider)


def pressed(side):
    purchase, _, payment = begun(side)
    side.press(payment.provider_ref, "pay")
    return purchase, payment


def make_due(model):
    model.objects.filter(ask_at__isnull=False).update(ask_at=dt.datetime(2030, 5, 1, tzinfo=dt.UTC))


@pytest.mark.parametrize("fault", LOST)
def test_a_payment_whose_creation_got_no_answer_is_paid_once(side, fault, noon):
    purchase, client = make_purchase(amount=side.price)
    side.sandbox.faults(**{fault: {"times": 1, "channel": side.channel, "only_to": "checkout"}})
    first = post(client, purchase, side.provider).json()["status"]
    noon.shift(LATER)

    run_all()
    payment = Payment.objects.get()
    side.press(payment.provider_ref, "pay")
    ask(payment)

    assert (first, payment.status) == ("created", "succeeded")
    assert side.captured() == {str(payment.pk): side.price.minor}
    assert totals() == {"gateway": side.price.minor, "payable": -side.price.minor}


@pytest.mark.parametrize("fault", LOST)
def test_a_question_that_got_no_answer_is_asked_again(side, fault):
    _, payment = pressed(side)
    side.sandbox.faults(**{fault: {"times": 1, "channel": side.channel, "only_to": "checkout", "on": "look_up"}})

    asked = ask(payment).status
    ask(payment)

    assert (asked, payment.status) == ("pending", "succeeded")


@pytest.mark.parametrize("fault", LOST)
def test_a_refund_that_got_no_answer_is_given_once(side, fault, noon):
    purchase, payment = pressed(side)
    ask(payment)
    side.sandbox.faults(**{fault: {"times": 1, "channel": side.channel, "only_to": "refund"}})
    close(purchase)

    for _ in range(4):
        run_all()
        noon.shift(LATER)
        make_due(Refund)

    assert [row.status for row in Refund.objects.all()] == ["succeeded"]
    assert side.captured() == {str(payment.pk): 0}
    assert len(events("refund.succeeded")) == 1


def test_parts_of_the_same_amount_are_several(side, noon):
    _, payment = pressed(side)
    ask(payment)
    for key in ("a", "b", "c"):
        refund(payment, 1000, key)

    for _ in range(3):
        run_all()
        noon.shift(LATER)
        make_due(Refund)

    assert [row.status for row in Refund.objects.all()] == ["succeeded"] * 3
    assert side.captured() == {str(payment.pk): side.price.minor - 3000}


def test_a_double_tap_is_one_payment(side):
    purchase, client, payment = begun(side)

    again = post(client, purchase, side.provider)

    assert (again.status_code, again.json()["id"]) == (200, str(payment.pk))
    assert side.charges() == 1


def test_another_amount_is_held_and_goes_nowhere(side):
    _, _, payment = begun(side)
    side.sandbox.faults(wrong_amount={"channel": side.channel})
    side.press(payment.provider_ref, "pay")

    ask(payment)

    assert (payment.status, payment.failure) == ("held", "amount_differs")
    assert events("payment.succeeded") == []
    assert set(totals()) == {"gateway", "suspense"}


def test_what_never_reached_the_provider_is_asked_about_for_a_day_and_no_longer(side, noon):
    purchase, client = make_purchase(amount=side.price)
    side.sandbox.faults(lost_request={"channel": side.channel}, on="any")
    post(client, purchase, side.provider)
    noon.shift(dt.timedelta(hours=1))
    errands.run_due()
    side.sandbox.faults()
    ended = Payment.objects.get()

    for hours in (2, 30, 60):
        noon.shift(dt.timedelta(hours=hours))
        errands.run_due()
        drain()

    payment = Payment.objects.get()
    assert (ended.status, payment.status, payment.ask_at) == ("expired", "expired", None)
    assert side.captured() == {}


@pytest.mark.parametrize("step", ["create", "fetch", "refund"])
@pytest.mark.parametrize("provider", TOKENED)
def test_a_token_that_runs_out_in_the_middle_is_replaced_once(sandbox, noon, provider, step):
    side = SIDES[provider](sandbox)
    expired = {"times": 1, "channel": side.channel}
    purchase, client = make_purchase(amount=side.price)
    side.sandbox.faults(**({"token_expired": expired} if step == "create" else {}))
    payment = begin(purchase, client, side.provider)
    side.press(payment.provider_ref, "pay")
    side.sandbox.faults(**({"token_expired": expired} if step == "fetch" else {}))
    ask(payment)
    side.sandbox.faults(**({"token_expired": expired} if step == "refund" else {}))
    refund(payment, 1000)
    for _ in range(3):
        run_all()
        noon.shift(LATER)
        make_due(Refund)

    assert (Payment.objects.get().status, Refund.objects.get().status) == ("succeeded", "succeeded")
    assert (side.charges(), side.refunds(), side.tokens()) == (1, 1, 2)
