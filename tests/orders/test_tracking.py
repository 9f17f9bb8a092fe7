"""Places and temperatures on the road: a breach quarantines at once and once; an arrival is told honestly."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
import time_machine

from common import clock
from common.errors import NotFound
from common.geo import Point
from common.models import OutboxEvent
from common.outbox import drain
from orders import jobs, selectors
from orders.errors import BoxBreached, MeasuredInFuture, NotOnTheRoad, RiderUnknown
from orders.models import Reading
from orders.services import couriers, packing, road, tracking
from orders.tracking import eta_of
from payments.parties import Party
from stock.components import Component
from stock.models import Unit
from stock.services.leaving import transfuse_unit
from tests.conftest import NOON
from tests.orders.scenes import dispatched, fresh, kept, line, make_bank, of, pack_all, packed, paid, place, send, verbs
from tests.stock.scenes import make_unit

pytestmark = pytest.mark.django_db
ZONE = "Asia/Kolkata"


def read(order, bank, *readings, sensor="S-1", box=None):
    """Tell the box's temperatures: pairs of minutes since now and degrees."""
    now = clock.now().replace(second=0, microsecond=0)
    return tracking.record_readings(
        box_id=(box or order.boxes.order_by("pk")[0]).pk,
        partner_id=bank.partner_id,
        temperatures=[
            tracking.Temperature(sensor, now + dt.timedelta(minutes=minutes), Decimal(str(celsius)))
            for minutes, celsius in readings
        ],
    )


def on_the_road(noon, **values):
    """An order that left an hour ago."""
    bank = make_bank(bags=values.pop("bags", 2))
    order = dispatched(bank, **values)
    noon.shift(dt.timedelta(minutes=50))
    return order, bank


def told():
    return OutboxEvent.objects.filter(name="order.breached").count()


def statuses():
    return sorted(Unit.objects.values_list("status", flat=True))


def test_readings_within_the_band_change_nothing(noon):
    order, bank = on_the_road(noon)

    box = read(order, bank, (-40, 2), (-30, 10), (-20, 5.5))

    assert (box.out_since, box.breached_at, told()) == (None, None, 0)


def test_out_of_its_band_beyond_grace_the_box_is_quarantined_at_once_and_once(noon):
    order, bank = on_the_road(noon)

    read(order, bank, (-30, 12))
    assert statuses() == ["issued", "issued"]
    read(order, bank, (-20, 12))
    assert statuses() == ["issued", "issued"]  # ten minutes are still grace
    read(order, bank, (-19, 12), (-18, 12))
    read(order, bank, (-10, 13), (-5, 5))

    assert statuses() == ["quarantined", "quarantined"]
    assert told() == 1
    assert verbs(order).count("breach") == 1
    box = order.boxes.get()
    assert box.breached_at is not None
    assert box.out_since is None


def test_a_short_excursion_is_forgiven(noon):
    order, bank = on_the_road(noon)

    read(order, bank, (-30, 12), (-25, 12), (-21, 6), (-15, 12), (-8, 6))

    assert told() == 0


def test_the_order_in_which_readings_come_does_not_matter(noon):
    order, bank = on_the_road(noon)

    read(order, bank, (-10, 12))
    read(order, bank, (-30, 4))
    assert told() == 0
    read(order, bank, (-25, 12), (-18, 12))

    assert told() == 1


def test_a_reading_that_comes_late_may_show_that_there_was_none(noon):
    order, bank = on_the_road(noon)

    read(order, bank, (-25, 12), (-16, 12), (-20, 5), (-10, 5))

    assert told() == 0


def test_a_reading_counts_once(noon):
    order, bank = on_the_road(noon)
    box = order.boxes.get()
    at = clock.now() - dt.timedelta(minutes=5)
    one = tracking.Temperature("S-1", at, Decimal(4))

    for _ in range(3):
        tracking.record_readings(box_id=box.pk, partner_id=bank.partner_id, temperatures=[one, one])

    assert Reading.objects.count() == 1


