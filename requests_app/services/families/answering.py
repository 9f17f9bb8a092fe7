"""What the hospital says to a family: yes, no, and here are the bags."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Collection

from common import outbox
from common.db import command, lock, step
from common.transitions import advance
from partners import selectors as partners
from requests_app.errors import FamilyServed, NothingReserved, UnitNotReserved
from requests_app.models import AttenderRequest, AttenderStep
from requests_app.services.families.history import (
    SYSTEM,
    end,
    give,
    key_of,
    live_steps,
    lock_family,
    lock_unexpired,
    move_source,
    note,
)
from requests_app.states import FAMILY_TRANSITIONS, LIVE_FAMILY, FamilyStatus, RefuseReason, SourceStatus
from stock import selectors as stock_read
from stock import services as stock
from stock.errors import ReservationLapsed


@command
def confirm(*, request_id: uuid.UUID, partner_id: uuid.UUID, member_id: uuid.UUID) -> AttenderRequest:
    """The hospital knows the patient: what is reserved is kept until it is needed, what had lapsed is looked for again.

    Locks: the request, the bags.      Emits: family.confirmed
    Raises: NotFound, IllegalTransition, FamilyRequestExpired
    """
    request = lock_unexpired(request_id, partner_id=partner_id)
    _say_yes(request, verb="confirm", actor=f"member:{member_id}")
    _keep(request)
    return request


@command
def refuse(
    *, request_id: uuid.UUID, partner_id: uuid.UUID, member_id: uuid.UUID, reason: RefuseReason, note: str = ""
) -> AttenderRequest:
    """The hospital does not serve the family: all that was promised is free again, and the family is told.

    Locks: the request.      Emits: family.refused      Raises: NotFound, IllegalTransition, FamilyRequestExpired
    """
    request = lock_unexpired(request_id, partner_id=partner_id)
    _refuse(request, reason=reason, words=note, actor=f"member:{member_id}")
    return request


@step
def refuse_all_of(*, partner_id: uuid.UUID) -> None:
    """Send no family to a partner that was suspended.

    Locks: the requests.      Emits: family.refused
    """
    living = AttenderRequest.objects.filter(partner_id=partner_id, status__in=sorted(LIVE_FAMILY))
    for request in lock(AttenderRequest, living.values_list("pk", flat=True)):
        if request.state in LIVE_FAMILY:
            _refuse(request, reason=RefuseReason.PARTNER_SUSPENDED, words="", actor=SYSTEM)


@step
def refuse_if_suspended(*, request_id: uuid.UUID) -> None:
    """Send no family to a partner that was being suspended while it was asked.

    Locks: the request.      Emits: family.refused
    """
    request = lock_family(request_id)
    if request.state in LIVE_FAMILY and not partners.is_live(request.partner_id):
        _refuse(request, reason=RefuseReason.PARTNER_SUSPENDED, words="", actor=SYSTEM)


@command
def issue(
    *,
    request_id: uuid.UUID,
    partner_id: uuid.UUID,
    member_id: uuid.UUID,
    unit_ids: Collection[uuid.UUID] | None = None,
    emergency: stock.Emergency | None = None,
) -> AttenderRequest:
    """Hand out these of the reserved bags for the patient, or all that are still needed; each counts as a unit given.

    Locks: the request, the bags.      Emits: unit.issued, family.confirmed, family.served, family.fulfilled
    Raises: NotFound, IllegalTransition, FamilyRequestExpired, NothingReserved, UnitNotReserved, FamilyServed,
    CrossmatchMissing, CrossmatchIncompatible, AuthorisersInvalid
    """
    request = lock_unexpired(request_id, partner_id=partner_id)
    actor = f"member:{member_id}"
    if request.state is FamilyStatus.OPEN:
        _say_yes(request, verb="issue", actor=actor)
    request.status = advance(FAMILY_TRANSITIONS, request.state, "issue")
    if unit_ids is not None and len(set(unit_ids)) > request.units_left:
        raise FamilyServed(units_left=request.units_left)
    sources = {source.holding: source for source in _reserved(request) if source.holding is not None}
    issued = _hand_out(request, list(sources), unit_ids, actor, emergency)
    left = Counter(unit.holding for unit in stock_read.held_units(sources))
    for holding, units in issued.items():
        _count(request, sources[holding], len(units), left=left[holding])
    give(request, issued=sum(map(len, issued.values())), actor=actor)
    return request


def _say_yes(request: AttenderRequest, *, verb: str, actor: str) -> None:
    request.status = advance(FAMILY_TRANSITIONS, request.state, verb)
    request.look_again_at, request.stock_open = None, True
    request.save()
    note(request, verb="confirm", actor=actor)
    outbox.emit("family.confirmed", key=key_of(request), attender_request=str(request.pk))


def _reserved(request: AttenderRequest) -> list[AttenderStep]:
    return [source for source in live_steps(request) if source.state is SourceStatus.RESERVED]


def _keep(request: AttenderRequest) -> None:
    """Keep what is still held until the hour of need; of what is not, write that it has lapsed."""
    sources = _reserved(request)
    stock.keep_reservations(
        holding_ids=[source.holding for source in sources if source.holding], until=request.needed_by
    )
    held = {unit.holding for unit in stock_read.held_units(source.holding for source in sources if source.holding)}
    for source in sources:
        if source.holding in held:
            source.until = request.needed_by
            source.save(update_fields=["until", "updated_at"])
            note(request, verb="keep", source=source, units=source.units)
        else:
            move_source(request, source, "lapse")


def _refuse(request: AttenderRequest, *, reason: RefuseReason, words: str, actor: str) -> None:
    request.refuse_reason, request.refuse_note = reason, words
    end(request, verb="refuse", actor=actor, reason=reason)
    outbox.emit("family.refused", key=key_of(request), attender_request=str(request.pk))


def _hand_out(
    request: AttenderRequest,
    holdings: list[uuid.UUID],
    unit_ids: Collection[uuid.UUID] | None,
    actor: str,
    emergency: stock.Emergency | None,
) -> dict[uuid.UUID, list[stock.Picked]]:
    try:
        issued = stock.issue_reserved(
            holding_ids=holdings,
            unit_ids=unit_ids,
            most=request.units_left,
            actor=actor,
            to=request.purpose,
            emergency=emergency,
        )
    except ReservationLapsed as exc:
        raise UnitNotReserved from exc
    if not issued:
        raise NothingReserved
    return issued


def _count(request: AttenderRequest, source: AttenderStep, units: int, *, left: int) -> None:
    """Write down what a source has given; without bags left it has given all."""
    source.units_given += units
    if left == 0:
        move_source(request, source, "fulfil", units=source.units_given)
    else:
        source.save(update_fields=["units_given", "updated_at"])
        note(request, verb="issue", source=source, units=units)
