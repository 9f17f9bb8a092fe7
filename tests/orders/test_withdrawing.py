"""Bags that turn out unfit: kept ones are replaced, those that have left are not given, and both sides are told."""

from __future__ import annotations

import datetime as dt

import pytest

from common import clock
from common.models import OutboxEvent
from common.outbox import drain
from notifications.kinds import Kind
from notifications.models import Notification
from orders import jobs
from orders.errors import BagsUnfit
from orders.models import ContractBill
from orders.services import codes, road
from payments.models import Refund
from payments.parties import Party
from stock.models import Unit
from stock.services import testing
from stock.states import Finding, MandatoryTest
from tests.factories import member_client, person_client
from tests.orders.scenes import (
    CHARGE,
    accepted,
    dispatched,
    fresh,
    kept,
    make_bank,
    make_buyer,
    make_contract,
    of,
    pack_all,
    packed,
    send,
    verbs,
)
from tests.stock.scenes import make_unit, status
from users.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("unthrottled")]
API = "/api/v1"
KEY = {"Idempotency-Key": "7"}


def find_reactive(bank, unit_id):
    testing.record_tests(
        partner_id=bank.partner_id,
        member_id=bank.pk,
        unit_id=unit_id,
        results={MandatoryTest.HCV: Finding.REACTIVE},
    )


def bag_of(order, place=0):
    return order.bags.order_by("pk")[place].unit


def told(kind):
    return Notification.objects.filter(kind=kind)


def test_a_packed_bag_found_reactive_is_replaced_and_the_order_is_packed_anew():
    bank = make_bank(bags=3)
    order = packed(bank)
    lost = bag_of(order)
    find_reactive(bank, lost.pk)

    drain()

    assert (status(lost), fresh(order).status, len(kept(order))) == ("discarded", "accepted", 2)
    assert lost.pk not in {bag.unit_id for bag in kept(order)}


def test_without_another_the_order_shows_how_many_are_missing_and_the_bank_is_told():
    bank = make_bank(bags=2)
    order = packed(bank)
    find_reactive(bank, bag_of(order).pk)

    drain()
    drain()

    shown = member_client(bank).get(f"{API}/partner/orders/{order.pk}").json()
    assert (shown["status"], shown["missing"]) == ("accepted", 1)
    assert {row.member_id for row in told(Kind.ORDER_SHORT)} == {bank.pk}
    make_unit(bank.partner)
    filled = member_client(bank).post(f"{API}/partner/orders/{order.pk}/fill-up", headers=KEY).json()
    assert filled["missing"] == 0


def test_a_lost_bag_does_not_leave_even_before_anybody_has_heard_of_it():
    bank = make_bank(bags=2)
    order = packed(bank)
    find_reactive(bank, bag_of(order).pk)

    client = member_client(bank)
    reply = client.post(f"{API}/partner/orders/{order.pk}/dispatch", {"courier": "Ravi"}, format="json", headers=KEY)

    assert (reply.status_code, reply.json()["code"]) == (409, "reservation_lapsed")


def test_both_sides_hear_at_once_of_a_bag_recalled_on_the_road_and_not_of_why():
    bank = make_bank(bags=2)
    order = dispatched(bank)
    recalled = bag_of(order)
    find_reactive(bank, recalled.pk)

    drain()
    drain()

    rows = told(Kind.ORDER_BAGS_UNFIT)
    assert {row.user_id or row.member_id for row in rows} == {bank.pk, order.buyer_user_id}
    assert all(recalled.din in row.body and row.is_critical for row in rows)
    assert not any(word in f"{row.title} {row.body}".lower() for row in rows for word in ("hcv", "reactive", "test"))
    assert order.events.get(verb="recall").facts == {"bags": [recalled.din]}
    assert OutboxEvent.objects.filter(name="order.bags_unfit").count() == 1


