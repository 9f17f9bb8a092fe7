"""What every adapter promises, whatever its provider is like. A new one adds its side of the table to SIDES."""

from __future__ import annotations

import contextlib
import datetime as dt
import uuid

import pytest
import stripe as stripe_sdk

from common import clock
from common.money import Currency, Money
from payments.gateways import ADAPTERS, gateway_of
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

PRICE = Money(12_345, Currency.INR)
WORDS = {
    "lost_reply": Unknown,
    "truncated_json": Unknown,
    "error_5xx": Unknown,
    "html_body": Unknown,
    "lost_request": Unknown,
    "rate_limit": TryLater,
}


class StripeSide:
    """What a payer and a tester can do at Stripe's stand-in."""

    channel = "stripe"

    def __init__(self, stripe):
        self._stripe = stripe
        self.sandbox = stripe.sandbox

    def pay(self, charge):
        url = f"{self.sandbox.url}/stripe/pay/{charge.provider_ref}"
        assert self._stripe._http.request("POST", url, body=b"outcome=pay", redirect=False).status == 303

    def charges(self):
        return len(self._stripe.books()["sessions"])

    def refunds(self):
        return len(self._stripe.books()["refunds"])


SIDES = {Provider.STRIPE: StripeSide}


@pytest.fixture(params=sorted(SIDES))
def side(request, stripe):
    made = SIDES[request.param](stripe)
    made.gateway = gateway_of(request.param)
    return made


def charge_with(ref="", **values):
    now = clock.now()
    wish = {
        "id": uuid.uuid4(),
        "amount": PRICE,
        "description": "Blood order",
        "return_url": "https://app.jeevansetu.example/paid",
        "created_at": now,
        "expires_at": now + dt.timedelta(minutes=30),
        "provider_ref": ref,
    }
    return Charge(**{**wish, **values})


def opened(side, **values):
    charge = charge_with(**values)
    return charge_with(**{**values, "id": charge.id}, ref=side.gateway.create(charge, again=False).provider_ref)


def paid(side):
    charge = opened(side)
    side.pay(charge)
    found = side.gateway.fetch(charge)
    return charge_with(ref=charge.provider_ref, id=charge.id, payment_ref=found.payment_ref)


def repayment_of(charge, minor=1000, ref=""):
    return Repayment(
        id=uuid.UUID(int=7), charge=charge, amount=Money(minor, Currency.INR), reason="Because.", provider_ref=ref
    )


def test_every_provider_but_the_hand_has_a_side_here():
    assert set(ADAPTERS) - {Provider.OFFLINE} == set(SIDES)


def test_what_is_created_is_open_until_it_is_paid(side):
    charge = opened(side)
    before = side.gateway.fetch(charge).state
    side.pay(charge)

    found = side.gateway.fetch(charge)

    assert (before, found.state, found.received) == (ChargeState.OPEN, ChargeState.PAID, PRICE)
    assert found.payment_ref


def test_creating_twice_makes_one(side):
    charge = charge_with()

    first, again = side.gateway.create(charge, again=False), side.gateway.create(charge, again=True)

    assert first == again
    assert side.charges() == 1


@pytest.mark.parametrize("fault", WORDS)
def test_a_call_without_an_answer_says_what_is_known_and_may_be_repeated(side, fault):
    charge = charge_with()
    side.sandbox.faults(**{fault: {"times": 1, "channel": side.channel}})

    with pytest.raises(WORDS[fault]):
        side.gateway.create(charge, again=False)
    side.gateway.create(charge, again=True)

    assert side.charges() == 1


@pytest.mark.parametrize("fault", WORDS)
def test_a_question_without_an_answer_is_no_state(side, fault):
    charge = opened(side)
    side.sandbox.faults(**{fault: {"times": 1, "channel": side.channel, "on": "look_up"}})

    with pytest.raises(NotDone):
        side.gateway.fetch(charge)
    assert side.gateway.fetch(charge).state is ChargeState.OPEN


def test_what_is_cancelled_takes_no_money(side):
    charge = opened(side)

    assert side.gateway.cancel(charge).state is ChargeState.CANCELLED
    assert side.gateway.cancel(charge).state is ChargeState.CANCELLED
    assert side.gateway.fetch(charge).state is ChargeState.CANCELLED


def test_what_is_paid_cannot_be_cancelled(side):
    assert side.gateway.cancel(paid(side)).state is ChargeState.PAID


@pytest.mark.parametrize("fault", [*WORDS, None])
def test_money_goes_back_once_however_often_it_is_asked_for(side, fault):
    charge = paid(side)
    side.sandbox.faults(**({fault: {"times": 1, "channel": side.channel, "only_to": "refund"}} if fault else {}))
    back = repayment_of(charge)
    with contextlib.suppress(NotDone):
        side.gateway.refund(back)

    moved = side.gateway.fetch_refund(back)
    again = side.gateway.refund(back)

    assert (moved.state, moved.amount) == (TransferState.SUCCEEDED, back.amount)
    assert moved.provider_ref == again.provider_ref
    assert side.refunds() == 1


def test_more_than_came_is_refused(side):
    with pytest.raises(Refused):
        side.gateway.refund(repayment_of(paid(side), PRICE.minor + 1))


def test_what_the_provider_does_not_know_is_refused(side):
    with pytest.raises(NotDone):
        side.gateway.fetch(charge_with(ref="cs_test_unknown"))


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

    monkeypatch.setattr("payments.gateways.stripe_api._client", fail)

    with pytest.raises(wanted):
        StripeGateway().create(charge_with(), again=False)
