"""What is kept for one purpose in several holdings: told as one, kept longer, handed out in part, let go."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection

from common.db import lock, step
from stock.errors import ReservationLapsed
from stock.models import Reservation, Unit
from stock.services.allocating import Picked, picked
from stock.services.crossmatching import Emergency, clear_for_leaving
from stock.services.moving import hand_out, move
from stock.services.thresholds import watch


@step
def keep_reservations(*, holding_ids: Collection[uuid.UUID], until: dt.datetime) -> int:
    """Keep what is still held until another moment; return how many bags.

    Locks: the bags.
    """
    held = _hold(holding_ids)
    Reservation.objects.filter(holding__in=holding_ids, unit__in=held, ended_at=None).update(until=until)
    Unit.objects.filter(pk__in=[unit.pk for unit in held]).update(reserved_until=until)
    return len(held)


@step
def trim_reservations(*, holding_ids: Collection[uuid.UUID], keep: int, actor: str) -> int:
    """Let go of what is held beyond `keep` bags, those that live longest first; return how many went.

    Locks: the bags.
    """
    held = sorted(_hold(holding_ids), key=lambda unit: (unit.expires_at, unit.pk))
    surplus = held[keep:]
    move(surplus, verb="unreserve", actor=actor)
    watch({unit.partner_id for unit in surplus})
    return len(surplus)


@step
def let_go(*, holding_ids: Collection[uuid.UUID], unit_ids: Collection[uuid.UUID], actor: str, reason: str) -> int:
    """Free those of these bags that are still kept by the holdings; return how many.

    Locks: the bags.
    """
    freed = [unit for unit in _hold(holding_ids) if unit.pk in unit_ids]
    move(freed, verb="unreserve", actor=actor, facts={"reason": reason})
    watch({unit.partner_id for unit in freed})
    return len(freed)


@step
def issue_reserved(
    *,
    holding_ids: Collection[uuid.UUID],
    actor: str,
    to: str,
    unit_ids: Collection[uuid.UUID] | None = None,
    most: int | None = None,
    emergency: Emergency | None = None,
) -> dict[uuid.UUID, list[Picked]]:
    """Hand out these of the held bags, or all, first to expire first and at most `most`; return them by holding.

    `to` says to whom, as in «order:<id>». Crossmatches are asked for as by `issue_units`.

    Locks: the bags.      Emits: unit.issued
    Raises: ReservationLapsed when one of `unit_ids` is not held, CrossmatchMissing, CrossmatchIncompatible,
    AuthorisersInvalid
    """
    held = sorted(_hold(holding_ids), key=lambda unit: (unit.expires_at, unit.pk))
    chosen = held[:most] if unit_ids is None else [unit for unit in held if unit.pk in unit_ids]
    if unit_ids is not None and len(chosen) < len(set(unit_ids)):
        raise ReservationLapsed
    open_ones = Reservation.objects.filter(unit__in=chosen, ended_at=None)
    holding_of = dict(open_ones.values_list("unit_id", "holding"))
    hand_out(chosen, actor=actor, to=to, facts=clear_for_leaving(chosen, emergency=emergency))
    issued: dict[uuid.UUID, list[Picked]] = {}
    for unit in chosen:
        issued.setdefault(holding_of[unit.pk], []).append(picked(unit))
    return issued


def _hold(holding_ids: Collection[uuid.UUID]) -> list[Unit]:
    """Lock the bags of these holdings that are still kept; those whose time or life is over are not."""
    kept = Reservation.objects.filter(holding__in=holding_ids, ended_at=None)
    units = lock(Unit, kept.values_list("unit_id", flat=True))
    still = set(kept.values_list("unit_id", flat=True))
    return [unit for unit in units if unit.pk in still and not unit.is_lapsed and not unit.is_over]
