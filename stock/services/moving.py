"""The one way by which a bag changes its state: along the table, with a movement, its reservation ended."""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection

from common import clock, outbox
from common.db import lock, lock_in_sql, step
from common.errors import NotFound
from common.transitions import advance
from stock.models import Collection, Reservation, Unit
from stock.states import UNIT_TRANSITIONS, DiscardReason, ReservationEnd, UnitStatus

SYSTEM: Final = "system"
# What the step means for whoever had reserved the bag.
_ENDS: Final = {
    "unreserve": ReservationEnd.RELEASED,
    "issue": ReservationEnd.ISSUED,
    "ship": ReservationEnd.SHIPPED,
    "discard": ReservationEnd.LOST,
    "expire": ReservationEnd.LOST,
    "quarantine": ReservationEnd.LOST,
}
# Those who had reserved do not know of these themselves.
_TOLD: Final = frozenset({ReservationEnd.LAPSED, ReservationEnd.LOST})
# In one statement, because bags expire by the ten thousands.
_EXPIRE: Final = """
    WITH due AS MATERIALIZED (
        SELECT id, status FROM stock_unit
        WHERE status IN ('available', 'quarantined', 'reserved') AND expires_at <= %(now)s
        ORDER BY expires_at, id
        LIMIT %(limit)s
        FOR NO KEY UPDATE SKIP LOCKED
    ),
    moved AS (
        UPDATE stock_unit SET status = 'expired', reserved_until = NULL
        WHERE id = ANY (ARRAY(SELECT id FROM due))
        RETURNING id, partner_id
    ),
    noted AS (
        INSERT INTO stock_movement (unit_id, partner_id, status, verb, actor, facts, created_at)
        SELECT id, partner_id, 'expired', 'expire', %(actor)s, '{}', %(now)s FROM moved
    )
    SELECT count(*), array_agg(DISTINCT partner_id), (SELECT array_agg(id) FROM due WHERE status = 'reserved')
    FROM moved
"""


@dataclass(frozen=True)
class Swept:
    """How many bags a sweep has moved, and whose they are."""

    units: int
    partner_ids: list[uuid.UUID]


@step
def hold_unit(*, partner_id: uuid.UUID, unit_id: uuid.UUID) -> Unit:
    """Lock one of the partner's bags; a reservation that is over ends here. Raises: NotFound."""
    found = [unit for unit in lock(Unit, [unit_id]) if unit.partner_id == partner_id]
    if not found:
        raise NotFound
    settle(found)
    return found[0]


@step
def settle(units: Sequence[Unit]) -> None:
    """End the reservations of locked bags whose time is over, as the sweep would."""
    lapsed = [unit for unit in units if unit.is_lapsed]
    if lapsed:
        move(lapsed, verb="unreserve", actor=SYSTEM, ended_by=ReservationEnd.LAPSED)


def why_withdrawn(unit: Unit) -> DiscardReason:
    """Return why a recalled bag is discarded when it comes back: it was reactive, or its label is wrong."""
    is_reactive = Collection.objects.filter(pk=unit.din, reactive_at__isnull=False).exists()
    return DiscardReason.REACTIVE if is_reactive else DiscardReason.OTHER


@step
def move(
    units: Sequence[Unit],
    *,
    verb: str,
    actor: str,
    facts: Mapping[str, Any] | None = None,
    ended_by: ReservationEnd | None = None,
    **changes: Any,
) -> None:
    """Take locked bags one step and write it down; `changes` are further columns.

    Emits: reservation.ended, stock.gained      Raises: IllegalTransition
    """
    if not units:
        return
    steps = [advance(UNIT_TRANSITIONS, unit.state, verb) for unit in units]
    columns = {"reserved_until": None, **changes, "status": steps[0]}
    for unit in units:
        for name, value in columns.items():
            setattr(unit, name, value)
    Unit.objects.filter(pk__in=[unit.pk for unit in units]).update(**columns)
    write_movements(units, verb=verb, actor=actor, facts=facts)
    end = ended_by or _ENDS.get(verb)
    if end is not None:
        _end_reservations([unit.pk for unit in units], end)
    tell_gained(units)


