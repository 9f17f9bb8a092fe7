"""Both sides of a transfer at the same moment: one wins, the bags have one place, and the sum stays (C6)."""

from __future__ import annotations

import datetime as dt
import threading
from contextlib import contextmanager

import pytest

from stock import jobs
from stock.models import Reservation, Transfer, TransferAsk, Unit
from stock.services import counting
from stock.services.exchanging import ending, offering, shipping
from stock.services.exchanging.ending import advance_if_due
from tests.concurrency.scenes import Clocks, race_test, unlock
from tests.races import meeting, names, race
from tests.requests_app.scenes import events
from tests.stock.exchange import (
    bank,
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
from tests.stock.scenes import counts_are_true, reserve

pytestmark = [race_test, pytest.mark.usefixtures("unthrottled")]
HOLD = "stock.services.exchanging.records.lock"


def test_of_many_offers_at_once_one_wins_and_the_others_hear_so():
    asker = hospital()
    senders = [bank(1 + index, 1) for index in range(6)]
    transfer = request(asker, urgency="critical")

    outcomes = race(*[lambda owner=owner: offer(owner, transfer) for owner in senders])

    assert names(outcomes) == ["Transfer"] + ["TransferTaken"] * 5
    assert Reservation.objects.filter(ended_at=None).count() == 1
    assert TransferAsk.objects.filter(answer="offered").count() == 1
    assert counts_are_true()


def test_without_lock_and_answer_several_offers_win(monkeypatch):
    asker = hospital()
    senders = [bank(1 + index, 1) for index in range(3)]
    transfer = request(asker, urgency="critical")
    with meeting(3) as wait:
        unlock(monkeypatch, HOLD, after=Transfer, wait=wait)
        monkeypatch.setattr(offering, "answer", lambda *_: 1)

        outcomes = race(*[lambda owner=owner: offer(owner, transfer) for owner in senders])

    assert names(outcomes) == ["Transfer"] * 3
    assert Reservation.objects.filter(ended_at=None).count() == 3


def test_even_without_the_lock_one_answer_counts(monkeypatch):
    asker = hospital()
    senders = [bank(1 + index, 1) for index in range(3)]
    transfer = request(asker, urgency="critical")
    with meeting(3) as wait:
        unlock(monkeypatch, HOLD, after=Transfer, wait=wait)

        outcomes = race(*[lambda owner=owner: offer(owner, transfer) for owner in senders])

    assert names(outcomes).count("Transfer") == 1
    assert Reservation.objects.filter(ended_at=None).count() == 1


@contextmanager
def ending_late(monkeypatch):
    """Take the lock away; whoever ends a transfer has looked at it and writes only when the other is done."""
    done, take_step = threading.Event(), ending.take_step

    def take_step_late(*args, **values):
        done.wait(10)
        take_step(*args, **values)

    with meeting(2) as wait:
        unlock(monkeypatch, HOLD, after=Transfer, wait=wait)
        monkeypatch.setattr(ending, "take_step", take_step_late)
        yield lambda act: lambda: (act(), done.set())[0]


@pytest.mark.parametrize("turn", range(4))
def test_an_offer_and_a_cancellation_leave_no_bag_kept_for_nothing(turn):
    asker, sender = hospital(), bank(1, 1)
    transfer = request(asker)

    outcomes = race(lambda: offer(sender, transfer), lambda: cancel(asker, transfer))

    assert names(outcomes) in (["AskOver", "Transfer"], ["Transfer", "Transfer"])
    assert fresh(transfer).status == "cancelled"
    assert Unit.objects.get().status == "available"
    assert counts_are_true()


def test_without_the_lock_a_cancelled_transfer_keeps_bags(monkeypatch):
    asker, sender = hospital(), bank(1, 1)
    transfer = request(asker)

    with ending_late(monkeypatch) as first:
        race(first(lambda: offer(sender, transfer)), lambda: cancel(asker, transfer))

    assert (fresh(transfer).status, Unit.objects.get().status) == ("cancelled", "reserved")


@pytest.mark.parametrize("side", ["asker", "sender"])
def test_what_leaves_is_not_cancelled_and_what_is_cancelled_does_not_leave(side):
    owners = {"asker": hospital(), "sender": bank(1, 1)}
    transfer = request(owners["asker"])
    offer(owners["sender"], transfer)
    confirm(owners["asker"], transfer)

    outcomes = race(lambda: dispatch(owners["sender"], transfer), lambda: cancel(owners[side], transfer))

    assert names(outcomes) == ["IllegalTransition", "Transfer"]
    at = (fresh(transfer).status, Unit.objects.get().status, fates(transfer))
    assert at in (("in_transit", "in_transit", ["sent"]), ("cancelled", "available", ["freed"]))
    assert counts_are_true()


def test_without_the_lock_cancelled_bags_leave(monkeypatch):
    asker, sender = hospital(), bank(1, 1)
    transfer = request(asker)
    offer(sender, transfer)
    confirm(asker, transfer)

    with ending_late(monkeypatch) as first:
        race(first(lambda: dispatch(sender, transfer)), lambda: cancel(asker, transfer))

    assert (fresh(transfer).status, Unit.objects.get().status) == ("cancelled", "in_transit")


def test_a_box_is_received_once():
    asker, sender = hospital(), bank(1, 3)
    transfer = under_way(asker, sender, units=3)

    outcomes = race(*[lambda: receive(asker, transfer) for _ in range(5)])

    assert names(outcomes) == ["IllegalTransition"] * 4 + ["Transfer"]
    assert Unit.objects.filter(partner=asker.partner, status="available").count() == 3
    assert len(events("transfer.received")) == 1
    assert counts_are_true()


def test_without_locks_a_box_is_received_twice(monkeypatch):
    asker, sender = hospital(), bank(1, 1)
    transfer = under_way(asker, sender)
    with meeting(2) as wait:
        unlock(monkeypatch, HOLD, "stock.services.exchanging.shipping.lock", after=Unit, wait=wait)

        race(*[lambda: receive(asker, transfer) for _ in range(2)])

    assert len(events("transfer.received")) == 2


@pytest.mark.parametrize("seconds", [-1, 1])
def test_at_the_last_moment_an_offer_is_confirmed_or_expires(monkeypatch, seconds):
    asker, sender = hospital(), bank(1, 1)
    transfer = request(asker)
    offer(sender, transfer)
    clocks, due = Clocks(monkeypatch), fresh(transfer).due_at

    outcomes = race(
        clocks.at(due + dt.timedelta(seconds=seconds), lambda: confirm(asker, transfer)),
        clocks.at(due + dt.timedelta(seconds=1), lambda: advance_if_due(transfer_id=transfer.pk)),
    )

    at = (fresh(transfer).status, Unit.objects.get().status)
    assert at in (("confirmed", "reserved"), ("expired", "available"))
    assert (at[0] == "confirmed") == isinstance(outcomes[0], Transfer)
    assert counts_are_true()


def test_without_the_lock_a_confirmed_offer_expires(monkeypatch):
    asker, sender = hospital(), bank(1, 1)
    transfer = request(asker)
    offer(sender, transfer)
    clocks, due = Clocks(monkeypatch), fresh(transfer).due_at

    with ending_late(monkeypatch) as first:
        outcomes = race(
            clocks.at(due - dt.timedelta(seconds=1), first(lambda: confirm(asker, transfer))),
            clocks.at(due + dt.timedelta(seconds=1), lambda: advance_if_due(transfer_id=transfer.pk)),
        )

    assert isinstance(outcomes[0], Transfer)
    assert (fresh(transfer).status, Unit.objects.get().status) == ("expired", "available")


def test_two_sweeps_ask_the_next_partner_once(noon):
    asker = hospital()
    for index in range(3):
        bank(1 + index, 1)
    transfer = request(asker)
    noon.shift(dt.timedelta(minutes=15))

    race(*[jobs.advance_transfers for _ in range(4)])

    assert TransferAsk.objects.filter(transfer=transfer).count() == 2


@pytest.fixture
def a_late_box(noon):
    transfer = under_way(hospital(), bank(1, 1))
    noon.shift(dt.timedelta(hours=11))
    return transfer


def test_two_sweeps_ask_once_after_a_late_box(a_late_box):
    outcomes = race(*[lambda: shipping.ask_after(transfer_id=a_late_box.pk) for _ in range(4)])

    assert sorted(outcomes) == [False, False, False, True]
    assert len(events("transfer.overdue")) == 1


def test_without_the_lock_they_ask_twice(a_late_box, monkeypatch):
    with meeting(2) as wait:
        unlock(monkeypatch, HOLD, after=Transfer, wait=wait)

        race(*[lambda: shipping.ask_after(transfer_id=a_late_box.pk) for _ in range(2)])

    assert len(events("transfer.overdue")) == 2


def test_partial_offers_and_a_refusal_at_once_ask_nobody_twice():
    asker = hospital()
    senders = [bank(1 + index, 1) for index in range(5)]
    transfer = request(asker, units=4, urgency="critical")

    race(
        lambda: offer(senders[0], transfer),
        lambda: refuse(senders[1], transfer),
        lambda: refuse(senders[2], transfer),
    )

    assert follower(transfer).units == 3
    open_asks = list(TransferAsk.objects.filter(answer="").values_list("partner_id", flat=True))
    assert len(open_asks) == len(set(open_asks))
    assert senders[0].partner_id not in open_asks


def test_an_exchange_loses_no_count_and_no_sale_made_meanwhile():
    """JD-14: an absolute «set» through `update_or_create` lost the decrement of an exchange at the same moment."""
    asker, sender = hospital(), bank(1, 6)
    transfer = request(asker, units=2)

    def count():
        kind = counting.Count(component="red_cells", blood_group="B+", units=6)
        return counting.set_counts(partner_id=sender.partner_id, member_id=sender.pk, counts=[kind], all_released=True)

    outcomes = race(lambda: offer(sender, transfer), count, lambda: reserve(sender.partner), count)

    assert names(outcomes) == ["Changes", "Changes", "Holding", "Transfer"]
    assert Unit.objects.filter(partner=sender.partner, status="reserved").count() == 3
    assert Unit.objects.filter(partner=sender.partner).count() == 6
    assert counts_are_true()


def test_buyers_and_an_offer_never_get_the_same_bag():
    """JD-15: stock was checked after the exchange was fulfilled, and what lacked was made up."""
    asker, sender = hospital(), bank(1, 5)
    transfer = request(asker, units=5)

    race(lambda: offer(sender, transfer), *[lambda: reserve(sender.partner) for _ in range(5)])

    held = list(Reservation.objects.filter(ended_at=None).values_list("unit_id", flat=True))
    assert len(held) == len(set(held)) == 5
    assert fresh(transfer).units_offered == transfer.bags.count()
    assert Unit.objects.count() == 5
    assert counts_are_true()


def test_boxes_in_both_directions_arrive_at_once():
    one, other = bank(0, 3), bank(1, 3)
    there = [under_way(one, other) for _ in range(3)]
    back = [under_way(other, one) for _ in range(3)]

    outcomes = race(
        *[lambda box=box: receive(one, box) for box in there], *[lambda box=box: receive(other, box) for box in back]
    )

    assert names(outcomes) == ["Transfer"] * 6
    assert Unit.objects.filter(status="available").count() == 6
    assert Unit.objects.filter(partner=one.partner).count() == 3
    assert counts_are_true()
