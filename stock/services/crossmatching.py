"""Crossmatches, and what may leave with one, or in an emergency without.

Red cells and whole blood only. A partner that records its crossmatches here sets `requires_crossmatch`; one that keeps
them on paper does not, and is only held to what it has recorded.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Max

from common import clock, outbox
from common.db import command, step
from partners import selectors as partners
from stock.components import CompatibilityClass, Component, compatibility_class
from stock.errors import (
    AuthorisersInvalid,
    CrossmatchForNobody,
    CrossmatchIncompatible,
    CrossmatchMissing,
    CrossmatchNotApplicable,
    UnitExpired,
    UnitNotMatchable,
)
from stock.models import Crossmatch, Movement, Reservation, StockPolicy, Unit
from stock.services.moving import hold_unit, write_movements
from stock.states import CrossmatchResult, ReservationEnd, UnitStatus

CROSSMATCHED: Final = "crossmatch"
MATCHABLE: Final = frozenset({UnitStatus.AVAILABLE, UnitStatus.RESERVED, UnitStatus.ISSUED})
_WITH_RED_CELLS: Final = frozenset({CompatibilityClass.RED_CELLS, CompatibilityClass.WHOLE_BLOOD})
# The recipient's blood may change after that: policy, to be confirmed by the medical officer.
VALID_FOR: Final = dt.timedelta(hours=72)
AUTHORISERS: Final = 2


@dataclass(frozen=True)
class Emergency:
    """Who answers for a bag that leaves without a crossmatch: two different active members of the partner."""

    authorised_by: Sequence[uuid.UUID]


@command
def record_crossmatch(
    *, partner_id: uuid.UUID, member_id: uuid.UUID, unit_id: uuid.UUID, result: CrossmatchResult, recipient: str = ""
) -> Crossmatch:
    """Write down how a bag and a recipient get on: who it is reserved for or was issued to, or the case `recipient`.

    A bag that left in an emergency is crossmatched afterwards. A later result replaces an earlier one.

    Locks: the bag.      Emits: unit.crossmatched
    Raises: NotFound, CrossmatchNotApplicable, UnitNotMatchable, UnitExpired, CrossmatchForNobody
    """
    unit = hold_unit(partner_id=partner_id, unit_id=unit_id)
    if not needs_crossmatch(unit):
        raise CrossmatchNotApplicable
    if unit.state not in MATCHABLE:
        raise UnitNotMatchable
    if unit.is_over:
        raise UnitExpired
    reservation = _reservation_of(unit)
    if reservation is None and not recipient:
        raise CrossmatchForNobody
    actor = f"member:{member_id}"
    made = Crossmatch.objects.create(
        unit=unit,
        reservation=reservation,
        recipient=recipient,
        result=result,
        recorded_by=actor,
        recorded_at=clock.now(),
    )
    facts = {"result": str(result), **({"recipient": recipient} if recipient else {})}
    write_movements([unit], verb=CROSSMATCHED, actor=actor, facts=facts)
    outbox.emit(
        "unit.crossmatched",
        key=f"unit:{unit.pk}",
        unit=str(unit.pk),
        purpose=reservation.purpose if reservation else "",
        result=str(result),
        member=str(member_id),
    )
    return made


@step
def clear_for_leaving(
    units: Sequence[Unit], *, emergency: Emergency | None = None, recipient: str = ""
) -> dict[str, Any]:
    """Refuse locked bags that may not leave for whom they are kept, or for the case; return what is to be noted.

    Raises: CrossmatchIncompatible, CrossmatchMissing, AuthorisersInvalid
    """
    bags = [unit for unit in units if needs_crossmatch(unit)]
    if not bags:
        return {}
    latest = _latest(bags, recipient)
    incompatible = [
        unit for unit in bags if unit.pk in latest and latest[unit.pk].result != CrossmatchResult.COMPATIBLE
    ]
    if incompatible:
        raise CrossmatchIncompatible(units=[str(unit.pk) for unit in incompatible])
    if emergency is not None:
        return answered_for(bags[0].partner_id, emergency)
    since = clock.now() - VALID_FOR
    unmatched = [unit for unit in bags if unit.pk not in latest or latest[unit.pk].recorded_at <= since]
    if unmatched and StockPolicy.objects.filter(partner_id=bags[0].partner_id, requires_crossmatch=True).exists():
        raise CrossmatchMissing(units=[str(unit.pk) for unit in unmatched])
    return {}


@command
def set_policy(*, partner_id: uuid.UUID, requires_crossmatch: bool) -> None:
    """Say whether red cells and whole blood of the partner need a compatible crossmatch on record to leave."""
    StockPolicy.objects.update_or_create(partner_id=partner_id, defaults={"requires_crossmatch": requires_crossmatch})


def answered_for(partner_id: uuid.UUID, emergency: Emergency) -> dict[str, Any]:
    """Return, to be noted, which two different active members of the partner answer. Raises: AuthorisersInvalid"""
    named = set(emergency.authorised_by)
    if len(named) != AUTHORISERS or not partners.are_active_members(partner_id, named):
        raise AuthorisersInvalid
    return {"emergency": {"authorised_by": sorted(str(one) for one in named)}}


def needs_crossmatch(unit: Unit) -> bool:
    return compatibility_class(Component(unit.component)) in _WITH_RED_CELLS


def _reservation_of(unit: Unit) -> Reservation | None:
    """Return what the bag is kept by, or was issued by."""
    found = Reservation.objects.filter(unit=unit)
    if unit.state is UnitStatus.RESERVED:
        return found.filter(ended_at=None).first()
    if unit.state is UnitStatus.ISSUED:
        return found.filter(ended_by=ReservationEnd.ISSUED).order_by("-ended_at", "-pk").first()
    return None


def _latest(bags: Sequence[Unit], recipient: str) -> dict[uuid.UUID, Crossmatch]:
    """Return each bag's latest crossmatch with whom it is kept for; of one kept for nobody, with the case.

    A case number is a partner's own: what was matched where the bag was before says nothing of its namesake here.
    """
    kept = {unit.pk for unit in bags if unit.state is UnitStatus.RESERVED}
    came = _arrivals([unit.pk for unit in bags if unit.pk not in kept])
    rows = Crossmatch.objects.filter(unit__in=bags).select_related("reservation").order_by("recorded_at", "pk")
    return {
        row.unit_id: row
        for row in rows
        if (row.unit_id in kept and row.reservation is not None and row.reservation.ended_at is None)
        or (
            row.unit_id not in kept
            and row.reservation is None
            and row.recipient == recipient
            and (row.unit_id not in came or came[row.unit_id] <= row.recorded_at)
        )
    }


def _arrivals(unit_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, dt.datetime]:
    """Return when each bag came from another partner, where it did."""
    if not unit_ids:
        return {}
    came = Movement.objects.filter(unit__in=unit_ids, verb="receive").order_by()
    return dict(came.values("unit").annotate(last=Max("created_at")).values_list("unit", "last"))
