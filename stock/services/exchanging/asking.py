"""Asking other partners for bags, one after another or all at once, until one offers or nobody is left."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any, Final

from django.db.models import Q

from common import clock
from common.blood import BloodGroup, Sex
from common.db import command, step
from common.errors import NotFound
from common.ids import uuid7
from stock.compatibility import UNKNOWN, Recipient
from stock.components import Component
from stock.errors import AskOver, NobodyHasIt, TransferNeededByInvalid, TransferTaken
from stock.models import Transfer, TransferAsk
from stock.services.allocating import Needs
from stock.services.exchanging.records import WINDOWS, change, record, take_step, tell
from stock.services.exchanging.sparing import Candidate, Wanted, candidates
from stock.services.moving import SYSTEM
from stock.states import Answer, TransferEnd, Urgency

FURTHEST: Final = dt.timedelta(days=30)
DEFAULT_RADIUS_KM: Final = Decimal(20)  # design §5 «Attender requests»
MOST_ASKED_AT_ONCE: Final = 20
# What a transfer of the same need has in common with the first.
_OF_THE_NEED: Final = (
    "need", "partner_id", "blood_group", "component", "urgency", "needed_by", "radius_km", "irradiated",
    "leukoreduced", "cmv_negative", "k_negative", "recipient_sex", "recipient_age", "purpose", "note",
)  # fmt: skip


@command
def post_transfer(
    *,
    partner_id: uuid.UUID,
    member_id: uuid.UUID,
    blood_group: Recipient,
    component: Component,
    units: int,
    needed_by: dt.datetime,
    urgency: Urgency,
    radius_km: Decimal = DEFAULT_RADIUS_KM,
    needs: Needs | None = None,
    note: str = "",
) -> Transfer:
    """Ask partners nearby for bags.

    Emits: transfer.requested, transfer.candidate_asked      Raises: TransferNeededByInvalid, NobodyHasIt
    """
    now = clock.now()
    if not now < needed_by <= now + FURTHEST:
        raise TransferNeededByInvalid
    transfer = _open(
        actor=f"member:{member_id}",
        partner_id=partner_id,
        blood_group=blood_group,
        component=component,
        units=units,
        needed_by=needed_by,
        urgency=urgency,
        radius_km=radius_km,
        needs=needs or Needs(),
        note=note,
    )
    if transfer is None:
        raise NobodyHasIt
    return transfer


@step
def raise_transfer(
    *,
    partner_id: uuid.UUID,
    actor: str,
    blood_group: Recipient,
    component: Component,
    units: int,
    needed_by: dt.datetime,
    critical: bool = False,
    radius_km: Decimal = DEFAULT_RADIUS_KM,
    needs: Needs | None = None,
    sex: Sex | None = None,
    age: int | None = None,
    purpose: str = "",
) -> Transfer | None:
    """Ask partners near this one for bags; return None when nobody within reach can spare one.

    With a `purpose` an offer is confirmed at once, and what arrives sound is reserved for the purpose. `sex` and `age`
    (completed years) are the recipient's.

    Emits: transfer.requested, transfer.candidate_asked
    """
    return _open(
        actor=actor,
        partner_id=partner_id,
        blood_group=blood_group,
        component=component,
        units=units,
        needed_by=needed_by,
        urgency=Urgency.CRITICAL if critical else Urgency.URGENT,
        radius_km=radius_km,
        needs=needs or Needs(),
        sex=sex,
        age=age,
        purpose=purpose,
    )


@step
def refuse_ask(transfer: Transfer, *, partner_id: uuid.UUID, actor: str, reason: str) -> None:
    """Note that an asked partner will not give; when nobody else is still thinking, the next is asked.

    Emits: transfer.candidate_asked, transfer.ended      Raises: NotFound, TransferTaken, AskOver
    """
    ask = open_ask(transfer, partner_id)
    answer(Q(pk=ask.pk), Answer.REFUSED, reason=reason)
    record(transfer, verb="refuse", actor=actor, by=partner_id, facts={"reason": reason})
    if not transfer.asks.filter(answer="").exists():
        ask_on(transfer)


@step
def follow_up(transfer: Transfer, *, units: int) -> Transfer | None:
    """Ask elsewhere, as part of the same need, for what will not come from this transfer; None when it is too late.

    When nobody is left to be asked, the new transfer ends at once, so that whoever waits hears of it.
    Emits: transfer.requested, transfer.candidate_asked, transfer.ended
    """
    if clock.now() >= transfer.needed_by:
        return None
    shared = {name: getattr(transfer, name) for name in _OF_THE_NEED}
    following = Transfer(id=uuid7(), units=units, due_at=transfer.needed_by, **shared)
    following.save(force_insert=True)
    _announce(following, actor=SYSTEM, facts={"follows": str(transfer.pk)})
    ask_on(following)
    return following


@step
def ask_on(transfer: Transfer) -> None:
    """Ask whoever is next; without anybody left, the transfer ends.

    Emits: transfer.candidate_asked, transfer.ended
    """
    if clock.now() < transfer.needed_by and _ask(transfer, _next_candidates(transfer)):
        return
    is_late = clock.now() >= transfer.needed_by
    reason = TransferEnd.EXPIRED if is_late else TransferEnd.NO_CANDIDATES
    take_step(transfer, verb="expire" if is_late else "reject", actor=SYSTEM, by=None, end_reason=reason)
    tell(
        transfer,
        "transfer.ended",
        units=transfer.units,
        reason=str(reason),
        sender=None,
        asked=[],
        by=None,
        follow_up=None,
    )


def open_ask(transfer: Transfer, partner_id: uuid.UUID) -> TransferAsk:
    """Return what the partner was asked if it may answer now. Raises: NotFound, TransferTaken, AskOver."""
    ask = transfer.asks.filter(partner_id=partner_id).first()
    if ask is None:
        raise NotFound
    if ask.answer == Answer.TAKEN:
        raise TransferTaken
    if not ask.is_open:
        raise AskOver(state=transfer.status)
    return ask


@step
def answer(which: Q, given: Answer, *, reason: str = "") -> int:
    """Write down what came of asking these, where nothing has yet; return of how many."""
    waiting = TransferAsk.objects.filter(which, answer="")
    return waiting.update(answer=given, answered_at=clock.now(), reason=reason)


def wanted_by(transfer: Transfer) -> Wanted:
    """Return what the transfer asks for, as it is looked for."""
    group = transfer.blood_group
    return Wanted(
        blood_group=UNKNOWN if group == UNKNOWN else BloodGroup(group),
        component=Component(transfer.component),
        units=transfer.units,
        good_until=transfer.needed_by,
        needs=Needs(
            irradiated=transfer.irradiated,
            leukoreduced=transfer.leukoreduced,
            cmv_negative=transfer.cmv_negative,
            k_negative=transfer.k_negative,
        ),
        sex=Sex(transfer.recipient_sex) if transfer.recipient_sex else None,
        age=transfer.recipient_age,
    )


def _open(
    *,
    actor: str,
    partner_id: uuid.UUID,
    units: int,
    radius_km: Decimal,
    needs: Needs,
    sex: Sex | None = None,
    age: int | None = None,
    **values: Any,
) -> Transfer | None:
    """Write the first transfer of a need and ask, unless there is nobody to be asked."""
    pk = uuid7()
    transfer = Transfer(
        id=pk,
        need=pk,
        partner_id=partner_id,
        units=units,
        radius_km=radius_km,
        recipient_sex=sex or "",
        recipient_age=age,
        due_at=values["needed_by"],
        **vars(needs),
        **values,
    )
    found = candidates(partner_id, wanted_by(transfer), radius_km=radius_km)
    if not found:
        return None
    transfer.save(force_insert=True)
    _announce(transfer, actor=actor)
    _ask(transfer, found)
    return transfer


def _announce(transfer: Transfer, *, actor: str, facts: dict[str, Any] | None = None) -> None:
    by = None if actor == SYSTEM else transfer.partner_id
    record(transfer, verb="request", actor=actor, by=by, facts={"units": transfer.units, **(facts or {})})
    tell(transfer, "transfer.requested", units=transfer.units)


def _next_candidates(transfer: Transfer) -> list[Candidate]:
    """Return whom to ask: nobody twice for one need, but for those whom a faster one left without a chance."""
    asked = TransferAsk.objects.filter(transfer__need=transfer.need).exclude(answer=Answer.TAKEN)
    return candidates(
        transfer.partner_id,
        wanted_by(transfer),
        radius_km=transfer.radius_km,
        without=set(asked.values_list("partner_id", flat=True)),
    )


def _ask(transfer: Transfer, found: list[Candidate]) -> int:
    """Ask the best, or all when it is critical; return how many."""
    now = clock.now()
    until = min(now + WINDOWS[Urgency(transfer.urgency)].answer, transfer.needed_by)
    chosen = found[: MOST_ASKED_AT_ONCE if transfer.urgency == Urgency.CRITICAL else 1]
    if not chosen:
        return 0
    TransferAsk.objects.bulk_create(
        TransferAsk(
            transfer=transfer, partner_id=one.partner_id, distance_km=one.distance_km, asked_at=now, answer_by=until
        )
        for one in chosen
    )
    change(transfer, due_at=until)
    asked = [str(one.partner_id) for one in chosen]
    record(transfer, verb="ask", actor=SYSTEM, by=None, facts={"asked": asked, "answer_by": until.isoformat()})
    tell(transfer, "transfer.candidate_asked", units=transfer.units, asked=asked)
    return len(chosen)