def test_it_is_not_handed_over_before_anybody_has_heard_and_the_others_are():
    bank = make_bank(bags=2)
    order = dispatched(bank)
    recalled, sound = bag_of(order, 0), bag_of(order, 1)
    find_reactive(bank, recalled.pk)
    client, path = member_client(bank), f"{API}/partner/orders/{order.pk}"
    body = {"code": order.code_sealed}

    refused = client.post(f"{path}/deliver", body, format="json", headers=KEY)
    given = client.post(f"{path}/deliver", {**body, "keep_back": True}, format="json", headers={"Idempotency-Key": "8"})

    assert (refused.status_code, refused.json()["code"], refused.json()["bags"]) == (409, "bags_unfit", [recalled.din])
    assert given.status_code == 200, given.content
    fates = {bag["din"]: (bag["fate"], bag["unfit"]) for bag in given.json()["bags"]}
    assert fates == {recalled.din: ("withheld", True), sound.din: ("delivered", False)}
    assert given.json()["less"] == CHARGE
    assert Refund.objects.get().amount_minor == CHARGE
    assert order.events.get(verb="deliver").facts == {"code": True, "withheld": [recalled.din], "less": CHARGE}


def test_when_every_bag_is_unfit_nothing_is_handed_over_and_no_try_is_spent():
    bank = make_bank(bags=2)
    order = dispatched(bank)
    for place in (0, 1):
        find_reactive(bank, bag_of(order, place).pk)

    with pytest.raises(BagsUnfit) as refused:
        road.deliver(**of(order, bank), code="000000", keep_back=True)

    assert refused.value.facts["all"] is True
    assert (fresh(order).status, fresh(order).code_tries_left) == ("dispatched", 5)


def test_a_bag_that_expires_on_the_road_is_not_handed_over(noon):
    bank = make_bank(bags=2)
    order = dispatched(bank)
    Unit.objects.filter(pk=bag_of(order).pk).update(expires_at=clock.now() + dt.timedelta(hours=1))
    noon.shift(dt.timedelta(hours=2))

    with pytest.raises(BagsUnfit):
        road.deliver(**of(order, bank), code=order.code_sealed)


def test_what_was_handed_over_before_is_told_of_too():
    bank = make_bank(bags=2)
    order = dispatched(bank)
    road.deliver(**of(order, bank), code=order.code_sealed)
    find_reactive(bank, bag_of(order).pk)

    drain()
    drain()

    assert told(Kind.ORDER_BAGS_UNFIT).count() == 2
    shown = person_client(User.objects.get(pk=order.buyer_user_id)).get(f"{API}/orders/{order.pk}").json()
    assert sorted((bag["fate"], bag["unfit"]) for bag in shown["bags"]) == [("delivered", False), ("delivered", True)]


def test_a_contract_is_not_billed_for_what_was_withheld(noon):
    bank, hospital = make_bank(bags=2), make_buyer()
    make_contract(bank, hospital)
    party = Party.partner(hospital.partner_id)
    order = send(pack_all(accepted(bank, buyer=party, destination=None), bank), bank)
    find_reactive(bank, bag_of(order).pk)
    code = codes.renew_code(order_id=order.pk, buyer=party, actor="member")
    road.deliver(**of(order, bank), code=code, keep_back=True)
    noon.shift(dt.timedelta(days=31))

    jobs.bill_contracts()

    assert ContractBill.objects.get().amount_minor == 120_000
    assert not Refund.objects.exists()


def test_a_recalled_bag_that_comes_back_is_discarded():
    bank = make_bank(bags=2)
    order = dispatched(bank)
    recalled = bag_of(order)
    find_reactive(bank, recalled.pk)
    road.fail(**of(order, bank), reason="Called back.", fault=road.Fault.BANK)

    road.take_back(**of(order, bank), comebacks=[road.Comeback(bag.unit.din, 5) for bag in order.bags.all()])

    assert status(recalled) == "discarded"
    assert verbs(order)[-1] == "return"
