"""Payouts, disputes and refunds from outside under many hands: each happens once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection

from payments import errands, selectors
from payments.models import Payout, PayoutAccount, Refund
from payments.services import aftermath, invoicing, paying_out
from tests.concurrency.scenes import race_test, unlock, without_constraints
from tests.payments.conftest import sandbox, started, stripe  # noqa: F401 - fixtures
from tests.payments.payees import dashboard, make_payee, pay_out, set_account, sold, transfers
from tests.payments.scenes import events, paid, run_all
from tests.payments.sides import StripeSide
from tests.races import meeting, names, race

pytestmark = [race_test, pytest.mark.usefixtures("unthrottled")]


def look(model, pk):
    """What `lock_one` would be if it did not lock."""
    return model.objects.get(pk=pk)


def unlock_payouts(monkeypatch: pytest.MonkeyPatch, wait: Callable[[], None]) -> None:
    """Take the locks away: whoever has looked at what is owed waits for the other."""

    def owed(*_: object) -> int:
        wait()
        return 10**6

    monkeypatch.setattr(paying_out, "lock_one", look)
    monkeypatch.setattr(paying_out, "_owed_for_update", owed)


@contextmanager
def without_unique_key() -> Iterator[None]:
    """Let two payouts have the same key for a while; the table is empty at the end."""
    strict = Payout._meta.get_field("key")
    loose = strict.clone()
    loose._unique = False
    loose.set_attributes_from_name("key")
    loose.model = Payout
    with connection.schema_editor() as editor:
        editor.alter_field(Payout, strict, loose)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE payments_payout CASCADE")
        with connection.schema_editor() as editor:
            editor.alter_field(Payout, loose, strict)


def aftermath_of(stripe, payment):  # noqa: F811
    return StripeSide(stripe.sandbox).gateway.aftermath(selectors.charge_of(payment), [])


def test_payouts_by_a_provider_at_once_pay_once(stripe):  # noqa: F811
    purchase, _ = sold(stripe, make_payee())

    outcomes = race(*[lambda: pay_out(purchase) for _ in range(5)])
    row = Payout.objects.get()
    race(*[lambda: errands.move_payout(row.pk) for _ in range(4)], *[run_all for _ in range(2)])

    row.refresh_from_db()
    assert names(outcomes) == ["Payout"] * 5
    assert (row.status, len(transfers(stripe))) == ("succeeded", 1)
    assert len(events("payout.succeeded")) == 1


def test_the_constraints_alone_keep_a_purchase_to_one_payout(stripe, monkeypatch):  # noqa: F811
    purchase, _ = sold(stripe, make_payee())
    with meeting(2) as wait:
        unlock_payouts(monkeypatch, wait)

        race(*[lambda: pay_out(purchase) for _ in range(2)])

    assert Payout.objects.count() == 1


def test_without_lock_and_constraints_a_purchase_is_paid_out_twice(stripe, monkeypatch):  # noqa: F811
    purchase, _ = sold(stripe, make_payee())
    with without_unique_key(), without_constraints((Payout, "one_payout_per_purchase")), meeting(2) as wait:
        unlock_payouts(monkeypatch, wait)

        race(*[lambda: pay_out(purchase) for _ in range(2)])
        run_all()

        assert len(transfers(stripe)) == 2


def test_accounts_for_payouts_set_at_once_are_one(stripe):  # noqa: F811
    payee = make_payee()

    outcomes = race(*[lambda key=key: set_account(payee, f"acct_{key}0000000000") for key in range(4)])

    assert set(names(outcomes)) <= {"PayoutAccount", "PayoutAccountChanging", "Busy"}
    assert PayoutAccount.objects.exclude(status="removed").count() == 1


def test_a_refund_from_outside_told_at_once_is_one(stripe):  # noqa: F811
    _, payment = paid(stripe)
    made = dashboard(stripe.sandbox, f"/stripe/payments/{payment.payment_ref}/refund", amount=1000)
    found = aftermath_of(stripe, payment)

    race(*[lambda: aftermath.settle_aftermath(payment_id=payment.pk, found=found) for _ in range(5)])

    assert list(Refund.objects.values_list("provider_ref", flat=True)) == [made["id"]]
    assert len(events("refund.succeeded")) == 1


def test_without_lock_and_constraint_a_refund_from_outside_is_written_twice(stripe, monkeypatch):  # noqa: F811
    _, payment = paid(stripe)
    dashboard(stripe.sandbox, f"/stripe/payments/{payment.payment_ref}/refund", amount=1000)
    found = aftermath_of(stripe, payment)
    with without_constraints((Refund, "refund_once_per_key")), meeting(2) as wait:
        unlock(monkeypatch, "common.db.lock", "payments.services.aftermath.lock", after=Refund, wait=wait)
        monkeypatch.setattr(invoicing, "_next_number", lambda *_: Refund.objects.count())
        monkeypatch.setattr("payments.services.aftermath.lock_one", lambda model, pk: model.objects.get(pk=pk))

        race(*[lambda: aftermath.settle_aftermath(payment_id=payment.pk, found=found) for _ in range(2)])

        assert Refund.objects.count() == 2
