"""Who is asked for bags, in which order, for how long, and who is next."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common import clock, outbox
from partners.services import approval
from stock import jobs
from stock.errors import AskOver, NobodyHasIt, TransferNeededByInvalid, TransferTaken
from stock.models import StockPolicy, Threshold, Transfer
from stock.services.allocating import Needs
from tests.requests_app.scenes import events
from tests.stock.exchange import asked, bank, cancel, follower, fresh, hospital, offer, refuse, request
from tests.stock.scenes import make_unit

pytestmark = pytest.mark.django_db


def first_asked(asker, **values):
    return asked(request(asker, urgency="critical", **values))


def test_who_has_all_of_it_comes_before_who_is_nearer():
    asker = hospital()
    far, near, whole = bank(9, 2), bank(1, 1), bank(4, 2)

    assert first_asked(asker, units=2) == [whole.partner_id, far.partner_id, near.partner_id]


def test_only_partners_within_the_radius_are_asked():
    asker = hospital()
    inside, outside = bank(19, 1), bank(22, 1)

    assert first_asked(asker) == [inside.partner_id]
    assert first_asked(asker, radius_km=25) == [inside.partner_id, outside.partner_id]


@pytest.mark.parametrize("state", ["pending", "suspended"])
def test_partners_that_are_not_live_are_not_asked(state):
    asker = hospital()
    make_unit(hospital(1, status=state).partner)

    with pytest.raises(NobodyHasIt):
        request(asker)


def test_nobody_is_asked_for_what_he_wants_to_keep():
    asker, owner = hospital(), bank(1, 3)
    Threshold.objects.create(partner=owner.partner, component="red_cells", blood_group="B+", minimum=3)
    with pytest.raises(NobodyHasIt):
        request(asker)

    make_unit(owner.partner)

    assert first_asked(asker) == [owner.partner_id]


@pytest.mark.parametrize(("recipient", "spares"), [("B+", False), ("O-", True)])
def test_the_o_neg_floor_is_kept_for_those_who_can_have_no_other(recipient, spares):
    asker, owner = hospital(), bank(1, 2, blood_group="O-")
    StockPolicy.objects.create(partner=owner.partner, o_neg_floor=2)

    try:
        found = first_asked(asker, blood_group=recipient)
    except NobodyHasIt:
        found = []

    assert found == [owner.partner_id] * spares


@pytest.mark.parametrize(
    "values",
    [
        {"status": "quarantined"},
        {"status": "reserved"},
        {"status": "in_transit"},
        {"component": "whole_blood"},
        {"blood_group": "A+"},
        {"expires_at": dt.datetime(2030, 5, 1, 12, 0, tzinfo=dt.UTC)},
    ],
)
def test_what_is_not_there_not_fit_or_over_too_soon_is_not_spared(values):
    asker = hospital()
    bank(1, 1, **values)

    with pytest.raises(NobodyHasIt):
        request(asker)


@pytest.mark.parametrize("need", ["irradiated", "leukoreduced", "cmv_negative", "k_negative"])
def test_special_requirements_are_looked_for(need):
    asker, special = hospital(), bank(5, 1, **{need: True})
    bank(1, 1)

    assert first_asked(asker, needs=Needs(**{need: True})) == [special.partner_id]


@pytest.mark.parametrize("gap", [dt.timedelta(0), dt.timedelta(days=31)])
def test_the_hour_lies_within_the_next_thirty_days(gap):
    asker = hospital()
    bank(1, 1)

    with pytest.raises(TransferNeededByInvalid):
        request(asker, needed_by=clock.now() + gap)


def test_one_is_asked_after_the_other_as_each_window_passes(noon):
    asker, near, far = hospital(), bank(1, 1), bank(2, 1)
    transfer = request(asker)
    assert asked(transfer) == [near.partner_id]

    noon.shift(dt.timedelta(minutes=14))
    assert jobs.advance_transfers() == 0
    noon.shift(dt.timedelta(minutes=1))
    assert jobs.advance_transfers() == 1
    assert jobs.advance_transfers() == 0

    assert asked(transfer) == [near.partner_id, far.partner_id]
    assert [told["asked"] for told in events("transfer.candidate_asked")] == [
        [str(near.partner_id)],
        [str(far.partner_id)],
    ]


def test_a_window_ends_by_its_time_and_not_by_the_sweep(noon):
    asker, near = hospital(), bank(1, 1)
    transfer = request(asker)

    noon.shift(dt.timedelta(minutes=15))

    with pytest.raises(AskOver):
        offer(near, transfer)
    with pytest.raises(AskOver):
        refuse(near, transfer)


def test_routine_partners_have_an_hour(noon):
    asker, near = hospital(), bank(1, 1)
    transfer = request(asker, urgency="routine")

    noon.shift(dt.timedelta(minutes=59))

    assert offer(near, transfer).status == "offered"


def test_a_refusal_moves_on_at_once_and_the_last_one_ends_it():
    asker, near, far = hospital(), bank(1, 1), bank(2, 1)
    transfer = request(asker)

    refuse(near, transfer)
    assert asked(transfer) == [near.partner_id, far.partner_id]
    refuse(far, transfer)

    assert (fresh(transfer).status, transfer.end_reason) == ("rejected", "no_candidates")
    [told] = events("transfer.ended")
    assert (told["reason"], told["units"], told["follow_up"]) == ("no_candidates", 1, None)


def test_all_at_once_the_first_wins_and_the_others_hear_so():
    asker, near, far = hospital(), bank(1, 1), bank(2, 1)
    transfer = request(asker, urgency="critical")

    offer(far, transfer)

    with pytest.raises(TransferTaken):
        offer(near, transfer)
    with pytest.raises(TransferTaken):
        refuse(near, transfer)


def test_all_at_once_one_refusal_leaves_the_others_their_time():
    asker, near, far = hospital(), bank(1, 1), bank(2, 1)
    transfer = request(asker, urgency="critical")

    refuse(near, transfer)

    assert offer(far, transfer).status == "offered"


def test_a_partner_that_was_too_slow_is_asked_again_for_the_rest():
    asker, near, far = hospital(), bank(1, 1), bank(2, 1)
    transfer = request(asker, units=2, urgency="critical")

    offer(far, transfer)

    rest = follower(transfer)
    assert (rest.units, rest.need, asked(rest)) == (1, transfer.pk, [near.partner_id])
    offer(near, rest)
    assert Transfer.objects.filter(need=transfer.pk, status="offered").count() == 2


def test_the_hour_of_the_need_ends_the_asking(noon):
    asker, near = hospital(), bank(1, 1)
    bank(2, 1)
    transfer = request(asker, needed_by=clock.now() + dt.timedelta(minutes=10))

    noon.shift(dt.timedelta(minutes=10))
    with pytest.raises(AskOver):
        offer(near, transfer)
    assert fresh(transfer).stands == "expired"
    jobs.advance_transfers()

    assert (fresh(transfer).status, transfer.end_reason) == ("expired", "expired")


def test_what_has_come_in_meanwhile_is_asked_for_too():
    asker, near = hospital(), bank(1, 1)
    late = hospital(3)
    transfer = request(asker)

    make_unit(late.partner)
    refuse(near, transfer)

    assert asked(transfer) == [near.partner_id, late.partner_id]


def test_a_cancelled_request_is_over_for_whoever_was_asked():
    asker, near = hospital(), bank(1, 1)
    transfer = request(asker)

    cancel(asker, transfer)

    with pytest.raises(AskOver):
        offer(near, transfer)
    assert events("transfer.ended")[0]["asked"] == [str(near.partner_id)]


def test_a_suspended_partner_leaves_the_exchange_and_others_take_its_place():

    asker, gone, other = hospital(), bank(1, 2), bank(2, 1)
    as_sender, as_asked = request(asker), request(asker)
    offer(gone, as_sender)
    theirs = request(gone)

    approval.suspend_partner(partner_id=gone.partner_id, actor="admin:1", reason="Licence over.")
    outbox.drain()

    assert [fresh(one).status for one in (as_sender, as_asked, theirs)] == ["cancelled", "requested", "cancelled"]
    assert asked(as_asked)[-1] == other.partner_id
    assert follower(as_sender).units == 1


def test_twenty_partners_cost_no_more_queries_than_one():
    asker = hospital()
    bank(1, 2)

    def cost():
        with CaptureQueriesContext(connection) as queries:
            request(asker, urgency="critical")
        return len(queries)

    cost()
    for_one = cost()
    for number in range(19):
        bank(1 + number % 9, 2)

    assert cost() == for_one
    assert len(asked(Transfer.objects.order_by("-pk").first())) == 20
