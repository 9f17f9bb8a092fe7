"""Tests of a donation, its confirmed group, and the release of its bags."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from common import clock, outbox
from common.blood import BloodGroup
from common.db import command, lock, step
from common.errors import NotFound
from stock import selectors
from stock.errors import (
    DonationReactive,
    GroupContradicts,
    GroupNotConfirmed,
    NotTheCollector,
    ResultFinal,
    TestsMissing,
    UnitExpired,
)
from stock.models import Collection, TestResult, Unit
from stock.services.moving import hold_unit, move, settle, write_movements
from stock.services.thresholds import watch
from stock.states import BEYOND_REACH, ON_SHELF, DiscardReason, Finding, MandatoryTest, UnitStatus

TESTED: Final = "test"


@dataclass(frozen=True)
class Tested:
    """What a laboratory found of a donation."""

    din: str
    results: Mapping[MandatoryTest, Finding]
    blood_group: BloodGroup | None = None


@dataclass(frozen=True)
class Consequences:
    """What a reactive donation, or one of another group than its labels say, led to; otherwise both are empty."""

    discarded: list[Unit]
    recalled: list[Unit]


@command
def record_tests(
    *,
    partner_id: uuid.UUID,
    member_id: uuid.UUID,
    unit_id: uuid.UUID,
    results: Mapping[MandatoryTest, Finding],
    blood_group: BloodGroup | None = None,
) -> Consequences:
    """Write down test results and the confirmed group of the donation that a bag comes from.

    A reactive result discards every bag of the donation that is still on a shelf, wherever it is, and flags those that
    have left: the look-back. A confirmed group that is not that of a released bag takes the bag back to quarantine, or
    recalls it. Only whoever first had the donation answers for it, also when others have its bags now.

    Locks: the donation, all its bags.      Emits: unit.reactive, unit.recalled, stock.low, reservation.ended
    Raises: NotFound, NotTheCollector, ResultFinal, GroupContradicts, DonationReactive
    """
    din = selectors.answerable(partner_id).filter(pk=unit_id).values_list("din", flat=True).first()
    if din is None:
        raise NotFound
    [donation] = lock(Collection, [din])
    if donation.partner_id != partner_id:
        raise NotTheCollector
    units = lock(Unit, Unit.objects.filter(din=din).values_list("pk", flat=True))
    settle(units)
    known = dict(TestResult.objects.filter(collection=donation).values_list("test", "finding"))
    tested = Tested(din, results, blood_group)
    return _record(donation, units, known, tested, partner_id=partner_id, actor=f"member:{member_id}")


@command
def record_tests_of_many(*, partner_id: uuid.UUID, member_id: uuid.UUID, tested: Sequence[Tested]) -> Consequences:
    """Write down the results of many donations of the partner, as `record_tests` does of one: all of them, or none.

    Locks: the donations, all their bags.      Emits: unit.reactive, unit.recalled, stock.low, reservation.ended
    Raises, each pointing at the items it is about: NotFound, NotTheCollector, ResultFinal, GroupContradicts
    """
    donations = {row.din: row for row in lock(Collection, {one.din for one in tested})}
    held = set(Unit.objects.filter(partner_id=partner_id, din__in=donations).values_list("din", flat=True))
    strange = {din for din, row in donations.items() if row.partner_id != partner_id}
    if absent := _places(tested, lambda one: one.din not in donations or one.din in strange - held):
        raise NotFound(pointers=absent)
    if not_ours := _places(tested, lambda one: one.din in strange):
        raise NotTheCollector(pointers=not_ours)
    units = defaultdict(list)
    rows = lock(Unit, Unit.objects.filter(din__in=donations).values_list("pk", flat=True))
    settle(rows)
    for unit in rows:
        units[unit.din].append(unit)
    known: dict[str, dict[str, str]] = defaultdict(dict)
    for din, test, finding in TestResult.objects.filter(collection__in=donations).values_list(
        "collection_id", "test", "finding"
    ):
        known[din][test] = finding
    whole, actor = Consequences([], []), f"member:{member_id}"
    for place, one in enumerate(tested):
        try:
            led = _record(
                donations[one.din],
                units[one.din],
                known[one.din],
                one,
                partner_id=partner_id,
                actor=actor,
            )
        except (ResultFinal, GroupContradicts) as exc:
            field = "blood_group" if isinstance(exc, GroupContradicts) else "results"
            raise type(exc)(**exc.facts, pointer=f"/tests/{place}/{field}") from exc
        known[one.din] |= {str(test): str(finding) for test, finding in one.results.items()}
        whole.discarded.extend(led.discarded)
        whole.recalled.extend(led.recalled)
    return whole


@step
def _record(
    donation: Collection,
    units: list[Unit],
    known: Mapping[str, str],
    tested: Tested,
    *,
    partner_id: uuid.UUID,
    actor: str,
) -> Consequences:
    results, blood_group = tested.results, tested.blood_group
    _refuse_contradiction(donation, known, results, blood_group)
    _write_results(donation, known, results, actor)
    led = Consequences([], [])
    if blood_group is not None:
        led = _confirm_group(donation, units, blood_group, actor)
    facts = {"results": {str(test): str(finding) for test, finding in results.items()}}
    write_movements(
        [unit for unit in units if unit.partner_id == partner_id],
        verb=TESTED,
        actor=actor,
        facts=facts if blood_group is None else {**facts, "blood_group": str(blood_group)},
    )
    if Finding.REACTIVE not in results.values():
        return led
    withdrawn = _withdraw(donation, units, actor)
    return Consequences(withdrawn.discarded, [*led.recalled, *withdrawn.recalled])


@command
def release_unit(*, partner_id: uuid.UUID, member_id: uuid.UUID, unit_id: uuid.UUID) -> Unit:
    """Let a bag out of quarantine: all mandatory tests non-reactive, the group confirmed, its life not over.

    Locks: the donation, the bag.      Emits: stock.low
    Raises: NotFound, IllegalTransition, TestsMissing, GroupNotConfirmed, UnitExpired, DonationReactive
    """
    din = Unit.objects.filter(pk=unit_id, partner_id=partner_id).values_list("din", flat=True).first()
    if din is None:
        raise NotFound
    [donation] = lock(Collection, [din])
    unit = hold_unit(partner_id=partner_id, unit_id=unit_id)
    if unit.state is UnitStatus.QUARANTINED:
        _refuse_unreleasable(donation, unit)
    move([unit], verb="release", actor=f"member:{member_id}")
    watch([partner_id])
    return unit


def _places(tested: Sequence[Tested], is_wrong: Callable[[Tested], bool]) -> list[str]:
    return [f"/tests/{place}/din" for place, one in enumerate(tested) if is_wrong(one)]


def _refuse_unreleasable(donation: Collection, unit: Unit) -> None:
    findings = dict(TestResult.objects.filter(collection=donation).values_list("test", "finding"))
    if donation.reactive_at is not None or Finding.REACTIVE in findings.values():
        raise DonationReactive
    missing = [str(test) for test in MandatoryTest if findings.get(test) != Finding.NON_REACTIVE]
    if missing:
        raise TestsMissing(missing=missing)
    if donation.blood_group != unit.blood_group:
        raise GroupNotConfirmed
    if unit.is_over:
        raise UnitExpired


def _refuse_contradiction(
    donation: Collection,
    known: Mapping[str, str],
    results: Mapping[MandatoryTest, Finding],
    blood_group: BloodGroup | None,
) -> None:
    changed = [
        str(test)
        for test, finding in results.items()
        if known.get(test) == Finding.REACTIVE and finding is not Finding.REACTIVE
    ]
    if changed:
        raise ResultFinal(tests=changed)
    if blood_group is not None and donation.blood_group not in ("", blood_group):
        raise GroupContradicts(blood_group=donation.blood_group)


def _write_results(
    donation: Collection, known: Mapping[str, str], results: Mapping[MandatoryTest, Finding], actor: str
) -> None:
    TestResult.objects.bulk_create(
        [
            TestResult(collection=donation, test=test, finding=finding, recorded_by=actor, recorded_at=clock.now())
            for test, finding in results.items()
            if known.get(test) != finding
        ],
        update_conflicts=True,
        unique_fields=["collection", "test"],
        update_fields=["finding", "recorded_by", "recorded_at"],
    )


def _confirm_group(donation: Collection, units: list[Unit], group: BloodGroup, actor: str) -> Consequences:
    """Whatever the label said before, bags have the group that was found.

    One that was released under another, as on the word of a count, goes back to quarantine; one that had left is
    recalled: whoever has it gives it to nobody.
    """
    if donation.blood_group:
        return Consequences([], [])
    donation.blood_group, donation.group_confirmed_at, donation.group_confirmed_by = group, clock.now(), actor
    donation.save(update_fields=["blood_group", "group_confirmed_at", "group_confirmed_by"])
    wrong = [unit for unit in units if unit.blood_group != group]
    shelved = [unit for unit in wrong if unit.state in ON_SHELF]
    released = [unit for unit in shelved if unit.state is not UnitStatus.QUARANTINED]
    left = [unit for unit in wrong if unit.state in BEYOND_REACH and unit.recalled_at is None]
    for state in sorted({unit.state for unit in released}):
        facts = {"blood_group": str(group)}
        move([unit for unit in released if unit.state is state], verb="quarantine", actor=actor, facts=facts)
    for unit in shelved:
        unit.blood_group = group
    Unit.objects.filter(pk__in=[unit.pk for unit in shelved]).update(blood_group=group)
    _look_back([*released, *left], left, actor)
    return Consequences([], left)


def _withdraw(donation: Collection, units: list[Unit], actor: str) -> Consequences:
    first_time = donation.reactive_at is None
    if first_time:
        donation.reactive_at = clock.now()
        donation.save(update_fields=["reactive_at"])
    reached = [unit for unit in units if unit.state in ON_SHELF]
    left = [unit for unit in units if unit.state in BEYOND_REACH and unit.recalled_at is None]
    reason = DiscardReason.REACTIVE
    move(reached, verb="discard", actor=actor, facts={"reason": str(reason)}, discard_reason=reason)
    if first_time:
        outbox.emit("unit.reactive", key=f"din:{donation.din}", din=donation.din, partner=str(donation.partner_id))
    _look_back([*reached, *left], left, actor)
    return Consequences(discarded=reached, recalled=left)


def _look_back(concerned: Sequence[Unit], left: Sequence[Unit], actor: str) -> None:
    """Flag the bags that have left, and tell everybody who has one of those concerned."""
    now = clock.now()
    for unit in left:
        unit.recalled_at = now
    Unit.objects.filter(pk__in=[unit.pk for unit in left]).update(recalled_at=now)
    write_movements(left, verb="recall", actor=actor)
    units_of = defaultdict(list)
    for unit in concerned:
        units_of[unit.partner_id].append(str(unit.pk))
    for partner_id, ids in units_of.items():
        outbox.emit("unit.recalled", key=f"partner:{partner_id}", partner=str(partner_id), units=ids)
    watch(units_of)
