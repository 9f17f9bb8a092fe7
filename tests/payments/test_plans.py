"""Plans are data, and one is in force when its period is paid and not before."""

from __future__ import annotations

import pytest
import time_machine
from django.db import IntegrityError, transaction
from rest_framework.test import APIClient

from common.outbox import drain
from notifications.models import Notification
from payments import selectors
from payments.gateways.base import Moved, TransferState
from payments.models import Charge, Invoice, Payment, PlanVersion, Purchase, Subscription
from payments.services import refunding
from tests.conftest import NOON
from tests.factories import make_hospital, member_client
from tests.payments.plan_scenes import (
    BASIC,
    arrive,
    begin,
    days,
    new_price,
    pay,
    run_jobs,
    somebody,
    subscriber,
)
from tests.payments.scenes import events, run_all, totals

pytestmark = pytest.mark.django_db
HOUR = days(1 / 24)


def test_anybody_reads_what_plans_cost():
    plans = APIClient().get("/api/v1/plans").json()["plans"]

    assert [(one["plan"], one["price"]["amount"], one["appointments"]) for one in plans] == [
        ("free", 0, 2),
        ("basic", BASIC, 10),
        ("premium", 49_900, 30),
        ("enterprise", 199_900, None),
    ]


def test_plans_are_read_with_as_many_queries_as_one(django_assert_max_num_queries):
    with django_assert_max_num_queries(3):  # the throttle's, the plans', their prices'
        APIClient().get("/api/v1/plans")


