"""Bags of several kinds kept together, packed, and what becomes of them on the road."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from common import clock
from common.blood import Sex
from common.db import lock, on_one_rung, step, take_turn
from stock.compatibility import Recipient
from stock.components import Component
from stock.errors import InsufficientStock, ReservationLapsed, UnitExpired, UnitNotKept
from stock.models import Reservation, Unit
from stock.services.allocating import (
    Needs,
    Picked,
    keep_reservation,
    keep_units,
    release_reservation,
    reserve_units,
)
from stock.services.moving import move, settle, why_withdrawn, write_movements
from stock.services.thresholds import watch
from stock.states import TERMINAL, DiscardReason, UnitStatus

# What may replace what in a box: alike in all that the recipient was promised.
ALIKE: Final = ("partner_id", "component", "blood_group")
NEEDS: Final = ("irradiated", "leukoreduced", "cmv_negative", "k_negative")


NO_NEEDS: Final = Needs()


@dataclass(frozen=True)
class Line:
    """So many bags of a component for recipients of one group."""

    component: Component
    blood_group: Recipient
    units: int
    needs: Needs = NO_NEEDS
    sex: Sex | None = None
    age: int | None = None


class Condition(StrEnum):
    """How a bag came back from the road."""

    SOUND = "sound"  # back on the shelf
    DOUBTFUL = "doubtful"  # to quarantine: the medical officer decides
    SPOILT = "spoilt"  # out of its band, or too long out of control


@dataclass(frozen=True)
class Returned:
    unit_id: uuid.UUID
    condition: Condition


@step
def reserve_lines(
    *,
    partner_id: uuid.UUID,
    actor: str,
    purpose: str,
    lines: Sequence[Line],
    until: dt.datetime | None,
    good_until: dt.datetime | None = None,
    holding: uuid.UUID | None = None,
) -> tuple[uuid.UUID, list[list[Picked]]]:
    """Keep the best bags for every line, or for none of them; return the one holding, and each line's bags.

    Locks: the bags, line by line; one such order of a partner at a time.
    Emits: stock.low      Raises: InsufficientStock, which names the `line`
    """
    together = holding or uuid.uuid4()
    picked: list[list[Picked]] = [[] for _ in lines]
    if len(lines) > 1:
        take_turn(f"stock.lines:{partner_id}")
    in_order = sorted(enumerate(lines), key=lambda pair: (pair[1].component, pair[1].blood_group, pair[0]))
    with on_one_rung(Unit):
        for place, line in in_order:
            try:
                kept = reserve_units(
                    partner_id=partner_id,
                    actor=actor,
                    purpose=purpose,
                    until=until,
                    good_until=good_until,
                    holding=together,
                    **vars(line),
                )
            except InsufficientStock as short:
                raise InsufficientStock(line=place, **short.facts) from None
            picked[place] = kept.units
    return together, picked


@step
def renew_lines(
    *,
    partner_id: uuid.UUID,
    actor: str,
    purpose: str,
    lines: Sequence[Line],
    holding_id: uuid.UUID,
    good_until: dt.datetime | None = None,
) -> list[list[Picked]] | None:
    """Keep what is held until it is released; if any of it is free again, keep the best bags anew and return them.

    Locks: the bags.      Emits: stock.low      Raises: InsufficientStock
    """
    with on_one_rung(Unit):
        try:
            keep_reservation(holding_id=holding_id, until=None)
        except ReservationLapsed:
            release_reservation(holding_id=holding_id, actor=actor)
        else:
            return None
        _, picked = reserve_lines(
            partner_id=partner_id,
            actor=actor,
            purpose=purpose,
            lines=lines,
            until=None,
            good_until=good_until,
            holding=holding_id,
        )
    return picked


@step
def pack_units(*, holding_id: uuid.UUID, unit_ids: Sequence[uuid.UUID], actor: str) -> dict[uuid.UUID, uuid.UUID]:
    """See that these bags are kept by the holding; one that is not takes the place of an equal one.

    Return, for each replaced bag, which one took its place.

    Locks: the bags.      Raises: ReservationLapsed, UnitExpired, UnitNotKept
    """
    open_ones = Reservation.objects.filter(holding=holding_id, ended_at=None)
    kept_ids = set(open_ones.values_list("unit_id", flat=True))
    units = lock(Unit, kept_ids | set(unit_ids))
    settle(units)
    kept_ids = set(open_ones.values_list("unit_id", flat=True))  # asked again, now that they are locked
    kept = [unit for unit in units if unit.pk in kept_ids]
    if not kept:
        raise ReservationLapsed
    wanted = [unit for unit in units if unit.pk in set(unit_ids)]
    if any(unit.is_over for unit in wanted):
        raise UnitExpired
    spare = [unit for unit in kept if unit.pk not in set(unit_ids)]
    strange = [unit for unit in wanted if unit.pk not in kept_ids]
    places: dict[uuid.UUID, uuid.UUID] = {}
    for unit in strange:
        place = next((one for one in spare if _may_replace(unit, one)), None)
        if place is None:
            raise UnitNotKept(unit=str(unit.pk))
        spare.remove(place)
        places[place.pk] = unit.pk
    if len(wanted) < len(set(unit_ids)):
        raise UnitNotKept
    by_id = {unit.pk: unit for unit in units}
    reservation = open_ones.order_by("pk")[0]
    move([by_id[old] for old in places], verb="unreserve", actor=actor, facts={"replaced": True})
    if places:
        keep_units(
            units=[by_id[new] for new in places.values()],
            actor=actor,
            purpose=reservation.purpose,
            until=reservation.until,
            holding=holding_id,
        )
    return places


@step
def quarantine_units(*, unit_ids: Sequence[uuid.UUID], actor: str, facts: Mapping[str, Any]) -> list[uuid.UUID]:
    """Take bags out of use until somebody has looked at them, wherever they are; return which.

    Those already ended or quarantined stay as they are, and so do those recalled meanwhile, which may never come back.

    Locks: the bags.      Emits: reservation.ended, stock.low
    """
    units = [unit for unit in lock(Unit, unit_ids) if unit.state not in TERMINAL]
    settle(units)
    lost = [unit for unit in units if unit.state is not UnitStatus.QUARANTINED and unit.recalled_at is None]
    for state in sorted({unit.state for unit in lost}):
        move([unit for unit in lost if unit.state is state], verb="quarantine", actor=actor, facts=facts)
    watch({unit.partner_id for unit in lost})
    return [unit.pk for unit in lost]


@step
def return_units(*, returned: Sequence[Returned], actor: str, facts: Mapping[str, Any]) -> dict[uuid.UUID, str]:
    """Take issued bags back: on the shelf, into quarantine, or out of use; return where each one went.

    What a breach has quarantined meanwhile stays there unless it is spoilt; what is over its life or was recalled is
    discarded whatever its condition.

    Locks: the bags.      Emits: stock.low
    """
    conditions = {one.unit_id: one.condition for one in returned}
    units = lock(Unit, list(conditions))
    went: dict[uuid.UUID, str] = {}
    for unit in units:
        went[unit.pk] = _take_back(unit, conditions[unit.pk], actor=actor, facts=facts)
    watch({unit.partner_id for unit in units})
    return went


def _take_back(unit: Unit, condition: Condition, *, actor: str, facts: Mapping[str, Any]) -> str:
    if unit.state in TERMINAL:
        return str(unit.state)
    if unit.expires_at <= clock.now():
        move([unit], verb="expire", actor=actor, facts=facts)
    elif unit.recalled_at is not None or condition is Condition.SPOILT:
        reason = DiscardReason.COLD_CHAIN if unit.recalled_at is None else why_withdrawn(unit)
        move([unit], verb="discard", actor=actor, facts={**facts, "reason": str(reason)}, discard_reason=reason)
    elif unit.state is UnitStatus.ISSUED:
        verb = "restock" if condition is Condition.SOUND else "quarantine"
        move([unit], verb=verb, actor=actor, facts=facts)
    else:
        write_movements([unit], verb="return", actor=actor, facts=facts)
    return str(unit.state)


def _may_replace(unit: Unit, other: Unit) -> bool:
    """Whether the free bag is alike: same kind and group, and all that the other was chosen for."""
    if unit.stands is not UnitStatus.AVAILABLE:
        return False
    alike = all(getattr(unit, name) == getattr(other, name) for name in ALIKE)
    return alike and all(getattr(unit, name) or not getattr(other, name) for name in NEEDS)
