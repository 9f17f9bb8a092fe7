"""Which bags a recipient gets, and keeping them for him: by tier, first to expire first, in one pass.

The order is that of domain practice: identical group, same ABO, another ABO, O+, O- (`stock.compatibility`); within a
tier the bag that expires first. O- bags below the partner's floor are kept for those who can have no other.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from django.db import connection

from common import clock
from common.blood import BloodGroup, Sex
from common.db import lock, lock_in_sql, step, take_turn
from stock.compatibility import UNKNOWN, CompatibilityRow, Recipient, ranked_rows
from stock.components import Component
from stock.errors import InsufficientStock, ReservationLapsed, UnitExpired
from stock.models import Reservation, StockPolicy, Unit
from stock.services.crossmatching import Emergency, clear_for_leaving
from stock.services.moving import hand_out, move, settle
from stock.services.thresholds import watch
from stock.states import ReservationEnd

# Childbearing potential, as the allocation rule has it: up to this age, unless known to be male.
CHILDBEARING_UNTIL: Final = 50
# How many bags of a group are looked at beyond those wanted, because others may hold some at this moment.
HEADROOM: Final = 100

_FREE: Final = "(unit.status = 'available' OR unit.status = 'reserved' AND unit.reserved_until <= %(now)s)"
# Candidates are put in order before their bags are looked up, so that only the first few are: PostgreSQL would
# otherwise read a table of some ten thousand bags to join them all.
# One walk along an index for each state: limits that stand in the statement as numbers, and an order in every branch,
# let the planner see that the first few entries are enough.
_OF_A_TIER: Final = """
    (
        SELECT free.id, free.expires_at, %(place_{n})s::int AS place
        FROM (
            (
                SELECT unit.id, unit.expires_at FROM stock_unit unit
                WHERE unit.status = 'available' AND {kind}
                ORDER BY unit.expires_at, unit.id
                LIMIT %(most_{n})s
            )
            UNION ALL
            (
                SELECT unit.id, unit.expires_at FROM stock_unit unit
                WHERE unit.status = 'reserved' AND unit.reserved_until <= %(now)s AND {kind}
                ORDER BY unit.expires_at, unit.id
                LIMIT %(most_{n})s
            )
        ) AS free
        ORDER BY free.expires_at, free.id
        LIMIT %(most_{n})s
    )
"""
_OF_THE_KIND: Final = """
    unit.partner_id = %(partner)s AND unit.component = %(component)s AND unit.blood_group = %(group_{n})s
    AND unit.expires_at > %(good_until)s {needs}
"""
_PICK: Final = """
    SELECT unit.id, candidate.place
    FROM (
        SELECT offered.* FROM ({tiers}) AS offered ORDER BY offered.place, offered.expires_at, offered.id
    ) AS candidate
    JOIN stock_unit unit ON unit.id = candidate.id
    WHERE {free}
    ORDER BY candidate.place, candidate.expires_at, candidate.id
    LIMIT %(units)s
    FOR NO KEY UPDATE OF unit {locked}
"""
_SPARE: Final = """
    SELECT (
        SELECT coalesce(sum(units), 0) FROM stock_stockcount
        WHERE partner_id = %(partner)s AND component = %(component)s AND blood_group = 'O-' AND status = 'available'
    ) - (
        SELECT count(*) FROM stock_unit
        WHERE partner_id = %(partner)s AND component = %(component)s AND blood_group = 'O-' AND status = 'available'
            AND expires_at <= %(now)s
    )
