"""Paid in time, not paid, paid late; what goes back, and what a contract changes."""

from __future__ import annotations

import datetime as dt

import pytest

from common.outbox import drain
from orders import jobs
from orders.errors import OrderUnpaid
from orders.models import ContractBill
from orders.services import answering, codes, ending, packing, paying, road
from orders.states import Fault, OrderStatus
from payments.errors import PurchaseClosed
from payments.models import Payment, Purchase, Refund
from payments.parties import Party
from stock.models import Unit
from stock.services.leaving import discard_unit
from stock.states import DiscardReason
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
    make_buyer,
    make_contract,
    of,
    pack_all,
    packed,
    paid,
    pay,
    send,
    verbs,
)
from tests.stock.scenes import make_unit

pytestmark = pytest.mark.django_db
LATER = answering.PAY_WITHIN + answering.SETTLE_GRACE + dt.timedelta(seconds=1)


def statuses():
    return sorted(Unit.objects.values_list("status", flat=True))


def cancel(order, bank):
    party = Party.person(order.buyer_user_id)
    return fresh(ending.cancel_as_buyer(order_id=order.pk, buyer=party, actor="user", reason="Not needed."))


def test_what_is_paid_is_kept_without_end():
    bank = make_bank(bags=2)

    order = paid(bank)

    assert order.paid_at is not None
    assert order.due_at is None
    assert {unit.reserved_until for unit in Unit.objects.all()} == {None}
    assert verbs(order) == ["place", "accept", "pay"]


def test_nothing_is_packed_before_it_is_paid():
    bank = make_bank(bags=2)
    order = accepted(bank)

    with pytest.raises(OrderUnpaid):
        pack_all(order, bank)


def test_an_unpaid_order_ends_by_itself_and_its_bags_are_free(noon):
    bank = make_bank(bags=2)
    order = accepted(bank)
    noon.shift(LATER)

    assert fresh(order).stands is OrderStatus.CANCELLED
    assert jobs.end_due_orders() == 1

    assert (fresh(order).status, fresh(order).end_reason) == ("cancelled", "unpaid")
    assert statuses() == ["available", "available"]
    with pytest.raises(PurchaseClosed):
        begin(order)


def test_nobody_may_begin_to_pay_when_the_time_is_over_though_no_sweep_has_run(noon):
    order = accepted(make_bank(bags=2))
    noon.shift(answering.PAY_WITHIN)

    with pytest.raises(PurchaseClosed):
        begin(order)


def test_money_told_of_late_but_within_the_grace_pays(noon):
    order = accepted(make_bank(bags=2))
    payment = begin(order)
    noon.shift(answering.PAY_WITHIN + dt.timedelta(seconds=10))

    arrive(payment)
    drain()

    assert fresh(order).paid_at is not None
    payment.refresh_from_db()
    assert payment.is_applied
    assert statuses() == ["reserved", "reserved"]


def test_money_that_comes_after_the_end_has_the_bags_kept_again_if_they_are_there(noon):
    order = accepted(make_bank(bags=2))
    payment = begin(order)
    noon.shift(LATER)
    jobs.end_due_orders()

    arrive(payment)
    drain()

    assert (fresh(order).status, fresh(order).end_reason) == ("accepted", "")
    assert fresh(order).paid_at is not None
    payment.refresh_from_db()
    assert payment.is_applied
    assert Purchase.objects.get().status == "paid"
    assert [bag.fate for bag in order.bags.order_by("pk")] == ["freed", "freed", "kept", "kept"]


def test_money_that_comes_when_the_bags_are_gone_goes_back_at_once(noon):
    bank = make_bank(bags=2)
    order = accepted(bank)
    payment = begin(order)
    noon.shift(LATER)
    jobs.end_due_orders()
    paid(bank, lines=[line(1)])

    arrive(payment)
    drain()

    assert fresh(order).status == "cancelled"
    refund = Refund.objects.get(payment=payment)
    assert (refund.amount_minor, refund.key) == (TOTAL, "late")
    assert verbs(order)[-1] == "refund"


def test_money_for_an_order_that_was_called_off_goes_back_by_itself(noon):
    bank = make_bank(bags=2)
    order = accepted(bank)
    payment = begin(order)
    cancel(order, bank)

    arrive(payment)
    drain()

    payment.refresh_from_db()
    assert fresh(order).status == "cancelled"
    assert not payment.is_applied
    assert payment.refund_due_at is not None


def test_a_paid_order_is_confirmed_by_the_sweep_when_the_news_is_slow(noon):
    order = accepted(make_bank(bags=2))
    pay(order)
    noon.shift(LATER)

    assert jobs.end_due_orders() == 1

    assert fresh(order).paid_at is not None
    assert statuses() == ["reserved", "reserved"]


def test_news_so_slow_that_the_bags_are_gone_gives_the_money_back(noon):
    bank = make_bank(bags=2)
    order = accepted(bank)
    pay(order)
    noon.shift(LATER)
    accepted(bank, lines=[line(1)])

    drain()

    assert (fresh(order).status, fresh(order).end_reason) == ("cancelled", "sold_out")
    assert Refund.objects.get().amount_minor == TOTAL


