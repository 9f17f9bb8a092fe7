"""What adapters share under many hands: one token, one decision, one capture."""

from __future__ import annotations

import datetime as dt

import pytest

from common import clock
from payments import errands
from payments.gateways import tokens as gateway_tokens
from payments.gateways.tokens import Granted, Source, token_of
from payments.models import ProviderDecision, ProviderToken
from payments.services import decisions
from payments.states import Decided, Provider
from tests.concurrency.scenes import race_test, unlock, without_constraints
from tests.payments.conftest import sandbox, started  # noqa: F401 - fixtures
from tests.payments.scenes import begin, make_purchase
from tests.payments.sides import BkashSide
from tests.races import meeting, names, race

pytestmark = race_test
MANY = 8


class Account:
    """A provider's account whose tokens are counted."""

    def __init__(self) -> None:
        self.granted: list[str] = []
        self.source = Source(name="test:account", ask=self.ask, renew_at=0.5, most_an_hour=100)

    def ask(self) -> Granted:
        self.granted.append(f"token-{len(self.granted)}")
        return Granted(self.granted[-1], dt.timedelta(hours=1))


@pytest.fixture
def account(monkeypatch):
    monkeypatch.setattr(gateway_tokens, "BETWEEN", 0.02)
    return Account()


def test_many_callers_without_a_token_ask_for_one(account):
    found = race(*[lambda: token_of(account.source) for _ in range(MANY)])

    assert set(found) == {"token-0"}
    assert account.granted == ["token-0"]


def test_many_callers_whose_token_was_turned_down_ask_for_one(account):
    old = token_of(account.source)

    found = race(*[lambda: token_of(account.source, refused=old) for _ in range(MANY)])

    assert set(found) == {"token-1"}
    assert len(account.granted) == 2


def test_without_the_lock_they_ask_for_several(account, monkeypatch):
    ProviderToken.objects.create(pk=account.source.name)
    with meeting(3) as wait:
        unlock(monkeypatch, "common.db.lock", after=ProviderToken, wait=wait)

        race(*[lambda: token_of(account.source) for _ in range(3)])

    assert len(account.granted) > 1


def decide(what):
    return lambda: decisions.decide(provider=Provider.BKASH, ref="TR1", decided=what)


def test_of_taking_and_leaving_one_is_decided(db):
    found = race(*[decide(what) for what in (Decided.TAKE, Decided.LEAVE) * 4])

    assert len({one.decided for one in found}) == 1
    assert sum(one.is_mine for one in found) == 1


def test_without_the_constraint_both_would_be_decided(monkeypatch):
    with without_constraints((ProviderDecision, "provider_decision_once")), meeting(2) as wait:
        real = ProviderDecision.objects.get_queryset().__class__.get

        def get(self, *args, **values):
            try:
                return real(self, *args, **values)
            finally:
                wait()

        monkeypatch.setattr(ProviderDecision.objects.get_queryset().__class__, "get", get)

        race(decide(Decided.TAKE), decide(Decided.LEAVE))

        assert ProviderDecision.objects.count() == 2


def test_a_name_of_the_providers_belongs_to_one_refund():
    for ref in ("a", "b"):
        decisions.decide(provider=Provider.BKASH, ref=ref, decided=Decided.REFUND, about="TR1")

    found = race(
        *[
            lambda ref=ref: decisions.name(provider=Provider.BKASH, ref=ref, candidates=["T1", "T2"])
            for ref in ("a", "b")
        ]
    )

    assert sorted(found) == ["T1", "T2"]


def test_of_those_who_saw_a_decision_come_to_nothing_one_goes_on():
    seen = decisions.decide(provider=Provider.BKASH, ref="a", decided=Decided.REFUND)

    found = race(
        *[lambda: decisions.decide_again(provider=Provider.BKASH, ref="a", seen_at=seen.at) for _ in range(MANY)]
    )

    assert found.count(True) == 1
    assert names(found) == ["bool"] * MANY


def agreed(side):
    purchase, client = make_purchase(amount=side.price)
    payment = begin(purchase, client, side.provider)
    side.press(payment.provider_ref, "pay")
    return payment


def test_workers_who_ask_at_once_have_bkash_take_the_money_once(sandbox):  # noqa: F811
    side = BkashSide(sandbox)
    payment = agreed(side)

    race(*[lambda: errands.ask(payment.pk) for _ in range(4)])
    errands.ask(payment.pk)

    payment.refresh_from_db()
    assert (payment.status, side.executed()) == ("succeeded", 1)
    assert side.captured() == {str(payment.pk): side.price.minor}


def test_without_the_decision_bkash_is_told_more_than_once(sandbox, monkeypatch):  # noqa: F811
    side = BkashSide(sandbox)
    payment = agreed(side)
    with meeting(2) as wait:

        def everybody(*, decided, **_):
            wait()
            return decisions.Decision(decided, clock.now(), is_mine=True)

        monkeypatch.setattr(decisions, "decide", everybody)

        race(*[lambda: errands.ask(payment.pk) for _ in range(2)])

    assert side.executed() == 2
