"""Who hears of bags between partners, and what they read."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from common import outbox
from notifications.kinds import Kind
from notifications.models import Notification
from partners.models import Member
from partners.states import Role
from stock import jobs
from tests.notifications.test_handlers import drain, texts, told
from tests.partners.factories import make_member
from tests.stock.exchange import (
    bank,
    cancel,
    confirm,
    dispatch,
    hospital,
    offer,
    raise_for,
    receive,
    refuse,
    request,
    under_way,
)

pytestmark = pytest.mark.django_db


def readers(kind: Kind) -> set[Any]:
    return {row.member_id for row in told(kind)}


def people(*owners: Member) -> set[Any]:
    """Owners and stock keepers of these partners; coordinators do not deal with bags."""
    roles = [Role.OWNER, Role.INVENTORY]
    return {m.pk for m in Member.objects.filter(partner__in=[owner.partner_id for owner in owners], role__in=roles)}


@pytest.fixture
def asker() -> Member:
    owner = hospital()
    make_member(owner.partner, role=Role.INVENTORY)
    make_member(owner.partner, role=Role.COORDINATOR)
    return owner


def test_each_step_is_told_to_whoever_acts_next_or_waits(asker: Member) -> None:
    sender = bank(3, 2)
    make_member(sender.partner, role=Role.INVENTORY)

    transfer = request(asker, units=2)
    drain()
    assert readers(Kind.TRANSFER_ASKED) == people(sender)
    offer(sender, transfer)
    drain()
    assert readers(Kind.TRANSFER_OFFERED) == people(asker)
    confirm(asker, transfer)
    drain()
    assert readers(Kind.TRANSFER_CONFIRMED) == people(sender)
    dispatch(sender, transfer)
    drain()
    assert readers(Kind.TRANSFER_DISPATCHED) == people(asker)
    receive(asker, transfer, "damaged")
    drain()
    assert readers(Kind.TRANSFER_RECEIVED) == people(sender)

    assert "1 of 2" in texts(told(Kind.TRANSFER_RECEIVED))
    asked = told(Kind.TRANSFER_ASKED)[0]
    assert (asked.subject_kind, asked.subject_id) == ("transfer", transfer.pk)
    assert asker.partner.name in asked.body
    assert "B+ PRBC" in asked.body


def test_both_sides_are_asked_once_after_a_box_that_nobody_has_received(asker: Member, noon: Any) -> None:
    sender = bank(3, 2)
    transfer = request(asker, units=2)
    offer(sender, transfer)
    confirm(asker, transfer)
    dispatch(sender, transfer)
    noon.shift(dt.timedelta(hours=9))
    assert jobs.ask_after_transfers() == 0
    noon.shift(dt.timedelta(hours=2))

    assert (jobs.ask_after_transfers(), jobs.ask_after_transfers()) == (1, 0)
    drain()

    assert readers(Kind.TRANSFER_OVERDUE) == people(asker, sender)
    assert "BOX-7" in texts(told(Kind.TRANSFER_OVERDUE))
    receive(asker, transfer)
    assert list(transfer.events.order_by("pk").values_list("verb", flat=True))[-2:] == ["overdue", "receive"]


def test_nobody_asks_after_what_has_arrived(asker: Member, noon: Any) -> None:
    sender = bank(3, 1)
    receive(asker, under_way(asker, sender))
    noon.shift(dt.timedelta(hours=12))

    assert jobs.ask_after_transfers() == 0


def test_an_asked_partner_is_told_once_whatever_is_retried(asker: Member) -> None:
    bank(3, 1)
    request(asker)
    drain()

    outbox.OutboxEvent.objects.update(done_at=None)
    outbox.Told.objects.all().delete()
    outbox.drain()

    assert len(told(Kind.TRANSFER_ASKED)) == 1


def test_nobody_is_asked_to_confirm_for_a_family(asker: Member) -> None:
    sender = bank(3, 1)
    transfer = raise_for(asker)
    assert transfer is not None

    offer(sender, transfer)
    drain()

    assert told(Kind.TRANSFER_OFFERED) == []
    assert readers(Kind.TRANSFER_CONFIRMED) == people(sender)


def test_the_asker_hears_that_nobody_has_it(asker: Member) -> None:
    sender = bank(3, 1)
    transfer = request(asker)

    refuse(sender, transfer)
    drain()

    assert readers(Kind.TRANSFER_UNMET) == people(asker)
    assert told(Kind.TRANSFER_ENDED) == []


@pytest.mark.parametrize("state", ["requested", "offered", "confirmed"])
def test_the_other_side_hears_of_a_cancellation(asker: Member, state: str) -> None:
    sender = bank(3, 1)
    transfer = request(asker)
    steps = [lambda: offer(sender, transfer), lambda: confirm(asker, transfer)]
    for step in steps[: ["requested", "offered", "confirmed"].index(state)]:
        step()

    cancel(asker, transfer)
    drain()

    assert readers(Kind.TRANSFER_ENDED) == people(sender)
    assert told(Kind.TRANSFER_UNMET) == []


def test_the_asker_hears_of_the_senders_cancellation_and_whether_anybody_else_is_asked(asker: Member) -> None:
    sender = bank(3, 1)
    transfer = request(asker)
    offer(sender, transfer)

    cancel(sender, transfer)
    drain()

    assert readers(Kind.TRANSFER_ENDED) == people(asker)
    assert readers(Kind.TRANSFER_UNMET) == people(asker)


def test_both_hear_of_an_offer_that_nobody_confirmed(asker: Member, noon: Any) -> None:
    sender = bank(3, 1)
    transfer = request(asker)
    offer(sender, transfer)
    drain()

    noon.shift(dt.timedelta(minutes=30))
    jobs.advance_transfers()
    drain()

    assert readers(Kind.TRANSFER_ENDED) == people(sender)
    assert readers(Kind.TRANSFER_UNMET) == people(asker)


def test_no_text_says_for_whom_it_is(asker: Member) -> None:
    sender = bank(3, 1)
    transfer = raise_for(asker, purpose="attender_request:secret", sex="female", age=31)
    assert transfer is not None
    offer(sender, transfer)
    dispatch(sender, transfer)
    receive(asker, transfer)
    drain()

    written = texts(Notification.objects.all())
    assert "secret" not in written
    assert "female" not in written
