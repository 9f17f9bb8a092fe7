"""A bank or a hospital that may not work any more: what has not left ends, what is on the road goes on."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from common import clock
from common.outbox import drain
from notifications.kinds import Kind
from notifications.models import Notification
from orders import jobs
from orders.services import answering
from partners.errors import PartnerNotLive
from partners.services.approval import reinstate_partner, suspend_partner
from payments.models import Purchase, Refund
from payments.parties import Party
from stock.models import Unit
from tests.orders.scenes import (
    TOTAL,
    accepted,
    arrive,
    begin,
    dispatched,
    fresh,
    make_bank,
    make_buyer,
    make_contract,
    of,
    packed,
    place,
    verbs,
)
from users.models import User

pytestmark = pytest.mark.django_db


def suspend(member):
    suspend_partner(partner_id=member.partner_id, actor="admin", reason="Licence withdrawn.")


def ended(order):
    return fresh(order).status, fresh(order).end_reason


def readers(kind):
    rows = Notification.objects.filter(kind=kind).order_by("pk")
    return {row.user_id or row.member_id for row in rows}


def test_what_a_suspended_bank_has_not_sent_ends_in_every_state_and_both_sides_are_told():
    bank = make_bank(bags=4)
    orders = [place(bank), accepted(bank), packed(bank)]
    suspend(bank)

    drain()
    drain()

    assert [ended(order) for order in orders] == [("cancelled", "suspended")] * 3
    assert set(Unit.objects.values_list("status", flat=True)) == {"available"}
    assert Refund.objects.get().amount_minor == TOTAL
    assert set(Purchase.objects.values_list("status", flat=True)) == {"closed"}
    assert readers(Kind.ORDER_CANCELLED) == {bank.pk, *(order.buyer_user_id for order in orders)}
    assert [verbs(order)[-1] for order in orders] == ["cancel"] * 3


def test_what_is_on_the_road_goes_on_and_both_sides_are_told():
    bank = make_bank(bags=2)
    order = dispatched(bank)
    suspend(bank)

    drain()
    drain()

    assert ended(order) == ("dispatched", "")
    assert not Refund.objects.exists()
    assert readers(Kind.ORDER_GOES_ON) == {bank.pk, order.buyer_user_id}
    assert verbs(order)[-1] == "suspend"


def test_a_suspended_bank_accepts_nothing_before_anything_has_ended():
    bank = make_bank(bags=2)
    order = place(bank)
    suspend(bank)

    with pytest.raises(PartnerNotLive):
        answering.accept(**of(order, bank))

    assert ended(order) == ("placed", "")


def test_an_order_that_came_while_the_bank_was_being_suspended_ends_too():
    bank = make_bank(bags=2)
    suspend(bank)
    drain()
    type(bank.partner).objects.filter(pk=bank.partner_id).update(status="live")
    order = place(bank)
    type(bank.partner).objects.filter(pk=bank.partner_id).update(status="suspended")

    drain()

    assert ended(order) == ("cancelled", "suspended")


def test_a_bank_that_works_again_before_its_orders_were_looked_at_keeps_them():
    bank = make_bank(bags=2)
    order = accepted(bank)
    suspend(bank)
    reinstate_partner(partner_id=bank.partner_id, actor="admin")

    drain()

    assert ended(order) == ("accepted", "")


def test_what_a_suspended_hospital_has_ordered_ends_and_costs_it_nothing():
    bank, hospital = make_bank(bags=2), make_buyer()
    make_contract(bank, hospital)
    order = packed_by_contract(bank, hospital)
    suspend(hospital)

    drain()
    drain()

    assert ended(order) == ("cancelled", "suspended")
    assert fresh(order).fee_minor == 0
    assert set(Unit.objects.values_list("status", flat=True)) == {"available"}


def packed_by_contract(bank, hospital):
    return accepted(bank, buyer=Party.partner(hospital.partner_id))


def test_late_money_has_nothing_kept_again_by_a_suspended_bank(noon):
    bank = make_bank(bags=2)
    order = accepted(bank)
    payment = begin(order)
    noon.shift(dt.timedelta(hours=1))
    jobs.end_due_orders()
    suspend(bank)

    arrive(payment)
    drain()

    assert ended(order) == ("cancelled", "unpaid")
    assert Refund.objects.get().amount_minor == TOTAL


@pytest.fixture
def office():
    User.objects.create_superuser(phone="+919876543210", password="seven quiet tamarinds", name="Meera")
    client = Client()
    client.force_login(User.objects.get(phone="+919876543210"))
    return client


def close(office, action, order, words="The receiver, by telephone."):
    chosen = {"action": action, "_selected_action": str(order.pk), "words": words}
    reply = office.post("/admin/orders/order/", chosen)
    return [str(message) for message in get_messages(reply.wsgi_request)][-1]


@pytest.mark.parametrize(
    ("action", "status", "back"), [("close_delivered", "delivered", 0), ("close_failed", "failed", TOTAL)]
)
def test_an_administrator_closes_what_a_suspended_bank_has_on_the_road(office, action, status, back):
    bank = make_bank(bags=2)
    order = dispatched(bank)
    assert "works" in close(office, action, order)
    suspend(bank)
    assert close(office, action, order, words="") == "Say from whom it is known."

    close(office, action, order)

    assert fresh(order).status == status
    assert sum(Refund.objects.values_list("amount_minor", flat=True)) == back
    assert order.events.order_by("-pk")[0].facts["reason"] == "The receiver, by telephone."


def test_a_suspension_named_twice_is_told_once():
    bank = make_bank(bags=2)
    order = accepted(bank)
    suspend(bank)
    reinstate_partner(partner_id=bank.partner_id, actor="admin")
    suspend(bank)

    drain()
    drain()

    assert verbs(order).count("cancel") == 1
    assert clock.now() >= fresh(order).ended_at