def test_cancelling_after_bags_were_kept_costs_the_banks_fee():
    bank = make_bank(bags=2)
    order = paid(bank)

    ended = cancel(order, bank)

    assert (ended.fee_minor, ended.end_reason) == (5_000, "buyer")
    assert Refund.objects.get().amount_minor == TOTAL - 5_000
    assert statuses() == ["available", "available"]


def test_cancelling_a_packed_order_costs_more_and_frees_its_box():
    bank = make_bank(bags=2)
    order = packed(bank, box="BOX-1")

    ended = cancel(order, bank)

    assert ended.fee_minor == 20_000
    assert Refund.objects.get().amount_minor == TOTAL - 20_000
    assert order.boxes.get().closed_at is not None


def test_a_fee_is_never_more_than_was_paid():
    bank = make_bank(bags=1)
    order = paid(bank, lines=[line(1)], destination=None)
    order.cancel_accepted_minor = 10**9
    order.save()

    assert cancel(order, bank).fee_minor == order.total_minor
    assert not Refund.objects.exists()


def test_a_suspended_bank_keeps_no_fee():
    bank = make_bank(bags=2)
    order = paid(bank)
    type(bank.partner).objects.filter(pk=bank.partner_id).update(status="suspended")

    assert cancel(order, bank).fee_minor == 0
    assert Refund.objects.get().amount_minor == TOTAL


def test_an_unpaid_order_is_cancelled_for_nothing():
    bank = make_bank(bags=2)

    assert cancel(accepted(bank), bank).fee_minor == 0


def test_when_the_bank_cancels_everything_goes_back():
    bank = make_bank(bags=2)
    order = packed(bank)

    ending.cancel_as_bank(**of(order, bank), reason="The van broke down.")

    assert Refund.objects.get().amount_minor == TOTAL


@pytest.mark.parametrize(("fault", "back"), [(Fault.COURIER, TOTAL), (Fault.RECEIVER, TOTAL - 20_000)])
def test_a_failed_delivery_is_paid_back_but_for_the_receivers_fault(fault, back):
    bank = make_bank(bags=2)
    order = dispatched(bank)

    road.fail(**of(order, bank), reason="Nobody was there.", fault=fault)

    assert Refund.objects.get().amount_minor == back


def test_a_bag_that_is_lost_is_made_up_for():
    bank = make_bank(bags=3)
    order = paid(bank)
    lost = kept(order)[0].unit_id

    discard_unit(partner_id=bank.partner_id, member_id=bank.pk, unit_id=lost, reason=DiscardReason.BROKEN)
    drain()

    assert len(kept(order)) == 2
    assert lost not in {bag.unit_id for bag in kept(order)}
    assert verbs(order)[-2:] == ["lose", "fill_up"]


def test_a_packed_order_that_loses_a_bag_is_open_again_and_the_bank_fills_it_up_later():
    bank = make_bank(bags=2)
    order = packed(bank)
    lost = kept(order)[0].unit_id
    discard_unit(partner_id=bank.partner_id, member_id=bank.pk, unit_id=lost, reason=DiscardReason.BROKEN)
    drain()
    assert fresh(order).status == "accepted"
    assert len(kept(order)) == 1
    new = make_unit(bank.partner)

    paying.fill_up(**of(order, bank))
    packing.pack(**of(order, bank), box="BOX-2", scans=[packing.Scan(new.din)])

    assert fresh(order).status == "packed"


def contracted(bank, hospital, **values):
    order = accepted(bank, buyer=Party.partner(hospital.partner_id), **values)
    return send(pack_all(order, bank), bank)


def test_a_month_of_a_contract_is_one_bill(noon):
    bank, hospital = make_bank(bags=6), make_buyer()
    make_contract(bank, hospital)
    for _ in range(2):
        order = contracted(bank, hospital)
        code = codes.renew_code(order_id=order.pk, buyer=Party.partner(hospital.partner_id), actor="m")
        road.deliver(**of(order, bank), code=code)
    assert jobs.bill_contracts() == 0
    noon.shift(dt.timedelta(days=31))

    assert jobs.bill_contracts() == 1
    assert jobs.bill_contracts() == 0

    bill = ContractBill.objects.get()
    assert (bill.amount_minor, bill.month) == (2 * (240_000 + 17_700), dt.date(2030, 5, 1))
    assert Purchase.objects.get(reference=bill.pk).payer_partner_id == hospital.partner_id
    payment = begin(bill)
    arrive(payment)
    drain()
    bill.refresh_from_db()
    assert bill.paid_at is not None


def test_a_fee_of_a_contract_is_on_the_bill_and_what_failed_is_not(noon):
    bank, hospital = make_bank(bags=6), make_buyer()
    make_contract(bank, hospital)
    party = Party.partner(hospital.partner_id)
    called_off = accepted(bank, buyer=party)
    ending.cancel_as_buyer(order_id=called_off.pk, buyer=party, actor="m", reason="Enough.")
    road.fail(**of(contracted(bank, hospital), bank), reason="Accident.", fault=Fault.COURIER)
    noon.shift(dt.timedelta(days=31))

    jobs.bill_contracts()

    assert ContractBill.objects.get().amount_minor == 5_000
    assert not Payment.objects.exists()
