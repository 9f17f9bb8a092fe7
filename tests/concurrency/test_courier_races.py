"""Couriers of the provider under many hands: one is asked for, and no report undoes another."""

from __future__ import annotations

import threading

import pytest

from common import clock
from common.db import unit_of_work
from common.outbox import drain
from orders import errands
from orders.models import CourierBooking, CourierNotice, Order
from orders.services import assigning, notices, road
from orders.services.assigning import Courier
from orders.states import Fault
from tests.concurrency.scenes import race_test, unlock, waiting
from tests.orders.conftest import provider, started  # noqa: F401 - a fixture
from tests.orders.couriers import booked, booking_of, report, run_all, said, sent, steps
from tests.orders.scenes import of
from tests.races import meeting, names, race

pytestmark = race_test


def test_workers_ask_for_one_courier(provider):  # noqa: F811
    order, _ = sent()

    done = race(*[errands.run_due for _ in range(4)])

    assert sorted(done) == [0, 0, 0, 1]
    assert provider.asked() == 1
    assert steps(booking_of(order)) == ["request", "book"]


def test_without_the_lease_workers_ask_twice_and_the_reference_keeps_it_one(provider, monkeypatch):  # noqa: F811
    order, _ = sent()
    with meeting(2) as wait:
        monkeypatch.setattr(errands, "lock_free", waiting(lambda rows, limit: list(rows[:limit]), wait))

        race(errands.run_due, errands.run_due)

    assert provider.asked() == 2
    assert len(provider.bookings()) == 1
    assert booking_of(order).status == "booked"


def another(order, bank):
    return lambda: assigning.send_another(**of(order, bank), courier=Courier(is_provider=True))


def test_of_two_members_who_ask_for_another_courier_one_gets_one(provider):  # noqa: F811
    order, bank, booking = booked()
    CourierBooking.objects.filter(pk=booking.pk).update(status="failed", ended_at=clock.now())

    outcomes = race(another(order, bank), another(order, bank))

    assert names(outcomes) == ["CourierBooked", "Order"]


def test_without_the_lock_the_constraint_lets_one_through(provider, monkeypatch):  # noqa: F811
    order, bank, booking = booked()
    CourierBooking.objects.filter(pk=booking.pk).update(status="failed", ended_at=clock.now())
    with meeting(2) as wait:
        unlock(monkeypatch, "common.db.lock", "orders.services.bookings.lock", after=Order, wait=wait)

        outcomes = race(another(order, bank), another(order, bank))

    assert names(outcomes) == ["CourierBooked", "Order"]


def picked_up_and_failed(booking):
    """Two reports that wait to be applied: the courier has the boxes, and it does not bring them."""
    report(said(booking, "picked_up"), event_id="up")
    report(said(booking, "failed"), event_id="down")
    ids = [CourierNotice.objects.get(event_id=name).pk for name in ("up", "down")]
    return [lambda pk=pk: act_on(pk) for pk in ids]


def act_on(pk):
    with unit_of_work():
        notices.act_on(notice_id=pk)


@pytest.mark.parametrize("attempt", range(2))
def test_reports_at_once_end_in_the_last_state_in_either_order(provider, attempt):  # noqa: F811
    _, _, booking = booked()

    race(*picked_up_and_failed(booking))

    booking.refresh_from_db()
    assert booking.status == "failed"
    assert steps(booking) in (["request", "book", "fail"], ["request", "book", "pick_up", "fail"])


def test_without_the_locks_a_state_goes_back(provider, monkeypatch):  # noqa: F811
    _, _, booking = booked()
    up, down = picked_up_and_failed(booking)
    is_down, last = threading.Event(), threading.local()
    with meeting(2) as wait:

        def wait_to_be_last():
            wait()
            getattr(last, "waits", lambda: None)()

        def up_last():
            last.waits = lambda: is_down.wait(5)
            up()

        def down_first():
            down()
            is_down.set()

        unlock(monkeypatch, "common.db.lock", after=CourierBooking, wait=wait_to_be_last)

        race(up_last, down_first)

    booking.refresh_from_db()
    assert steps(booking)[2:] == ["fail", "pick_up"]
    assert booking.status == "picked_up"


def test_a_report_and_the_end_of_the_order_at_once_leave_no_courier_on_the_way(provider):  # noqa: F811
    order, bank, booking = booked()
    provider.drive(booking, "pick-up")

    report(said(booking, "picked_up"))
    race(
        drain,
        lambda: road.fail(**of(order, bank), reason="Nobody there.", fault=Fault.COURIER),
    )
    run_all()

    booking.refresh_from_db()
    assert booking.status == provider.bookings()[0]["status"] == "picked_up"
    assert booking.ask_at is not None
