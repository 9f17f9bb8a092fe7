"""One bag becomes several: whole blood its components, a component a treated one."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from common import clock
from common.db import command, lock
from common.errors import IllegalTransition, NotFound
from stock.components import Component, ComponentUnknown, expires_at, facts_of
from stock.errors import (
    AnticoagulantUnknown,
    SeparatedTooLate,
    SeparationTimeInvalid,
    SplitImpossible,
    SplitTooLarge,
    UnitExpired,
    UnitKnown,
)
from stock.models import Collection, Unit
from stock.services.collecting import storage_of
from stock.services.moving import hold_unit, move, tell_gained, write_movements
from stock.services.thresholds import watch
from stock.states import DiscardReason, UnitStatus

SPLITTABLE: Final = frozenset({UnitStatus.QUARANTINED, UnitStatus.AVAILABLE})
_RED: Final = frozenset({Component.RED_CELLS_IRRADIATED, Component.RED_CELLS_WASHED})
MADE_FROM: Final[dict[Component, frozenset[Component]]] = {
    Component.WHOLE_BLOOD: frozenset(
        {
            Component.RED_CELLS,
            Component.RED_CELLS_ADDITIVE,
            Component.PLATELETS_RANDOM,
            Component.FRESH_FROZEN_PLASMA,
            Component.CRYOPRECIPITATE,
            Component.CRYO_POOR_PLASMA,
        }
    ),
    Component.RED_CELLS: _RED,
    Component.RED_CELLS_ADDITIVE: _RED,
    Component.RED_CELLS_IRRADIATED: frozenset({Component.RED_CELLS_WASHED}),
    Component.FRESH_FROZEN_PLASMA: frozenset(
        {Component.THAWED_PLASMA, Component.CRYOPRECIPITATE, Component.CRYO_POOR_PLASMA}
    ),
}
# The volume on the label is the donor's blood: 63 ml of anticoagulant come with 450 ml of it, and 100 ml of additive
# solution with red cells. Policy.
ANTICOAGULANT_ML: Final = 63
ADDITIVE_ML: Final = 100
_ADDED: Final = "additive"


@dataclass(frozen=True)
class Part:
    component: Component
    volume_ml: int
    anticoagulant: str = ""


@command
def split_unit(
    *,
    partner_id: uuid.UUID,
    member_id: uuid.UUID,
    unit_id: uuid.UUID,
    parts: Sequence[Part],
    separated_at: dt.datetime | None = None,
) -> list[Unit]:
    """Make the parts from a bag, which is then no more; they stand where it stood, each with an expiry of its own.

    A part that counts from collection lives from the donation; a treated one from now, and never longer than the bag.
    `separated_at` (now unless told) is when it was done, where it is written down later: platelets and plasma have to
    be made within hours of the draw. A reactive result that comes at the same moment finds the bag or its parts.

    Locks: the donation, the bag.      Emits: stock.low
    Raises: NotFound, IllegalTransition, SplitImpossible, SplitTooLarge, AnticoagulantUnknown, UnitExpired, UnitKnown,
    SeparationTimeInvalid, SeparatedTooLate
    """
    din = Unit.objects.filter(pk=unit_id, partner_id=partner_id).values_list("din", flat=True).first()
    if din is None:
        raise NotFound
    lock(Collection, [din])  # whoever withdraws the donation waits, and then sees the parts
    unit = hold_unit(partner_id=partner_id, unit_id=unit_id)
    if unit.state not in SPLITTABLE:
        raise IllegalTransition(state=str(unit.state), verb="split", open=sorted(SPLITTABLE))
    if unit.is_over:
        raise UnitExpired
    _refuse_parts(unit, parts)
    now = clock.now()
    made = [_part(unit, part, now) for part in parts]
    over = [f"/components/{place}/component" for place, part in enumerate(made) if part.expires_at <= now]
    if over:
        raise UnitExpired(pointers=over)
    _refuse_late(unit, parts, separated_at or now, now)
    actor, status = f"member:{member_id}", unit.status
    into = {"reason": str(DiscardReason.SEPARATED), "into": [str(part.pk) for part in made]}
    move([unit], verb="discard", actor=actor, facts=into, discard_reason=DiscardReason.SEPARATED)
    for part in made:
        part.status = status
    Unit.objects.bulk_create(made)
    facts = {"from": str(unit.pk), **({"separated_at": separated_at.isoformat()} if separated_at else {})}
    write_movements(made, verb="split", actor=actor, facts=facts)
    tell_gained(made)
    watch([partner_id])
    return made


def _refuse_parts(unit: Unit, parts: Sequence[Part]) -> None:
    possible = MADE_FROM.get(Component(unit.component), frozenset())
    wrong = [f"/components/{place}/component" for place, part in enumerate(parts) if part.component not in possible]
    if wrong:
        raise SplitImpossible(pointers=wrong, possible=sorted(possible))
    kinds = [part.component for part in parts]
    known = set(Unit.objects.filter(din=unit.din, component__in=kinds).values_list("component", flat=True))
    twice = [
        f"/components/{place}/component" for place, kind in enumerate(kinds) if kind in known or kind in kinds[:place]
    ]
    if twice:
        raise UnitKnown(pointers=twice)
    room = unit.volume_ml + ANTICOAGULANT_ML
    room += ADDITIVE_ML if Component.RED_CELLS_ADDITIVE in kinds else 0
    if sum(part.volume_ml for part in parts) > room:
        raise SplitTooLarge(room_ml=room)


def _refuse_late(unit: Unit, parts: Sequence[Part], separated_at: dt.datetime, now: dt.datetime) -> None:
    if not unit.collected_at <= separated_at <= now:
        raise SeparationTimeInvalid
    age = separated_at - unit.collected_at
    limits = [facts_of(part.component).separated_within for part in parts]
    late = [f"/components/{place}/component" for place, limit in enumerate(limits) if limit is not None and age > limit]
    if late:
        raise SeparatedTooLate(pointers=late)


def _part(unit: Unit, part: Part, now: dt.datetime) -> Unit:
    anticoagulant, end = _life(unit, part, now)
    inherited: dict[str, Any] = {
        name: getattr(unit, name)
        for name in ("partner_id", "din", "blood_group", "collected_at", "leukoreduced", "cmv_negative", "k_negative")
    }
    return Unit(
        **inherited,
        component=part.component,
        volume_ml=part.volume_ml,
        anticoagulant=anticoagulant,
        expires_at=end,
        irradiated=unit.irradiated or part.component is Component.RED_CELLS_IRRADIATED,
        counted=unit.counted,
        split_from=unit,
        **storage_of(part.component),
    )


def _life(unit: Unit, part: Part, now: dt.datetime) -> tuple[str, dt.datetime]:
    """Return the anticoagulant and the expiry of a part."""
    if part.component is Component.RED_CELLS_ADDITIVE:
        return _ADDED, expires_at(part.component, started_at=unit.collected_at, anticoagulant=_ADDED)
    facts = facts_of(part.component)
    if facts.counts_from != "collection":
        return unit.anticoagulant, expires_at(part.component, started_at=now, not_after=unit.expires_at)
    if part.component is not Component.RED_CELLS:
        return unit.anticoagulant, expires_at(part.component, started_at=unit.collected_at)
    # Red cells without additive keep the anticoagulant, and with it the life, of the whole blood.
    named = part.anticoagulant or unit.anticoagulant
    if part.anticoagulant:
        _refuse_anticoagulant(part)
    return named, expires_at(part.component, started_at=unit.collected_at, not_after=unit.expires_at)


def _refuse_anticoagulant(part: Part) -> None:
    try:
        facts_of(part.component, anticoagulant=part.anticoagulant)
    except ComponentUnknown as exc:
        raise AnticoagulantUnknown(pointer="/components") from exc
