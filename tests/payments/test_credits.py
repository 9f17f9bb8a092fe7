"""Credits: earned by friends, spent once, and always what the ledger says."""

from __future__ import annotations

import pytest
import time_machine
from django.db import IntegrityError, transaction

from common.db import unit_of_work
from common.money import Currency, Money
from common.outbox import drain
from notifications.models import Notification
from payments.errors import CreditShort
from payments.models import CreditMove, Referral, Wallet
from payments.services import reductions, referring
from tests.conftest import NOON
from tests.payments.plan_scenes import BASIC, balance, days, give_credits, pay, run_jobs, somebody, subscriber
from tests.payments.scenes import totals

pytestmark = pytest.mark.django_db
CREDITS, FRIENDS = "/api/v1/me/credits", "/api/v1/me/referrals"
WELCOME, REWARD = referring.WELCOME.minor, referring.REWARD.minor


def code_of(who):
    return who.app.post(FRIENDS, {}, format="json").json()["code"]


def redeem(who, code):
    return who.app.post(f"{FRIENDS}/redeem", {"code": code}, format="json")


@pytest.fixture
def two():
    with time_machine.travel(NOON - days(5), tick=True):
        older = somebody()
    return older, somebody()


def test_credits_are_taken_off_what_is_due():
    who = somebody()
    give_credits(who, 5_000)

    who.post(plan="basic")
    held = balance(who)
    pay(who)

    assert (who.charge().credit_minor, who.charge().due_minor) == (5_000, BASIC - 5_000)
    assert (held, balance(who)) == (0, 0)
    assert totals() == {"gateway": BASIC - 5_000, "discount": 5_000, "revenue": -BASIC}


def test_credits_beyond_the_price_stay():
    who = somebody()
    give_credits(who, BASIC + 1)

    reply = who.post(plan="basic").json()

    assert (reply["plan"], reply["charge"], balance(who)) == ("basic", None, 1)


def test_who_keeps_credits_pays_the_whole_price():
    who = somebody()
    give_credits(who, 5_000)

    who.post(plan="basic", use_credits=False)

    assert (who.charge().due_minor, balance(who)) == (BASIC, 5_000)


def test_credits_come_back_when_the_plan_is_never_paid():
    who = somebody()
    give_credits(who, 5_000)
    who.post(plan="basic")

    with time_machine.travel(NOON + days(0.1), tick=True):
        run_jobs()

    assert balance(who) == 5_000
    assert totals() == {"discount": 5_000, "credit": -5_000}
    assert [row.reason for row in CreditMove.objects.order_by("pk")] == ["granted", "spent", "returned"]


def test_nobody_spends_more_than_there_is():
    who = somebody()
    give_credits(who, 100)

    with pytest.raises(CreditShort), unit_of_work():
        wallet = reductions.hold_wallet(who.user.pk, Currency.INR)
        reductions.spend(wallet, reference="x", minor=101)

    assert balance(who) == 100


def test_the_database_keeps_a_wallet_above_zero_and_its_moves_as_they_were():
    who = somebody()
    give_credits(who, 100)

    with pytest.raises(IntegrityError, match="wallet_not_below_zero"), transaction.atomic():
        Wallet.objects.update(balance_minor=-1)
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        CreditMove.objects.update(amount_minor=1)


def test_the_same_present_sent_twice_is_one():
    who = somebody()

    for _ in range(2):
        referring.grant_credit(user_id=who.user.pk, amount=Money(100, Currency.INR), words="For patience")

    assert balance(who) == 100


def test_a_person_reads_its_own_credits_and_nobody_elses():
    who, other = somebody(), somebody()
    give_credits(who, 700)
    give_credits(other, 300)

    sums = who.app.get(CREDITS).json()
    moves = who.app.get(f"{CREDITS}/moves").json()["results"]

    assert sums == {"balances": [{"currency": "INR", "balance": 700}]}
    assert [(row["reason"], row["amount"]) for row in moves] == [("granted", 700)]


def test_many_moves_are_read_with_as_many_queries_as_one(django_assert_max_num_queries):
    who = somebody()
    for _ in range(20):
        give_credits(who, 100)
    app = who.app

    with django_assert_max_num_queries(4):
        rows = app.get(f"{CREDITS}/moves").json()["results"]

    assert len(rows) == 20


def test_a_code_for_friends_is_made_once(two):
    older, _ = two
    before = older.app.get(FRIENDS).json()

    codes = {code_of(older) for _ in range(3)}

    assert before == {"code": "", "friends": 0, "rewarded": 0}
    assert len(codes) == 1


def test_a_friend_is_welcomed_at_once_and_the_other_rewarded_when_it_has_paid(two):
    older, newer = two

    reply = redeem(newer, code_of(older).lower())
    before = balance(older)
    newer.post(plan="basic")
    pay(newer)

    assert reply.json() == {"balances": [{"currency": "INR", "balance": WELCOME}]}
    assert (before, balance(older), balance(newer)) == (0, REWARD, 0)
    assert older.app.get(FRIENDS).json() | {"code": ""} == {"code": "", "friends": 1, "rewarded": 1}


def test_a_friend_is_worth_one_reward_however_often_it_pays(two):
    older, newer = two
    redeem(newer, code_of(older))
    newer.post(plan="basic")
    pay(newer)

    with time_machine.travel(NOON + days(32), tick=True):
        run_jobs()
        pay(newer)

    assert balance(older) == REWARD


def test_a_plan_that_cost_no_money_rewards_nobody(two):
    older, newer = two
    redeem(newer, code_of(older))
    give_credits(newer, BASIC)

    newer.post(plan="basic")
    drain()

    assert (newer.now()["plan"], balance(older)) == ("basic", 0)


def test_a_code_is_used_once(two):
    older, newer = two
    code = code_of(older)

    replies = [redeem(newer, code) for _ in range(2)]

    assert [reply.status_code for reply in replies] == [200, 409]
    assert replies[1].json()["code"] == "referral_used"
    assert balance(newer) == WELCOME


def test_nobody_brings_himself_or_who_came_before(two):
    older, newer = two

    own = redeem(newer, code_of(newer))
    ring = redeem(older, code_of(newer))

    assert [reply.json()["code"] for reply in (own, ring)] == ["referral_own"] * 2
    assert not Referral.objects.exists()


def test_a_code_is_for_new_people(two):
    older, newer = two
    code = code_of(older)

    unknown = redeem(newer, "AAAAAAAA")
    paid = redeem(subscriber(), code)
    with time_machine.travel(NOON + days(31), tick=True):
        late = redeem(newer, code)

    assert [reply.json()["code"] for reply in (late, paid)] == ["referral_too_late"] * 2
    assert (unknown.status_code, unknown.json()["code"]) == (400, "referral_unknown")


def test_friends_end_where_a_trade_begins(two, monkeypatch):
    older, newer = two
    monkeypatch.setattr(referring, "MOST_REWARDS", 0)
    redeem(newer, code_of(older))
    newer.post(plan="basic")

    pay(newer)

    assert (newer.now()["plan"], balance(older)) == ("basic", 0)


def test_who_gets_credits_hears_of_them(two):
    older, newer = two
    redeem(newer, code_of(older))
    drain()

    rows = Notification.objects.filter(kind="credit_granted")

    assert [(row.user_id, "INR 50.00" in row.body) for row in rows] == [(newer.user.pk, True)]
