"""How bags come into stock: from a donation here, or by a scanner."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from common import clock, outbox
from common.blood import BloodGroup
from common.db import attempt, command, lock, lock_one, step
from partners import selectors as partners
from stock.components import Component, ComponentUnknown, expires_at, facts_of, longest_source_life, rows_of
from stock.din import LAST_SEQUENCE, format_din
from stock.errors import (
    AnticoagulantUnknown,
    CollectedInFuture,
    DinExhausted,
    DonationReactive,
    ExpiryInvalid,
    GroupContradicts,
    NotTheCollector,
    UnitKnown,
)
from stock.models import Collection, DinCounter, Unit
from stock.services.moving import write_movements

NUMBERS_AT_ONCE: Final = 500  # looked at in one query, where many were scanned in


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


@dataclass(frozen=True)
class Bag:
    """A bag of a donation here. Without a number of its own it gets the partner's next.

    `pointer` is what a refusal of the number points at.
    """

    component: Component
    blood_group: BloodGroup
    volume_ml: int
    collected_at: dt.datetime
    din: str = ""
    pointer: str = ""


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

    Locks: the partner's counter of the year.      Emits: unit.collected      Raises: DinExhausted, NumberTaken
    """
    [unit] = collect_units(
        partner_id=partner_id, actor=actor, bags=[Bag(component, blood_group, volume_ml, collected_at)]
    )
    return unit


@step
def collect_units(*, partner_id: uuid.UUID, actor: str, bags: Sequence[Bag]) -> list[Unit]:
    """Put fresh bags into quarantine, in their order; the numbers some of them carry must be new.

    Locks: the donations with numbers of their own, the partner's counter of the year of the first bag.
    Emits: unit.collected      Raises: DinExhausted, NumberTaken; UnitKnown, pointing at the numbers
    """
    if not bags:
        return []
    _refuse_known_numbers(partner_id, [bag for bag in bags if bag.din])
    unnumbered = sum(not bag.din for bag in bags)
    first = min(bag.collected_at for bag in bags)
    fresh = next_dins(partner_id, first, unnumbered) if unnumbered else []
    Collection.objects.bulk_create([Collection(din=din, partner_id=partner_id) for din in fresh])
    numbers = iter(fresh)
    units = Unit.objects.bulk_create(
        [
            Unit(
                partner_id=partner_id,
                din=bag.din or next(numbers),
                component=bag.component,
                blood_group=bag.blood_group,
                volume_ml=bag.volume_ml,
                collected_at=bag.collected_at,
                expires_at=expires_at(bag.component, started_at=bag.collected_at),
                **storage_of(bag.component),
            )
            for bag in bags
        ]
    )
    write_movements(units, verb="collect", actor=actor)
    outbox.emit_many("unit.collected", {f"unit:{unit.pk}": {"unit": str(unit.pk)} for unit in units})
    return units


class _OnlyTried(Exception):
    """Undoes what was done to see whether it can be."""


@command
def scan_in(
    *, partner_id: uuid.UUID, member_id: uuid.UUID, scanned: Sequence[Scanned], dry_run: bool = False
) -> list[Unit]:
    """Take bags into quarantine under the numbers they carry: all of them, or none; or see whether that is possible.

    Locks: the donations, by number.
    Raises, each pointing at every item it is about: CollectedInFuture, AnticoagulantUnknown, ExpiryInvalid, UnitKnown,
    NotTheCollector, DonationReactive, GroupContradicts
    """
    if not dry_run:
        return _take_in(partner_id, member_id, scanned)
    try:
        with attempt():
            units = _take_in(partner_id, member_id, scanned)
            raise _OnlyTried
    except _OnlyTried:
        return units


@step
def _take_in(partner_id: uuid.UUID, member_id: uuid.UUID, scanned: Sequence[Scanned]) -> list[Unit]:
    dins = {one.din for one in scanned}
    Collection.objects.bulk_create(
        [Collection(din=din, partner_id=partner_id) for din in sorted(dins)], ignore_conflicts=True
    )
    donations = {row.din: row for row in lock(Collection, dins)}
    now = clock.now()
    if early := _pointers(scanned, "collected_at", lambda one: one.collected_at > now):
        raise CollectedInFuture(pointers=early)
    _refuse(AnticoagulantUnknown, scanned, "anticoagulant", lambda one: not _is_made_with(one))
    _refuse(ExpiryInvalid, scanned, "expires_at", lambda one: not _lives_long_enough(one, now))
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
    """Return the next numbers of the partner and the civil year of its zone that no donation has yet.

    A number that was scanned in, or that another partner had under this code, is passed over.

    Locks: the partner's counter of the year.      Raises: DinExhausted
    """
    year = collected_at.astimezone(ZoneInfo(partners.zone_of(partner_id))).year
    DinCounter.objects.bulk_create([DinCounter(partner_id=partner_id, year=year)], ignore_conflicts=True)
    found = DinCounter.objects.values_list("pk", flat=True).get(partner_id=partner_id, year=year)
    counter = lock_one(DinCounter, found)
    code = partners.facility_code_of(partner_id)
    dins: list[str] = []
    while len(dins) < count:
        first, last = counter.last + 1, min(counter.last + max(count, NUMBERS_AT_ONCE), LAST_SEQUENCE)
        if first > last:
            raise DinExhausted
        window = {format_din(code, year, number): number for number in range(first, last + 1)}
        known = set(Collection.objects.filter(pk__gte=min(window), pk__lte=max(window)).values_list("pk", flat=True))
        free = [din for din in window if din not in known][: count - len(dins)]
        dins += free
        counter.last = window[free[-1]] if len(dins) == count else last
    counter.save(update_fields=["last"])
    return dins


def storage_of(component: Component) -> dict[str, Any]:
    """Return the columns of the temperatures between which the component is kept."""
    band = facts_of(component).storage
    return {"storage_min_c": band.min_c, "storage_max_c": band.max_c}


def _refuse_known_numbers(partner_id: uuid.UUID, bags: Sequence[Bag]) -> None:
    """Lock the numbers, and make them this partner's. Raises: UnitKnown."""
    dins = {bag.din for bag in bags}
    if not dins:
        return
    Collection.objects.bulk_create(
        [Collection(din=din, partner_id=partner_id) for din in sorted(dins)], ignore_conflicts=True
    )
    taken = {row.din for row in lock(Collection, dins) if row.partner_id != partner_id}
    taken |= set(Unit.objects.filter(din__in=dins).values_list("din", flat=True))
    pointers = []
    for bag in bags:
        if bag.din in taken:
            pointers.append(bag.pointer)
        taken.add(bag.din)
    if pointers:
        raise UnitKnown(pointers=pointers)


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


def _lives_long_enough(one: Scanned, now: dt.datetime) -> bool:
    return one.expires_at is None or one.collected_at < one.expires_at <= _longest_life(one, now)


def _end_of_life(one: Scanned) -> dt.datetime:
    return expires_at(one.component, started_at=one.collected_at, anticoagulant=one.anticoagulant or None)


def _longest_life(one: Scanned, now: dt.datetime) -> dt.datetime:
    """A treated component lives from its treatment, which is not in the future, and never longer than its source."""
    facts = facts_of(one.component, anticoagulant=one.anticoagulant or None)
    if facts.counts_from != "collection":
        return min(now + facts.shelf_life, one.collected_at + longest_source_life(one.component))
    if one.anticoagulant:
        return _end_of_life(one)
    return one.collected_at + max(row.shelf_life for row in rows_of(one.component))
