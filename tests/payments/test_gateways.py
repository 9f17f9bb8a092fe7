"""What every adapter promises, whatever its provider is like. A new one adds its side to tests/payments/sides.py."""

from __future__ import annotations

import contextlib
import datetime as dt
import uuid

import pytest
import stripe as stripe_sdk

from common import clock
from common.money import Currency, Money
from payments.gateways import ADAPTERS
from payments.gateways.base import (
    Charge,
    ChargeState,
    NotDone,
    Refused,
    Repayment,
    TransferState,
    TryLater,
    Unknown,
)
from payments.gateways.stripe_api import StripeGateway
from payments.states import Provider
from tests.payments.sides import CANCELLING, KEYED, MANY_CURRENCIES, SIDES, StripeSide

pytestmark = pytest.mark.django_db

LATER = dt.timedelta(minutes=5)
WORDS = {
    "lost_reply": Unknown,
    "truncated_json": Unknown,
    "error_5xx": Unknown,
    "html_body": Unknown,
    "lost_request": Unknown,
    "rate_limit": TryLater,
}


@pytest.fixture(params=sorted(SIDES))
def side(request, sandbox):
    return SIDES[request.param](sandbox)


def charge_with(side, ref="", **values):
    now = clock.now()
    wish = {
        "id": uuid.uuid4(),
        "amount": side.price,
        "description": "Blood order",
        "return_url": "https://app.jeevansetu.example/paid",
        "created_at": now,
        "expires_at": now + dt.timedelta(minutes=30),
        "provider_ref": ref,
    }
    return Charge(**{**wish, **values})


def opened(side, **values):
    charge = charge_with(side, **values)
    return charge_with(side, **{**values, "id": charge.id}, ref=side.gateway.create(charge, again=False).provider_ref)


def paid(side):
    charge = opened(side)
    side.pay(charge)
    found = side.gateway.fetch(charge)
    return charge_with(side, ref=charge.provider_ref, id=charge.id, payment_ref=found.payment_ref)


def repayment_of(charge, minor=1000, ref=""):
    amount = Money(minor, charge.amount.currency)
    return Repayment(id=uuid.UUID(int=7), charge=charge, amount=amount, reason="Because.", provider_ref=ref)


def test_every_provider_but_the_hand_has_a_side_here():
    assert set(ADAPTERS) - {Provider.OFFLINE} == set(SIDES)


def test_what_is_created_is_open_until_it_is_paid(side):
    charge = opened(side)
    before = side.gateway.fetch(charge).state
    side.pay(charge)

    found = side.gateway.fetch(charge)

    assert (before, found.state, found.received) == (ChargeState.OPEN, ChargeState.PAID, side.price)
    assert found.payment_ref


@pytest.mark.parametrize("side", KEYED, indirect=True)
def test_creating_twice_makes_one(side):
    charge = charge_with(side)

    first, again = side.gateway.create(charge, again=False), side.gateway.create(charge, again=True)

    assert first == again
    assert side.charges() == 1


@pytest.mark.parametrize("fault", WORDS)
def test_a_call_without_an_answer_says_what_is_known_and_may_be_repeated(side, fault):
    charge = charge_with(side)
    side.sandbox.faults(**{fault: {"times": 1, "channel": side.channel, "only_to": "checkout"}})

    with pytest.raises(WORDS[fault]):
        side.gateway.create(charge, again=False)
    made = side.gateway.create(charge, again=True)
    charge = charge_with(side, ref=made.provider_ref, id=charge.id)
    side.pay(charge)

    assert side.gateway.fetch(charge).state is ChargeState.PAID
    assert side.captured() == {str(charge.id): side.price.minor}


