"""Ordering at the bank's price, and the bank's answer."""

from __future__ import annotations

import datetime as dt

import pytest

from common import clock
from common.errors import IllegalTransition, NotFound
from common.geo import Point
from orders import jobs
from orders.errors import (
    BankIsBuyer,
    DeliveryTooFar,
    LinesDouble,
    NeededByInvalid,
    NotOffered,
    OrderOver,
)
from orders.models import Order
from orders.services import answering, ending, placing
from orders.states import OrderStatus
from partners.errors import NoPriceList
from payments.models import Purchase
from payments.parties import Party
from stock.components import Component
from stock.errors import InsufficientStock
from stock.models import Unit
from tests.factories import make_user
from tests.orders.scenes import (
    CHARGE,
    DELIVERY,
    TAX,
    TOTAL,
    accepted,
    fresh,
    kept,
    line,
    make_bank,
    make_buyer,
    make_contract,
    of,
    place,
    set_prices,
    verbs,
)
from tests.stock.scenes import make_unit, status

pytestmark = pytest.mark.django_db


def test_the_price_is_the_banks_own_with_delivery_and_tax():
    order = place(make_bank())

    assert order.total_minor == TOTAL == 2 * CHARGE + DELIVERY + TAX
    assert [(charge["kind"], charge["amount_minor"], charge["tax_minor"]) for charge in order.charges] == [
        ("processing", 2 * CHARGE, 0),
        ("delivery", DELIVERY, TAX),
    ]
    assert (order.status, order.terms, order.pay_by) == ("placed", "prepaid", None)


def test_the_farther_band_costs_more_and_beyond_the_last_nobody_drives():
    bank = make_bank()

    far = place(bank, destination=placing.Destination("Pimpri", Point(18.62, 73.80)))

    assert far.charges[1]["amount_minor"] == 40_000
    with pytest.raises(DeliveryTooFar) as refused:
        place(bank, destination=placing.Destination("Mumbai", Point(19.07, 72.88)))
    assert refused.value.facts["up_to_km"] == 20


def test_who_fetches_the_bags_pays_no_delivery():
    order = place(make_bank(), destination=None)

    assert order.is_pickup
    assert order.total_minor == 2 * CHARGE


def test_a_new_list_does_not_change_what_was_ordered():
    bank = make_bank()
    order = place(bank)

    set_prices(bank, processing={"red_cells": 1})

    assert fresh(order).total_minor == TOTAL


@pytest.mark.parametrize(
    ("refusal", "values"),
    [
        (NotOffered, {"lines": [line(component=Component.CRYOPRECIPITATE)]}),
        (LinesDouble, {"lines": [line(1), line(2)]}),
        (NeededByInvalid, {"needed_by": dt.datetime(2030, 4, 30, tzinfo=dt.UTC)}),
        (NeededByInvalid, {"needed_by": dt.datetime(2030, 7, 1, tzinfo=dt.UTC)}),
    ],
)
def test_what_the_bank_does_not_offer_is_refused(refusal, values):
    bank = make_bank()

    with pytest.raises(refusal):
        place(bank, **values)

    assert not Order.objects.exists()


def test_nothing_is_ordered_of_who_is_no_live_bank_or_has_no_prices():
    with pytest.raises(NotFound):
        place(make_bank(kind="hospital"))
    with pytest.raises(NotFound):
        place(make_bank(status="suspended"))
    with pytest.raises(NoPriceList):
        place(make_bank(priced=False))


def test_a_bank_does_not_order_of_itself():
    bank = make_bank()

    with pytest.raises(BankIsBuyer):
        place(bank, buyer=Party.partner(bank.partner_id))


def test_a_contract_has_its_own_price_and_waits_for_no_money():
    bank, hospital = make_bank(bags=2), make_buyer()
    make_contract(bank, hospital)

    order = accepted(bank, buyer=Party.partner(hospital.partner_id))

    assert order.charges[0]["amount_minor"] == 2 * 120_000
    assert (order.terms, order.pay_by, order.due_at) == ("monthly", None, None)
    assert not Purchase.objects.exists()
    assert {unit.reserved_until for unit in Unit.objects.all()} == {None}


