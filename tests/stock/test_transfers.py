"""From the offer to the door: kept, confirmed, sent, received, and freed whenever it ends before."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction

from common import clock, outbox
from common.errors import IllegalTransition, NotFound
from common.money import Currency
from partners.services.prices import set_price_list
from stock import jobs
from stock.errors import (
    InsufficientStock,
    OfferTooLarge,
    ReceiptIncomplete,
    ReservationLapsed,
    TransferExpired,
    UnitNamedTwice,
    UnitNotInTransfer,
    UnitUnsuitable,
)
from stock.models import Reservation, Transfer, TransferEvent, Unit
from stock.services import leaving, testing
from stock.services.exchanging import shipping
from stock.services.exchanging.offering import Fee
from stock.states import DiscardReason
from tests.requests_app.scenes import events
from tests.stock.exchange import (
    asked,
    bank,
    by,
    cancel,
    confirm,
    dispatch,
    fates,
    follower,
    fresh,
    hospital,
    offer,
    receive,
    refuse,
    request,
    under_way,
)
from tests.stock.scenes import counts_are_true, give_results, make_unit, status, verbs

pytestmark = pytest.mark.django_db
BEFORE_DISPATCH = ["requested", "offered", "confirmed"]


@pytest.fixture
def asker():
    return hospital()


def charge_for_red_cells(sender, minor):
    set_price_list(
        partner_id=sender.partner_id,
        member_id=sender.pk,
        currency=Currency.INR,
        processing={"red_cells": minor},
        delivery={},
        tax_name="GST",
        processing_tax_bp=0,
        delivery_tax_bp=0,
        cancel_accepted_minor=0,
        cancel_packed_minor=0,
    )


def at(state, asker, sender, **values):
    """A transfer of one bag that has come so far."""
    transfer = request(asker, **values)
    steps = [lambda: offer(sender, transfer), lambda: confirm(asker, transfer), lambda: dispatch(sender, transfer)]
    for step in steps[: [*BEFORE_DISPATCH, "in_transit"].index(state)]:
        step()
    return fresh(transfer)


def test_a_transfer_from_the_question_to_the_shelf(asker):
    sender = bank(3, 2)

    transfer = under_way(asker, sender, units=2)
    assert set(Unit.objects.values_list("partner_id", "status")) == {(sender.partner_id, "in_transit")}
    receive(asker, transfer)

    assert set(Unit.objects.values_list("partner_id", "status")) == {(asker.partner_id, "available")}
    assert (fresh(transfer).status, transfer.units_received, fates(transfer)) == ("received", 2, ["accepted"] * 2)
    told = list(TransferEvent.objects.order_by("pk").values_list("verb", "partner_id"))
    assert told == [
        ("request", asker.partner_id),
        ("ask", None),
        ("offer", sender.partner_id),
        ("confirm", asker.partner_id),
        ("dispatch", sender.partner_id),
        ("receive", asker.partner_id),
    ]
    assert verbs(Unit.objects.first()) == ["reserve", "ship", "receive"]
    assert Reservation.objects.filter(ended_by="shipped").count() == 2
    assert counts_are_true()


def test_offered_bags_are_the_best_and_kept(asker):
    sender = bank(3, 1, expires_at=clock.now() + dt.timedelta(days=20))
    soon = make_unit(sender.partner, expires_at=clock.now() + dt.timedelta(days=4))

    transfer = offer(sender, request(asker))

    assert list(transfer.bags.values_list("unit_id", flat=True)) == [soon.pk]
    assert status(soon) == "reserved"
    assert Reservation.objects.get().purpose == f"transfer:{transfer.pk}"


def test_the_sender_may_say_which_bags_by_id_number_or_bar_code(asker):
    sender = bank(3, 1)
    by_id, by_number, by_code = (make_unit(sender.partner) for _ in range(3))
    transfer = request(asker, units=3)

    offer(sender, transfer, named=[str(by_id.pk), by_number.din, f"={by_code.din}00"])

    assert set(transfer.bags.values_list("unit_id", flat=True)) == {by_id.pk, by_number.pk, by_code.pk}


@pytest.mark.parametrize(
    "values",
    [
        {"blood_group": "A+"},
        {"component": "whole_blood"},
        {"expires_at": dt.datetime(2030, 5, 1, 12, 0, tzinfo=dt.UTC)},
        {"partner": None},
    ],
)
def test_a_named_bag_must_be_ones_own_and_fit(asker, values):
    sender = bank(3, 1)
    other = {"partner": bank(9).partner} if "partner" in values else {"partner": sender.partner, **values}
    wrong = make_unit(**other)
    good = Unit.objects.filter(partner=sender.partner).first()
    transfer = request(asker, units=2)

    with pytest.raises(UnitUnsuitable) as refusal:
        offer(sender, transfer, named=[str(good.pk), str(wrong.pk)])

    assert refusal.value.facts == {"pointers": ["/named/1"]}
    assert not Reservation.objects.exists()


def test_a_named_bag_that_is_not_free_or_named_twice_is_refused(asker):
    sender = bank(3, 1)
    quarantined = make_unit(sender.partner, status="quarantined")
    transfer = request(asker, units=2)

    with pytest.raises(IllegalTransition):
        offer(sender, transfer, named=[str(quarantined.pk)])
    with pytest.raises(UnitNamedTwice):
        offer(sender, transfer, named=[str(quarantined.pk), quarantined.din])


def test_no_more_is_offered_than_is_wanted_or_there(asker):
    sender = bank(3, 1)
    transfer = request(asker, units=2)

    with pytest.raises(OfferTooLarge):
        offer(sender, transfer, units=3)
    with pytest.raises(InsufficientStock):
        offer(sender, transfer, units=2)

    assert offer(sender, transfer).units_offered == 1


def test_what_one_cannot_give_is_asked_of_the_next_as_part_of_the_same_need(asker):
    whole, next_one = bank(3, 3), bank(5, 1)
    transfer = request(asker, units=3)

    offer(whole, transfer, units=2)

    rest = follower(transfer)
    assert (rest.need, rest.units, asked(rest)) == (transfer.pk, 1, [next_one.partner_id])
    assert events("transfer.ended") == []


def test_a_rest_that_nobody_has_ends_at_once_and_says_how_much(asker):
    sender = bank(3, 2)
    transfer = request(asker, units=3)

    offer(sender, transfer)

    [told] = events("transfer.ended")
    assert (told["transfer"], told["reason"], told["units"]) == (str(follower(transfer).pk), "no_candidates", 1)
    assert fresh(transfer).status == "offered"


def test_the_fee_is_the_senders_and_agreed_by_confirming(asker):
    sender = bank(3, 1)
    transfer = request(asker)

    offer(sender, transfer, fee=Fee(145_000, "INR"))
    assert (fresh(transfer).fee_minor, transfer.fee_currency, transfer.fee_agreed_at) == (145_000, "INR", None)
    confirm(asker, transfer)

    assert fresh(transfer).fee_agreed_at is not None


def test_unless_stated_the_fee_is_that_of_the_senders_price_list(asker):
    sender = bank(3, 2)
    free, charged = request(asker), request(asker)

    offer(sender, free)
    charge_for_red_cells(sender, 125_000)
    offer(sender, charged)

    assert fresh(free).fee_minor is None
    assert (fresh(charged).fee_minor, charged.fee_currency, charged.fee_agreed_at) == (125_000, "INR", None)


@pytest.mark.parametrize("state", BEFORE_DISPATCH)
def test_whoever_asked_may_cancel_until_it_leaves_and_the_bags_are_free(asker, state):
    sender = bank(3, 1)
    transfer = at(state, asker, sender)

    cancel(asker, transfer)

    assert (fresh(transfer).status, transfer.end_reason) == ("cancelled", "cancelled")
    assert Unit.objects.get().status == "available"
    assert set(fates(transfer)) <= {"freed"}
    assert Transfer.objects.count() == 1
    assert events("transfer.ended")[-1]["units"] == 1


@pytest.mark.parametrize("state", ["offered", "confirmed"])
def test_when_the_sender_cancels_others_are_asked_for_it(asker, state):
    sender, other = bank(3, 1), bank(5, 1)
    transfer = at(state, asker, sender)

    cancel(sender, transfer)

    assert fresh(transfer).status == "cancelled"
    assert not Unit.objects.exclude(status="available").exists()
    assert asked(follower(transfer)) == [other.partner_id]
    [told] = events("transfer.ended")
    assert (told["units"], told["follow_up"]) == (0, str(follower(transfer).pk))


def test_an_offer_that_is_not_wanted_frees_the_bags_and_others_are_asked(asker):
    sender, other = bank(3, 1), bank(5, 1)
    transfer = at("offered", asker, sender)

    refuse(asker, transfer)

    assert (fresh(transfer).status, transfer.end_reason) == ("rejected", "rejected")
    assert not Unit.objects.exclude(status="available").exists()
    assert asked(follower(transfer)) == [other.partner_id]


@pytest.mark.parametrize("state", ["requested", "confirmed", "in_transit"])
def test_only_an_offer_can_be_declined(asker, state):
    transfer = at(state, asker, bank(3, 1))

    with pytest.raises(IllegalTransition):
        refuse(asker, transfer)


def test_an_offer_nobody_confirms_is_free_by_its_time_and_ends_by_the_sweep(asker, noon):
    sender = bank(3, 1)
    transfer = at("offered", asker, sender)

    noon.shift(dt.timedelta(minutes=30))
    assert Unit.objects.get().stands == "available"
    assert fresh(transfer).stands == "expired"
    with pytest.raises(TransferExpired):
        confirm(asker, transfer)
    assert jobs.advance_transfers() == 1

    assert (fresh(transfer).status, transfer.end_reason) == ("expired", "expired")
    assert Unit.objects.get().status == "available"
    assert Transfer.objects.count() == 1


def test_a_confirmed_transfer_that_is_never_sent_expires_at_its_hour(asker, noon):
    sender = bank(3, 1)
    transfer = at("confirmed", asker, sender)
    noon.shift(dt.timedelta(hours=7, minutes=59))
    assert jobs.advance_transfers() == 0

    noon.shift(dt.timedelta(minutes=1))
    with pytest.raises(TransferExpired):
        dispatch(sender, transfer)
    jobs.lapse_reservations()
    jobs.advance_transfers()
    outbox.drain()

    assert fresh(transfer).status == "expired"
    assert Unit.objects.get().status == "available"
    assert Transfer.objects.count() == 1


def test_on_the_road_nobody_ends_it_and_time_does_not_either(asker, noon):
    sender = bank(3, 1)
    transfer = at("in_transit", asker, sender)
    noon.shift(dt.timedelta(days=3))

    for owner in (asker, sender):
        with pytest.raises(IllegalTransition):
            cancel(owner, transfer)
    assert jobs.advance_transfers() == 0

    receive(asker, transfer)
    assert Unit.objects.get().status == "available"


def test_a_bag_lost_before_it_leaves_is_asked_for_elsewhere(asker):
    sender, other = bank(3, 2), bank(5, 1)
    transfer = at("confirmed", asker, sender, units=2)
    broken = Unit.objects.filter(partner=sender.partner).first()

    leaving.discard_unit(
        partner_id=sender.partner_id, member_id=sender.pk, unit_id=broken.pk, reason=DiscardReason.BROKEN
    )
    outbox.drain()
    outbox.drain()
    dispatch(sender, transfer)

    assert fates(transfer) == ["lost", "sent"]
    assert (follower(transfer).units, asked(follower(transfer))) == (1, [other.partner_id])
    assert Transfer.objects.count() == 2


def test_a_bag_lost_a_moment_before_it_leaves_is_asked_for_once(asker):
    sender = bank(3, 2)
    bank(5, 1)
    transfer = at("confirmed", asker, sender, units=2)
    broken = Unit.objects.filter(partner=sender.partner).first()
    leaving.discard_unit(
        partner_id=sender.partner_id, member_id=sender.pk, unit_id=broken.pk, reason=DiscardReason.BROKEN
    )

    dispatch(sender, transfer)
    outbox.drain()
    outbox.drain()

    assert (Transfer.objects.count(), follower(transfer).units) == (2, 1)


def test_what_was_lost_and_asked_for_is_not_asked_for_again(asker):
    sender = bank(3, 2)
    bank(5, 3)
    transfer = at("confirmed", asker, sender, units=2)
    broken = Unit.objects.filter(partner=sender.partner).first()
    leaving.discard_unit(
        partner_id=sender.partner_id, member_id=sender.pk, unit_id=broken.pk, reason=DiscardReason.BROKEN
    )
    outbox.drain()
    outbox.drain()

    cancel(sender, transfer)

    assert list(Transfer.objects.order_by("pk").values_list("units", flat=True)) == [2, 1, 1]
    assert fates(transfer) == ["freed", "lost"]


def test_a_transfer_whose_last_bag_is_lost_is_over(asker):
    sender, other = bank(3, 1), bank(5, 1)
    transfer = at("confirmed", asker, sender)
    broken = Unit.objects.filter(partner=sender.partner).get()
    leaving.discard_unit(
        partner_id=sender.partner_id, member_id=sender.pk, unit_id=broken.pk, reason=DiscardReason.BROKEN
    )
    outbox.drain()
    outbox.drain()

    assert (fresh(transfer).status, transfer.end_reason) == ("cancelled", "cancelled")
    assert asked(follower(transfer)) == [other.partner_id]
    [told] = events("transfer.ended")
    assert (told["units"], told["by"], told["follow_up"]) == (0, str(sender.partner_id), str(follower(transfer).pk))


def test_nothing_left_to_send_is_not_sent(asker):
    sender = bank(3, 1)
    transfer = at("confirmed", asker, sender)
    leaving.discard_unit(
        partner_id=sender.partner_id, member_id=sender.pk, unit_id=Unit.objects.get().pk, reason=DiscardReason.BROKEN
    )

    with pytest.raises(ReservationLapsed):
        dispatch(sender, transfer)

    assert fresh(transfer).status == "confirmed"


def test_each_condition_has_its_end_and_only_sound_and_doubtful_bags_change_hands(asker):
    sender = bank(3, 4)
    transfer = under_way(asker, sender, units=4)

    receive(asker, transfer, "sound", "doubtful", "damaged", "missing")

    rows = {(unit.partner_id, unit.status, unit.discard_reason) for unit in Unit.objects.all()}
    assert rows == {
        (asker.partner_id, "available", ""),
        (asker.partner_id, "quarantined", ""),
        (sender.partner_id, "discarded", "broken"),
        (sender.partner_id, "discarded", "missing"),
    }
    assert fates(transfer) == ["accepted", "discarded", "missing", "quarantined"]
    assert fresh(transfer).units_received == 1
    assert counts_are_true()


def test_what_did_not_arrive_sound_is_asked_for_elsewhere(asker):
    sender = bank(3, 2)
    transfer = under_way(asker, sender, units=2)
    other = bank(5, 1)

    receive(asker, transfer, "missing")

    assert (follower(transfer).units, asked(follower(transfer))) == (1, [other.partner_id])


def test_a_receipt_names_every_bag_that_was_sent_and_no_other(asker):
    sender = bank(3, 2)
    strange = make_unit(asker.partner)
    transfer = under_way(asker, sender, units=2)
    first, second = transfer.bags.order_by("pk").values_list("unit__din", flat=True)

    def taking(*units):
        arrivals = [shipping.Arrival(unit, shipping.Condition.SOUND) for unit in units]
        return shipping.receive(**by(asker, transfer), arrivals=arrivals)

    with pytest.raises(ReceiptIncomplete) as refusal:
        taking(first)
    assert refusal.value.facts == {"missing": [second]}
    with pytest.raises(UnitNotInTransfer):
        taking(first, second, strange.din)
    with pytest.raises(UnitNamedTwice):
        taking(first, second, first)

    assert fresh(transfer).status == "in_transit"


def test_what_is_confirmed_is_kept_until_it_is_needed(asker, noon):
    sender = bank(3, 1)
    transfer = request(asker)
    offer(sender, transfer)
    confirm(asker, transfer)
    noon.shift(dt.timedelta(hours=7))

    assert jobs.lapse_reservations() == 0
    dispatch(sender, transfer)

    assert fates(transfer) == ["sent"]


def test_a_bag_recalled_on_the_road_is_never_received(asker):
    sender = bank(3, 1)
    transfer = under_way(asker, sender)
    testing.record_tests(
        partner_id=sender.partner_id,
        member_id=sender.pk,
        unit_id=Unit.objects.get().pk,
        results={testing.MandatoryTest.HIV: testing.Finding.REACTIVE},
    )

    receive(asker, transfer)

    unit = Unit.objects.get()
    assert (unit.partner_id, unit.status, unit.discard_reason) == (sender.partner_id, "discarded", "reactive")
    assert (fates(transfer), fresh(transfer).units_received) == (["discarded"], 0)


def test_a_bag_whose_label_was_found_wrong_on_the_road_is_never_received(asker):
    sender = bank(3, 1)
    transfer = under_way(asker, sender)
    testing.record_tests(
        partner_id=sender.partner_id,
        member_id=sender.pk,
        unit_id=Unit.objects.get().pk,
        results={},
        blood_group=testing.BloodGroup.A_POS,
    )

    receive(asker, transfer)

    unit = Unit.objects.get()
    assert (unit.partner_id, unit.status, unit.discard_reason) == (sender.partner_id, "discarded", "other")
    assert fates(transfer) == ["discarded"]


def test_a_bag_whose_life_ends_on_the_road_is_not_taken_in(asker, noon):
    sender = bank(3, 1, expires_at=clock.now() + dt.timedelta(hours=9))
    transfer = under_way(asker, sender)
    noon.shift(dt.timedelta(hours=9))

    receive(asker, transfer)

    assert (Unit.objects.get().status, Unit.objects.get().partner_id) == ("expired", sender.partner_id)
    assert fates(transfer) == ["expired"]


def test_a_bag_that_its_sender_gave_up_on_the_road_stays_given_up(asker):
    sender = bank(3, 1)
    transfer = under_way(asker, sender)
    unit = Unit.objects.get()
    leaving.discard_unit(
        partner_id=sender.partner_id, member_id=sender.pk, unit_id=unit.pk, reason=DiscardReason.BROKEN
    )

    receive(asker, transfer)

    assert (status(unit), unit.partner_id, fates(transfer)) == ("discarded", sender.partner_id, ["discarded"])


def test_a_doubtful_bag_is_released_by_whoever_has_it_then(asker):
    sender = bank(3, 1)
    unit = give_results(Unit.objects.get())
    receive(asker, under_way(asker, sender), "doubtful")
    assert (status(unit), unit.partner_id) == ("quarantined", asker.partner_id)
    assert verbs(unit)[-2:] == ["receive", "quarantine"]

    testing.release_unit(partner_id=asker.partner_id, member_id=asker.pk, unit_id=unit.pk)

    assert status(unit) == "available"


def test_every_step_belongs_to_one_side(asker):
    sender, stranger = bank(3, 1), hospital(4)
    transfer = request(asker)
    for owner in (asker, stranger):
        with pytest.raises(NotFound):
            offer(owner, transfer)
    offer(sender, transfer)
    for owner in (sender, stranger):
        with pytest.raises(NotFound):
            confirm(owner, transfer)
    confirm(asker, transfer)
    for owner in (asker, stranger):
        with pytest.raises(NotFound):
            dispatch(owner, transfer)
    with pytest.raises(NotFound):
        cancel(stranger, transfer)
    dispatch(sender, transfer)
    for owner in (sender, stranger):
        with pytest.raises(NotFound):
            receive(owner, transfer)

    assert fresh(transfer).status == "in_transit"


def test_steps_out_of_order_are_refused(asker):
    sender = bank(3, 2)
    transfer = request(asker)

    with pytest.raises(IllegalTransition):
        confirm(asker, transfer)
    with pytest.raises(IllegalTransition):
        receive(asker, transfer)
    offer(sender, transfer)
    with pytest.raises(IllegalTransition):
        dispatch(sender, transfer)


def test_what_happened_to_a_transfer_is_never_changed(asker):
    transfer = at("requested", asker, bank(3, 1))

    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        transfer.events.update(verb="x")
    with connection.cursor() as cursor, pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        cursor.execute("DELETE FROM stock_transferevent")


@pytest.mark.parametrize(
    ("expected_at", "hours"),
    [
        (None, 10),  # the need is in eight hours
        (dt.timedelta(hours=3), 5),
        (dt.timedelta(hours=-3), 2),  # a slip of whoever wrote it
        (dt.timedelta(days=365_000), 30 * 24 + 2),
    ],
)
def test_a_box_is_asked_after_two_hours_past_its_time(asker, expected_at, hours):
    sender = bank(3, 1)
    transfer = request(asker)
    offer(sender, transfer)
    confirm(asker, transfer)
    at = None if expected_at is None else clock.now() + expected_at
    parcel = shipping.Parcel(courier="Ravi", box="B1", expected_at=at)

    sent = shipping.dispatch(**by(sender, transfer), parcel=parcel)

    assert round((sent.overdue_at - clock.now()) / dt.timedelta(hours=1), 1) == hours
