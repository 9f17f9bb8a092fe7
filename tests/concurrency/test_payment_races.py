"""Money under many hands: one payment, one refund, one payout, one number, whoever comes at the same moment."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest

from common.db import unit_of_work
from common.money import Currency, Money
from payments import errands, selectors
from payments.gateways.base import ChargeState, Found, Moved, TransferState
from payments.models import Account, Invoice, InvoiceCounter, Payment, Payout, ProviderNotice, Purchase, Refund
from payments.services import invoicing, paying_out, refunding, settling
from tests.concurrency.scenes import race_test, unlock, without_constraints
from tests.payments.conftest import sandbox, started, stripe  # noqa: F401 - fixtures
from tests.payments.scenes import (
    PRICE,
    begin,
    close,
    event_about,
    events,
    make_purchase,
    paid,
    post,
    refund,
    register,
    run_all,
    totals,
    webhook,
)
from tests.races import meeting, names, race

pytestmark = [race_test, pytest.mark.usefixtures("unthrottled")]
PAID = Found(state=ChargeState.PAID, received=Money(PRICE, Currency.INR), payment_ref="pi_x")


def pressed(stripe):  # noqa: F811
    purchase, client = make_purchase()
    payment = begin(purchase, client)
    stripe.press(payment)
    return purchase, payment


def settle(payment, found=PAID):
    return lambda: settling.settle(payment_id=payment.pk, found=found)


def test_ten_taps_at_once_are_one_payment_and_one_charge(stripe):  # noqa: F811
    purchase, client = make_purchase()

    replies = race(*[lambda: post(client, purchase) for _ in range(10)])

    assert Counter(reply.status_code for reply in replies)[201] == 1
    assert {reply.status_code for reply in replies} <= {200, 201, 409}
    assert Payment.objects.count() == 1
    assert len(stripe.books()["sessions"]) == 1


def test_the_same_key_at_once_is_one_payment(stripe):  # noqa: F811
    purchase, client = make_purchase()

    replies = race(*[lambda: post(client, purchase, key="tap") for _ in range(5)])

    assert len({reply.json().get("id") for reply in replies if reply.status_code < 400}) == 1
    assert Payment.objects.count() == 1


def test_the_constraint_alone_keeps_a_purchase_to_one_live_payment(stripe, monkeypatch):  # noqa: F811
    purchase, client = make_purchase()
    with meeting(3) as wait:
        unlock(monkeypatch, "common.db.lock", after=Purchase, wait=wait)

        race(*[lambda: post(client, purchase) for _ in range(3)])

    assert Payment.objects.count() == 1


def test_without_lock_and_constraint_a_double_tap_charges_twice(stripe, monkeypatch):  # noqa: F811
    purchase, client = make_purchase()
    with without_constraints((Payment, "one_live_payment_per_purchase")), meeting(3) as wait:
        unlock(monkeypatch, "common.db.lock", after=Purchase, wait=wait)

        race(*[lambda: post(client, purchase) for _ in range(3)])

        assert Payment.objects.count() > 1
        assert len(stripe.books()["sessions"]) > 1


def test_the_same_webhook_ten_times_at_once(stripe):  # noqa: F811
    _, payment = pressed(stripe)
    body = event_about(payment)

    replies = race(*[lambda: webhook(body) for _ in range(10)])
    run_all()

    assert {reply.status_code for reply in replies} == {204}
    assert ProviderNotice.objects.count() == 1
    assert len(events("payment.succeeded")) == 1
    assert totals() == {"gateway": PRICE, "payable": -PRICE}


def test_webhook_and_poll_at_once_settle_once(stripe):  # noqa: F811
    _, payment = pressed(stripe)

    race(*[lambda: errands.ask(payment.pk) for _ in range(4)], *[settle(payment) for _ in range(4)])

    assert len(events("payment.succeeded")) == 1
    assert Invoice.objects.count() == 1
    assert totals() == {"gateway": PRICE, "payable": -PRICE}


def test_without_the_lock_settling_twice_tells_twice(stripe, monkeypatch):  # noqa: F811
    _, payment = pressed(stripe)
    with meeting(2) as wait:
        unlock(monkeypatch, "common.db.lock", after=Payment, wait=wait)
        monkeypatch.setattr("payments.services.invoicing.issue_invoice", lambda *_: None)
        monkeypatch.setattr(settling, "post_entry", lambda **_: True)

        race(settle(payment), settle(payment))

    assert len(events("payment.succeeded")) == 2


def test_refunds_at_once_give_back_no_more_than_came(stripe):  # noqa: F811
    _, payment = paid(stripe)
    part = PRICE // 3

    outcomes = race(*[lambda key=key: refund(payment, part, f"k{key}") for key in range(8)])
    run_all()

    assert set(names(outcomes)) <= {"Refund", "RefundTooLarge", "Busy"}
    assert names(outcomes).count("Refund") == 3
    assert stripe.captured()[str(payment.pk)] == PRICE - 3 * part


def test_the_same_refund_at_once_is_one(stripe):  # noqa: F811
    _, payment = paid(stripe)

    outcomes = race(*[lambda: refund(payment, 1000, "same") for _ in range(6)])
    race(*[run_all for _ in range(3)])

    assert len({row.pk for row in outcomes}) == 1
    assert len(stripe.books()["refunds"]) == 1
    assert len(events("refund.succeeded")) == 1


def test_the_database_alone_refuses_too_much(stripe, monkeypatch):  # noqa: F811
    _, payment = paid(stripe)
    with meeting(2) as wait:
        unlock(monkeypatch, "common.db.lock", after=Payment, wait=wait)

        outcomes = race(*[lambda key=key: refund(payment, PRICE, f"k{key}") for key in range(2)])

    assert names(outcomes) == ["Refund", "RefundTooLarge"]
    assert Refund.objects.count() == 1


def test_without_lock_and_check_more_goes_back_than_came(stripe, monkeypatch):  # noqa: F811
    _, payment = paid(stripe)
    with without_constraints((Payment, "payment_refunds_within_paid")), meeting(2) as wait:
        unlock(monkeypatch, "common.db.lock", after=Payment, wait=wait)

        race(*[lambda key=key: refund(payment, PRICE, f"k{key}") for key in range(2)])

        assert Payment.objects.get(pk=payment.pk).refunded_minor == 2 * PRICE


def payout(payee, key, minor=200_000):
    amount = Money(minor, Currency.INR)
    return lambda: paying_out.settle_owed(payee=payee, amount=amount, key=key, description="x", actor="x")


def test_payouts_at_once_pay_no_more_than_is_owed(stripe):  # noqa: F811
    purchase, _ = paid(stripe)

    outcomes = race(*[payout(purchase.payee, f"k{key}") for key in range(6)])

    assert names(outcomes) == ["Payout"] + ["PayoutTooLarge"] * 5
    assert selectors.balances_of(purchase.payee)[0].owed_minor == PRICE - 200_000


def test_the_same_payout_at_once_is_one(stripe):  # noqa: F811
    purchase, _ = paid(stripe)

    outcomes = race(*[payout(purchase.payee, "same") for _ in range(6)])

    assert len({row.pk for row in outcomes}) == 1
    assert Payout.objects.count() == 1


def test_without_the_lock_more_is_paid_out_than_is_owed(stripe, monkeypatch):  # noqa: F811
    purchase, _ = paid(stripe)
    payout(purchase.payee, "first", 1)()  # opens the accounts: their opening alone would make the two wait
    with meeting(2) as wait:
        unlock(monkeypatch, "payments.services.ledger.lock", after=Account, wait=wait)

        race(*[payout(purchase.payee, f"k{key}") for key in range(2)])

    assert selectors.balances_of(purchase.payee)[0].owed_minor < 0


@pytest.mark.parametrize("attempt", range(3))
def test_closing_while_the_money_comes_ends_paid_or_late_and_all_of_it_goes_back(stripe, attempt):  # noqa: F811
    purchase, payment = pressed(stripe)

    race(lambda: close(purchase), lambda: errands.ask(payment.pk))
    Payment.objects.filter(refund_due_at__isnull=False).update(refund_due_at=dt.datetime(2000, 1, 1, tzinfo=dt.UTC))
    Payment.objects.filter(status="pending").update(ask_at=dt.datetime(2000, 1, 1, tzinfo=dt.UTC))
    run_all()
    Payment.objects.filter(refund_due_at__isnull=False).update(refund_due_at=dt.datetime(2000, 1, 1, tzinfo=dt.UTC))
    run_all()

    payment.refresh_from_db()
    purchase.refresh_from_db()
    assert (payment.status, purchase.status, payment.refunded_minor) == ("succeeded", "closed", PRICE)
    assert stripe.captured() == {str(payment.pk): 0}
    assert totals() == {}


@pytest.mark.parametrize("attempt", range(3))
def test_capture_and_expiry_at_once_end_in_one_state(stripe, attempt):  # noqa: F811
    _, payment = pressed(stripe)

    race(settle(payment), settle(payment, Found(state=ChargeState.CANCELLED)))
    settling.settle(payment_id=payment.pk, found=PAID)

    payment.refresh_from_db()
    assert (payment.status, payment.received_minor) == ("succeeded", PRICE)
    assert len(events("payment.succeeded")) == 1
    assert set(totals()) <= {"gateway", "payable", "suspense"}
    assert selectors.trial_balance() == {"INR": 0}


def test_a_refund_that_succeeds_and_fails_at_once_ends_once(stripe):  # noqa: F811
    _, payment = paid(stripe)
    back = refund(payment, 1000)
    ends = [Moved(state=state, provider_ref="re_x") for state in (TransferState.SUCCEEDED, TransferState.FAILED)]

    race(*[lambda end=end: refunding.settle_refund(refund_id=back.pk, moved=end) for end in ends * 2])

    assert len(events("refund.succeeded") + events("refund.failed")) == 1
    assert totals().get("refunding", 0) == 0


def sold(count):
    """So many purchases of one seller, each about to be paid."""
    first, _ = make_purchase()
    rows = []
    for _ in range(count):
        purchase, client = make_purchase(payee=first.payee)
        rows.append(begin(purchase, client))
    return first.payee, rows


def test_invoices_at_once_have_every_number_once(stripe):  # noqa: F811
    payee, rows = sold(8)

    race(*[settle(row) for row in rows])

    numbers = Invoice.objects.filter(seller_partner_id=payee.id).values_list("number", flat=True)
    assert sorted(numbers) == list(range(1, 9))


def test_an_invoice_that_is_rolled_back_leaves_no_gap(stripe, monkeypatch):  # noqa: F811
    payee, rows = sold(4)

    def lose() -> None:
        purchase = Purchase.objects.get(payments=rows[0].pk)
        with unit_of_work():
            invoicing.issue_invoice(purchase, rows[0])
            raise RuntimeError("lost")

    race(lose, *[settle(row) for row in rows])

    numbers = Invoice.objects.filter(seller_partner_id=payee.id).values_list("number", flat=True)
    assert sorted(numbers) == [1, 2, 3, 4]


def test_without_the_lock_two_invoices_want_one_number(stripe, monkeypatch):  # noqa: F811
    _, rows = sold(3)
    settle(rows.pop())()  # opens the counter: its opening alone would make the two wait
    with meeting(2) as wait:
        unlock(monkeypatch, "common.db.lock", after=InvoiceCounter, wait=wait)

        outcomes = race(*[settle(row) for row in rows])

    assert "IntegrityError" in names(outcomes)


def test_registering_at_once_is_one_purchase(stripe):  # noqa: F811
    purchase, _ = make_purchase()
    values = {"kind": purchase.kind, "reference": purchase.reference}

    outcomes = race(*[lambda: register(purchase.payer, purchase.payee, **values) for _ in range(5)])

    assert {row.pk for row in outcomes} == {purchase.pk}


def test_workers_share_the_errands_and_run_none_twice(stripe, monkeypatch):  # noqa: F811
    payments = [pressed(stripe)[1] for _ in range(6)]
    Payment.objects.update(ask_at=dt.datetime(2000, 1, 1, tzinfo=dt.UTC))
    asked = Counter()
    monkeypatch.setattr(errands, "ask", lambda payment_id: asked.update([payment_id]))

    race(*[lambda: errands.run_due(limit=2) for _ in range(3)])
    errands.run_due(limit=6)

    assert asked == {payment.pk: 1 for payment in payments}
