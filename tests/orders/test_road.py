"""Packed, dispatched, handed over against a code, or brought back by its cold chain."""

from __future__ import annotations

import datetime as dt

import pytest

from common import clock
from common.errors import IllegalTransition, NotFound
from orders import jobs
from orders.errors import (
    BagNamedTwice,
    BagNotInOrder,
    BagPacked,
    BoxInUse,
    BoxMixesBands,
    DispatchIncomplete,
    ExpectedInPast,
    HandoverCodeExpired,
    HandoverCodeLocked,
    HandoverCodeWrong,
    NoHandoverCode,
    ReturnIncomplete,
    RiderUnknown,
)
from orders.models import Reading
from orders.services import codes, couriers, packing, road
from orders.states import Fault
from payments.parties import Party
from stock.components import Component
from stock.errors import AuthorisersInvalid, CrossmatchMissing, UnitNotKept
from stock.models import Unit
from stock.services import Emergency
from stock.services.crossmatching import set_policy
from tests.orders.scenes import (
    dispatched,
    fresh,
    kept,
    line,
    make_bank,
    of,
    pack_all,
    packed,
    paid,
    send,
    verbs,
)
from tests.partners.factories import make_member
from tests.stock.scenes import make_unit, status

pytestmark = pytest.mark.django_db
WRONG = "000000"


def pack(order, bank, *units, box="BOX-1"):
    return packing.pack(**of(order, bank), box=box, scans=[packing.Scan(str(unit)) for unit in units])


def new_code(order):
    party = Party.person(fresh(order).buyer_user_id)
    return codes.renew_code(order_id=order.pk, buyer=party, actor="user")


def deliver(order, bank, code):
    return road.deliver(**of(order, bank), code=code)


def wrong_for(order):
    return f"{(int(new_code(order)) + 1) % 10**6:06d}"


def test_scanning_every_kept_bag_packs_the_order():
    bank = make_bank(bags=2)
    order = paid(bank)

    pack(order, bank, *[f"={bag.unit.din}00" for bag in kept(order)])

    assert fresh(order).status == "packed"
    box = order.boxes.get()
    assert (box.label, float(box.min_c), float(box.max_c)) == ("BOX-1", 2, 10)
    assert {bag.box_id for bag in kept(order)} == {box.pk}


def test_an_equal_bag_may_take_the_place_of_a_kept_one():
    bank = make_bank(bags=2)
    order = paid(bank)
    first, second = (bag.unit for bag in kept(order))
    other = make_unit(bank.partner)

    pack(order, bank, first.pk, other.din)

    assert (status(second), status(other)) == ("available", "reserved")
    assert {bag.unit_id for bag in kept(order)} == {first.pk, other.pk}
    assert other.reservations.get().holding == order.holding
    assert fresh(order).status == "packed"


def test_another_kind_of_bag_may_not():
    bank = make_bank(bags=2)
    order = paid(bank)
    other_group = make_unit(bank.partner, blood_group="O-")
    foreign = make_unit(make_bank().partner)

    for unit in (other_group, foreign):
        with pytest.raises((UnitNotKept, BagNotInOrder)):
            pack(order, bank, kept(order)[0].unit_id, unit.pk)
    with pytest.raises(BagNotInOrder):
        pack(order, bank, foreign.din)


def test_a_bag_is_scanned_once():
    bank = make_bank(bags=2)
    order = paid(bank)
    bag = kept(order)[0]

    with pytest.raises(BagNamedTwice):
        pack(order, bank, bag.unit_id, bag.unit.din)
    pack(order, bank, bag.unit_id)
    with pytest.raises(BagPacked):
        pack(order, bank, bag.unit_id, box="BOX-2")


