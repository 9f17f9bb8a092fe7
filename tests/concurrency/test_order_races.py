"""Orders under many hands: no bag twice, no step twice, five tries, and no money kept for nothing."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from decimal import Decimal

import pytest

from common import clock
from common.outbox import drain
from orders import jobs
from orders.errors import HandoverCodeWrong
from orders.models import Box, Order, OrderBag
from orders.services import answering, ending, packing, paying, road, tracking
from partners.services.approval import suspend_partner
from payments.models import Purchase, Refund
from payments.parties import Party
from stock.errors import InsufficientStock
from stock.models import Reservation, Unit
from stock.services.testing import record_tests
from stock.states import Finding, MandatoryTest
from tests.concurrency.scenes import race_test, unlock, waiting, without_constraints
from tests.orders.scenes import (
    TOTAL,
    accepted,
    arrive,
    begin,
    dispatched,
    fresh,
    kept,
    line,
    make_bank,
    of,
    paid,
    place,
    verbs,
)
from tests.races import meeting, names, race

pytestmark = race_test


def accept(order, bank):
    return lambda: answering.accept(**of(order, bank))


def cancel(order):
    party = Party.person(order.buyer_user_id)
    return lambda: ending.cancel_as_buyer(order_id=order.pk, buyer=party, actor="user", reason="No.")


def test_two_buyers_of_the_last_bag_are_one_buyer():
    bank = make_bank(bags=1)
    orders = [place(bank, lines=[line(1)]) for _ in range(2)]

    outcomes = race(*[accept(order, bank) for order in orders])

    assert names(outcomes) == ["InsufficientStock", "Order"]
    assert Reservation.objects.filter(ended_at=None).count() == 1
    assert Counter(Order.objects.values_list("status", flat=True)) == {"accepted": 1, "placed": 1}


def test_fifty_buyers_of_twenty_bags_are_twenty():
    bank = make_bank(bags=20)
    orders = [place(bank, lines=[line(1)]) for _ in range(50)]

    outcomes = race(*[accept(order, bank) for order in orders])

    won = [one for one in outcomes if isinstance(one, Order)]
    assert len(won) == 20
    assert {type(one) for one in outcomes if not isinstance(one, Order)} == {InsufficientStock}
    assert len({bag.unit_id for bag in OrderBag.objects.all()}) == 20


def test_orders_of_several_kinds_never_wait_in_a_ring():
    bank = make_bank(bags=6)
    orders = [place(bank, lines=[line(1, "B+"), line(1, "AB+")]) for _ in range(6)]

    outcomes = race(*[accept(order, bank) for order in orders])

    assert Counter(names(outcomes)) == {"Order": 3, "InsufficientStock": 3}


def test_without_the_lock_of_bags_two_orders_keep_one_bag(monkeypatch):
    bank = make_bank(bags=1)
    orders = [place(bank, lines=[line(1)]) for _ in range(2)]
    with without_constraints((Reservation, "one_open_reservation_per_unit")), meeting(2) as wait:
        looked = Unit.objects.all()

        def pick(**_):
            found = list(looked)
            wait()
            return found

        monkeypatch.setattr("stock.services.allocating._pick", pick)
        monkeypatch.setattr("stock.services.moving.advance", lambda _, __, ___: "reserved")

        race(*[accept(order, bank) for order in orders])

        assert OrderBag.objects.filter(fate="kept").count() == 2


def test_accepting_and_cancelling_at_once_leave_no_bag_behind():
    bank = make_bank(bags=2)
    order = place(bank)

    outcomes = race(accept(order, bank), cancel(order))

    assert fresh(order).status == "cancelled"
    assert names(outcomes) in (["IllegalTransition", "Order"], ["Order", "Order"])
    assert set(Unit.objects.values_list("status", flat=True)) == {"available"}
    assert not Purchase.objects.filter(status="open").exists()


def test_without_the_lock_a_cancelled_order_goes_on_keeping_bags(monkeypatch):
    bank = make_bank(bags=2)
    order = place(bank)
    looked, is_accepted = threading.Event(), threading.Event()

    def look(order_id, **_):
        row = Order.objects.get(pk=order_id)
        looked.set()
        is_accepted.wait(5)
        return row

    def accept_meanwhile():
        looked.wait(5)
        answering.accept(**of(order, bank))
        is_accepted.set()

    monkeypatch.setattr(ending, "hold_order", look)

    race(cancel(order), accept_meanwhile)

    assert fresh(order).status == "cancelled"
    assert set(Unit.objects.values_list("status", flat=True)) == {"reserved"}


def test_accepting_while_the_bank_is_being_suspended_keeps_no_bag():
    bank = make_bank(bags=2)
    order = place(bank)

    race(accept(order, bank), lambda: suspend_partner(partner_id=bank.partner_id, actor="admin", reason="Licence."))
    drain()
    drain()

    assert (fresh(order).status, fresh(order).end_reason) == ("cancelled", "suspended")
    assert set(Unit.objects.values_list("status", flat=True)) == {"available"}


@pytest.mark.parametrize("attempt", range(3))
def test_a_recall_and_a_hand_over_at_once_are_refused_or_told_in_either_order(attempt):
    bank = make_bank(bags=1)
    order = dispatched(bank, lines=[line(1)])
    bag = order.bags.get()

    outcomes = race(
        lambda: record_tests(
            partner_id=bank.partner_id,
            member_id=bank.pk,
            unit_id=bag.unit_id,
            results={MandatoryTest.HIV: Finding.REACTIVE},
        ),
        guess(order, bank, order.code_sealed),
    )
    drain()

    assert names(outcomes) in (["BagsUnfit", "Consequences"], ["Consequences", "Order"])
    assert verbs(order).count("recall") == 1


def test_paying_and_ending_at_once_either_keep_the_bags_or_give_the_money_back(noon):
    bank = make_bank(bags=2)
    order = accepted(bank)
    payment = begin(order)
    noon.shift(answering.PAY_WITHIN + answering.SETTLE_GRACE + dt.timedelta(seconds=1))

    race(lambda: arrive(payment), jobs.end_due_orders)
    drain()

    payment.refresh_from_db()
    is_paid = fresh(order).paid_at is not None
    assert payment.is_applied is is_paid
    assert set(Unit.objects.values_list("status", flat=True)) == {"reserved" if is_paid else "available"}


def late_money(noon, bank):
    """An order whose time to pay is over, and whose money has arrived all the same; nobody has been told of either."""
    order = accepted(bank)
    payment = begin(order)
    noon.shift(answering.PAY_WITHIN + answering.SETTLE_GRACE + dt.timedelta(seconds=1))
    arrive(payment)
    return order, payment


def bags_and_money(order, payment):
    payment.refresh_from_db()
    return fresh(order).status, payment.is_applied, set(Unit.objects.values_list("status", flat=True))


@pytest.mark.parametrize("attempt", range(2))
def test_news_of_late_money_and_the_orders_end_at_once_keep_bags_for_it(noon, attempt):
    order, payment = late_money(noon, make_bank(bags=2))

    race(drain, lambda: paying.lapse_if_due(order_id=order.pk))
    drain()

    assert bags_and_money(order, payment) == ("accepted", True, {"reserved"})
    assert verbs(order)[-1] in ("pay", "revive")


def test_without_the_lock_money_and_bags_are_kept_for_an_order_that_ended(noon, monkeypatch):
    order, payment = late_money(noon, make_bank(bags=2))
    looked, is_over, mine, locked = threading.Event(), threading.Event(), threading.local(), paying.hold_order

    def look(order_id, **which):
        if hasattr(mine, "locks"):
            return locked(order_id, **which)
        row = Order.objects.get(pk=order_id)
        looked.set()
        is_over.wait(5)
        return row

    def end_meanwhile():
        mine.locks = True
        looked.wait(5)
        paying.lapse_if_due(order_id=order.pk)
        is_over.set()

    monkeypatch.setattr(paying, "hold_order", look)

    race(drain, end_meanwhile)

    assert bags_and_money(order, payment) == ("cancelled", True, {"reserved"})


def test_paying_and_calling_off_at_once_never_keep_money_for_nothing():
    bank = make_bank(bags=2)
    order = accepted(bank)
    payment = begin(order)

    race(lambda: arrive(payment), cancel(order))
    drain()

    payment.refresh_from_db()
    assert fresh(order).status == "cancelled"
    gone_back = sum(Refund.objects.values_list("amount_minor", flat=True))
    assert gone_back == TOTAL or payment.refund_due_at is not None


def test_without_the_lock_of_the_purchase_money_is_kept_for_nothing(monkeypatch):
    order = accepted(make_bank(bags=2))
    payment = begin(order)
    with meeting(2) as wait:
        unlock(monkeypatch, "common.db.lock", after=Purchase, wait=wait)

        race(lambda: arrive(payment), cancel(order))

    payment.refresh_from_db()
    assert fresh(order).status == "cancelled"
    assert payment.is_applied
    assert not Refund.objects.exists()


def test_an_order_is_handed_over_once():
    bank = make_bank(bags=2)
    order = dispatched(bank)
    code = order.code_sealed

    outcomes = race(*[lambda: road.deliver(**of(order, bank), code=code) for _ in range(5)])

    assert Counter(names(outcomes)) == {"Order": 1, "IllegalTransition": 4}
    assert verbs(order).count("deliver") == 1


def test_without_the_lock_it_is_handed_over_twice(monkeypatch):
    bank = make_bank(bags=2)
    order = dispatched(bank)
    with meeting(2) as wait:
        unlock(monkeypatch, "common.db.lock", after=Order, wait=wait)

        race(guess(order, bank, order.code_sealed), guess(order, bank, order.code_sealed))

    assert verbs(order).count("deliver") == 2


def guess(order, bank, code):
    return lambda: road.deliver(**of(order, bank), code=code)


def wrong_codes(order, count):
    right = int(order.code_sealed)
    return [f"{(right + place) % 10**6:06d}" for place in range(1, count + 1)]


def test_a_code_has_five_tries_however_many_hands_try():
    bank = make_bank(bags=2)
    order = dispatched(bank)

    outcomes = race(*[guess(order, bank, code) for code in wrong_codes(order, 12)])

    assert Counter(names(outcomes)) == {"HandoverCodeWrong": 5, "HandoverCodeLocked": 7}
    assert fresh(order).code_tries_left == 0


def test_without_the_lock_there_are_more_tries(monkeypatch):
    bank = make_bank(bags=2)
    order = dispatched(bank)
    with meeting(8) as wait:
        unlock(monkeypatch, "common.db.lock", after=Order, wait=wait)

        outcomes = race(*[guess(order, bank, code) for code in wrong_codes(order, 8)])

    assert sum(isinstance(one, HandoverCodeWrong) for one in outcomes) > 5


def pack(order, bank, box):
    scans = [packing.Scan(str(bag.unit_id)) for bag in kept(order)]
    return lambda: packing.pack(**of(order, bank), box=box, scans=scans)


def test_a_bag_is_packed_into_one_box():
    bank = make_bank(bags=2)
    order = paid(bank)

    outcomes = race(pack(order, bank, "BOX-1"), pack(order, bank, "BOX-2"))

    assert names(outcomes) == ["IllegalTransition", "Order"]
    assert Box.objects.count() == 1


def test_without_the_locks_a_bag_is_packed_into_two_boxes(monkeypatch):
    bank = make_bank(bags=2)
    order = paid(bank)
    with meeting(2) as wait:
        unlock(monkeypatch, "common.db.lock", "stock.services.lines.lock", after=Box, wait=wait)
        monkeypatch.setattr(packing, "_band", waiting(packing._band, wait))

        race(pack(order, bank, "BOX-1"), pack(order, bank, "BOX-2"))

    assert Box.objects.count() == 2


def test_one_box_is_not_packed_for_two_orders():
    bank = make_bank(bags=4)
    orders = [paid(bank), paid(bank)]

    outcomes = race(*[pack(order, bank, "BOX-1") for order in orders])

    assert names(outcomes) == ["BoxInUse", "Order"]


@pytest.mark.parametrize("attempt", range(3))
def test_a_breach_and_a_hand_over_at_once_quarantine_the_bags_in_either_order(noon, attempt):
    bank = make_bank(bags=2)
    order = dispatched(bank)
    noon.shift(dt.timedelta(minutes=50))
    now = clock.now()
    warm = [tracking.Temperature("S", now - dt.timedelta(minutes=ago), Decimal(15)) for ago in (30, 15)]
    box = order.boxes.get()

    outcomes = race(
        lambda: tracking.record_readings(box_id=box.pk, partner_id=bank.partner_id, temperatures=warm),
        guess(order, bank, order.code_sealed),
    )

    assert set(Unit.objects.values_list("status", flat=True)) == {"quarantined"}
    assert verbs(order).count("breach") == 1
    assert names(outcomes) in (["Box", "BoxBreached"], ["Box", "Order"])


def test_the_same_breach_told_by_many_is_told_once(noon):
    bank = make_bank(bags=2)
    order = dispatched(bank)
    noon.shift(dt.timedelta(minutes=50))
    now = clock.now()
    warm = [tracking.Temperature("S", now - dt.timedelta(minutes=ago), Decimal(15)) for ago in (30, 15)]
    box = order.boxes.get()

    race(
        *[
            lambda: tracking.record_readings(box_id=box.pk, partner_id=bank.partner_id, temperatures=warm)
            for _ in range(6)
        ]
    )

    assert verbs(order).count("breach") == 1
    assert box.readings.count() == 2
