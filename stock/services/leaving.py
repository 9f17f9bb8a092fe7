"""How bags leave stock other than to somebody who reserved them: discarded, given here, expired."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.db.models import Q

from common import clock
from common.db import command, lock, lock_free
from common.errors import IllegalTransition, NotFound
from stock.errors import UnitExpired, UnitRecalled
from stock.models import Unit
from stock.services.crossmatching import Emergency, clear_for_leaving
from stock.services.moving import expire_due, hand_out, hold_unit, move, settle
from stock.services.thresholds import watch
from stock.states import UNIT_TRANSITIONS, DiscardReason, UnitStatus


@command
def discard_unit(
    *, partner_id: uuid.UUID, member_id: uuid.UUID, unit_id: uuid.UUID, reason: DiscardReason, note: str = ""
) -> Unit:
    """Take a bag out of use for a reason.

    Locks: the bag.      Emits: stock.low, reservation.ended      Raises: NotFound, IllegalTransition
    """
    unit = hold_unit(partner_id=partner_id, unit_id=unit_id)
    facts = {"reason": str(reason), **({"note": note} if note else {})}
    move([unit], verb="discard", actor=f"member:{member_id}", facts=facts, discard_reason=reason)
    watch([partner_id])
    return unit


@command
def discard_units(
    *, partner_id: uuid.UUID, member_id: uuid.UUID, unit_ids: Sequence[uuid.UUID], reason: DiscardReason, note: str = ""
) -> list[Unit]:
    """Take bags out of use for a reason: all of them, or none.

    Locks: the bags.      Emits: stock.low, reservation.ended
    Raises, pointing at the bags it is about: NotFound, IllegalTransition
    """
    rows = {unit.pk: unit for unit in lock(Unit, unit_ids) if unit.partner_id == partner_id}
    if absent := [f"/units/{place}/unit" for place, pk in enumerate(unit_ids) if pk not in rows]:
        raise NotFound(pointers=absent)
    units = list(rows.values())
    settle(units)
    over = {unit.pk for unit in units if (unit.state, "discard") not in UNIT_TRANSITIONS}
    if over:
        raise IllegalTransition(pointers=[f"/units/{place}/unit" for place, pk in enumerate(unit_ids) if pk in over])
    facts = {"reason": str(reason), **({"note": note} if note else {})}
    move(units, verb="discard", actor=f"member:{member_id}", facts=facts, discard_reason=reason)
    watch([partner_id])
    return units


@command
def transfuse_unit(
    *,
    partner_id: uuid.UUID,
    member_id: uuid.UUID,
    unit_id: uuid.UUID,
    recipient: str = "",
    emergency: Emergency | None = None,
    was_given: bool = False,
) -> Unit:
    """Record that a bag was given. One that was issued to nobody yet is reserved and issued on the way.

    `recipient` is the partner's own number of the case, no name. For a bag that was not issued the rules of issuing
    hold, with the crossmatch of that case. One that was recalled is refused unless it `was_given` before that was
    known.

    Locks: the bag.      Emits: unit.issued, stock.low
    Raises: NotFound, IllegalTransition, UnitRecalled, UnitExpired, CrossmatchMissing, CrossmatchIncompatible,
    AuthorisersInvalid
    """
    unit = hold_unit(partner_id=partner_id, unit_id=unit_id)
    if unit.state is UnitStatus.ISSUED and unit.recalled_at is not None and not was_given:
        raise UnitRecalled
    if unit.expires_at <= clock.now() and unit.state in {UnitStatus.AVAILABLE, UnitStatus.ISSUED}:
        raise UnitExpired
    actor = f"member:{member_id}"
    if unit.state is UnitStatus.AVAILABLE:
        noted = clear_for_leaving([unit], emergency=emergency, recipient=recipient)
        move([unit], verb="reserve", actor=actor)
        hand_out([unit], actor=actor, facts=noted)
    facts = {**({"recipient": recipient} if recipient else {}), **({"was_given": True} if was_given else {})}
    move([unit], verb="transfuse", actor=actor, facts=facts)
    watch([partner_id])
    return unit


@command
def expire_due_units(*, limit: int) -> int:
    """Take up to `limit` bags whose life is over off the shelves; return how many.

    Locks: the bags, passing over those that somebody holds.      Emits: stock.low, reservation.ended
    """
    swept = expire_due(limit=limit)
    watch(swept.partner_ids)
    return swept.units


@command
def lapse_due_reservations(*, limit: int) -> int:
    """Free up to `limit` bags whose reservation is over; return how many.

    Locks: the bags, passing over those that somebody holds.      Emits: reservation.ended
    """
    lapsed = Q(status=UnitStatus.RESERVED, reserved_until__lte=clock.now())
    units = lock_free(Unit.objects.filter(lapsed).order_by("reserved_until", "pk"), limit=limit)
    settle(units)
    watch({unit.partner_id for unit in units})
    return len(units)
