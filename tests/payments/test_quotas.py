"""What a plan allows is taken once a thing, within the limit, in the period that it was taken in."""

from __future__ import annotations

import uuid

import pytest
import time_machine

from common.db import unit_of_work
from payments.errors import QuotaExceeded
from payments.services import quotas
from payments.states import QuotaKind
from tests.conftest import NOON
from tests.payments.plan_scenes import days, pay, run_jobs, somebody, subscriber, take

pytestmark = pytest.mark.django_db
MIB = 2**20


def used(who, kind="appointments"):
    return next(row["used"] for row in who.now()["quotas"] if row["kind"] == kind)


def give_back(reference, kind=QuotaKind.APPOINTMENTS):
    with unit_of_work():
        quotas.return_quota(kind=kind, reference=reference)


def test_the_free_plan_ends_at_its_limit():
    who = somebody()
    take(who)
    take(who)

    with pytest.raises(QuotaExceeded) as refusal:
        take(who)

    assert refusal.value.facts == {"kind": "appointments", "limit": 2, "used": 2, "plan": "free"}
    assert used(who) == 2


def test_a_paid_plan_allows_more_at_once():
    who = somebody()
    take(who)
    take(who)
    who.post(plan="basic")
    with pytest.raises(QuotaExceeded):
        take(who)

    pay(who)
    for _ in range(10):
        take(who)

    assert used(who) == 10
    with pytest.raises(QuotaExceeded):
        take(who)


def test_no_limit_is_none():
    who = subscriber("enterprise")

    for _ in range(50):
        take(who)

    assert used(who) == 50


def test_the_same_thing_takes_once():
    who, reference = somebody(), uuid.uuid4()

    for _ in range(5):
        take(who, reference=reference)

    assert used(who) == 1


def test_what_is_given_back_is_given_back_once():
    who, reference = somebody(), uuid.uuid4()
    take(who, reference=reference)
    take(who)

    for _ in range(3):
        give_back(reference)
    give_back(uuid.uuid4())

    assert used(who) == 1


def test_a_new_period_counts_from_nothing():
    who = subscriber()
    for _ in range(10):
        take(who)

    with time_machine.travel(NOON + days(32), tick=True):
        run_jobs()
        in_grace = used(who)
        pay(who)
        renewed = used(who)
        take(who)

    assert (in_grace, renewed) == (10, 0)


def test_the_free_plan_counts_by_the_month():
    who = somebody()
    take(who)
    take(who)

    with time_machine.travel(NOON + days(31), tick=True):
        take(who)
        found = used(who)

    assert found == 1


def test_an_upgrade_keeps_what_was_used():
    who = subscriber()
    for _ in range(10):
        take(who)
    who.post("/change", plan="premium")
    pay(who)

    take(who)

    assert used(who) == 11


def test_what_is_kept_counts_until_it_is_gone():
    who, file = somebody(), uuid.uuid4()
    take(who, QuotaKind.STORAGE, 90 * MIB, file)

    with time_machine.travel(NOON + days(40), tick=True):
        with pytest.raises(QuotaExceeded):
            take(who, QuotaKind.STORAGE, 20 * MIB)
        give_back(file, QuotaKind.STORAGE)
        take(who, QuotaKind.STORAGE, 20 * MIB)
        found = used(who, "storage")

    assert found == 20 * MIB


def test_a_smaller_plan_keeps_what_is_there_and_takes_no_more():
    who = subscriber()
    take(who, QuotaKind.STORAGE, 500 * MIB)

    with time_machine.travel(NOON + days(40), tick=True):
        run_jobs()
        with pytest.raises(QuotaExceeded):
            take(who, QuotaKind.STORAGE, 1)
        found = used(who, "storage")

    assert found == 500 * MIB


def test_what_was_booked_stays_booked_when_the_plan_ends_before_its_day():
    who, booked = subscriber(), [uuid.uuid4() for _ in range(3)]
    for reference in booked:
        take(who, reference=reference)

    with time_machine.travel(NOON + days(40), tick=True):
        run_jobs()
        for reference in booked:  # moved to another hour: the same booking
            take(who, reference=reference)
        take(who)
        give_back(booked[0])  # of the period that is over: it frees nothing in this one
        found, plan = used(who), who.now()["plan"]

    assert (found, plan) == (1, "free")
