"""On behalf of a family: nobody has to confirm, what arrives is reserved, and the need ends as one."""

from __future__ import annotations

import datetime as dt

import pytest

from common.errors import NotFound
from stock import services
from stock.models import Reservation, Transfer, Unit
from tests.requests_app.scenes import events
from tests.stock import exchange
from tests.stock.exchange import bank, dispatch, follower, fresh, hospital, offer, raise_for, receive
from tests.stock.scenes import counts_are_true, make_unit, status, stepping

pytestmark = pytest.mark.django_db


def cancel(transfer, **values):
    stepping(services.cancel_transfer_of, transfer_id=transfer.pk, actor="user:1", reason="Over.", **values)


def test_nobody_within_reach_means_none_and_leaves_nothing_behind():
    asker = hospital()
    bank(25, 3)

    assert raise_for(asker) is None

    assert not Transfer.objects.exists()
    assert events("transfer.requested") == []


def test_an_offer_for_a_family_needs_no_confirmation_and_arrives_reserved():
    asker, near = hospital(), bank(3, 2)
    transfer = raise_for(asker, units=2)

    offer(near, transfer)
    assert fresh(transfer).status == "confirmed"
    dispatch(near, transfer)
    receive(asker, transfer)

    [told] = events("transfer.received")
    assert (told["transfer"], told["partner"], told["purpose"], told["units"]) == (
        str(transfer.pk),
        str(asker.partner_id),
        "attender_request:1",
        2,
    )
    held = Reservation.objects.filter(ended_at=None)
    assert {str(row.unit_id) for row in held} == set(told["unit_ids"])
    assert {(str(row.holding), row.purpose) for row in held} == {(told["holding"], "attender_request:1")}
    assert list(Unit.objects.values_list("partner_id", "status")) == [(asker.partner_id, "reserved")] * 2
    assert counts_are_true()


def test_a_fee_is_not_agreed_where_nobody_has_confirmed():
    asker, near = hospital(), bank(3, 1)
    transfer = raise_for(asker)

    offer(near, transfer, fee=exchange.offering.Fee(150_000, "INR"))

    assert (fresh(transfer).fee_minor, transfer.fee_agreed_at) == (150_000, None)


def test_the_need_of_a_family_ends_as_one():
    asker, near, far = hospital(), bank(2, 1), bank(5, 2)
    transfer = raise_for(asker, units=3)
    offer(near, transfer)
    rest = follower(transfer)
    assert exchange.asked(rest) == [far.partner_id]

    cancel(transfer)
    cancel(transfer)

    assert (fresh(transfer).status, fresh(rest).status) == ("cancelled", "cancelled")
    assert not Reservation.objects.filter(ended_at=None).exists()
    assert not Unit.objects.exclude(status="available").exists()
    assert [(told["transfer"], told["units"]) for told in events("transfer.ended")] == [
        (str(transfer.pk), 1),
        (str(rest.pk), 2),
    ]


def test_what_is_on_the_road_when_the_family_cancels_arrives_as_nobodys():
    asker, near = hospital(), bank(2, 1)
    transfer = raise_for(asker)
    offer(near, transfer)
    dispatch(near, transfer)

    cancel(transfer)
    receive(asker, transfer)

    assert Unit.objects.get().status == "available"
    assert (events("transfer.received")[0]["purpose"], events("transfer.received")[0]["holding"]) == ("", None)


def test_other_holdings_are_freed_in_the_same_transaction():
    asker = hospital()
    bank(2, 1)
    own = make_unit(asker.partner)
    with exchange.unit_of_work():
        kept = services.reserve_units(
            partner_id=asker.partner_id,
            actor="x",
            purpose="attender_request:1",
            component=exchange.Component.RED_CELLS,
            blood_group="B+",
            units=1,
        )
    transfer = raise_for(asker)

    cancel(transfer, also_release=[kept.id])

    assert status(own) == "available"


def test_a_transfer_that_is_not_there_cannot_be_cancelled():
    with pytest.raises(NotFound):
        cancel(Transfer(need=None))


def test_the_recipients_age_and_sex_decide_what_is_looked_for():
    asker = hospital()
    bank(2, 1, blood_group="O+")

    assert raise_for(asker, blood_group="unknown") is None
    assert raise_for(asker, blood_group="unknown", sex="male", age=40) is not None


def test_a_critical_need_is_asked_of_all_at_once():
    asker, near, far = hospital(), bank(2, 1), bank(5, 1)

    transfer = raise_for(asker, critical=True)

    assert exchange.asked(transfer) == [near.partner_id, far.partner_id]
    assert transfer.due_at - transfer.created_at < dt.timedelta(minutes=15, seconds=1)
