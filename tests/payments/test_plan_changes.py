"""From one plan to another: nobody pays for the same day twice, and nothing is lost or made by rounding."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st

from payments.models import Charge, Invoice, Payment
from payments.proration import Stretch, change, tax_within
from tests.conftest import NOON
from tests.payments.plan_scenes import (
    BASIC,
    ENTERPRISE,
    PREMIUM,
    balance,
    begin,
    coupon,
    days,
    give_credits,
    new_price,
    pay,
    run_jobs,
    somebody,
    subscriber,
)
from tests.payments.scenes import refund, totals

pytestmark = pytest.mark.django_db
END = NOON + days(31)


def at(moment):
    return time_machine.travel(moment, tick=False)


def test_an_upgrade_costs_the_difference_for_what_is_left_and_is_in_force_when_paid():
    who = subscriber()

    with at(who.row().starts_at + days(15.5)):
        quote = who.get("/change", plan="premium").json()
        asked = who.post("/change", plan="premium").json()
        pay(who)
        found = who.now()

    assert (quote["now"], quote["price"], quote["unused"], quote["due"]) == (True, 24_950, 9_950, 15_000)
    assert (asked["plan"], asked["charge"]["due"]["amount"]) == ("basic", 15_000)
    assert (found["plan"], found["charge"], found["quotas"][0]["limit"]) == ("premium", None, 30)
    assert found["ends_at"].startswith("2030-06-01T06:30")
    assert totals() == {"gateway": BASIC + 15_000, "revenue": -BASIC - 15_000}
    assert Invoice.objects.count() == 2


def test_two_upgrades_pay_each_day_once():
    who = subscriber()
    start = who.row().starts_at

    with at(start + days(10)):
        who.post("/change", plan="premium")
        pay(who)
    with at(start + days(20)):
        who.post("/change", plan="enterprise")
        pay(who)

    paid = sum(Charge.objects.values_list("due_minor", flat=True))
    expected = (BASIC * 10 + PREMIUM * 10 + ENTERPRISE * 11) / 31
    assert abs(paid - expected) <= 2
    assert totals() == {"gateway": paid, "revenue": -paid}


def test_the_next_renewal_is_the_new_plans():
    who = subscriber()
    with at(who.row().starts_at + days(10)):
        who.post("/change", plan="premium")
        pay(who)

    with time_machine.travel(END + days(1), tick=True):
        run_jobs()

    assert (who.charge().kind, who.charge().price_minor) == ("renewal", PREMIUM)


def test_an_upgrade_that_is_never_paid_changes_nothing():
    who = subscriber()
    who.post("/change", plan="premium")

    with time_machine.travel(NOON + days(0.1), tick=True):
        run_jobs()
        found = who.now()
        again = who.post("/change", plan="premium")

    assert (found["plan"], found["charge"], found["status"]) == ("basic", None, "active")
    assert again.status_code == 200


def test_a_downgrade_comes_with_the_next_period_and_costs_nothing_now():
    who = subscriber("premium")

    reply = who.post("/change", plan="basic").json()
    with time_machine.travel(END + days(1), tick=True):
        before = who.now()["plan"]
        run_jobs()
        pay(who)
        after = who.now()

    assert (reply["plan"], reply["next_plan"], reply["charge"]) == ("premium", "basic", None)
    assert before == "premium"
    assert (after["plan"], after["next_plan"]) == ("basic", None)
    assert who.charge().due_minor == BASIC


def test_a_downgrade_is_taken_back_by_choosing_the_present_plan():
    who = subscriber("premium")
    who.post("/change", plan="basic")

    reply = who.post("/change", plan="premium")

    assert (reply.status_code, reply.json()["next_plan"]) == (200, None)


def test_what_a_lower_price_leaves_of_what_was_paid_becomes_credits():
    who = subscriber("premium")
    new_price("enterprise", 10_000)

    with at(who.row().starts_at + days(15.5)):
        who.post("/change", plan="enterprise")
        found = who.now()

    assert (found["plan"], found["charge"]) == ("enterprise", None)
    assert balance(who) == 24_950 - 5_000
    assert totals() == {"gateway": PREMIUM, "revenue": -PREMIUM + 19_950, "credit": -19_950}


def test_what_a_coupon_paid_is_not_worth_money_at_a_change():
    coupon(percent=100)
    who = subscriber(coupon="MONSOON")

    with at(who.row().starts_at + days(15.5)):
        quote = who.get("/change", plan="premium").json()

    assert (quote["unused"], quote["due"]) == (0, 24_950)


def test_what_went_back_is_not_worth_money_at_a_change():
    who = subscriber()
    refund(Payment.objects.get(), BASIC // 2)

    with at(who.row().starts_at + days(15.5)):
        quote = who.get("/change", plan="premium").json()

    assert quote["unused"] == 4_975


def test_credits_pay_an_upgrade_at_once():
    who = subscriber()
    give_credits(who, 40_000)

    with at(who.row().starts_at + days(15.5)):
        found = who.post("/change", plan="premium").json()

    assert (found["plan"], balance(who)) == ("premium", 25_000)


def test_a_plan_of_longer_periods_begins_one_now():
    new_price("premium", 500_000, months=12)
    who = subscriber()

    with at(who.row().starts_at + days(15.5)):
        who.post("/change", plan="premium")
        pay(who)
        found = who.now()

    assert who.charge().due_minor == 500_000 - 9_950
    assert found["ends_at"].startswith("2031-05-16")


@pytest.mark.parametrize(
    ("plan", "status", "code"),
    [("basic", 409, "plan_unchanged"), ("free", 400, "plan_unknown"), ("gold", 400, "plan_unknown")],
)
def test_what_is_no_change_is_refused(plan, status, code):
    who = subscriber()

    replies = [who.post("/change", plan=plan), who.get("/change", plan=plan)]

    assert [(reply.status_code, reply.json()["code"]) for reply in replies] == [(status, code)] * 2


def test_nothing_changes_while_something_waits_to_be_paid():
    who = subscriber()
    who.post("/change", plan="premium")

    second = who.post("/change", plan="enterprise")
    with time_machine.travel(END + days(1), tick=True):
        run_jobs()
        run_jobs()
        unpaid = who.post("/change", plan="premium")

    assert (second.status_code, second.json()["code"]) == (409, "charge_open")
    assert (unpaid.status_code, unpaid.json()["code"]) == (409, "subscription_unpaid")


def test_who_has_cancelled_resumes_before_changing():
    who = subscriber()
    who.post("/cancel")

    reply = who.post("/change", plan="premium")

    assert (reply.status_code, reply.json()["code"]) == (409, "subscription_ending")


def test_who_has_nothing_changes_nothing():
    who = somebody()

    replies = [who.post("/change", plan="basic"), who.get("/change", plan="basic")]

    assert {reply.json()["code"] for reply in replies} == {"not_subscribed"}


def test_cancelling_gives_up_an_upgrade_that_waits():
    who = subscriber()
    who.post("/change", plan="premium")
    payment = begin(who)

    found = who.post("/cancel").json()

    payment.refresh_from_db()
    assert (found["plan"], found["charge"], found["cancels_at_end"]) == ("basic", None, True)
    assert payment.is_cancel_wanted


MOMENTS = st.integers(0, 31 * 86_400 * 10**6).map(lambda number: NOON + dt.timedelta(microseconds=number))
PRICES = st.integers(0, 10_000_000)


@given(minor=PRICES, moments=st.lists(MOMENTS, min_size=1, max_size=6))
def test_no_part_is_ever_more_than_the_whole_and_later_is_never_more(minor, moments):
    whole = Stretch(NOON, END, minor)

    parts = [whole.from_(moment) for moment in sorted(moments)]

    assert all(0 <= part <= minor for part in parts)
    assert parts == sorted(parts, reverse=True)
    assert (whole.from_(NOON), whole.from_(END)) == (minor, 0)


@settings(max_examples=200)
@given(first=PRICES, chain=st.lists(st.tuples(PRICES, MOMENTS), max_size=6))
def test_whatever_is_changed_to_whatever_money_in_is_time_used_and_time_left(first, chain):
    """What was paid is what the days cost, plus what is unused, plus what became credits."""
    running, paid, used, left = Stretch(NOON, END, first), first, 0, 0
    for price, moment in sorted(chain, key=lambda pair: pair[1]):
        step = change(paid=running, wanted=Stretch(NOON, END, price), at=moment)
        unused = running.from_(moment)

        assert step.due >= 0
        assert 0 <= step.unused <= running.minor
        assert step.unused + step.left == unused
        used += running.minor - unused
        paid, left = paid + step.due, left + step.left
        running = Stretch(moment, END, step.price)
        assert paid == used + running.minor + left


@given(minor=PRICES, points=st.integers(0, 10_000))
def test_tax_is_within_the_price_and_right_to_the_half_unit(minor, points):
    tax = tax_within(minor, points)

    assert 0 <= tax <= minor
    assert abs(tax * (10_000 + points) - minor * points) * 2 <= 10_000 + points
