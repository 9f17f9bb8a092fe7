"""Bags on the road: sent off, and counted on arrival. A bag is the sender's until the receiver takes it in."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from common import clock
from common.db import command, lock
from common.errors import IllegalTransition, NotFound
from stock.errors import ReceiptIncomplete, TransferExpired, UnitNamedTwice, UnitNotInTransfer
from stock.models import Transfer, TransferUnit, Unit
from stock.services.allocating import keep_units, ship_units
from stock.services.exchanging.asking import FURTHEST, follow_up
from stock.services.exchanging.charging import charge_fee
from stock.services.exchanging.offering import key_of, write_off
from stock.services.exchanging.records import change, hold_transfer, holding_of, record, take_step, tell
from stock.services.moving import SYSTEM, move, why_withdrawn
from stock.services.thresholds import watch
from stock.states import Condition, DiscardReason, Fate, TransferStatus, UnitStatus


@dataclass(frozen=True)
class Parcel:
    """How bags travel."""

    courier: str
    box: str
    vehicle: str = ""
    expected_at: dt.datetime | None = None


@dataclass(frozen=True)
class Arrival:
    """How one bag arrived; `unit` is an id, a number or the text of a bar code. A damaged one has a `reason`."""

    unit: str
    condition: Condition
    reason: DiscardReason = DiscardReason.BROKEN
    note: str = ""


@dataclass(frozen=True)
class _Outcome:
    """The step that a bag takes on arrival, and what the transfer says of it."""

    verb: str
    fate: Fate
    reason: DiscardReason | None = None


# How long after its hour a box may be on the road before both sides are asked for it: policy of this product.
OVERDUE_AFTER: Final = dt.timedelta(hours=2)
_ACCEPTED: Final = _Outcome("receive", Fate.ACCEPTED)
_DOUBTED: Final = _Outcome("receive", Fate.QUARANTINED)
_EXPIRED: Final = _Outcome("expire", Fate.EXPIRED)
_TAKEN_OVER: Final = frozenset({Fate.ACCEPTED, Fate.QUARANTINED})


@command
def dispatch(*, partner_id: uuid.UUID, member_id: uuid.UUID, transfer_id: uuid.UUID, parcel: Parcel) -> Transfer:
    """Send a confirmed transfer's bags off. Any that were lost meanwhile are asked for elsewhere.

    Locks: the need, the bags.
    Emits: transfer.dispatched, transfer.requested, transfer.candidate_asked, transfer.ended
    Raises: NotFound, IllegalTransition, TransferExpired, ReservationLapsed, UnitExpired
    """
    transfer = hold_transfer(transfer_id)
    if transfer.sender_id != partner_id:
        raise NotFound
    if transfer.is_late:
        raise TransferExpired
    actor, now = f"member:{member_id}", clock.now()
    expected = min(max(now, parcel.expected_at or transfer.needed_by), now + FURTHEST)
    overdue_at = expected + OVERDUE_AFTER
    take_step(transfer, verb="dispatch", actor=actor, by=partner_id, overdue_at=overdue_at, **vars(parcel))
    facts = {"transfer": str(transfer.pk), "to": str(transfer.partner_id)}
    sent = ship_units(holding_id=holding_of(transfer), actor=actor, facts=facts)
    bags = TransferUnit.objects.filter(transfer=transfer)
    bags.filter(unit__in=sent).update(fate=Fate.SENT)
    tell(transfer, "transfer.dispatched", units=len(sent), from_partner=str(partner_id))
    write_off(transfer, list(bags.filter(fate=Fate.OFFERED).values_list("unit_id", flat=True)))
    return transfer


@command
def receive(
    *, partner_id: uuid.UUID, member_id: uuid.UUID, transfer_id: uuid.UUID, arrivals: Sequence[Arrival]
) -> Transfer:
    """Count what arrived of all that was sent: sound bags are the receiver's to use, doubtful ones to look into.

    What is damaged, missing, over its life or recalled meanwhile never was the receiver's: it leaves stock as the
    sender's. As much is asked for elsewhere while it is needed. With a purpose, sound bags are reserved for it.
    The fee that was agreed is now to be paid for the sound ones.

    Locks: the need, the bags, the purchase.
    Emits: transfer.received, transfer.requested, transfer.candidate_asked, transfer.ended, stock.low
    Raises: NotFound, IllegalTransition, UnitNotInTransfer, UnitNamedTwice, ReceiptIncomplete, Busy
    """
    transfer = hold_transfer(transfer_id)
    if transfer.partner_id != partner_id:
        raise NotFound
    if transfer.state is not TransferStatus.IN_TRANSIT:
        raise IllegalTransition(state=transfer.status, verb="receive", open=[])
    units = {
        unit.pk: unit
        for unit in lock(
            Unit, TransferUnit.objects.filter(transfer=transfer, fate=Fate.SENT).values_list("unit_id", flat=True)
        )
    }
    told = _by_unit(list(units.values()), arrivals)
    actor = f"member:{member_id}"
    grouped: dict[_Outcome, list[Unit]] = defaultdict(list)
    for pk, arrival in told.items():
        grouped[_outcome(units[pk], arrival)].append(units[pk])
    for outcome, bags in sorted(grouped.items(), key=lambda pair: pair[0].verb):
        _settle(transfer, outcome, bags, told, actor=actor)
    accepted = grouped[_ACCEPTED]
    _close(transfer, accepted, sent=len(units), actor=actor, by=partner_id)
    return transfer


@command
def ask_after(*, transfer_id: uuid.UUID) -> bool:
    """Ask both sides, once, after bags that nobody has received in time; say whether they are.

    Locks: the need.      Emits: transfer.overdue
    """
    transfer = hold_transfer(transfer_id)
    if transfer.overdue_at is None or clock.now() < transfer.overdue_at:
        return False
    change(transfer, overdue_at=None)
    record(transfer, verb="overdue", actor=SYSTEM, by=None)
    sent = TransferUnit.objects.filter(transfer=transfer, fate=Fate.SENT).count()
    tell(transfer, "transfer.overdue", units=sent, from_partner=str(transfer.sender_id))
    return True


def _by_unit(units: Sequence[Unit], arrivals: Sequence[Arrival]) -> dict[uuid.UUID, Arrival]:
    """Return how each bag arrived. Raises: UnitNotInTransfer, UnitNamedTwice, ReceiptIncomplete."""
    known: dict[uuid.UUID | str, uuid.UUID] = {}
    for unit in units:
        known[unit.pk] = known[unit.din] = unit.pk
    keys = [key_of(arrival.unit) for arrival in arrivals]
    if strange := [f"/units/{place}/unit" for place, key in enumerate(keys) if key not in known]:
        raise UnitNotInTransfer(pointers=strange)
    found = [known[key] for key in keys]
    if twice := [f"/units/{place}/unit" for place, pk in enumerate(found) if pk in found[:place]]:
        raise UnitNamedTwice(pointers=twice)
    if unsaid := [unit.din for unit in units if unit.pk not in found]:
        raise ReceiptIncomplete(missing=unsaid)
    return dict(zip(found, arrivals, strict=True))


def _outcome(unit: Unit, arrival: Arrival) -> _Outcome:
    if unit.state is not UnitStatus.IN_TRANSIT:  # its sender has discarded it on the way
        return _Outcome("", Fate.DISCARDED)
    if unit.recalled_at is not None:
        return _Outcome("discard", Fate.DISCARDED, why_withdrawn(unit))
    if arrival.condition is Condition.MISSING:
        return _Outcome("discard", Fate.MISSING, DiscardReason.MISSING)
    if arrival.condition is Condition.DAMAGED:
        return _Outcome("discard", Fate.DISCARDED, arrival.reason)
    if unit.expires_at <= clock.now():
        return _EXPIRED
    return _ACCEPTED if arrival.condition is Condition.SOUND else _DOUBTED


def _settle(
    transfer: Transfer,
    outcome: _Outcome,
    bags: list[Unit],
    told: Mapping[uuid.UUID, Arrival],
    *,
    actor: str,
) -> None:
    rows = list(TransferUnit.objects.filter(transfer=transfer, unit__in=bags))
    for row in rows:
        row.fate, row.note = outcome.fate, told[row.unit_id].note
    TransferUnit.objects.bulk_update(rows, ["fate", "note"])
    if not outcome.verb:
        return
    facts = {"transfer": str(transfer.pk), "from": str(transfer.sender_id)}
    changes: dict[str, Any] = {}
    if outcome.fate in _TAKEN_OVER:
        changes["partner_id"] = transfer.partner_id
    if outcome.reason is not None:
        facts["reason"] = str(outcome.reason)
        changes["discard_reason"] = outcome.reason
    move(bags, verb=outcome.verb, actor=actor, facts=facts, **changes)
    if outcome is _DOUBTED:  # taken in, and out of use at once
        move(bags, verb="quarantine", actor=actor, facts=facts)


def _close(transfer: Transfer, accepted: list[Unit], *, sent: int, actor: str, by: uuid.UUID) -> None:
    take_step(
        transfer,
        verb="receive",
        actor=actor,
        by=by,
        facts={"sent": sent, "accepted": len(accepted)},
        units_received=len(accepted),
        overdue_at=None,
    )
    holding = None
    if transfer.purpose and accepted:
        holding = keep_units(units=accepted, actor=actor, purpose=transfer.purpose, until=None).id
    watch([transfer.partner_id])
    tell(
        transfer,
        "transfer.received",
        units=len(accepted),
        from_partner=str(transfer.sender_id),
        sent=sent,
        unit_ids=[str(unit.pk) for unit in accepted],
        holding=str(holding) if holding else None,
    )
    if len(accepted) < sent:
        follow_up(transfer, units=sent - len(accepted))
    charge_fee(transfer)
