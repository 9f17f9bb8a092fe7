"""Whatever partners do in whatever order, no bag appears or vanishes: JD-15, where a receiver was credited with what
the sender did not have, and «max(0, …)» made blood out of nothing."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from common import outbox
from common.errors import DomainError
from stock import jobs, services
from stock.models import Movement, Reservation, Transfer, TransferUnit, Unit
from stock.services import leaving
from stock.states import BEFORE_DISPATCH, ON_SHELF, DiscardReason, Fate, TransferStatus
from tests.requests_app.scenes import events
from tests.requests_app.test_promises_always import afterwards_undone
from tests.stock import exchange
from tests.stock.scenes import counts_are_true, make_unit, stepping

pytestmark = pytest.mark.django_db

PARTNERS, BAGS = 4, 2
WHO = st.integers(0, PARTNERS - 1)
WHICH = st.integers(0, 3)
ACTS = st.one_of(
    st.tuples(st.sampled_from(["ask", "ask_all", "raise_one", "receive"]), WHO, WHICH),
    st.tuples(st.sampled_from(["offer", "offer", "offer_one", "refuse", "confirm", "dispatch", "cancel"]), WHO, WHICH),
    st.tuples(st.sampled_from(["forward", "forward", "forward", "decline", "sweep", "wait", "tell"]), WHO, WHICH),
    st.tuples(st.sampled_from(["discard", "lose", "withdraw", "buy"]), WHO, WHICH),
)
# How the units of an arrival are found, by a number that the example chooses.
ARRIVALS = [(), ("damaged",), ("doubtful", "missing"), ("missing", "damaged")]


class Market:
    """Partners with bags of one kind, who exchange them; `seen` is where transfers and their bags have been."""

    def __init__(self, clock):
        self.clock, self.seen = clock, set()
        self.owners = [exchange.hospital(index) for index in range(PARTNERS)]
        for owner in self.owners[1:]:
            for _ in range(BAGS):
                make_unit(owner.partner)
        self.dins = set(Unit.objects.values_list("din", flat=True))

    def act(self, verb, who, which):
        """Do it if it may be done."""
        try:
            getattr(self, verb)(self.owners[who], which)
        except DomainError:
            return

    def pick(self, which, **values):
        """One of the transfers that fit, or the last of all."""
        found = list(Transfer.objects.filter(**values).order_by("pk")) or list(Transfer.objects.order_by("pk")[:1])
        return found[which % len(found)] if found else Transfer(need=None)

    def ask(self, owner, which):
        exchange.request(owner, units=1 + which)

    def ask_all(self, owner, which):
        exchange.request(owner, units=1 + which, urgency="critical")

    def raise_one(self, owner, which):
        exchange.raise_for(owner, units=1 + which)

    def offer(self, owner, which):
        exchange.offer(owner, self.pick(which, status="requested"))

    def offer_one(self, owner, which):
        exchange.offer(owner, self.pick(which, status="requested"), units=1)

    def refuse(self, owner, which):
        exchange.refuse(owner, self.pick(which))

    def confirm(self, owner, which):
        exchange.confirm(owner, self.pick(which, status="offered"))

    def dispatch(self, owner, which):
        exchange.dispatch(owner, self.pick(which, status="confirmed"))

    def receive(self, owner, which):
        transfer = self.pick(which, status="in_transit")
        sent = TransferUnit.objects.filter(transfer=transfer, fate="sent").count()
        exchange.receive(owner, transfer, *ARRIVALS[which][:sent])

    def cancel(self, owner, which):
        exchange.cancel(owner, self.pick(which))

    def forward(self, _, which):
        """Let the right side take the next step of a transfer."""
        transfer = self.pick(which, status__in=["requested", "offered", "confirmed", "in_transit"])
        owners = {owner.partner_id: owner for owner in self.owners}
        ask = transfer.asks.filter(answer="").first()
        asked = ask.partner_id if ask else transfer.partner_id
        side = {"requested": asked, "confirmed": transfer.sender_id}.get(transfer.status, transfer.partner_id)
        if transfer.status == "in_transit":
            self.receive(owners[side], which)
            return
        step = {"requested": "offer", "offered": "confirm"}.get(transfer.status, "dispatch")
        getattr(exchange, step)(owners.get(side, self.owners[0]), transfer)

    def decline(self, _, which):
        """Let everybody who is asked for a transfer say no, one after another."""
        transfer = self.pick(which, status="requested")
        owners = {owner.partner_id: owner for owner in self.owners}
        while ask := transfer.asks.filter(answer="").first():
            exchange.refuse(owners[ask.partner_id], transfer)

    def withdraw(self, _, which):
        """Whoever raised a transfer for a family wants it no more."""
        stepping(
            services.cancel_transfer_of, transfer_id=self.pick(which, partner__isnull=False).pk, actor="x", reason="x"
        )

    def discard(self, owner, which):
        unit = Unit.objects.filter(partner=owner.partner).order_by("pk")[which : which + 1].first()
        if unit is not None:
            leaving.discard_unit(
                partner_id=owner.partner_id, member_id=owner.pk, unit_id=unit.pk, reason=DiscardReason.BROKEN
            )

    def lose(self, _, which):
        """Break a bag that is kept for somebody."""
        for unit in Unit.objects.filter(status="reserved").order_by("pk")[:1]:
            leaving.discard_unit(
                partner_id=unit.partner_id, member_id=self.owners[0].pk, unit_id=unit.pk, reason=DiscardReason.BROKEN
            )

    def buy(self, owner, which):
        stepping(
            services.reserve_units,
            partner_id=owner.partner_id,
            actor="x",
            purpose="order:1",
            component=exchange.Component.RED_CELLS,
            blood_group="B+",
            units=1 + which % 2,
        )

    def wait(self, _, which):
        self.clock.shift(dt.timedelta(minutes=[5, 15, 31, 300][which]))

    def sweep(self, *_):
        jobs.lapse_reservations()
        jobs.advance_transfers()
        jobs.expire_units()

    def tell(self, *_):
        outbox.drain()

    def check(self):
        units = list(Unit.objects.all())
        assert {unit.din for unit in units} == self.dins
        assert len(units) == len(self.dins)
        assert counts_are_true()
        held = Counter(Reservation.objects.filter(ended_at=None).values_list("unit_id", flat=True))
        assert set(held.values()) <= {1}
        assert set(held) == {unit.pk for unit in units if unit.status == "reserved"}
        boxes = dict(TransferUnit.objects.filter(fate="sent").values_list("unit_id", "transfer__status"))
        assert set(boxes.values()) <= {"in_transit"}
        assert {unit.pk for unit in units if unit.status == "in_transit"} <= set(boxes)
        last = {row.unit_id: row for row in Movement.objects.order_by("pk")}
        for unit in units:
            row = last.get(unit.pk)
            assert row is None or (row.partner_id, row.status) == (unit.partner_id, unit.status)
        kept = set(Reservation.objects.filter(ended_at=None).values_list("purpose", flat=True))
        for transfer in Transfer.objects.prefetch_related("bags", "asks"):
            self.check_transfer(transfer, kept)

    def check_transfer(self, transfer, kept):
        fates = Counter(bag.fate for bag in transfer.bags.all())
        self.seen |= {transfer.status, *fates}
        assert sum(fates.values()) == transfer.units_offered <= transfer.units
        assert (fates["offered"] > 0) <= (transfer.status in ("offered", "confirmed"))
        assert fates["accepted"] == transfer.units_received
        assert (transfer.status in BEFORE_DISPATCH) or not [ask for ask in transfer.asks.all() if not ask.answer]
        assert transfer.status != "received" or not fates["offered"] + fates["sent"]
        assert transfer.status in ("offered", "confirmed") or f"transfer:{transfer.pk}" not in kept

    def settle(self):
        """Let everything that time ends come to its end, and everything on the road arrive."""
        owners = {owner.partner_id: owner for owner in self.owners}
        for transfer in Transfer.objects.filter(status="in_transit"):
            exchange.receive(owners[transfer.partner_id], transfer)
        self.clock.shift(dt.timedelta(hours=9))
        while jobs.advance_transfers():
            continue
        assert not Transfer.objects.filter(status__in=BEFORE_DISPATCH).exists()


def test_the_sum_over_partners_is_constant_after_every_act(noon):
    opening = dt.datetime(2030, 5, 1, 6, 30, tzinfo=dt.UTC)
    noon.move_to(opening)
    market = Market(noon)

    @settings(
        max_examples=20,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(steps=st.integers(0, 3), acts=st.lists(ACTS, min_size=4, max_size=14))
    @example(steps=0, acts=[("decline", 0, 0)])
    @example(steps=1, acts=[("lose", 0, 0), ("tell", 0, 0)])
    @example(steps=2, acts=[("cancel", 0, 0)])
    @example(steps=3, acts=[("receive", 0, 0), ("wait", 0, 3), ("sweep", 0, 0)])
    @example(steps=3, acts=[("receive", 0, 1)])
    @example(steps=3, acts=[("receive", 0, 2)])
    def tell(steps, acts):
        noon.move_to(opening)
        with afterwards_undone():
            for act in [("ask", 0, 2), *[("forward", 0, 0)] * steps, *acts]:
                market.act(*act)
                market.check()
            market.settle()
            market.check()

    tell()
    assert market.seen == {*TransferStatus, *Fate}


def test_the_market_can_exchange_to_its_end(noon):
    market = Market(noon)
    for verb, who, which in [
        ("ask", 0, 3),
        ("offer_one", 1, 0),
        ("forward", 0, 0),
        ("forward", 0, 0),
        ("receive", 0, 0),
        ("forward", 0, 0),
        ("forward", 0, 0),
        ("forward", 0, 0),
        ("receive", 0, 1),
        ("discard", 3, 0),
        ("tell", 0, 0),
        ("sweep", 0, 0),
    ]:
        getattr(market, verb)(market.owners[who], which)
        market.check()
    market.settle()

    mine = Unit.objects.filter(partner=market.owners[0].partner, status__in=ON_SHELF)
    assert mine.count() == 2
    assert {told["partner"] for told in events("transfer.received")} == {str(market.owners[0].partner_id)}