def test_each_sensor_speaks_for_itself(noon):
    order, bank = on_the_road(noon)

    read(order, bank, (-30, 12), (-21, 5))
    read(order, bank, (-25, 12), (-20, 12), sensor="S-2")

    assert told() == 0
    assert order.boxes.get().out_since is not None


def test_platelets_are_not_to_be_cold_and_plasma_is_to_stay_frozen(noon):
    bank = make_bank()
    make_unit(bank.partner, component=Component.PLATELETS_RANDOM)
    make_unit(bank.partner, component=Component.FRESH_FROZEN_PLASMA)
    wish = [line(1, component=Component.PLATELETS_RANDOM), line(1, component=Component.FRESH_FROZEN_PLASMA)]
    order = paid(bank, lines=wish)
    for bag in kept(order):
        scan = packing.Scan(str(bag.unit_id))
        packing.pack(**of(order, bank), box=bag.unit.component, scans=[scan])
    order = send(fresh(order), bank)
    noon.shift(dt.timedelta(minutes=50))
    platelets, plasma = (order.boxes.get(label=name) for name in ("platelets_random", "fresh_frozen_plasma"))

    read(order, bank, (-30, -80), (-10, -30), box=plasma)
    read(order, bank, (-30, 22), (-10, 20), box=platelets)
    assert told() == 0
    read(order, bank, (-25, 4), (-12, 4), box=platelets)

    assert sorted(Unit.objects.values_list("component", "status")) == [
        ("fresh_frozen_plasma", "issued"),
        ("platelets_random", "quarantined"),
    ]


def test_nothing_of_a_breached_box_is_handed_over(noon):
    order, bank = on_the_road(noon)
    read(order, bank, (-30, 12), (-15, 12))

    with pytest.raises(BoxBreached):
        road.deliver(**of(order, bank), code=order.code_sealed)

    assert fresh(order).code_tries_left == 5


def test_a_breach_that_is_told_after_the_hand_over_still_quarantines_what_was_not_given(noon):
    order, bank = on_the_road(noon)
    road.deliver(**of(order, bank), code=order.code_sealed)
    first = order.bags.order_by("pk")[0].unit_id
    transfuse_unit(partner_id=bank.partner_id, member_id=bank.pk, unit_id=first)

    read(order, bank, (-30, 12), (-15, 12))

    assert statuses() == ["quarantined", "transfused"]
    assert told() == 1


def test_what_happens_after_the_hand_over_is_not_the_couriers(noon):
    order, bank = on_the_road(noon)
    road.deliver(**of(order, bank), code=order.code_sealed)
    noon.shift(dt.timedelta(minutes=40))

    read(order, bank, (-30, 22), (-1, 22))

    assert told() == 0


def test_a_breach_before_dispatch_has_other_bags_kept(noon):
    bank = make_bank(bags=4)
    order = packed(bank)
    noon.shift(dt.timedelta(minutes=30))

    read(order, bank, (-25, 12), (-10, 12))
    drain()

    assert fresh(order).status == "accepted"
    assert statuses() == ["quarantined", "quarantined", "reserved", "reserved"]
    assert len(kept(order)) == 2
    assert pack_all(order, bank).status == "packed"
    assert send(order, bank).status == "dispatched"


def test_readings_of_the_future_of_strangers_and_of_no_journey_are_refused(noon):
    order, bank = on_the_road(noon)

    with pytest.raises(MeasuredInFuture):
        read(order, bank, (5, 4))
    with pytest.raises(NotFound):
        read(order, make_bank(), (-5, 4))
    with pytest.raises(NotOnTheRoad):
        tracking.record_pings(
            order_id=place(bank).pk, partner_id=bank.partner_id, places=[tracking.Place(clock.now(), Point(18.5, 73.8))]
        )


