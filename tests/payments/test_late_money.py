"""Money that comes when nobody waits for it any more is kept apart, offered to its owner, and goes back."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from common.db import unit_of_work
from common.money import Currency, Money
from payments.errors import PurchaseClosed, PurchasePaid
from payments.gateways.base import ChargeState, Found
from payments.models import Invoice, Payment, Refund
from payments.services import purchasing, settling
from tests.conftest import NOON
from tests.payments.scenes import PRICE, ask, begin, close, events, make_purchase, paid, run_all, totals

pytestmark = pytest.mark.django_db


def late(stripe):
    """A payment that was made just before its purchase was closed, and heard of afterwards."""
    purchase, client = make_purchase()
    payment = begin(purchase, client)
    stripe.press(payment)
    close(purchase)
    ask(payment)
    return purchase, payment


def accept(payment):
    with unit_of_work():
        return purchasing.accept_late(payment_id=payment.pk)


def test_late_money_succeeds_apart_and_its_owner_hears(stripe):
    purchase, payment = late(stripe)

    assert (payment.status, payment.is_late, payment.is_applied) == ("succeeded", True, False)
    assert [event["late"] for event in events("payment.succeeded")] == [True]
    assert totals() == {"gateway": PRICE, "suspense": -PRICE}
    assert Invoice.objects.count() == 0


def test_money_after_the_purchases_own_time_is_late_though_nobody_has_closed_it(stripe):
    purchase, client = make_purchase(closes_at=NOON + dt.timedelta(minutes=10))
    payment = begin(purchase, client)
    stripe.press(payment)

    with time_machine.travel(NOON + dt.timedelta(minutes=11)):
        ask(payment)
        accept(payment)

    payment.refresh_from_db()
    assert (payment.status, payment.is_late, payment.is_applied) == ("succeeded", True, True)


def test_nobody_wants_it_and_it_goes_back(stripe):
    _, payment = late(stripe)

    run_all()
    early = Refund.objects.count()
    with time_machine.travel(NOON + settling.LATE_GRACE + dt.timedelta(seconds=5)):
        run_all()
        run_all()

    assert early == 0
    assert Refund.objects.get().status == "succeeded"
    assert stripe.captured() == {str(payment.pk): 0}
    assert totals() == {}


def test_its_owner_accepts_it(stripe):
    purchase, payment = late(stripe)

    accept(payment)
    with time_machine.travel(NOON + dt.timedelta(hours=1)):
        run_all()

    payment.refresh_from_db()
    purchase.refresh_from_db()
    assert (payment.is_applied, purchase.status) == (True, "paid")
    assert Refund.objects.count() == 0
    assert totals() == {"gateway": PRICE, "payable": -PRICE}
    assert Invoice.objects.count() == 1


def test_what_is_going_back_cannot_be_accepted(stripe):
    _, payment = late(stripe)
    with time_machine.travel(NOON + dt.timedelta(hours=1)):
        run_all()

    with pytest.raises(PurchaseClosed):
        accept(payment)


def test_money_for_what_is_paid_goes_back_at_once(stripe):
    purchase, _ = paid(stripe)
    second = Payment.objects.create(
        purchase=purchase,
        provider="stripe",
        status="pending",
        amount_minor=PRICE,
        currency="INR",
        expires_at=NOON,
        provider_ref="cs_other",
    )

    paid_too = Found(state=ChargeState.PAID, received=Money(PRICE, Currency.INR), payment_ref="pi_other")
    settling.settle(payment_id=second.pk, found=paid_too)
    second.refresh_from_db()

    assert (second.is_late, second.is_applied) == (True, False)
    assert second.refund_due_at <= NOON + dt.timedelta(minutes=1)
    with pytest.raises(PurchasePaid):
        accept(second)


def test_a_failure_is_no_last_word_when_the_provider_takes_money_after_all(stripe):
    purchase, client = make_purchase()
    payment = begin(purchase, client)
    Payment.objects.update(status="failed", failure="card_declined", ended_at=NOON)
    stripe.press(payment)

    ask(payment)

    assert (payment.status, payment.is_late) == ("succeeded", False)
