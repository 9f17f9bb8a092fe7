"""Money that goes back, or is disputed, without our having asked for it: the books follow, and people are told."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from rest_framework.test import APIClient

from common.outbox import drain
from notifications.models import Notification
from payments import errands, jobs, selectors
from payments.models import Dispute, Invoice, Payment, Refund
from payments.parties import Party
from sandbox.phonepe.api import authorization
from tests.factories import make_hospital
from tests.payments import test_razorpay
from tests.payments.payees import dashboard, told
from tests.payments.scenes import PRICE, ask, begin, events, make_purchase, paid, refund, run_all, totals

pytestmark = pytest.mark.django_db


def kinds():
    return sorted(Notification.objects.values_list("kind", flat=True).distinct())


def refund_at_stripe(stripe, payment, **wish):
    return dashboard(stripe.sandbox, f"/stripe/payments/{payment.payment_ref}/refund", **wish)


def dispute_at_stripe(stripe, payment, **wish):
    made = dashboard(stripe.sandbox, f"/stripe/payments/{payment.payment_ref}/dispute", **wish)
    told("charge.dispute.created", id=made["id"], payment_intent=payment.payment_ref)
    return made["id"]


def end_dispute(stripe, payment, ref, status):
    dashboard(stripe.sandbox, f"/stripe/disputes/{ref}", status=status)
    told("charge.dispute.closed", id=ref, payment_intent=payment.payment_ref)


def sold(stripe):
    return paid(stripe, payee=Party.partner(make_hospital().partner_id), fee_minor=31_000)[1]


def test_a_refund_made_in_the_dashboard_is_written_down_and_the_seller_told(stripe):
    payment = sold(stripe)
    made = refund_at_stripe(stripe, payment, amount=100_000)

    told("refund.created", id=made["id"], payment_intent=payment.payment_ref, metadata={})

    row = Refund.objects.get()
    payment.refresh_from_db()
    assert (row.status, row.is_outside, row.provider_ref) == ("succeeded", True, made["id"])
    assert (row.amount_minor, row.fee_minor, payment.refunded_minor) == (100_000, 10_000, 100_000)
    assert totals() == {"gateway": PRICE - 100_000, "payable": -(PRICE - 31_000 - 90_000), "revenue": -21_000}
    assert Invoice.objects.filter(kind="credit_note").count() == 1
    assert {"refund_outside", "refund_sent"} <= set(kinds())
    assert [event["outside"] for event in events("refund.succeeded")] == [True]


def test_it_is_written_down_once_however_often_and_in_whatever_order_it_is_told(stripe):
    payment = sold(stripe)
    made = refund_at_stripe(stripe, payment, amount=100_000)

    for kind in ("refund.updated", "charge.refunded", "refund.created", "refund.created", "refund.failed"):
        told(kind, id=made["id"], payment_intent=payment.payment_ref)

    assert Refund.objects.count() == 1
    assert len(events("refund.succeeded")) == 1


def test_a_refund_of_ours_is_no_refund_from_outside(stripe):
    payment = sold(stripe)
    stripe.sandbox.faults(lost_reply={"times": 1, "channel": "stripe", "only_to": "refund"})
    row = refund(payment, 100_000)
    errands.run_due()  # the reply with the provider's name of it is lost
    (made,) = stripe.books()["refunds"]

    told("charge.refunded", id="ch_x", payment_intent=payment.payment_ref)
    told("refund.created", id=made["id"], payment_intent=payment.payment_ref, metadata={"refund": str(row.pk)})

    assert list(Refund.objects.values_list("pk", "is_outside", "status")) == [(row.pk, False, "succeeded")]
    assert totals()["gateway"] == PRICE - 100_000


def test_a_refund_of_ours_that_came_too_late_fails_before_theirs_is_written_down(stripe, noon):
    payment = sold(stripe)
    made = refund_at_stripe(stripe, payment)
    ours = refund(payment)

    told("refund.created", id=made["id"], payment_intent=payment.payment_ref)  # ours is refused meanwhile
    noon.shift(dt.timedelta(minutes=1))
    run_all()

    ours.refresh_from_db()
    assert ours.status == "failed"
    assert Refund.objects.get(is_outside=True).status == "succeeded"
    assert totals() == {}


def test_one_that_is_pending_counts_at_once_and_comes_back_when_it_fails(stripe):
    payment = sold(stripe)
    made = refund_at_stripe(stripe, payment, amount=100_000, status="pending")
    told("refund.created", id=made["id"], payment_intent=payment.payment_ref)
    waiting = totals()["refunding"]

    stripe.sandbox._ask("POST", f"/stripe/refunds/{made['id']}", {"status": "failed"})
    told("refund.failed", id=made["id"], payment_intent=payment.payment_ref)

    payment.refresh_from_db()
    assert (waiting, Refund.objects.get().status, payment.refunded_minor) == (-100_000, "failed", 0)
    assert totals() == {"gateway": PRICE, "payable": -(PRICE - 31_000), "revenue": -31_000}


def test_held_money_that_was_given_back_in_the_dashboard_is_held_no_more(stripe):
    purchase, client = make_purchase()
    payment = begin(purchase, client)
    stripe.sandbox.faults(wrong_amount=True)
    stripe.press(payment)
    ask(payment)

    made = refund_at_stripe(stripe, payment)
    told("refund.created", id=made["id"], payment_intent=payment.payment_ref)

    payment.refresh_from_db()
    assert (payment.status, payment.failure, totals()) == ("failed", "amount_differs", {})


def test_money_whose_own_news_was_lost_is_found_with_its_refund(stripe):
    purchase, client = make_purchase()
    payment = begin(purchase, client)
    stripe.press(payment)
    intent = next(iter(stripe.books()["intents"]))["id"]
    made = dashboard(stripe.sandbox, f"/stripe/payments/{intent}/refund")

    told("charge.refunded", id="ch_x", payment_intent=intent, metadata={"payment": str(payment.pk)})

    payment.refresh_from_db()
    assert (payment.status, payment.refunded_minor) == ("succeeded", PRICE)
    assert Refund.objects.get().provider_ref == made["id"]


def test_a_dispute_holds_the_money_until_the_bank_has_decided(stripe):
    payment = sold(stripe)

    ref = dispute_at_stripe(stripe, payment)

    row = Dispute.objects.get()
    payment.refresh_from_db()
    assert (row.status, row.provider_ref, row.amount_minor, row.reason) == ("open", ref, PRICE, "fraudulent")
    assert payment.refundable_minor == 0
    assert totals() == {"gateway": PRICE, "refunding": -PRICE}
    assert [one.kind for one in selectors.mismatches()] == ["payment disputed"]
    assert "dispute_opened" in kinds()
    assert "refund_sent" not in kinds()


def test_a_dispute_that_is_won_gives_the_money_back_to_the_seller(stripe):
    payment = sold(stripe)
    before = totals()
    ref = dispute_at_stripe(stripe, payment)

    told("charge.dispute.updated", id=ref, payment_intent=payment.payment_ref)
    end_dispute(stripe, payment, ref, "won")
    told("charge.dispute.created", id=ref, payment_intent=payment.payment_ref)

    assert (Dispute.objects.get().status, totals()) == ("won", before)
    assert len(events("dispute.won")) == 1
    assert events("refund.failed") == []
    assert selectors.mismatches() == []


def test_a_dispute_that_is_lost_takes_the_money_from_the_seller(stripe):
    payment = sold(stripe)
    ref = dispute_at_stripe(stripe, payment, amount=100_000)

    end_dispute(stripe, payment, ref, "lost")
    told("charge.dispute.closed", id=ref, payment_intent=payment.payment_ref)

    assert Dispute.objects.get().status == "lost"
    assert totals() == {"gateway": PRICE - 100_000, "payable": -(PRICE - 31_000 - 90_000), "revenue": -21_000}
    assert Invoice.objects.filter(kind="credit_note").count() == 1
    assert len(events("dispute.lost")) == 1
    assert {"dispute_lost"} == {kind for kind in kinds() if kind in ("dispute_lost", "refund_sent", "refund_outside")}


def test_a_dispute_that_is_told_when_it_is_over_is_opened_and_ended(stripe):
    payment = sold(stripe)
    made = dashboard(stripe.sandbox, f"/stripe/payments/{payment.payment_ref}/dispute")

    end_dispute(stripe, payment, made["id"], "lost")

    assert (Dispute.objects.get().status, totals()) == ("lost", {})
    assert (len(events("dispute.opened")), len(events("dispute.lost"))) == (1, 1)


def test_what_a_bank_takes_beyond_what_was_left_is_our_loss(stripe):
    payment = sold(stripe)
    refund(payment)
    run_all()
    ref = dispute_at_stripe(stripe, payment)
    held = Dispute.objects.get().hold

    end_dispute(stripe, payment, ref, "lost")

    assert held is None
    assert totals() == {"gateway": -PRICE, "discount": PRICE}
    assert selectors.trial_balance() == {"INR": 0}


def test_a_dispute_whose_end_nobody_told_is_asked_about(stripe):
    payment = sold(stripe)
    ref = dispute_at_stripe(stripe, payment)
    dashboard(stripe.sandbox, f"/stripe/disputes/{ref}", status="won")

    done = jobs.follow_disputes()
    run_all()

    assert (done, Dispute.objects.get().status) == (1, "won")


def captured_by(side):
    purchase, client = make_purchase()
    payment = begin(purchase, client, side.provider)
    side.press(payment.provider_ref, "pay")
    return ask(payment)


def razorpay_tells(payment, kind, **entities):
    about = {"payment": {"entity": {"id": payment.payment_ref, "order_id": payment.provider_ref, "notes": []}}}
    about |= {name: {"entity": entity} for name, entity in entities.items()}
    assert test_razorpay.webhook(json.dumps({"event": kind, "payload": about}).encode()).status_code == 204
    run_all()


def test_razorpays_refunds_from_outside_are_written_down(razorpay):
    payment = captured_by(razorpay)
    made = dashboard(razorpay.sandbox, f"/razorpay/payments/{payment.payment_ref}/refund", amount=100_000)

    for kind in ("refund.processed", "refund.created"):
        razorpay_tells(payment, kind, refund=made)

    assert list(Refund.objects.values_list("status", "is_outside", "amount_minor")) == [("succeeded", True, 100_000)]


@pytest.mark.parametrize(("status", "left"), [("won", PRICE), ("lost", 0)])
def test_razorpays_disputes_are_followed(razorpay, status, left):
    payment = captured_by(razorpay)
    made = dashboard(razorpay.sandbox, f"/razorpay/payments/{payment.payment_ref}/dispute")
    razorpay_tells(payment, "payment.dispute.created", dispute=made)
    held = totals()["refunding"]
    dashboard(razorpay.sandbox, f"/razorpay/disputes/{made['id']}", status=status)

    for kind in (f"payment.dispute.{status}", "payment.dispute.under_review"):
        razorpay_tells(payment, kind, dispute=made)

    assert (held, Dispute.objects.get().status) == (-PRICE, status)
    assert totals().get("gateway", 0) == left


def test_phonepes_refunds_from_outside_are_asked_for_by_their_name(phonepe):
    payment = captured_by(phonepe)
    made = dashboard(phonepe.sandbox, f"/phonepe/orders/{payment.provider_ref}/refund", amount=100_000)
    headers = {"Authorization": authorization("sandbox_hook", "sandbox12345")}

    for kind in ("pg.refund.completed", "pg.refund.accepted"):
        body = json.dumps({"event": kind, "payload": made}).encode()
        reply = APIClient().generic(
            "POST", "/api/v1/webhooks/phonepe", body, content_type="application/json", headers=headers
        )
        assert reply.status_code == 204
        run_all()

    assert list(Refund.objects.values_list("status", "is_outside", "amount_minor")) == [("succeeded", True, 100_000)]


def test_a_refund_of_another_payment_changes_nothing(phonepe):
    mine, other = captured_by(phonepe), captured_by(phonepe)
    made = dashboard(phonepe.sandbox, f"/phonepe/orders/{other.provider_ref}/refund")
    found = phonepe.gateway.aftermath(selectors.charge_of(Payment.objects.get(pk=mine.pk)), [made["merchantRefundId"]])

    drain()

    assert found.refunds == ()
