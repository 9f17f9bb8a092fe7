"""Who dies between the provider's taking the money and our writing it down loses nothing and takes nothing twice."""

from __future__ import annotations

import contextlib
import datetime as dt
import signal

import pytest

from common import clock
from payments import jobs
from payments.models import Payment, Refund
from payments.services import refunding, settling
from tests.payments.scenes import ask, begin, close, events, make_purchase, run_all, totals
from tests.payments.sides import SIDES, BkashSide
from tests.processes import until, worker_process

LATER = dt.timedelta(minutes=3)


class Killed(BaseException):
    """As SIGKILL does: nothing that catches exceptions sees it."""


def die(*_: object, **__: object) -> None:
    raise Killed


@pytest.fixture(params=sorted(SIDES))
def side(request, sandbox):
    return SIDES[request.param](sandbox)


def pressed(side):
    purchase, client = make_purchase(amount=side.price)
    payment = begin(purchase, client, side.provider)
    side.press(payment.provider_ref, "pay")
    return purchase, payment


@pytest.mark.django_db
@pytest.mark.parametrize("moment", ["settle", "emit"], ids=["before we write", "before we commit"])
def test_money_that_was_taken_when_we_died_is_found_by_reconciliation(side, noon, monkeypatch, moment):
    _, payment = pressed(side)
    with monkeypatch.context() as patch, contextlib.suppress(Killed):
        patch.setattr(settling, moment, die)
        ask(payment)
    payment.refresh_from_db()
    at_death = payment.status, totals(), side.captured()
    noon.shift(LATER)

    jobs.reconcile()

    payment.refresh_from_db()
    taken = {str(payment.pk): side.price.minor}
    assert at_death == ("pending", {}, taken)
    assert (payment.status, side.captured()) == ("succeeded", taken)
    assert totals() == {"gateway": side.price.minor, "payable": -side.price.minor}
    assert len(events("payment.succeeded")) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("moment", ["settle_refund", "emit"], ids=["before we write", "before we commit"])
def test_money_that_went_back_when_we_died_goes_back_once(side, noon, monkeypatch, moment):
    purchase, payment = pressed(side)
    ask(payment)
    close(purchase)
    with monkeypatch.context() as patch, contextlib.suppress(Killed):
        patch.setattr(refunding, moment, die)
        run_all()
    at_death = Refund.objects.get().status, side.refunds()
    noon.shift(LATER)

    jobs.reconcile()

    assert at_death == ("pending", 1)
    assert (Refund.objects.get().status, side.refunds()) == ("succeeded", 1)
    assert (side.captured(), totals()) == ({str(payment.pk): 0}, {})
    assert len(events("refund.succeeded")) == 1


@pytest.mark.real_time
@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_while_bkash_takes_the_money_has_it_taken_once(sandbox):
    side = BkashSide(sandbox)
    _, payment = pressed(side)
    sandbox.faults(slow_ms={"ms": 20_000, "only_to": "execute"})
    Payment.objects.update(ask_at=clock.now())
    with worker_process(sandbox, threads=1) as victim:
        until(lambda: side.executed() == 1)
        victim.send_signal(signal.SIGKILL)
        victim.wait(10)
    payment.refresh_from_db()
    at_death = payment.status, totals()
    Payment.objects.update(ask_at=clock.now())  # its lease passes

    jobs.reconcile()

    payment.refresh_from_db()
    assert at_death == ("pending", {})
    assert (payment.status, side.executed()) == ("succeeded", 1)
    assert side.captured() == {str(payment.pk): side.price.minor}
    assert totals() == {"gateway": side.price.minor, "payable": -side.price.minor}
