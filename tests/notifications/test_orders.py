"""Who hears of an order, and that the receiver alone reads the code."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from common import clock
from notifications.kinds import Kind
from notifications.models import Delivery, Notification
from orders import jobs
from orders.services import answering, codes, ending, road, tracking
from orders.states import Fault
from payments.parties import Party
from stock.models import Unit
from tests.factories import make_user
from tests.notifications.test_handlers import drain, told
from tests.orders.scenes import (
    accepted,
    arrive,
    begin,
    dispatched,
    fresh,
    make_bank,
    make_buyer,
    make_contract,
    of,
    pack_all,
    place,
    send,
)

pytestmark = pytest.mark.django_db


def readers(kind):
    return [(row.user_id, row.member_id) for row in told(kind)]


def test_each_step_of_an_order_is_told_to_whom_it_concerns():
    bank, user = make_bank(bags=2), make_user()
    order = dispatched(bank, buyer=Party.person(user.pk))
    drain()

    for kind in (Kind.ORDER_PLACED, Kind.ORDER_PAID):
        assert readers(kind) == [(None, bank.pk)]
    for kind in (Kind.ORDER_PAYABLE, Kind.ORDER_PACKED, Kind.ORDER_DISPATCHED):
        assert readers(kind) == [(user.pk, None)]
    road.deliver(**of(order, bank), code=codes.renew_code(order_id=order.pk, buyer=Party.person(user.pk), actor="u"))
    drain()

    assert sorted(readers(Kind.ORDER_DELIVERED), key=str) == sorted([(None, bank.pk), (user.pk, None)], key=str)


def test_the_code_goes_to_the_receiver_only_and_is_then_unreadable():
    bank, user = make_bank(bags=2), make_user()
    order = dispatched(bank, buyer=Party.person(user.pk))
    code = order.code_sealed

    drain()

    sent = Notification.objects.get(kind=Kind.HANDOVER_CODE)
    letter = sent.deliveries.get()
    assert (sent.user_id, sent.body, letter.to, letter.is_secret) == (None, "", user.phone, True)
    assert code in letter.body
    assert fresh(order).code_sealed is None
    others = Delivery.objects.exclude(pk=letter.pk)
    assert not any(code in row.body for row in others)
    assert not any(code in f"{row.title} {row.body}" for row in Notification.objects.all())


def test_a_hospital_with_a_contract_is_not_asked_to_pay():
    bank, hospital = make_bank(bags=2), make_buyer()
    make_contract(bank, hospital)
    order = place(bank, buyer=Party.partner(hospital.partner_id))
    answering.accept(**of(order, bank))

    drain()

    assert readers(Kind.ORDER_ACCEPTED) == [(None, hospital.pk)]
    assert readers(Kind.ORDER_PAYABLE) == []


def test_a_breach_is_told_to_both_sides_at_once_and_once(noon):
    bank, user = make_bank(bags=2), make_user()
    order = dispatched(bank, buyer=Party.person(user.pk))
    noon.shift(dt.timedelta(minutes=50))
    now = clock.now()
    for minutes in (30, 15, 5):
        one = tracking.Temperature("S", now - dt.timedelta(minutes=minutes), Decimal(14))
        tracking.record_readings(box_id=order.boxes.get().pk, partner_id=bank.partner_id, temperatures=[one])
    drain()

    assert sorted(readers(Kind.ORDER_BREACHED), key=str) == sorted([(None, bank.pk), (user.pk, None)], key=str)


def test_ends_are_told(noon):
    bank, user = make_bank(bags=4), make_user()
    buyer = Party.person(user.pk)
    answering.reject(**of(place(bank, buyer=buyer), bank), reason="No.")
    ending.cancel_as_buyer(order_id=place(bank, buyer=buyer).pk, buyer=buyer, actor="u", reason="No.")
    order = dispatched(bank, buyer=buyer)
    noon.shift(dt.timedelta(hours=2))
    jobs.tell_late_orders()
    road.fail(**of(order, bank), reason="Nobody there.", fault=Fault.COURIER)
    drain()

    assert readers(Kind.ORDER_REJECTED) == [(user.pk, None)]
    assert len(readers(Kind.ORDER_CANCELLED)) == 2
    assert len(readers(Kind.ORDER_LATE)) == 2
    assert readers(Kind.ORDER_FAILED) == [(user.pk, None)]


def test_a_monthly_bill_is_told_to_the_hospitals_owner(noon):
    bank, hospital = make_bank(bags=2), make_buyer()
    make_contract(bank, hospital)
    party = Party.partner(hospital.partner_id)
    order = place(bank, buyer=party)
    answering.accept(**of(order, bank))
    send(pack_all(order, bank), bank)
    road.deliver(**of(order, bank), code=codes.renew_code(order_id=order.pk, buyer=party, actor="m"))
    noon.shift(dt.timedelta(days=31))
    jobs.bill_contracts()

    drain()

    assert readers(Kind.BILL_DUE) == [(None, hospital.pk)]


@pytest.mark.parametrize(
    ("gone", "kinds"),
    [
        (False, [Kind.PAYMENT_RECEIVED]),
        (True, [Kind.PAYMENT_LATE]),
    ],
)
def test_of_late_money_the_payer_hears_one_thing_and_the_right_one(noon, gone, kinds):
    bank, user = make_bank(bags=2), make_user()
    order = accepted(bank, buyer=Party.person(user.pk))
    payment = begin(order)
    noon.shift(dt.timedelta(hours=1))
    jobs.end_due_orders()
    Unit.objects.update(status="quarantined" if gone else "available")

    arrive(payment)
    drain()
    drain()

    of_money = Notification.objects.filter(kind__in=[Kind.PAYMENT_RECEIVED, Kind.PAYMENT_LATE])
    assert [(row.kind, row.user_id) for row in of_money] == [(kind, user.pk) for kind in kinds]


def test_money_for_bags_that_were_sold_meanwhile_is_told_of_by_the_orders_end_alone(noon):
    bank, user = make_bank(bags=2), make_user()
    order = accepted(bank, buyer=Party.person(user.pk))
    payment = begin(order)
    noon.shift(answering.PAY_WITHIN + answering.SETTLE_GRACE + dt.timedelta(seconds=1))
    accepted(bank)  # the bags are free again, though no sweep has run, and go to somebody else

    arrive(payment)
    drain()
    drain()

    mine = Notification.objects.filter(user_id=user.pk).exclude(kind=Kind.ORDER_PAYABLE)
    assert [row.kind for row in mine] == [Kind.ORDER_CANCELLED]
    assert fresh(order).end_reason == "sold_out"
    assert payment.refunds.exists() or payment.refund_due_at is not None
