"""How bags come into stock: from a donation here, or by a scanner."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from common import clock, outbox
from common.blood import BloodGroup
from common.db import command, lock, lock_one, step
from partners import selectors as partners
from stock.components import Component, ComponentUnknown, expires_at, facts_of, rows_of
from stock.din import format_din
from stock.errors import (
    AnticoagulantUnknown,
    CollectedInFuture,
    DonationReactive,
    ExpiryInvalid,
    GroupContradicts,
    NotTheCollector,
    UnitKnown,
)
from stock.models import Collection, DinCounter, Unit
from stock.services.moving import write_movements


@dataclass(frozen=True)
class Scanned:
    """A bag as a scanner reads it; without `expires_at` the life of its component counts."""

    din: str
    component: Component
    blood_group: BloodGroup
    collected_at: dt.datetime
    volume_ml: int | None = None
    anticoagulant: str = ""
    expires_at: dt.datetime | None = None
    irradiated: bool = False
    leukoreduced: bool = False
    cmv_negative: bool = False
    k_negative: bool = False


@step
def collect_unit(
    *,
    partner_id: uuid.UUID,
    actor: str,
    component: Component,
    blood_group: BloodGroup,
    volume_ml: int,
    collected_at: dt.datetime,
) -> Unit:
    """Put a fresh bag into quarantine under the partner's next donation number.

    Locks: the partner's counter of the year.      Emits: unit.collected      Raises: DinExhausted
    """
    [din] = next_dins(partner_id, collected_at, 1)
    Collection.objects.create(din=din, partner_id=partner_id)
    unit = Unit.objects.create(
        partner_id=partner_id,
        din=din,
        component=component,
        blood_group=blood_group,
        volume_ml=volume_ml,
        collected_at=collected_at,
        expires_at=expires_at(component, started_at=collected_at),
        **storage_of(component),
    )
    write_movements([unit], verb="collect", actor=actor)
    outbox.emit("unit.collected", key=f"unit:{unit.pk}", unit=str(unit.pk))
    return unit


@command
def scan_in(*, partner_id: uuid.UUID, member_id: uuid.UUID, scanned: Sequence[Scanned]) -> list[Unit]:
    """Take bags into quarantine under the numbers they carry: all of them, or none.

    Locks: the donations, by number.
    Raises, each pointing at every item it is about: CollectedInFuture, AnticoagulantUnknown, ExpiryInvalid, UnitKnown,
    NotTheCollector, DonationReactive, GroupContradicts
    """
    dins = {one.din for one in scanned}
    Collection.objects.bulk_create(
        [Collection(din=din, partner_id=partner_id) for din in sorted(dins)], ignore_conflicts=True
    )
    donations = {row.din: row for row in lock(Collection, dins)}
    now = clock.now()
    if early := _pointers(scanned, "collected_at", lambda one: one.collected_at > now):
        raise CollectedInFuture(pointers=early)
    _refuse(AnticoagulantUnknown, scanned, "anticoagulant", lambda one: not _is_made_with(one))
    _refuse(ExpiryInvalid, scanned, "expires_at", lambda one: not _lives_long_enough(one))
    _refuse(NotTheCollector, scanned, "din", lambda one: donations[one.din].partner_id != partner_id)
    _refuse(DonationReactive, scanned, "din", lambda one: donations[one.din].reactive_at is not None)
    _refuse(
        GroupContradicts,
        scanned,
        "blood_group",
        lambda one: donations[one.din].blood_group not in ("", one.blood_group),
    )
    seen = set(Unit.objects.filter(din__in=dins).values_list("din", "component"))
    _refuse(UnitKnown, scanned, "din", lambda one: _seen_before(seen, (one.din, one.component)))
    units = Unit.objects.bulk_create([_unit(partner_id, one) for one in scanned])
    write_movements(units, verb="collect", actor=f"member:{member_id}", facts={"scanned": True})
    outbox.emit_many("unit.collected", {f"unit:{unit.pk}": {"unit": str(unit.pk)} for unit in units})
    return units


@step
def next_dins(partner_id: uuid.UUID, collected_at: dt.datetime, count: int) -> list[str]:
    """Return the next numbers of the partner and the civil year of its zone. Raises: DinExhausted."""
    year = collected_at.astimezone(ZoneInfo(partners.zone_of(partner_id))).year
    DinCounter.objects.bulk_create([DinCounter(partner_id=partner_id, year=year)], ignore_conflicts=True)
    found = DinCounter.objects.values_list("pk", flat=True).get(partner_id=partner_id, year=year)
    counter = lock_one(DinCounter, found)
    first = counter.last + 1
    counter.last += count
    counter.save(update_fields=["last"])
    code = partners.facility_code_of(partner_id)
    return [format_din(code, year, number) for number in range(first, first + count)]


def storage_of(component: Component) -> dict[str, Any]:
    """Return the columns of the temperatures between which the component is kept."""
    band = facts_of(component).storage
    return {"storage_min_c": band.min_c, "storage_max_c": band.max_c}


def _unit(partner_id: uuid.UUID, one: Scanned) -> Unit:
    return Unit(
        partner_id=partner_id,
        din=one.din,
        component=one.component,
        blood_group=one.blood_group,
        volume_ml=one.volume_ml or facts_of(one.component).default_volume_ml or 1,
        anticoagulant=one.anticoagulant,
        collected_at=one.collected_at,
        expires_at=one.expires_at or _end_of_life(one),
        irradiated=one.irradiated or one.component is Component.RED_CELLS_IRRADIATED,
        leukoreduced=one.leukoreduced,
        cmv_negative=one.cmv_negative,
        k_negative=one.k_negative,
        **storage_of(one.component),
    )


def _refuse(refusal: type[Any], scanned: Sequence[Scanned], field: str, is_wrong: Callable[[Scanned], bool]) -> None:
    if pointers := _pointers(scanned, field, is_wrong):
        raise refusal(pointers=pointers)


def _pointers(scanned: Sequence[Scanned], field: str, is_wrong: Callable[[Scanned], bool]) -> list[str]:
    return [f"/units/{place}/{field}" for place, one in enumerate(scanned) if is_wrong(one)]


def _seen_before(seen: set[tuple[str, str]], kind: tuple[str, str]) -> bool:
    if kind in seen:
        return True
    seen.add(kind)
    return False


def _is_made_with(one: Scanned) -> bool:
    try:
        facts_of(one.component, anticoagulant=one.anticoagulant or None)
    except ComponentUnknown:
        return False
    return True


def _lives_long_enough(one: Scanned) -> bool:
    return one.expires_at is None or one.collected_at < one.expires_at <= _longest_life(one)


def _end_of_life(one: Scanned) -> dt.datetime:
    return expires_at(one.component, started_at=one.collected_at, anticoagulant=one.anticoagulant or None)


def _longest_life(one: Scanned) -> dt.datetime:
    """A treated component lives from its treatment, so that only whole donations are held to their collection."""
    facts = facts_of(one.component, anticoagulant=one.anticoagulant or None)
    if facts.counts_from != "collection":
        return one.collected_at + dt.timedelta(days=3650)
    if one.anticoagulant:
        return _end_of_life(one)
    return one.collected_at + max(row.shelf_life for row in rows_of(one.component))