@step
def tell_gained(units: Sequence[Unit]) -> None:
    """Let those who wait for blood at the partners of these bags hear of those that may be promised now.

    Emits: stock.gained
    """
    gained: dict[uuid.UUID, set[str]] = defaultdict(set)
    for unit in units:
        if unit.state is UnitStatus.AVAILABLE:
            gained[unit.partner_id].add(str(unit.component))
    payloads = {
        f"stock:{partner_id}": {"partner": str(partner_id), "components": sorted(components)}
        for partner_id, components in gained.items()
    }
    outbox.emit_many("stock.gained", payloads)


@step
def hand_out(
    units: Sequence[Unit],
    *,
    actor: str,
    to: str = "",
    to_partner_id: uuid.UUID | None = None,
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Issue locked bags, and say where their blood is given: at the partner that has them, unless told.

    Emits: unit.issued      Raises: IllegalTransition
    """
    place = {} if to_partner_id is None else {"to_partner": str(to_partner_id)}
    move(units, verb="issue", actor=actor, facts={**({"to": to} if to else {}), **place, **(facts or {})})
    outbox.emit_many(
        "unit.issued",
        {
            f"unit:{unit.pk}": {
                "unit": str(unit.pk),
                "din": unit.din,
                "to": to,
                "partner": str(unit.partner_id),
                "to_partner": str(to_partner_id or unit.partner_id),
            }
            for unit in units
        },
    )


@step
def expire_due(*, limit: int) -> Swept:
    """Take up to `limit` bags whose life is over off the shelves, with their movements and reservations' ends.

    Locks: the bags, passing over those that somebody holds.      Emits: reservation.ended
    """
    params = {"now": clock.now(), "limit": limit, "actor": SYSTEM}
    [(units, partner_ids, reserved)] = lock_in_sql(Unit, _EXPIRE, params)
    if reserved:
        _end_reservations(reserved, _ENDS["expire"])
    return Swept(units=units, partner_ids=partner_ids or [])


@step
def write_movements(units: Sequence[Unit], *, verb: str, actor: str, facts: Mapping[str, Any] | None = None) -> None:
    """Note what happened to each bag, and its state after it, in one statement whatever their number."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO stock_movement (unit_id, partner_id, status, verb, actor, facts, created_at)
            SELECT moved.unit, moved.partner, moved.status, %(verb)s, %(actor)s, %(facts)s::jsonb, %(now)s
            FROM unnest(%(units)s::uuid[], %(partners)s::uuid[], %(statuses)s::text[])
                WITH ORDINALITY AS moved (unit, partner, status, place)
            ORDER BY place
            """,
            {
                "units": [unit.pk for unit in units],
                "partners": [unit.partner_id for unit in units],
                "statuses": [str(unit.status) for unit in units],
                "verb": verb,
                "actor": actor,
                "facts": json.dumps(dict(facts or {})),
                "now": clock.now(),
            },
        )


def _end_reservations(unit_ids: Sequence[uuid.UUID], end: ReservationEnd) -> None:
    open_ones = Reservation.objects.filter(unit__in=unit_ids, ended_at=None)
    lost = defaultdict(list)
    if end in _TOLD:
        for holding, purpose, unit_id in open_ones.values_list("holding", "purpose", "unit_id"):
            lost[holding, purpose].append(str(unit_id))
    open_ones.update(ended_at=clock.now(), ended_by=end)
    outbox.emit_many(
        "reservation.ended",
        {
            f"holding:{holding}": {"holding": str(holding), "purpose": purpose, "reason": str(end), "units": units}
            for (holding, purpose), units in lost.items()
        },
    )