@pytest.mark.parametrize("side", KEYED, indirect=True)
@pytest.mark.parametrize("fault", WORDS)
def test_a_call_without_an_answer_leaves_one_charge(side, fault):
    charge = charge_with(side)
    side.sandbox.faults(**{fault: {"times": 1, "channel": side.channel, "only_to": "checkout"}})
    with pytest.raises(NotDone):
        side.gateway.create(charge, again=False)

    side.gateway.create(charge, again=True)

    assert side.charges() == 1


@pytest.mark.parametrize("fault", WORDS)
def test_a_question_without_an_answer_is_no_state(side, fault):
    charge = opened(side)
    side.sandbox.faults(**{fault: {"times": 1, "channel": side.channel, "on": "look_up", "only_to": "checkout"}})

    with pytest.raises(NotDone):
        side.gateway.fetch(charge)
    assert side.gateway.fetch(charge).state is ChargeState.OPEN


@pytest.mark.parametrize("side", CANCELLING, indirect=True)
def test_what_is_cancelled_takes_no_money(side):
    charge = opened(side)

    assert side.gateway.cancel(charge).state is ChargeState.CANCELLED
    assert side.gateway.cancel(charge).state is ChargeState.CANCELLED
    assert side.gateway.fetch(charge).state is ChargeState.CANCELLED


def test_another_amount_than_was_asked_for_is_told_as_it_is(side):
    charge = opened(side)
    side.sandbox.faults(wrong_amount={"channel": side.channel})

    side.pay(charge)

    assert side.gateway.fetch(charge).received == Money(side.price.minor - 100, side.price.currency)


@pytest.mark.parametrize("side", MANY_CURRENCIES, indirect=True)
def test_another_currency_than_was_asked_for_is_told_as_it_is(side):
    charge = opened(side)
    side.sandbox.faults(wrong_currency={"channel": side.channel})

    side.pay(charge)

    assert side.gateway.fetch(charge).received == Money(side.price.minor, Currency.USD)


def test_what_is_paid_cannot_be_cancelled(side):
    assert side.gateway.cancel(paid(side)).state is ChargeState.PAID


@pytest.mark.parametrize("fault", [*WORDS, None])
def test_money_goes_back_once_however_often_it_is_asked_for(side, fault, noon):
    charge = paid(side)
    side.sandbox.faults(**({fault: {"times": 1, "channel": side.channel, "only_to": "refund"}} if fault else {}))
    back = repayment_of(charge)
    with contextlib.suppress(NotDone):
        side.gateway.refund(back)
    noon.shift(LATER)
    side.gateway.fetch_refund(back)

    moved = side.gateway.fetch_refund(back)
    again = side.gateway.refund(back)

    assert (moved.state, moved.amount) == (TransferState.SUCCEEDED, back.amount)
    assert moved.provider_ref == again.provider_ref
    assert side.refunds() == 1


def test_more_than_came_is_refused(side):
    with pytest.raises(Refused):
        side.gateway.refund(repayment_of(paid(side), side.price.minor + 1))


def test_what_the_provider_does_not_know_is_refused(side):
    with pytest.raises(NotDone):
        side.gateway.fetch(charge_with(side, ref="unknown"))


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (stripe_sdk.AuthenticationError("x"), TryLater),
        (stripe_sdk.PermissionError("x"), TryLater),
        (stripe_sdk.RateLimitError("x"), TryLater),
        (stripe_sdk.IdempotencyError("x", http_status=409), TryLater),
        (stripe_sdk.IdempotencyError("x", http_status=400), Refused),
        (stripe_sdk.CardError("x", "p", "card_declined"), Refused),
        (stripe_sdk.InvalidRequestError("x", "p"), Refused),
        (stripe_sdk.APIConnectionError("x"), Unknown),
        (stripe_sdk.APIError("x"), Unknown),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_stripes_errors_say_what_is_known(monkeypatch, given, wanted):
    def fail(*_: object) -> None:
        raise given

    monkeypatch.setattr("payments.gateways.stripe_api.client", fail)

    with pytest.raises(wanted):
        StripeGateway().create(charge_with(StripeSide), again=False)
