"""For partners that only count: a count becomes the intakes and discards that make it true."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from common import clock, outbox
from common.blood import BloodGroup
from common.db import command, lock, step, take_turn
from stock.components import Component, expires_at, facts_of, rows_of
from stock.errors import CountBelowReserved, CountNotReleased, ExpiryInvalid
from stock.models import Collection, Unit
from stock.services.collecting import next_dins, storage_of
from stock.services.moving import move, settle, tell_gained, write_movements
from stock.services.thresholds import watch
from stock.states import DiscardReason, UnitStatus

UNKNOWN_VOLUME_ML: Final = 1  # a component whose usual volume nobody knows
COUNTED_AS_SHELF: Final = (UnitStatus.AVAILABLE, UnitStatus.RESERVED)


@dataclass(frozen=True)
class Count:
    """How many released bags of a kind are on the shelf, those that are reserved included.

    `expires_at` is that of bags that are new; without it they are taken to be collected at this moment.
    """

    component: Component
    blood_group: BloodGroup
    units: int
    expires_at: dt.datetime | None = None


@dataclass(frozen=True)
class Changes:
    """What a count led to."""

    intakes: list[Unit]
    discards: list[Unit]


@command
def set_counts(*, partner_id: uuid.UUID, member_id: uuid.UUID, counts: Sequence[Count], all_released: bool) -> Changes:
    """Make the stock what was counted. Who counts says by `all_released` that every bag is tested and released.

    The movement of every new bag says so, and who said it. New bags get numbers of the partner; those missing are
    discarded, bags known from counts only before others, and the first to expire first. Two counts at once come one
    after the other.

    Locks: the bags of each kind, the partner's counter of the year.      Emits: unit.collected, stock.low
    Raises: CountNotReleased, ExpiryInvalid, CountBelowReserved, DinExhausted
    """
    if not all_released:
        raise CountNotReleased
    return write_counts(partner_id=partner_id, member_id=member_id, counts=counts)


@step
def write_counts(*, partner_id: uuid.UUID, member_id: uuid.UUID, counts: Sequence[Count]) -> Changes:
    """As `set_counts`, for whoever knows that every bag is released."""
    take_turn(f"stock.counts:{partner_id}")
    now, actor = clock.now(), f"member:{member_id}"
    wrong = [f"/counts/{place}/expires_at" for place, one in enumerate(counts) if not _may_expire(one, now)]
    if wrong:
        raise ExpiryInvalid(pointers=wrong)
    shelves = Unit.objects.filter(
        partner_id=partner_id, status__in=COUNTED_AS_SHELF, component__in={one.component for one in counts}
    )
    units = lock(Unit, shelves.values_list("pk", flat=True))
    settle(units)
    missing, discards = list[Count](), list[Unit]()
    for place, count in enumerate(counts):
        mine = [unit for unit in units if _is_of(unit, count) and unit.state in COUNTED_AS_SHELF and not unit.is_over]
        surplus = len(mine) - count.units
        missing += [count] * -surplus
        free = sorted((unit for unit in mine if unit.state is UnitStatus.AVAILABLE), key=_goes_first)
        if surplus > len(free):
            raise CountBelowReserved(pointers=[f"/counts/{place}/units"], reserved=len(mine) - len(free))
        discards += free[: max(0, surplus)]
    dins = next_dins(partner_id, now, len(missing)) if missing else []
    intakes = [_counted(partner_id, din, count, now) for din, count in zip(dins, missing, strict=True)]
    _take_in(partner_id, intakes, actor)
    reason = DiscardReason.COUNTED
    move(discards, verb="discard", actor=actor, facts={"reason": str(reason)}, discard_reason=reason)
    watch([partner_id])
    return Changes(intakes=intakes, discards=discards)


def _take_in(partner_id: uuid.UUID, units: list[Unit], actor: str) -> None:
    Collection.objects.bulk_create([Collection(din=unit.din, partner_id=partner_id) for unit in units])
    Unit.objects.bulk_create(units)
    write_movements(units, verb="collect", actor=actor, facts={"counted": True, "all_released": True})
    outbox.emit_many("unit.collected", {f"unit:{unit.pk}": {"unit": str(unit.pk)} for unit in units})
    tell_gained(units)


def _counted(partner_id: uuid.UUID, din: str, count: Count, now: dt.datetime) -> Unit:
    life = expires_at(count.component, started_at=now)
    return Unit(
        partner_id=partner_id,
        din=din,
        component=count.component,
        status=UnitStatus.AVAILABLE,
        blood_group=count.blood_group,
        volume_ml=facts_of(count.component).default_volume_ml or UNKNOWN_VOLUME_ML,
        collected_at=now,
        expires_at=count.expires_at or life,
        counted=True,
        irradiated=count.component is Component.RED_CELLS_IRRADIATED,
        **storage_of(count.component),
    )


def _may_expire(count: Count, now: dt.datetime) -> bool:
    if count.expires_at is None:
        return True
    return now < count.expires_at <= now + _longest(count.component)


def _longest(component: Component) -> dt.timedelta:
    return max(row.shelf_life for row in rows_of(component))


def _is_of(unit: Unit, count: Count) -> bool:
    return unit.component == count.component and unit.blood_group == count.blood_group


def _goes_first(unit: Unit) -> tuple[bool, dt.datetime, uuid.UUID]:
    return not unit.counted, unit.expires_at, unit.pk