def test_whoever_has_subscribed_to_nothing_is_on_the_free_plan():
    found = somebody().now()

    assert (found["plan"], found["status"], found["charge"]) == ("free", "none", None)
    assert [(one["kind"], one["limit"], one["used"]) for one in found["quotas"]] == [
        ("appointments", 2, 0),
        ("storage", 2**30 // 10, 0),
    ]


def test_a_plan_is_in_force_when_it_is_paid_and_not_before():
    who = somebody()

    asked = who.post(plan="basic")
    waiting = who.now()
    pay(who)
    found = who.now()

    assert asked.status_code == 201
    assert (waiting["plan"], waiting["status"], waiting["charge"]["due"]["amount"]) == ("free", "pending", BASIC)
    assert (found["plan"], found["status"], found["charge"]) == ("basic", "active", None)
    assert found["ends_at"].startswith("2030-06-01T06:30")
    assert totals() == {"gateway": BASIC, "revenue": -BASIC}


def test_a_subscription_is_paid_like_anything_else(stripe):
    who = somebody()
    charge = who.post(plan="basic").json()["charge"]
    body = {"purchase": {"kind": "subscription", "id": charge["id"]}, "provider": "stripe"}

    reply = who.app.post("/api/v1/payments", body, format="json")
    stripe.pay_in_app(Payment.objects.get(pk=reply.json()["id"]))
    Payment.objects.update(ask_at=NOON)
    run_all()

    assert (reply.status_code, reply.json()["amount"]["amount"]) == (201, BASIC)
    assert who.now()["plan"] == "basic"


@pytest.mark.parametrize(
    "more",
    [
        {"price": 1},
        {"discount": 19_900},
        {"discount_minor": 19_900, "referral_discount_applied": "true"},
        {"status": "active"},
        {"paid": True},
        {"amount": {"amount": 1, "currency": "INR"}},
    ],
    ids=str,
)
def test_what_a_client_says_of_money_or_state_is_refused(more):
    who = somebody()

    reply = who.post(plan="basic", **more)

    assert reply.status_code == 400
    assert {one["code"] for one in reply.json()["errors"]} == {"unknown_field"}
    assert not Subscription.objects.exists()


def test_nobody_starts_a_plan_by_reading_an_address():
    who = somebody()
    who.post(plan="basic")

    for path in ("?plan=enterprise&status=active", "/success?plan=enterprise"):
        who.app.get(f"/api/v1/me/subscription{path}")

    assert who.now()["plan"] == "free"


@pytest.mark.parametrize("minor", [1, BASIC - 1, BASIC + 1])
def test_another_amount_starts_nothing(minor):
    who = somebody()
    who.post(plan="basic")

    arrive(begin(who), minor)

    assert who.now()["plan"] == "free"
    assert totals() == {"gateway": minor, "suspense": -minor}


@pytest.mark.parametrize("plan", ["free", "gold", ""])
def test_only_what_is_offered_can_be_subscribed_to(plan):
    reply = somebody().post(plan=plan)

    assert reply.status_code == 400


def test_a_second_subscription_is_refused():
    who = subscriber()

    reply = who.post(plan="premium")

    assert (reply.status_code, reply.json()["code"]) == (409, "subscription_exists")


def test_the_same_key_subscribes_once():
    who = somebody()
    body = {"plan": "basic"}

    replies = [
        who.app.post("/api/v1/me/subscription", body, format="json", headers={"Idempotency-Key": "k"}) for _ in range(2)
    ]

    assert [reply.status_code for reply in replies] == [201, 201]
    assert Subscription.objects.count() == 1


def test_a_price_changes_for_who_comes_later_and_not_for_what_was_paid():
    old = subscriber()

    new_price("basic", 29_900)
    new = somebody()
    new.post(plan="basic")

    assert (old.charge().price_minor, new.charge().price_minor) == (BASIC, 29_900)
    assert old.row().version.price_minor == BASIC
    assert APIClient().get("/api/v1/plans").json()["plans"][1]["price"]["amount"] == 29_900


def test_a_price_that_was_is_never_rewritten():
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        PlanVersion.objects.update(price_minor=1)


def test_a_first_payment_that_never_comes_ends_the_attempt():
    who = somebody()
    who.post(plan="basic")

    with time_machine.travel(NOON + 2 * HOUR, tick=True):
        before = who.now()
        again = who.post(plan="premium")
        run_jobs()

    assert (before["plan"], before["charge"]) == ("free", None)
    assert again.status_code == 201
    assert sorted(Charge.objects.values_list("status", flat=True)) == ["lapsed", "open"]


def test_money_that_comes_too_late_goes_back():
    who = somebody()
    who.post(plan="basic")
    payment = begin(who)

    with time_machine.travel(NOON + 2 * HOUR, tick=True):
        run_jobs()
        arrive(payment)
        plan = who.now()["plan"]
    with time_machine.travel(NOON + 3 * HOUR, tick=True):
        refunding.return_unclaimed(payment_id=payment.pk)

    assert plan == "free"
    assert totals() == {"gateway": BASIC, "refunding": -BASIC}


def test_money_that_came_in_time_for_what_was_given_up_meanwhile_goes_back(monkeypatch):
    who = somebody()
    who.post(plan="basic")
    payment = begin(who)
    monkeypatch.setattr("tests.payments.plan_scenes.drain", lambda: None)
    arrive(payment)
    Charge.objects.update(status="lapsed")

    drain()

    assert who.now()["plan"] == "free"
    assert totals() == {"gateway": BASIC, "refunding": -BASIC}


def test_the_invoice_of_a_plan_shows_the_tax_within_its_price():
    subscriber()

    invoice = Invoice.objects.get()

    line = invoice.lines[0]
    assert line["hsn"] == "998439"
    assert [(tax["name"], tax["rate"], tax["amount"]) for tax in line["taxes"]] == [
        ("CGST", "9", 1518),
        ("SGST", "9", 1518),
    ]
    assert line["amount"] + sum(tax["amount"] for tax in line["taxes"]) == invoice.amount_minor == BASIC


def give_back(payment):
    refund = refunding.refund_all(payment_id=payment.pk, actor="admin", reason="A mistake.")
    refunding.settle_refund(refund_id=refund.pk, moved=Moved(state=TransferState.SUCCEEDED, provider_ref="re"))
    drain()


def test_a_refund_of_what_an_upgrade_replaced_leaves_the_upgrade():
    who = subscriber()
    first = Payment.objects.get()
    who.post("/change", plan="premium")
    pay(who)

    give_back(first)

    assert who.now()["plan"] == "premium"


def test_what_was_wholly_refunded_is_over():
    who = subscriber()

    give_back(Payment.objects.get())

    assert who.now()["plan"] == "free"
    assert (who.row().status, who.row().ended_because) == ("ended", "refunded")
    assert totals() == {}


def test_a_subscriber_hears_that_the_plan_runs():
    who = subscriber()
    drain()

    rows = Notification.objects.filter(kind="plan_runs", user_id=who.user.pk)

    assert ["Basic" in row.body for row in rows] == [True]


def test_a_stranger_pays_nobodys_subscription():
    who, stranger = somebody(), somebody()
    charge = who.post(plan="basic").json()["charge"]
    body = {"purchase": {"kind": "subscription", "id": charge["id"]}, "provider": "offline"}

    reply = stranger.app.post("/api/v1/payments", body, format="json")

    assert (reply.status_code, reply.json()["code"]) == (400, "purchase_unknown")


def test_partners_have_no_subscription_of_a_person():
    reply = member_client(make_hospital()).get("/api/v1/me/subscription")

    assert reply.status_code == 401


def test_starting_is_said_once_however_often_the_money_is_heard_of():
    who = somebody()
    who.post(plan="basic")
    payment = begin(who)

    arrive(payment)
    arrive(payment)

    assert len(events("subscription.started")) == 1
    assert selectors.trial_balance() == {"INR": 0}
    assert Purchase.objects.get().status == "paid"