def test_what_needs_another_temperature_needs_another_box():
    bank = make_bank(bags=1)
    platelets = make_unit(bank.partner, component=Component.PLATELETS_RANDOM)
    order = paid(bank, lines=[line(1), line(1, component=Component.PLATELETS_RANDOM)])
    red = next(bag.unit for bag in kept(order) if bag.unit_id != platelets.pk)

    with pytest.raises(BoxMixesBands):
        pack(order, bank, red.pk, platelets.pk)
    pack(order, bank, red.pk, box="COLD")
    assert fresh(order).status == "accepted"
    pack(order, bank, platelets.pk, box="WARM")

    assert fresh(order).status == "packed"
    assert [(box.label, float(box.max_c)) for box in order.boxes.order_by("pk")] == [("COLD", 10), ("WARM", 24)]


def test_a_box_is_in_one_order_until_it_is_back():
    bank = make_bank(bags=4)
    first = packed(bank, box="BOX-1")
    second = paid(bank)

    with pytest.raises(BoxInUse):
        pack_all(second, bank, box="BOX-1")
    send(first, bank)
    deliver(first, bank, new_code(first))

    assert pack_all(second, bank, box="BOX-1").status == "packed"


def test_dispatching_issues_the_bags_and_makes_a_code_nobody_can_read():
    bank = make_bank(bags=2)

    order = dispatched(bank)

    assert set(Unit.objects.values_list("status", flat=True)) == {"issued"}
    assert set(order.bags.values_list("fate", flat=True)) == {"sent"}
    assert len(order.code_digest) == 64
    assert order.code_tries_left == 5
    assert order.code_sealed not in order.code_digest


def test_dispatch_needs_a_courier_who_is_there():
    bank = make_bank(bags=2)
    order = packed(bank)

    for refusal, courier in (
        (DispatchIncomplete, road.Courier()),
        (RiderUnknown, road.Courier(is_nearest=True)),
        (ExpectedInPast, road.Courier(name="Ravi", expected_at=clock.now() - dt.timedelta(minutes=1))),
        (RiderUnknown, road.Courier(rider_id=order.pk)),
    ):
        with pytest.raises(refusal):
            send(order, bank, courier=courier)


def test_a_rider_of_the_bank_brings_it():
    bank = make_bank(bags=2)
    rider = couriers.add_rider(partner_id=bank.partner_id, name="Ravi", phone="+919822012345", vehicle="MH12")
    order = packed(bank)

    sent = send(order, bank, courier=road.Courier(rider_id=rider.pk))

    assert (sent.courier_kind, sent.rider_id, sent.courier, sent.vehicle) == ("rider", rider.pk, "Ravi", "MH12")


def test_without_a_crossmatch_two_members_answer():
    bank = make_bank(bags=2)
    set_policy(partner_id=bank.partner_id, requires_crossmatch=True)
    order = packed(bank)
    second = make_member(bank.partner, role="inventory")

    with pytest.raises(CrossmatchMissing):
        send(order, bank)
    with pytest.raises(AuthorisersInvalid):
        send(order, bank, emergency=Emergency([bank.pk, bank.pk]))
    sent = send(order, bank, emergency=Emergency([bank.pk, second.pk]))

    assert sent.status == "dispatched"
    movement = Unit.objects.all()[0].movements.get(verb="issue")
    assert movement.facts["emergency"]["authorised_by"] == sorted([str(bank.pk), str(second.pk)])


def test_the_receivers_code_hands_it_over():
    bank = make_bank(bags=2)
    order = dispatched(bank)

    deliver(order, bank, order.code_sealed)

    done = fresh(order)
    assert (done.status, done.code_digest, done.code_sealed) == ("delivered", "", None)
    assert set(order.bags.values_list("fate", flat=True)) == {"delivered"}
    assert order.boxes.get().closed_at is not None
    assert verbs(order)[-1] == "deliver"
    with pytest.raises(IllegalTransition):
        deliver(order, bank, order.code_sealed)


def test_five_wrong_codes_lock_it_even_for_the_right_one():
    bank = make_bank(bags=2)
    order = dispatched(bank)
    code = new_code(order)
    wrong = f"{(int(code) + 1) % 10**6:06d}"

    for left in (4, 3, 2, 1, 0):
        with pytest.raises(HandoverCodeWrong) as refused:
            deliver(order, bank, wrong)
        assert refused.value.facts == {"tries_left": left}
    with pytest.raises(HandoverCodeLocked):
        deliver(order, bank, code)
    assert fresh(order).status == "dispatched"

    assert deliver(order, bank, new_code(order)).status == "delivered"


