"""Plans under many hands: one use of a coupon, credits spent once, one charge for one period, no quota exceeded."""

from __future__ import annotations

import uuid

import pytest
import time_machine

from common.db import unit_of_work
from common.money import Currency
from payments.models import (
    Charge,
    Coupon,
    CreditMove,
    QuotaCounter,
    Referral,
    Subscription,
    Wallet,
)
from payments.services import changing, quotas, reductions, referring, renewing, subscribing
from payments.states import QuotaKind
from tests.concurrency.scenes import race_test, unlock, without_constraints
from tests.conftest import NOON
from tests.payments.plan_scenes import (
    BASIC,
    arrive,
    balance,
    begin,
    coupon,
    days,
    give_credits,
    run_jobs,
    somebody,
    subscriber,
)
from tests.payments.scenes import events, totals
from tests.races import meeting, names, race

pytestmark = [race_test, pytest.mark.usefixtures("unthrottled")]


def subscribe(who, **values):
    return lambda: subscribing.subscribe(user_id=who.user.pk, plan="basic", **values)


def spend(who, minor, key=None):
    def act():
        with unit_of_work():
            wallet = reductions.hold_wallet(who.user.pk, Currency.INR)
            reductions.spend(wallet, reference=key or str(uuid.uuid4()), minor=minor)

    return act


def take(who, reference=None):
    def act():
        with unit_of_work():
            quotas.take_quota(user_id=who.user.pk, kind=QuotaKind.APPOINTMENTS, reference=reference or uuid.uuid4())

    return act


def change(who, plan="premium"):
    return lambda: changing.change_plan(user_id=who.user.pk, plan=plan)


def test_a_coupon_of_one_use_wanted_by_twenty_is_used_once():
    coupon(max_uses=1)
    people = [somebody() for _ in range(20)]

    outcomes = race(*[subscribe(who, coupon="MONSOON") for who in people])

    assert names(outcomes) == ["CouponUsedUp"] * 19 + ["Subscription"]
    assert Coupon.objects.get().used == 1
    assert Charge.objects.filter(discount_minor__gt=0).count() == 1


def test_the_check_alone_keeps_a_coupon_to_its_uses(monkeypatch):
    coupon(max_uses=1)
    people = [somebody() for _ in range(4)]
    with meeting(4) as wait:
        unlock(monkeypatch, "payments.services.reductions.lock", after=Coupon, wait=wait)

        outcomes = race(*[subscribe(who, coupon="MONSOON") for who in people])

    assert names(outcomes) == ["CouponUsedUp"] * 3 + ["Subscription"]


def test_without_lock_and_check_a_coupon_is_used_too_often(monkeypatch):
    coupon(max_uses=1)
    people = [somebody() for _ in range(3)]
    with without_constraints((Coupon, "coupon_within_limit")), meeting(3) as wait:
        unlock(monkeypatch, "payments.services.reductions.lock", after=Coupon, wait=wait)

        race(*[subscribe(who, coupon="MONSOON") for who in people])

        assert Coupon.objects.get().used == 3


def test_ten_taps_are_one_subscription():
    who = somebody()

    outcomes = race(*[subscribe(who) for _ in range(10)])

    assert names(outcomes) == ["Subscription"] + ["SubscriptionExists"] * 9
    assert Charge.objects.count() == 1


def test_without_the_constraint_two_taps_are_two_subscriptions(monkeypatch):
    who = somebody()
    with without_constraints((Subscription, "one_subscription_per_person")), meeting(2) as wait:
        unlock(monkeypatch, "common.db.lock", after=Wallet, wait=wait)

        race(*[subscribe(who) for _ in range(2)])

        assert Subscription.objects.count() == 2


def test_the_same_credits_are_spent_once():
    who = somebody()
    give_credits(who, 100)

    outcomes = race(*[spend(who, 100) for _ in range(6)])

    assert names(outcomes) == ["CreditShort"] * 5 + ["NoneType"]
    assert balance(who) == 0
    assert totals() == {"discount": 100, "suspense": -100}


def test_the_check_alone_keeps_credits_from_being_spent_twice(monkeypatch):
    who = somebody()
    give_credits(who, 100)
    with meeting(2) as wait:
        unlock(monkeypatch, "common.db.lock", after=Wallet, wait=wait)

        outcomes = race(*[spend(who, 100) for _ in range(2)])

    assert names(outcomes) == ["CreditShort", "NoneType"]


def test_without_lock_and_check_credits_are_spent_twice(monkeypatch):
    who = somebody()
    give_credits(who, 100)
    with without_constraints((Wallet, "wallet_not_below_zero")), meeting(2) as wait:
        unlock(monkeypatch, "common.db.lock", after=Wallet, wait=wait)

        race(*[spend(who, 100) for _ in range(2)])

        assert Wallet.objects.get().balance_minor == -100


def test_two_upgrades_at_once_are_one_charge():
    who = subscriber()

    outcomes = race(change(who), change(who, "enterprise"), change(who), change(who, "enterprise"))

    assert names(outcomes) == ["ChargeOpen"] * 3 + ["Subscription"]
    assert Charge.objects.filter(kind="change").count() == 1


def test_upgrades_that_credits_pay_at_once_pay_once():
    who = subscriber()
    give_credits(who, 500_000)

    outcomes = race(*[change(who) for _ in range(4)])

    paid = Charge.objects.get(kind="change")
    assert names(outcomes) == ["PlanUnchanged"] * 3 + ["Subscription"]
    assert balance(who) == 500_000 - paid.credit_minor


