"""A partner's month adds up from the ledger, and what is owed is paid out once."""

from __future__ import annotations

import uuid

import pytest
import time_machine

from common.money import Currency, Money
from common.outbox import drain
from notifications.models import Notification
from payments import jobs, selectors
from payments.gateways.base import Action, ChargeState, Created, Found, Moved, TransferState
from payments.models import Payout, Settlement
from payments.parties import Party
from payments.services import paying, paying_out, refunding, settling
from payments.states import ActionType, Provider, PurchaseKind
from tests.conftest import NOON
from tests.factories import make_hospital, make_user, member_client
from tests.partners.factories import make_member
from tests.payments.plan_scenes import days
from tests.payments.scenes import refund, register, totals

pytestmark = pytest.mark.django_db
URL = "/api/v1/partner/settlements"
JUNE, JULY = NOON + days(31), NOON + days(61)


def sell(owner, minor, fee=0):
    """Something of the partner's that was paid by card."""
    payer = Party.person(make_user().pk)
    purchase = register(
        payer, Party.partner(owner.partner_id), amount=Money(minor, Currency.INR), fee_minor=fee, reference=uuid.uuid4()
    )
    begun = paying.begin(
        payer=payer,
        kind=PurchaseKind.ORDER,
        reference=purchase.reference,
        provider=Provider.STRIPE,
        return_url="",
        key=None,
    )
    pk = begun.payment.pk
    settling.record_created(payment_id=pk, created=Created(f"pi_{pk}", Action(ActionType.SDK)))
    return settling.settle(payment_id=pk, found=Found(state=ChargeState.PAID, received=purchase.amount))


def give_back(payment, minor):
    row = refund(payment, minor)
    refunding.settle_refund(refund_id=row.pk, moved=Moved(state=TransferState.SUCCEEDED, provider_ref="re"))


def run_at(moment):
    with time_machine.travel(moment, tick=True):
        done = jobs.settle_months()
        drain()
    return done


def statement(row):
    return {
        name: getattr(row, f"{name}_minor")
        for name in ("opening", "sold", "returned", "collected", "paid_out", "other", "closing")
    }


def test_a_month_is_written_down_and_paid_out():
    owner = make_hospital()
    payment = sell(owner, 100_000, fee=5_000)
    sell(owner, 50_000)
    give_back(payment, 20_000)

    done = run_at(JUNE)

    row = Settlement.objects.get()
    assert done == 1
    assert (str(row.month), row.payout.amount_minor) == ("2030-05-01", 126_000)
    assert statement(row) == {
        "opening": 0,
        "sold": 145_000,
        "returned": -19_000,
        "collected": 0,
        "paid_out": 0,
        "other": 0,
        "closing": 126_000,
    }
    assert totals()["paying_out"] == -126_000


def test_a_month_is_settled_once_however_often_the_job_runs():
    sell(make_hospital(), 100_000)

    done = [run_at(JUNE + days(day)) for day in (0, 0.1, 5)]

    assert done == [1, 0, 0]
    assert (Settlement.objects.count(), Payout.objects.count()) == (1, 1)


def test_the_next_month_opens_with_what_was_left_and_shows_the_payout():
    owner = make_hospital()
    sell(owner, 100_000)
    run_at(JUNE)
    with time_machine.travel(JUNE + days(5), tick=True):
        sell(owner, 30_000)

    run_at(JULY)

    first, second = Settlement.objects.order_by("month")
    assert first.closing_minor == second.opening_minor == 100_000
    assert (second.sold_minor, second.paid_out_minor, second.closing_minor) == (30_000, -100_000, 30_000)
    assert second.payout.amount_minor == 30_000


def test_what_went_back_after_the_months_end_is_not_paid_out():
    owner = make_hospital()
    payment = sell(owner, 100_000)
    with time_machine.travel(JUNE, tick=True):
        give_back(payment, 40_000)

    run_at(JUNE + days(0.1))

    row = Settlement.objects.get()
    assert (row.closing_minor, row.payout.amount_minor) == (100_000, 60_000)


def test_who_owes_gets_a_statement_and_no_payout():
    owner = make_hospital()
    payment = sell(owner, 100_000)
    run_at(JUNE)
    with time_machine.travel(JUNE + days(5), tick=True):
        give_back(payment, 40_000)

    run_at(JULY)

    row = Settlement.objects.latest("month")
    assert (row.closing_minor, row.payout) == (-40_000, None)


def test_a_payout_that_failed_is_owed_again_the_next_month():
    sell(make_hospital(), 100_000)
    run_at(JUNE)
    with time_machine.travel(JUNE + days(3), tick=True):
        paying_out.fail_payout(payout_id=Payout.objects.get().pk, reason="Account closed.", actor="admin 1")

    run_at(JULY)

    row = Settlement.objects.latest("month")
    assert (row.opening_minor, row.paid_out_minor, row.payout.amount_minor) == (100_000, 0, 100_000)


def test_months_that_the_job_missed_are_made_up_for():
    owner = make_hospital()
    sell(owner, 100_000)
    with time_machine.travel(JUNE + days(5), tick=True):
        sell(owner, 30_000)

    done = run_at(JULY)

    assert done == 2
    assert sum(Payout.objects.values_list("amount_minor", flat=True)) == 130_000


def test_a_running_month_is_left_alone():
    sell(make_hospital(), 100_000)

    assert run_at(NOON + days(29)) == 0


def test_owners_read_their_months_and_the_lines_that_make_them():
    owner = make_hospital()
    sell(owner, 100_000)
    sell(owner, 50_000)
    sell(make_hospital(), 77)
    run_at(JUNE)
    client = member_client(owner)

    found = client.get(URL).json()["results"]
    lines = client.get(f"{URL}/{found[0]['id']}/lines").json()["results"]

    assert [(row["month"], row["closing"], row["payout"]["status"]) for row in found] == [
        ("2030-05-01", 150_000, "pending")
    ]
    assert [(row["kind"], row["amount"]) for row in lines] == [("sale", 50_000), ("sale", 100_000)]


def test_many_lines_are_read_with_as_many_queries_as_one(django_assert_max_num_queries):
    owner = make_hospital()
    for _ in range(8):
        sell(owner, 1_000)
    run_at(JUNE)
    client, row = member_client(owner), Settlement.objects.get()

    with django_assert_max_num_queries(5):
        lines = client.get(f"{URL}/{row.pk}/lines").json()["results"]
    with django_assert_max_num_queries(4):
        client.get(URL)

    assert len(lines) == 8


def test_nobody_else_reads_them():
    owner, stranger = make_hospital(), make_hospital()
    sell(owner, 100_000)
    run_at(JUNE)
    row = Settlement.objects.get()
    coordinator = make_member(owner.partner, role="coordinator")

    assert member_client(stranger).get(URL).json()["results"] == []
    assert member_client(stranger).get(f"{URL}/{row.pk}/lines").status_code == 404
    assert member_client(coordinator).get(URL).status_code == 403


def test_owners_hear_what_will_be_paid_out():
    owner = make_hospital()
    sell(owner, 100_000)

    run_at(JUNE)

    rows = Notification.objects.filter(kind="settlement_made")
    assert [(row.member_id, "INR 1,000.00" in row.body) for row in rows] == [(owner.pk, True)]
    assert selectors.trial_balance() == {"INR": 0}