def ping(order, bank, *places):
    now = clock.now()
    return tracking.record_pings(
        order_id=order.pk,
        partner_id=bank.partner_id,
        places=[tracking.Place(now + dt.timedelta(minutes=minutes), Point(lat, 73.8329)) for minutes, lat in places],
    )


def test_an_arrival_is_told_from_where_the_courier_was_and_how_fast(noon):
    order, bank = on_the_road(noon)

    assert ping(order, bank, (-10, 18.60), (0, 18.5549)) == 2
    eta = eta_of(order.pk, zone=ZONE)

    assert eta.basis == "pings"
    assert eta.remaining_km == pytest.approx(5.09, abs=0.02)
    minutes = (eta.expected_at - clock.now()) / dt.timedelta(minutes=1)
    assert minutes == pytest.approx(13.3, abs=0.5)  # 5.1 km by the crow at 30 km/h, roads being longer
    assert eta.expected_at.utcoffset() == dt.timedelta(hours=5, minutes=30)


def test_pings_come_in_any_order_and_count_once(noon):
    order, bank = on_the_road(noon)

    assert ping(order, bank, (0, 18.5549)) == 1
    assert ping(order, bank, (-10, 18.60)) == 1
    assert order.pings.count() == 2


def test_who_stands_still_or_was_not_seen_lately_gives_no_arrival_of_its_own(noon):
    order, bank = on_the_road(noon)
    ping(order, bank, (-10, 18.5549), (0, 18.5550))
    assert eta_of(order.pk, zone=ZONE).basis == "courier"
    ping(order, bank, (-0.5, 18.60))
    noon.shift(dt.timedelta(minutes=16))

    assert eta_of(order.pk, zone=ZONE).basis == "courier"


def test_a_timeline_says_when_by_the_readers_clock_what_who_and_proof():
    with time_machine.travel(NOON, tick=False) as clock_at_rest:
        order, bank = on_the_road(clock_at_rest)
        road.deliver(**of(order, bank), code=order.code_sealed)

    steps = selectors.timeline_of(Party.person(order.buyer_user_id), order.pk, zone=ZONE)

    assert [(step.verb, step.by) for step in steps] == [
        ("place", "receiver"),
        ("accept", "bank"),
        ("pay", "system"),
        ("pack", "bank"),
        ("dispatch", "bank"),
        ("deliver", "bank"),
    ]
    assert steps[0].local == "2030-05-01 12:00:00"
    assert steps[0].at.isoformat().endswith("+05:30")
    assert steps[-1].local == "2030-05-01 12:50:00"
    assert steps[-1].facts == {"code": True}
    assert len(steps[3].facts["bags"]) == 2


def test_a_late_delivery_is_told_once(noon):
    order, _ = on_the_road(noon)
    assert jobs.tell_late_orders() == 0
    noon.shift(dt.timedelta(minutes=11))
    assert fresh(order).is_late

    assert jobs.tell_late_orders() == 1
    assert jobs.tell_late_orders() == 0

    assert OutboxEvent.objects.filter(name="order.late").count() == 1


def test_the_nearest_free_rider_brings_it_else_who_carries_least(noon):
    bank = make_bank(bags=6)
    with pytest.raises(RiderUnknown):
        send(packed(bank, lines=[line(1)]), bank, courier=road.Courier(is_nearest=True))
    near, far = (
        couriers.add_rider(partner_id=bank.partner_id, name=name, phone=phone)
        for name, phone in (("Near", "+919822012345"), ("Far", "+919822012346"))
    )
    for rider, lat in ((near, "18.5210"), (far, "18.6000")):
        changes = {"lat": Decimal(lat), "lng": Decimal("73.8567"), "located_at": clock.now()}
        couriers.change_rider(rider_id=rider.pk, partner_id=bank.partner_id, changes=changes)
    carried = [
        send(packed(bank, lines=[line(1)]), bank, courier=road.Courier(is_nearest=True)).courier for _ in range(3)
    ]

    assert carried == ["Near", "Far", "Near"]