"""


@dataclass(frozen=True)
class Needs:
    """What the bag must be besides compatible."""

    irradiated: bool = False
    leukoreduced: bool = False
    cmv_negative: bool = False
    k_negative: bool = False


@dataclass(frozen=True)
class Picked:
    unit_id: uuid.UUID
    din: str
    component: Component
    blood_group: BloodGroup
    expires_at: dt.datetime


@dataclass(frozen=True)
class Holding:
    """Bags kept together for one purpose, best first; without `until` they are kept until released or issued."""

    id: uuid.UUID
    partner_id: uuid.UUID
    until: dt.datetime | None
    units: list[Picked]


@step
def reserve_units(
    *,
    partner_id: uuid.UUID,
    actor: str,
    purpose: str,
    component: Component,
    blood_group: Recipient,
    units: int,
    at_least: int | None = None,
    until: dt.datetime | None = None,
    good_until: dt.datetime | None = None,
    needs: Needs | None = None,
    sex: Sex | None = None,
    age: int | None = None,
    holding: uuid.UUID | None = None,
    without: Collection[uuid.UUID] = (),
) -> Holding:
    """Keep the partner's best bags for a recipient: compatible, released, good beyond `good_until` (now unless told).

    Fewer than `units` only down to `at_least`. Never one of `without`, which are known not to go together with the
    recipient. Past `until` they are free again by themselves. They join the `holding`, or a new one.

    Locks: the bags, passing over those that others hold.      Emits: stock.low      Raises: InsufficientStock
    """
    found = _pick(
        partner_id=partner_id,
        component=component,
        tiers=ranked_rows(blood_group, component, sex=sex, age=age),
        units=units,
        good_until=good_until or clock.now(),
        needs=needs or Needs(),
        spares_o_neg=not may_have_last_o_neg(blood_group, sex=sex, age=age),
        without=without,
    )
    if len(found) < (units if at_least is None else at_least) or not found:
        raise InsufficientStock(available=len(found))
    settle(found)
    return keep_units(units=found, actor=actor, purpose=purpose, until=until, holding=holding)


@step
def keep_units(
    *, units: Sequence[Unit], actor: str, purpose: str, until: dt.datetime | None, holding: uuid.UUID | None = None
) -> Holding:
    """Keep these locked bags of one partner for a purpose; whoever says which has seen to it that they fit.

    They join the holding, or a new one. Emits: stock.low      Raises: IllegalTransition when one of them is not free
    """
    holding, partner_id = holding or uuid.uuid4(), units[0].partner_id
    move(units, verb="reserve", actor=actor, facts={"purpose": purpose}, reserved_until=until)
    Reservation.objects.bulk_create(
        Reservation(holding=holding, unit=unit, purpose=purpose, until=until) for unit in units
    )
    watch([partner_id])
    return Holding(id=holding, partner_id=partner_id, until=until, units=[picked(unit) for unit in units])


@step
def keep_reservation(*, holding_id: uuid.UUID, until: dt.datetime | None) -> None:
    """Keep what was reserved until another moment, or without end.

    Locks: the bags.      Raises: ReservationLapsed when any of them is no longer held
    """
    held = _held(holding_id)
    Reservation.objects.filter(holding=holding_id, ended_at=None).update(until=until)
    Unit.objects.filter(pk__in=[unit.pk for unit in held]).update(reserved_until=until)


@step
def release_reservation(*, holding_id: uuid.UUID, actor: str) -> int:
    """Free what is still held; return how many bags. Saying it again changes nothing.

    Locks: the bags.
    """
    return release_reservations(holding_ids=[holding_id], actor=actor)


@step
def release_reservations(*, holding_ids: Sequence[uuid.UUID], actor: str) -> int:
    """Free what is still held by any of these, of which nothing need be there; return how many bags.

    Locks: the bags.
    """
    units = lock(Unit, _open_units(*holding_ids))
    held = _still_open(units, *holding_ids)
    move(held, verb="unreserve", actor=actor)
    watch({unit.partner_id for unit in held})
    return len(held)


@step
def issue_units(
    *,
    holding_id: uuid.UUID,
    actor: str,
    to: str,
    to_partner_id: uuid.UUID | None = None,
    emergency: Emergency | None = None,
) -> list[Picked]:
    """Hand out what is held; `to` says to whom, as in «order:<id>».

    `to_partner_id` is the hospital where the blood is given; unless told, it is the partner that has it. Red cells and
    whole blood of a partner that asks for it need a compatible crossmatch, or an emergency that two members answer for;
    an incompatible one is never handed out.

    Locks: the bags.      Emits: unit.issued
    Raises: ReservationLapsed, UnitExpired, CrossmatchMissing, CrossmatchIncompatible, AuthorisersInvalid
    """
    held = _held(holding_id)
    if any(unit.is_over for unit in held):
        raise UnitExpired
    noted = clear_for_leaving(held, emergency=emergency)
    hand_out(held, actor=actor, to=to, to_partner_id=to_partner_id, facts=noted)
    return [picked(unit) for unit in held]


@step
def ship_units(*, holding_id: uuid.UUID, actor: str, facts: Mapping[str, Any]) -> list[uuid.UUID]:
    """Put what is held on the road; return which bags.

    Locks: the bags.      Raises: ReservationLapsed, UnitExpired
    """
    held = _held(holding_id)
    if any(unit.is_over for unit in held):
        raise UnitExpired
    move(held, verb="ship", actor=actor, facts=facts)
    return [unit.pk for unit in held]


def may_have_last_o_neg(recipient: Recipient, *, sex: Sex | None, age: int | None) -> bool:
    """Whether the recipient is one for whom the last O- bags are kept.

    O- recipients, and those of negative or unknown RhD who may still bear children (AABB, Choosing Wisely 5).
    """
    if recipient == BloodGroup.O_NEG:
        return True
    may_bear = sex is not Sex.MALE and (age is None or age <= CHILDBEARING_UNTIL)
    return may_bear and (recipient == UNKNOWN or BloodGroup(recipient).rh == "-")


def _pick(
    *,
    partner_id: uuid.UUID,
    component: Component,
    tiers: Sequence[CompatibilityRow],
    units: int,
    good_until: dt.datetime,
    needs: Needs,
    spares_o_neg: bool,
    without: Collection[uuid.UUID],
) -> list[Unit]:
    """Lock the best free bags and return them, best first."""
    if not tiers:
        return []
    now = clock.now()
    params: dict[str, Any] = {
        "partner": partner_id,
        "component": str(component),
        "now": now,
        "good_until": max(now, good_until),
        "units": units,
        "without": list(without),
    }
    for place, tier in enumerate(tiers):
        most = units + HEADROOM
        if spares_o_neg and tier.donor == BloodGroup.O_NEG:
            most = min(most, _spare_o_neg(partner_id, params))
        params |= {f"group_{place}": str(tier.donor), f"place_{place}": place, f"most_{place}": most}
    sql = _pick_sql(len(tiers), needs, is_choosy=bool(without))
    rows = lock_in_sql(Unit, sql.replace("{locked}", "SKIP LOCKED"), params, at_least=units)
    if len(rows) < units:
        # What somebody holds may become free: only after waiting for it is «not enough» the truth. Those who wait do so
        # one behind the other, and with empty hands, so that they never wait for each other in a ring.
        take_turn(f"stock.pick:{partner_id}:{component}")
        rows = lock_in_sql(Unit, sql.replace("{locked}", ""), params)
    places = {row[0]: place for place, row in enumerate(rows)}
    return sorted(Unit.objects.filter(pk__in=list(places)), key=lambda unit: places[unit.pk])


def _pick_sql(tiers: int, needs: Needs, *, is_choosy: bool) -> str:
    """Return the statement for so many tiers; `{locked}` is left to be said."""
    wanted = "".join(f"AND unit.{field.name} " for field in fields(needs) if getattr(needs, field.name))
    wanted += "AND unit.id <> ALL(%(without)s) " if is_choosy else ""
    kind = _OF_THE_KIND.replace("{needs}", wanted)
    branches = [_OF_A_TIER.replace("{kind}", kind).replace("{n}", str(place)) for place in range(tiers)]
    return _PICK.replace("{free}", _FREE).replace("{tiers}", "UNION ALL".join(branches))


def _spare_o_neg(partner_id: uuid.UUID, params: dict[str, Any]) -> int:
    """Return how many O- bags may go to somebody who could have another; nobody else asks meanwhile."""
    floor = StockPolicy.objects.filter(partner_id=partner_id).values_list("o_neg_floor", flat=True).first()
    if not floor:
        return HEADROOM
    take_turn(f"stock.o_neg:{partner_id}")
    with connection.cursor() as cursor:
        cursor.execute(_SPARE, params)
        return max(0, int(cursor.fetchone()[0]) - floor)


def _held(holding_id: uuid.UUID) -> list[Unit]:
    """Lock what a holding has but for bags that were lost meanwhile, of which it was told."""
    kept = Reservation.objects.filter(holding=holding_id).exclude(ended_by=ReservationEnd.LOST)
    units = lock(Unit, kept.values_list("unit_id", flat=True))
    held = [unit for unit in _still_open(units, holding_id) if not unit.is_lapsed]
    if not held or len(held) < len(units):
        raise ReservationLapsed
    return held


def _open_units(*holding_ids: uuid.UUID) -> list[uuid.UUID]:
    return list(Reservation.objects.filter(holding__in=holding_ids, ended_at=None).values_list("unit_id", flat=True))


def _still_open(units: Sequence[Unit], *holding_ids: uuid.UUID) -> list[Unit]:
    """Ask again, now that the bags are locked."""
    still = set(_open_units(*holding_ids))
    return [unit for unit in units if unit.pk in still]


def picked(unit: Unit) -> Picked:
    """Return what others may know of a bag."""
    return Picked(
        unit_id=unit.pk,
        din=unit.din,
        component=Component(unit.component),
        blood_group=BloodGroup(unit.blood_group),
        expires_at=unit.expires_at,
    )