def test_only_the_receiver_gets_a_new_code_and_the_old_one_dies():
    bank = make_bank(bags=2)
    order = dispatched(bank)
    old = order.code_sealed

    with pytest.raises(NotFound):
        codes.renew_code(order_id=order.pk, buyer=Party.partner(bank.partner_id), actor="member")
    fresh_one = new_code(order)

    assert fresh(order).code_sealed is None
    with pytest.raises(HandoverCodeWrong):
        deliver(order, bank, old if old != fresh_one else wrong_for(order))


def test_there_is_no_code_before_and_after_the_road():
    bank = make_bank(bags=2)

    with pytest.raises(NoHandoverCode):
        new_code(packed(bank))


def test_a_code_dies_with_its_day_before_any_sweep(noon):
    bank = make_bank(bags=2)
    order = dispatched(bank)
    noon.shift(codes.LIVES)

    with pytest.raises(HandoverCodeExpired):
        deliver(order, bank, order.code_sealed)
    assert jobs.forget_codes() == 1

    assert fresh(order).code_digest == ""
    assert deliver(order, bank, new_code(order)).status == "delivered"


def failed(bank, **values):
    order = dispatched(bank, **values)
    road.fail(**of(order, bank), reason="Nobody was there.", fault=Fault.COURIER)
    return order


def log(order, noon, *, minutes):
    """Keep a log of the box for so many minutes, a reading every ten, and let them pass."""
    box = order.boxes.get()
    for _ in range(0, minutes, 10):
        noon.shift(dt.timedelta(minutes=10))
        Reading.objects.create(box=box, sensor="s", at=clock.now(), temperature_c=5, is_inside=True)


def take_back(order, bank, minutes_out=5, **values):
    comebacks = [road.Comeback(bag.unit.din, minutes_out, **values) for bag in order.bags.select_related("unit")]
    return road.take_back(**of(order, bank), comebacks=comebacks)


@pytest.mark.parametrize(
    ("logged", "out", "is_sound", "went"),
    [
        (60, 30, True, "available"),
        (60, 31, True, "discarded"),
        (60, 5, False, "quarantined"),
        (0, 5, True, "quarantined"),
    ],
)
def test_a_bag_goes_back_on_the_shelf_only_with_its_cold_chain(noon, logged, out, is_sound, went):
    bank = make_bank(bags=2)
    order = failed(bank)
    log(order, noon, minutes=logged)

    take_back(order, bank, out, is_sound=is_sound)

    assert set(Unit.objects.values_list("status", flat=True)) == {went}
    assert fresh(order).status == "returned"
    assert order.boxes.get().closed_at is not None


def test_a_log_with_a_gap_is_none(noon):
    bank = make_bank(bags=2)
    order = failed(bank)
    log(order, noon, minutes=10)
    noon.shift(dt.timedelta(minutes=31))

    take_back(order, bank)

    assert set(Unit.objects.values_list("status", flat=True)) == {"quarantined"}


def test_every_bag_is_counted_once():
    bank = make_bank(bags=2)
    order = failed(bank)
    first, second = (bag.unit.din for bag in order.bags.select_related("unit"))

    for refusal, names in (
        (ReturnIncomplete, [first]),
        (BagNamedTwice, [first, second, first]),
        (BagNotInOrder, [first, second, "B12343000009900"]),
    ):
        with pytest.raises(refusal):
            road.take_back(**of(order, bank), comebacks=[road.Comeback(name, 5) for name in names])


def test_another_bank_cannot_touch_it():
    order, stranger = dispatched(make_bank(bags=2)), make_bank()

    for act in (
        lambda: deliver(order, stranger, order.code_sealed),
        lambda: road.fail(**of(order, stranger), reason="x", fault=Fault.BANK),
        lambda: take_back(order, stranger),
    ):
        with pytest.raises(NotFound):
            act()
