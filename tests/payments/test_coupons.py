"""Coupons are counted by the server: so much, so often, so long, for this and nothing else."""

from __future__ import annotations

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from payments.models import Coupon, CouponUse, Payment
from tests.conftest import NOON
from tests.payments.plan_scenes import BASIC, arrive, begin, coupon, days, pay, run_jobs, somebody, subscriber
from tests.payments.scenes import totals

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("values", "discount"),
    [
        ({"percent": 10}, 1_990),
        ({"percent": 33}, 6_567),
        ({"percent": 100}, BASIC),
        ({"kind": "amount", "percent": None, "amount_minor": 5_000}, 5_000),
        ({"kind": "amount", "percent": None, "amount_minor": 50_000}, BASIC),
    ],
    ids=str,
)
def test_a_coupon_takes_off_what_it_says_and_never_more_than_the_price(values, discount):
    coupon(**values)
    who = somebody()

    reply = who.post(plan="basic", coupon="monsoon ")

    charge = who.charge()
    assert reply.status_code == 201
    assert (charge.discount_minor, charge.due_minor) == (discount, BASIC - discount)


def test_the_platform_bears_the_discount():
    coupon()
    who = somebody()
    who.post(plan="basic", coupon="MONSOON")
    pay(who)

    assert totals() == {"gateway": BASIC - 1_990, "discount": 1_990, "revenue": -BASIC}
    assert CouponUse.objects.get().status == "settled"


def test_a_whole_discount_starts_the_plan_at_once_and_asks_for_no_money():
    coupon(percent=100)

    who = subscriber(coupon="MONSOON")

    assert who.now()["plan"] == "basic"
    assert not Payment.objects.exists()
    assert totals() == {"discount": BASIC, "revenue": -BASIC}


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"is_active": False}, "coupon_unknown"),
        ({"valid_until": NOON - days(1)}, "coupon_not_valid"),
        ({"valid_from": NOON + days(1)}, "coupon_not_valid"),
        ({"kinds": ["appointment"]}, "coupon_elsewhere"),
        ({"plans": ["premium"]}, "coupon_elsewhere"),
        ({"kind": "amount", "percent": None, "amount_minor": 5, "currency": "USD"}, "coupon_elsewhere"),
        ({"code": "OTHER"}, "coupon_unknown"),
    ],
    ids=str,
)
def test_a_coupon_that_is_not_for_this_is_refused_and_nothing_begins(values, code):
    coupon(**values)
    who = somebody()

    reply = who.post(plan="basic", coupon="MONSOON")

    assert (reply.status_code, reply.json()["code"]) == (400, code)
    assert who.now()["status"] == "none"


@pytest.mark.parametrize(("moment", "status"), [(-0.0001, 201), (0, 400)])
def test_a_coupon_ends_at_its_end(moment, status):
    coupon(valid_until=NOON + days(1))
    who = somebody()

    with time_machine.travel(NOON + days(1 + moment), tick=False):
        reply = who.post(plan="basic", coupon="MONSOON")

    assert reply.status_code == status


def test_a_coupon_is_used_as_often_as_it_may_be():
    coupon(max_uses=2)

    replies = [somebody().post(plan="basic", coupon="MONSOON") for _ in range(3)]

    assert [reply.status_code for reply in replies] == [201, 201, 409]
    assert replies[2].json()["code"] == "coupon_used_up"


@pytest.mark.parametrize(("limit", "codes"), [(1, [201, 409, 409]), (2, [201, 201, 409])])
def test_a_person_uses_a_coupon_as_often_as_a_person_may(limit, codes):
    coupon(percent=100, max_per_person=limit)
    who = somebody()
    found = []

    for month in range(3):
        with time_machine.travel(NOON + days(40 * month), tick=True):
            found.append(who.post(plan="basic", coupon="MONSOON").status_code)

    assert found == codes


def test_a_coupon_that_paid_for_nothing_comes_back():
    coupon(max_uses=1)
    first, second = somebody(), somebody()
    first.post(plan="basic", coupon="MONSOON")

    refused = second.post(plan="basic", coupon="MONSOON").status_code
    first.post("/cancel")
    taken = second.post(plan="basic", coupon="MONSOON").status_code

    assert (refused, taken) == (409, 201)
    assert Coupon.objects.get().used == 1


def test_the_time_to_pay_gives_a_coupon_back():
    coupon(max_uses=1)
    who = somebody()
    who.post(plan="basic", coupon="MONSOON")

    with time_machine.travel(NOON + days(0.1), tick=True):
        run_jobs()
        again = who.post(plan="basic", coupon="MONSOON")

    assert again.status_code == 201
    assert sorted(CouponUse.objects.values_list("status", flat=True)) == ["returned", "taken"]


def test_the_same_coupon_serves_the_next_try_though_no_job_has_run():
    coupon(max_uses=1)
    who = somebody()
    who.post(plan="basic", coupon="MONSOON")

    with time_machine.travel(NOON + days(0.1), tick=True):
        again = who.post(plan="basic", coupon="MONSOON")

    assert again.status_code == 201
    assert Coupon.objects.get().used == 1


def test_coupons_are_not_guessed():
    who = somebody()

    replies = [who.post(plan="basic", coupon=f"GUESS{number}").status_code for number in range(40)]

    assert (replies[0], replies[-1]) == (400, 429)


def test_a_discount_is_for_the_first_period_alone():
    coupon()
    who = subscriber(coupon="MONSOON")

    with time_machine.travel(NOON + days(32), tick=True):
        run_jobs()

    assert (who.charge().kind, who.charge().discount_minor) == ("renewal", 0)


def test_less_than_the_reduced_price_is_not_enough():
    coupon()
    who = somebody()
    who.post(plan="basic", coupon="MONSOON")

    arrive(begin(who), BASIC - 1_991)

    assert who.now()["plan"] == "free"


@pytest.mark.parametrize(
    "values",
    [
        {"percent": 0},
        {"percent": None},
        {"kind": "amount", "percent": None},
        {"percent": 101},
        {"percent": 10, "amount_minor": 10},
        {"kind": "amount", "percent": None, "amount_minor": 0},
        {"code": "lower"},
        {"code": "NO SPACE"},
        {"kinds": []},
        {"kinds": ["cars"]},
    ],
    ids=str,
)
def test_the_database_and_the_form_refuse_a_coupon_that_makes_no_sense(values):
    wish = {"kind": "percent", "percent": 10, "kinds": ["subscription"], "code": "MONSOON", **values}

    with pytest.raises(ValidationError):
        Coupon(**wish).full_clean()
    with pytest.raises(IntegrityError):
        Coupon.objects.create(**wish)
