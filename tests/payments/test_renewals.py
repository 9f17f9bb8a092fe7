"""Time and a subscription: announced, charged, reminded of, ended; true before any job has run."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from common.db import unit_of_work
from common.outbox import drain, emit
from notifications.models import Notification
from payments import plan_selectors
from payments.models import Charge, Invoice, QuotaTake
from payments.proration import add_months
from payments.services import renewing
from tests.conftest import NOON
from tests.payments.plan_scenes import (
    BASIC,
    arrive,
    balance,
    begin,
    days,
    give_credits,
    new_price,
    pay,
    run_jobs,
    somebody,
    subscriber,
    take,
)
from tests.payments.scenes import events, totals

pytestmark = pytest.mark.django_db
END = NOON + days(31)  # of a period that began on the first of May


def at(moment):
    return time_machine.travel(moment, tick=True)


def told(who):
    rows = Notification.objects.filter(user_id=who.user.pk, kind__startswith="plan_").order_by("pk")
    return list(rows.values_list("kind", flat=True))


def test_a_period_that_ends_is_charged_and_the_next_begins_where_it_ended():
    who = subscriber()

    with at(END + days(2)):
        run_jobs()
        asked = who.now()
        pay(who)
        found = who.now()

    assert (asked["in_grace"], asked["plan"], asked["charge"]["kind"]) == (True, "basic", "renewal")
    assert (found["in_grace"], found["charge"]) == (False, None)
    assert found["starts_at"].startswith("2030-06-01T06:30")
    assert found["ends_at"].startswith("2030-07-01T06:30")
    assert Invoice.objects.count() == 2
    assert totals() == {"gateway": 2 * BASIC, "revenue": -2 * BASIC}


def test_a_renewal_run_twice_charges_once():
    who = subscriber()

    with at(END + days(1)):
        for _ in range(3):
            run_jobs()
            renewing.move_on(subscription_id=who.row().pk)

    assert Charge.objects.filter(kind="renewal").count() == 1
    assert len(events("subscription.payment_due")) == 1


def test_a_renewal_takes_the_price_of_its_day():
    who = subscriber()
    new_price("basic", 29_900)

    with at(END + days(1)):
        run_jobs()

    assert who.charge().due_minor == 29_900


def test_a_subscriber_is_told_before_and_asked_three_times_and_then_it_is_over():
    who = subscriber()

    for day in (-4, -2.9, -2, 0.1, 1, 3.1, 4, 6.1, 6.5, 7.1, 8):
        with at(END + days(day)):
            run_jobs()

    assert told(who) == [
        "plan_runs",
        "plan_renewal_near",
        *["plan_payment_due"] * 3,
        "plan_ended",
    ]
    assert (who.row().status, who.row().ended_because) == ("ended", "unpaid")


def test_jobs_that_were_late_ask_once_for_what_they_missed():
    who = subscriber()

    with at(END + days(5)):
        run_jobs()
        run_jobs()

    assert told(who) == ["plan_runs", "plan_payment_due"]


@pytest.mark.parametrize(("day", "plan"), [(-0.1, "basic"), (0.1, "basic"), (6.9, "basic"), (7.1, "free")])
def test_grace_is_over_by_its_time_though_no_job_has_run(day, plan):
    who = subscriber()

    with at(END + days(day)):
        found = who.now()

    assert found["plan"] == plan
    assert (found["status"] == "none") is (plan == "free")


def test_whoever_let_it_lapse_may_subscribe_again_before_the_job_has_run():
    who = subscriber()

    with at(END + days(8)):
        again = who.post(plan="premium")
        run_jobs()
        pay(who)
        found = who.now()

    assert again.status_code == 201
    assert (found["plan"], found["status"]) == ("premium", "active")
    assert found["starts_at"].startswith("2030-06-09")


def test_a_renewal_paid_when_the_grace_is_over_gives_the_money_back():
    who = subscriber()
    with at(END + days(6)):
        run_jobs()
    with at(END + days(6.99)):
        payment = begin(who)

    with at(END + days(7.1)):
        run_jobs()
        arrive(payment)

    payment.refresh_from_db()
    assert payment.is_late
    assert who.row().status == "ended"


def test_a_renewal_that_was_asked_for_late_may_be_paid_for_a_day():
    who = subscriber()

    with at(END + days(6.9)):
        run_jobs()
    with at(END + days(7.8)):
        lapsed = who.now()
        pay(who)
        found = who.now()

    assert (lapsed["plan"], lapsed["charge"]["kind"], found["plan"]) == ("free", "renewal", "basic")
    assert found["starts_at"].startswith("2030-06-01")


def test_cancelled_means_until_the_end_of_the_period_and_not_a_day_longer():
    who = subscriber()

    reply = who.post("/cancel")
    again = who.post("/cancel")
    with at(END - days(1)):
        before = who.now()["plan"]
    with at(END + days(0.01)):
        after = who.now()["plan"]
        run_jobs()

    assert (reply.status_code, again.status_code) == (200, 200)
    assert reply.json()["cancels_at_end"] is True
    assert (before, after) == ("basic", "free")
    assert (who.row().ended_because, Charge.objects.count()) == ("cancelled", 1)


def test_who_cancelled_is_not_told_that_the_plan_will_be_renewed():
    who = subscriber()
    who.post("/cancel")

    with at(END - days(2)):
        run_jobs()

    assert told(who) == ["plan_runs"]


def test_a_cancellation_is_taken_back_while_the_period_lasts():
    who = subscriber()
    who.post("/cancel")

    resumed = who.post("/resume")
    with at(END + days(1)):
        run_jobs()

    assert resumed.json()["cancels_at_end"] is False
    assert who.charge().kind == "renewal"


def test_what_is_over_is_not_resumed():
    who = subscriber()
    who.post("/cancel")

    with at(END + days(1)):
        reply = who.post("/resume")

    assert (reply.status_code, reply.json()["code"]) == (409, "not_subscribed")


def test_cancelling_in_the_grace_ends_at_once_and_asks_for_nothing_more():
    who = subscriber()

    with at(END + days(1)):
        run_jobs()
        payment = begin(who)
        reply = who.post("/cancel")

    payment.refresh_from_db()
    assert (reply.json()["status"], reply.json()["plan"]) == ("none", "free")
    assert payment.is_cancel_wanted


def test_cancelling_what_was_never_paid_ends_it_at_once():
    who = somebody()
    who.post(plan="basic")

    reply = who.post("/cancel")

    assert (reply.status_code, reply.json()["status"]) == (200, "none")
    assert who.post(plan="premium").status_code == 201


@pytest.mark.parametrize("path", ["/cancel", "/resume"])
def test_who_has_nothing_cancels_and_resumes_nothing(path):
    reply = somebody().post(path)

    assert (reply.status_code, reply.json()["code"]) == (409, "not_subscribed")


def test_credits_pay_a_renewal_without_asking():
    who = subscriber()
    give_credits(who, BASIC + 100)

    with at(END + days(1)):
        run_jobs()
        found = who.now()

    assert (found["in_grace"], found["charge"], balance(who)) == (False, None, 100)
    assert events("subscription.payment_due") == []


def test_a_lapsed_renewal_gives_its_credits_back():
    who = subscriber()
    give_credits(who, 5_000)

    with at(END + days(1)):
        run_jobs()
        held = balance(who)
    with at(END + days(8)):
        run_jobs()

    assert (held, balance(who)) == (0, 5_000)
    assert totals() == {"gateway": BASIC, "revenue": -BASIC, "discount": 5_000, "credit": -5_000}


def test_what_was_booked_stays_booked_when_the_plan_ends():
    who = subscriber()
    for _ in range(5):
        take(who)

    with at(END + days(8)):
        run_jobs()
        found = who.now()

    assert QuotaTake.objects.filter(returned_at=None).count() == 5
    assert found["plan"] == "free"
    assert found["quotas"][0] | {"since": ""} == {"kind": "appointments", "limit": 2, "used": 0, "since": ""}


def test_erased_people_are_charged_no_more_and_leave_no_debt():
    who = subscriber()
    give_credits(who, 5_000)

    with unit_of_work():
        emit("account.erased", key=f"user:{who.user.pk}", user=str(who.user.pk))
    drain()

    assert (who.row().status, who.row().ended_because) == ("ended", "erased")
    assert totals() == {"gateway": BASIC, "revenue": -BASIC}
    assert plan_selectors.wallets_of(who.user.pk)[0].balance_minor == 0


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ("2030-01-31T06:30:00+00:00", 1, "2030-02-28T06:30:00+00:00"),
        ("2030-01-31T06:30:00+00:00", 2, "2030-03-31T06:30:00+00:00"),
        ("2028-01-31T06:30:00+00:00", 1, "2028-02-29T06:30:00+00:00"),
        ("2030-11-30T06:30:00+00:00", 3, "2031-02-28T06:30:00+00:00"),
        ("2030-12-31T20:00:00+00:00", 1, "2031-01-31T20:00:00+00:00"),  # the first of January in India
    ],
)
def test_months_keep_their_day_or_take_the_last(start, months, end):
    assert add_months(dt.datetime.fromisoformat(start), months).isoformat() == end


def test_a_day_that_short_months_lack_comes_back_in_long_ones():
    with at(NOON - days(90)):  # the 31st of January
        who = subscriber()
    ends = []
    for _ in range(3):
        ends.append(who.row().ends_at.day)
        with at(who.row().ends_at + days(0.1)):
            run_jobs()
            pay(who)

    assert ends == [28, 31, 30]
