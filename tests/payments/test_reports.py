"""What needs a person is found; administrators see everything and act by the services."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client

from common.money import Currency, Money
from payments import jobs, selectors
from payments.models import Payment, Payout, Posting, Refund
from payments.services import paying_out
from tests.conftest import NOON
from tests.factories import make_user
from tests.payments.scenes import (
    PRICE,
    ask,
    begin,
    make_purchase,
    paid,
    refund,
    run_all,
)
from users.models import User

pytestmark = pytest.mark.django_db
WEEK = dt.timedelta(days=8)


@pytest.fixture
def desk() -> Client:
    admin = User.objects.create_superuser("+919000000001", "seven quiet tamarinds", name="Admin")
    client = Client()
    client.force_login(admin)
    return client


def held(stripe):
    purchase, client = make_purchase()
    payment = begin(purchase, client)
    stripe.sandbox.faults(wrong_amount=True)
    stripe.press(payment)
    return ask(payment)


def kinds():
    return sorted(one.kind for one in selectors.mismatches())


def test_nothing_needs_a_person_when_all_is_well(stripe):
    paid(stripe)

    assert kinds() == []
    assert jobs.report_mismatches() == 0


def test_what_needs_a_person_is_reported(stripe):
    held(stripe)
    stripe.sandbox.faults()
    _, payment = paid(stripe)
    stripe.sandbox.faults(refund_pending=True)
    refund(payment, 100, "slow")
    failing = refund(payment, 100, "failing")
    Refund.objects.filter(pk=failing.pk).update(status="failed")
    purchase, client = make_purchase()
    begin(purchase, client)
    with time_machine.travel(NOON + WEEK):
        found = kinds()

    assert found == ["payment held", "payment not asked about", "refund failed", "refund slow"]


def test_a_command_prints_the_trial_balance(stripe, capsys):
    paid(stripe)

    call_command("trial_balance")

    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["gateway", "stripe", "INR", str(PRICE)] in lines
    assert lines[-1] == ["sum", "INR", "0"]


def test_the_command_fails_when_the_ledger_is_out(stripe):
    paid(stripe)
    entry, account = Posting.objects.values_list("entry", "account").order_by("pk")[0]

    with pytest.raises(CommandError, match="out by 1 INR"), transaction.atomic():
        Posting.objects.create(entry_id=entry, account_id=account, amount_minor=1, currency="INR")
        call_command("trial_balance")


def test_the_job_runs_the_errands_that_no_worker_has_run(stripe):
    purchase, client = make_purchase()
    payment = begin(purchase, client)
    stripe.press(payment)

    with time_machine.travel(NOON + dt.timedelta(minutes=2)):
        done = jobs.reconcile()

    payment.refresh_from_db()
    assert (done, payment.status) == (1, "succeeded")


def act(desk, model, action, rows, words="Seen by me."):
    data = {"action": action, "_selected_action": [str(row.pk) for row in rows], "words": words}
    return desk.post(f"/admin/payments/{model}/", data, follow=True)


def test_held_money_is_sent_back_by_an_administrator(stripe, desk):
    payment = held(stripe)

    silent = act(desk, "payment", "send_back_held", [payment], words="")
    payment.refresh_from_db()
    before = payment.status
    act(desk, "payment", "send_back_held", [payment])
    run_all()

    payment.refresh_from_db()
    assert "Write a reason" in silent.content.decode()
    assert (before, payment.status, Refund.objects.get().status) == ("held", "failed", "succeeded")


def test_a_refusal_is_told_and_changes_nothing(stripe, desk):
    _, payment = paid(stripe)

    page = act(desk, "payment", "send_back_held", [payment])

    assert "not possible from the current state" in page.content.decode()
    assert Refund.objects.count() == 0


def test_an_administrator_asks_again_and_gives_back(stripe, desk):
    purchase, client = make_purchase()
    payment = begin(purchase, client)
    stripe.press(payment)

    act(desk, "payment", "ask_again", [payment])
    act(desk, "payment", "give_back", [payment])

    payment.refresh_from_db()
    assert (payment.status, payment.refunded_minor) == ("succeeded", PRICE)


def test_who_may_only_look_moves_no_money(stripe):
    _, payment = paid(stripe)
    looker = User.objects.create_superuser("+919000000002", "seven quiet tamarinds", name="Looker")
    User.objects.filter(pk=looker.pk).update(is_superuser=False)
    looker.user_permissions.add(Permission.objects.get(codename="view_payment"))
    client = Client()
    client.force_login(User.objects.get(pk=looker.pk))

    page = act(client, "payment", "give_back", [payment])

    assert (page.status_code, Refund.objects.count()) == (200, 0)
    assert "Give back" not in page.content.decode()


def test_lists_show_amounts_as_people_write_them(stripe, desk):
    paid(stripe)

    assert "₹3,100.00" in desk.get("/admin/payments/payment/").content.decode()


def test_a_payout_is_recorded_by_an_administrator(stripe, desk):
    purchase, _ = paid(stripe)
    values = {"payee": purchase.payee, "description": "x", "actor": "x", "amount": Money(PRICE, Currency.INR)}
    row = paying_out.settle_owed(key="k", **values)

    act(desk, "payout", "has_left", [row], words="UTR0042")

    assert (Payout.objects.get().status, Payout.objects.get().provider_ref) == ("succeeded", "UTR0042")


@pytest.mark.parametrize(
    "page", ["payment", "purchase", "refund", "payout", "invoice", "entry", "account", "providernotice", "entry/report"]
)
def test_every_page_opens(stripe, desk, page):
    paid(stripe)

    assert desk.get(f"/admin/payments/{page}/").status_code == 200


def test_a_payments_page_shows_its_history_and_no_token(stripe, desk):
    _, payment = paid(stripe)
    Payment.objects.update(client_token="pi_secret_of_the_payer")

    page = desk.get(f"/admin/payments/payment/{payment.pk}/change/").content.decode()

    assert "submit" in page
    assert "pi_secret_of_the_payer" not in page


def test_a_persons_copy_holds_its_payments(stripe):
    purchase, payment = paid(stripe)

    assert [row["id"] for row in selectors.personal_rows(purchase.payer_user_id)] == [payment.pk]
    assert selectors.personal_rows(make_user().pk) == []