def test_accepting_keeps_the_best_bags_and_asks_for_money():
    bank = make_bank()
    late, soon = make_unit(bank.partner), make_unit(bank.partner, expires_at=clock.now() + dt.timedelta(days=3))
    other = make_unit(bank.partner, blood_group="AB+")

    order = accepted(bank, lines=[line(1)])

    assert [bag.unit_id for bag in kept(order)] == [soon.pk]
    assert (status(late), status(soon), status(other)) == ("available", "reserved", "available")
    assert order.status == "accepted"
    assert order.pay_by == pytest.approx(clock.now() + dt.timedelta(minutes=30), abs=dt.timedelta(seconds=5))
    purchase = Purchase.objects.get(reference=order.pk)
    assert (purchase.amount_minor, purchase.payee_partner_id) == (order.total_minor, bank.partner_id)
    assert purchase.closes_at == order.pay_by
    assert soon.reservations.get().until == order.due_at


def test_every_line_is_kept_or_none():
    bank = make_bank(bags=3)
    order = place(bank, lines=[line(2), line(1, component=Component.PLATELETS_RANDOM)])

    with pytest.raises(InsufficientStock) as refused:
        answering.accept(**of(order, bank))

    assert refused.value.facts == {"line": 1, "available": 0}
    assert fresh(order).status == "placed"
    assert set(Unit.objects.values_list("status", flat=True)) == {"available"}


def test_two_lines_never_get_the_same_bag():
    bank = make_bank(bags=1)
    order = place(bank, lines=[line(1, "B+"), line(1, "AB+")])

    with pytest.raises(InsufficientStock):
        answering.accept(**of(order, bank))


def test_several_lines_share_one_holding():
    bank = make_bank(bags=2)
    make_unit(bank.partner, component=Component.PLATELETS_RANDOM)
    make_unit(bank.partner, component=Component.FRESH_FROZEN_PLASMA)
    wish = [line(2), line(1, component=Component.PLATELETS_RANDOM), line(1, component=Component.FRESH_FROZEN_PLASMA)]

    order = accepted(bank, lines=wish)

    assert len(kept(order)) == 4
    assert {bag.unit.reservations.get().holding for bag in kept(order)} == {order.holding}


def test_bags_that_expire_before_they_are_needed_are_not_kept():
    bank = make_bank()
    make_unit(bank.partner, expires_at=clock.now() + dt.timedelta(hours=1))
    order = place(bank, lines=[line(1)])

    with pytest.raises(InsufficientStock):
        answering.accept(**of(order, bank))


def test_another_bank_cannot_answer():
    order = place(make_bank(bags=2))
    other = make_bank()

    with pytest.raises(NotFound):
        answering.accept(**of(order, other))
    with pytest.raises(NotFound):
        answering.reject(**of(order, other), reason="No.")


def test_a_rejected_order_is_over():
    bank = make_bank(bags=2)
    order = place(bank)

    answering.reject(**of(order, bank), reason="No van tonight.")

    assert (fresh(order).status, fresh(order).end_reason) == ("rejected", "rejected")
    with pytest.raises(IllegalTransition):
        answering.accept(**of(order, bank))


def test_an_order_nobody_answers_ends_when_it_is_needed_even_before_the_sweep(noon):
    bank = make_bank(bags=2)
    order = place(bank)
    noon.shift(dt.timedelta(hours=6))

    with pytest.raises(OrderOver):
        answering.accept(**of(order, bank))
    assert (fresh(order).stands, fresh(order).ended_because) == (OrderStatus.CANCELLED, "unanswered")
    assert jobs.end_due_orders() == 1

    assert (fresh(order).status, fresh(order).end_reason) == ("cancelled", "unanswered")
    assert jobs.end_due_orders() == 0


def test_a_buyer_may_cancel_before_the_answer_for_nothing():
    user = make_user()
    order = place(make_bank(), buyer=Party.person(user.pk))

    ending.cancel_as_buyer(order_id=order.pk, buyer=Party.person(user.pk), actor="user", reason="Found elsewhere.")

    assert (fresh(order).status, fresh(order).fee_minor) == ("cancelled", 0)
    assert verbs(order) == ["place", "cancel"]


def test_a_stranger_cannot_cancel():
    order = place(make_bank())

    with pytest.raises(NotFound):
        ending.cancel_as_buyer(order_id=order.pk, buyer=Party.person(make_user().pk), actor="user", reason="Mine.")


def test_cancelling_frees_the_bags():
    bank = make_bank(bags=2)
    order = accepted(bank)

    ending.cancel_as_bank(**of(order, bank), reason="The refrigerator failed.")

    assert set(Unit.objects.values_list("status", flat=True)) == {"available"}
    assert fresh(order).end_reason == "bank"
    assert set(order.bags.values_list("fate", flat=True)) == {"freed"}
    assert Purchase.objects.get().status == "closed"
