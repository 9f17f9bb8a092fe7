"""Whatever a subscriber does in whatever order: money in is money accounted for, and no credit is lost or made."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
import time_machine
from django.db import connection
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.errors import DomainError
from common.outbox import drain
from payments import jobs, plan_selectors, selectors
from payments.models import Charge, Coupon, CouponUse, Payment, Posting, Subscription, Wallet
from payments.services import changing, subscribing
from tests.conftest import NOON
from tests.payments.plan_scenes import Subscriber, arrive, begin, coupon, days, give_credits, run_jobs, somebody

pytestmark = pytest.mark.django_db
PLANS = ("basic", "premium", "enterprise")
VERBS = ("subscribe", "coupon", "begin", "arrive", "cancel", "resume", "change", "credits", "wait")
STEPS = st.lists(st.tuples(st.sampled_from(VERBS), st.integers(0, 40)), min_size=1, max_size=25)


class History:
    """One person to whom anything may happen; refusals are part of life."""

    def __init__(self) -> None:
        self.who: Subscriber = somebody()
        self.code = coupon(f"C{uuid.uuid4().hex[:12].upper()}", max_per_person=2).code
        self.now = NOON
        self.begun: list[Payment] = []

    def live(self, verb: str, number: int) -> None:
        with time_machine.travel(self.now, tick=False):
            try:
                getattr(self, f"do_{verb}")(number)
            except DomainError:
                return

    def do_subscribe(self, number: int) -> None:
        subscribing.subscribe(user_id=self.who.user.pk, plan=PLANS[number % 3])

    def do_coupon(self, number: int) -> None:
        subscribing.subscribe(user_id=self.who.user.pk, plan=PLANS[number % 3], coupon=self.code)

    def do_begin(self, number: int) -> None:
        if Charge.objects.filter(subscription__user=self.who.user).exists():
            self.begun.append(begin(self.who))

    def do_arrive(self, number: int) -> None:
        for payment in self.begun[-1:]:
            arrive(payment)

    def do_cancel(self, number: int) -> None:
        subscribing.cancel(user_id=self.who.user.pk)

    def do_resume(self, number: int) -> None:
        subscribing.resume(user_id=self.who.user.pk)

    def do_change(self, number: int) -> None:
        changing.change_plan(user_id=self.who.user.pk, plan=PLANS[number % 3])

    def do_credits(self, number: int) -> None:
        give_credits(self.who, 1 + number * 1_000)

    def do_wait(self, number: int) -> None:
        self.now += days(number) + dt.timedelta(hours=1)
        with time_machine.travel(self.now, tick=False):
            for _ in range(number % 3):
                run_jobs()


def held(kind: str, **owner: object) -> int:
    rows = Posting.objects.filter(account__kind=kind, **{f"account__{name}": value for name, value in owner.items()})
    return rows.aggregate(total=Sum("amount_minor"))["total"] or 0


def is_sound(history: History) -> bool:
    """Whether wallet, coupon and charges say what the ledger says."""
    user = history.who.user
    charges = Charge.objects.filter(subscription__user=user)
    wallet = sum(Wallet.objects.filter(user=user).values_list("balance_minor", flat=True))
    waiting = Charge.objects.filter(status="open").aggregate(total=Sum("credit_minor"))["total"] or 0
    uses = CouponUse.objects.filter(user=user).exclude(status="returned")
    return (
        wallet == -held("credit", owner_user=user)
        and waiting == -held("suspense", detail="credit")
        and Coupon.objects.get(code=history.code).used == uses.count()
        and uses.filter(status="taken").count() == charges.filter(status="open", discount_minor__gt=0).count()
        and Subscription.objects.filter(user=user).exclude(status="ended").count() <= 1
    )


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_a_subscriber_does_the_books_agree(steps):
    history = History()
    for verb, number in steps:
        history.live(verb, number)

        assert set(selectors.trial_balance().values()) <= {0}
        assert is_sound(history)
    with time_machine.travel(history.now, tick=False):
        drain()
        jobs.move_subscriptions()
        plan_selectors.quotas_of(history.who.user.pk)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