def test_the_constraint_alone_keeps_two_upgrades_to_one(monkeypatch):
    who = subscriber()
    with meeting(2) as wait:
        unlock(monkeypatch, "common.db.lock", after=Subscription, wait=wait)

        outcomes = race(change(who), change(who, "enterprise"))

    assert names(outcomes) == ["ChargeOpen", "Subscription"]


def test_without_lock_and_constraint_two_upgrades_are_two_charges(monkeypatch):
    who = subscriber()
    with without_constraints((Charge, "one_open_charge_per_subscription")), meeting(2) as wait:
        unlock(monkeypatch, "common.db.lock", after=Subscription, wait=wait)

        race(change(who), change(who, "enterprise"))

        assert Charge.objects.filter(kind="change").count() == 2


def renew(who):
    row = who.row()
    return lambda: renewing.move_on(subscription_id=row.pk)


def test_a_renewal_run_by_many_is_one_charge():
    who = subscriber()

    with time_machine.travel(NOON + days(32), tick=True):
        outcomes = race(*[renew(who) for _ in range(6)])

    assert sorted(outcomes) == [False] * 5 + [True]
    assert Charge.objects.filter(kind="renewal").count() == 1
    assert len(events("subscription.payment_due")) == 1


def test_the_constraints_alone_keep_a_period_to_one_renewal(monkeypatch):
    who = subscriber()
    with time_machine.travel(NOON + days(32), tick=True), meeting(2) as wait:
        unlock(monkeypatch, "common.db.lock", after=Subscription, wait=wait)

        race(renew(who), renew(who))

    assert Charge.objects.filter(kind="renewal").count() == 1


def test_without_lock_and_constraints_a_renewal_run_twice_charges_twice(monkeypatch):
    who = subscriber()
    rules = (Charge, "one_open_charge_per_subscription"), (Charge, "one_renewal_per_period")
    with time_machine.travel(NOON + days(32), tick=True), without_constraints(*rules), meeting(2) as wait:
        unlock(monkeypatch, "common.db.lock", after=Subscription, wait=wait)

        race(renew(who), renew(who))

        assert Charge.objects.filter(kind="renewal").count() == 2


@pytest.mark.parametrize("attempt", range(3))
def test_paying_while_the_grace_ends_is_a_period_or_money_back(attempt):
    who = subscriber()
    with time_machine.travel(NOON + days(32), tick=True):
        run_jobs()
        payment = begin(who)

    with time_machine.travel(who.charge().closes_at, tick=True):
        race(lambda: arrive(payment), renew(who))
        run_jobs()
        run_jobs()

    payment.refresh_from_db()
    charge, row = who.charge(), who.row()
    kept = (charge.status, row.status, payment.refund_due_at is None and payment.refunded_minor == 0)
    assert kept in {("paid", "active", True), ("lapsed", "ended", False)}


def test_cancelling_while_the_money_comes_keeps_the_plan_or_gives_the_money_back():
    who = somebody()
    who.post(plan="basic")
    payment = begin(who)

    race(lambda: arrive(payment), lambda: subscribing.cancel(user_id=who.user.pk))
    run_jobs()

    payment.refresh_from_db()
    charge = who.charge()
    went_back = payment.refunded_minor == BASIC or payment.refund_due_at is not None
    assert went_back is (charge.status == "lapsed")


def test_bookings_at_once_never_exceed_the_quota():
    who = somebody()

    outcomes = race(*[take(who) for _ in range(20)])

    assert names(outcomes) == ["NoneType"] * 2 + ["QuotaExceeded"] * 18
    assert QuotaCounter.objects.get().used == 2


def test_the_same_booking_at_once_takes_once():
    who, reference = somebody(), uuid.uuid4()

    outcomes = race(*[take(who, reference) for _ in range(5)])

    assert names(outcomes) == ["NoneType"] * 5
    assert QuotaCounter.objects.get().used == 1


def test_without_the_lock_bookings_exceed_the_quota(monkeypatch):
    who = somebody()
    take(who)()
    with meeting(3) as wait:
        unlock(monkeypatch, "common.db.lock", after=QuotaCounter, wait=wait)

        race(*[take(who) for _ in range(3)])

    assert QuotaCounter.objects.get().used == 4


def test_a_friends_code_used_twice_at_once_welcomes_once():
    with time_machine.travel(NOON - days(5), tick=True):
        friend = somebody()
    code, who = referring.own_code(user_id=friend.user.pk), somebody()

    outcomes = race(*[lambda: referring.redeem(user_id=who.user.pk, code=code) for _ in range(5)])

    assert names(outcomes) == ["ReferralUsed"] * 4 + ["Wallet"]
    assert (Referral.objects.count(), balance(who)) == (1, referring.WELCOME.minor)


def test_the_code_for_friends_is_made_once():
    who = somebody()

    codes = race(*[lambda: referring.own_code(user_id=who.user.pk) for _ in range(5)])

    assert len(set(codes)) == 1


def test_moves_add_up_to_the_wallet_whatever_happens_at_once():
    who = somebody()
    give_credits(who, 1_000)

    race(*[spend(who, 150) for _ in range(5)], *[lambda: give_credits(who, 70) for _ in range(5)])

    moves = sum(CreditMove.objects.values_list("amount_minor", flat=True))
    assert balance(who) == moves == -totals()["credit"] == 600
