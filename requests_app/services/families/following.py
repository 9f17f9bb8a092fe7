"""What befalls the sources of a family's request elsewhere: bags lost, moved and received, donors who gave, silence."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Final

from django.db.models import Exists, OuterRef

from common import clock
from common.db import command, lock, step
from requests_app.models import Assignment, AttenderRequest, AttenderStep, BloodRequest
from requests_app.services.families.history import (
    SYSTEM,
    begin,
    give,
    id_in_purpose,
    live_steps,
    lock_family,
    move_source,
    note,
    resize,
    unsettle,
)
from requests_app.services.families.settling import balance_of, lapse_if_silent, sync_reserved
from requests_app.states import LIVE_FAMILY, LIVE_SOURCE, FamilyStatus, SourceKind, SourceStatus
from stock import selectors as stock_read
from stock import services as stock
from stock.selectors import TransferState
from stock.states import UNSERVED, TransferStatus

INCOMPATIBLE: Final = "incompatible"
BEFORE_ARRIVAL: Final = frozenset({SourceStatus.ASKED, SourceStatus.PROMISED, SourceStatus.ON_THE_WAY})
# What a source does to be where its transfer is.
VERBS: Final = {
    (TransferStatus.OFFERED, SourceStatus.ASKED): "promise",
    (TransferStatus.CONFIRMED, SourceStatus.ASKED): "promise",
    (TransferStatus.IN_TRANSIT, SourceStatus.ASKED): "dispatch",
    (TransferStatus.IN_TRANSIT, SourceStatus.PROMISED): "dispatch",
}


@command
def look_again(*, request_id: uuid.UUID) -> bool:
    """The scheduler's way to go on without a silent hospital; return whether it was one.

    Locks: the request.      Emits: family.source_changed, family.unsettled
    """
    request = lock_family(request_id)
    if not lapse_if_silent(request):
        return False
    unsettle(request)
    return True


@step
def note_reservation_ended(*, purpose: str, reason: str) -> None:
    """Bags that were kept for a family are so no longer, by time or because they were lost.

    Locks: the request.      Emits: family.source_changed, family.unsettled
    """
    request = _family(purpose)
    if request is None or request.state not in LIVE_FAMILY:
        return
    if not lapse_if_silent(request):
        sync_reserved(request, live_steps(request), otherwise="fail", reason=reason)
    unsettle(request)


@step
def note_stock_gained(*, partner_id: uuid.UUID, components: Collection[str]) -> None:
    """The hospital has bags that it had not: families who wait there for more than it had have it looked again.

    Not those whose hospital let its time pass, before it answers. Nor those for whom donors gave: each donation counts
    for its family when it is given, and the bag made of it must not count for it again.

    Locks: the requests.      Emits: family.unsettled
    """
    waiting = AttenderRequest.objects.filter(
        partner_id=partner_id,
        status__in=sorted(LIVE_FAMILY),
        needed_by__gt=clock.now(),
        component__in=components,
        stock_open=False,
        units_donated=0,
    )
    silent = AttenderStep.objects.filter(request=OuterRef("pk"), kind=SourceKind.STOCK, status=SourceStatus.LAPSED)
    waiting = waiting.exclude(Exists(silent), status=FamilyStatus.OPEN)
    found = lock(AttenderRequest, waiting.values_list("pk", flat=True))
    for request in sorted(found, key=lambda one: (not one.is_critical, one.needed_by)):
        has_changed = request.state not in LIVE_FAMILY or request.stock_open or request.units_donated
        balance = balance_of(request, live_steps(request))
        if not has_changed and balance.held < balance.left:
            _look_into_stock(request)


@step
def note_incompatible(*, purpose: str, unit_id: uuid.UUID) -> None:
    """A bag does not go together with the patient it was kept for: it is free for others, and another is looked for.

    Locks: the request, the bag.      Emits: family.source_changed, family.unsettled
    """
    request = _family(purpose)
    if request is None or request.state not in LIVE_FAMILY:
        return
    sources = live_steps(request)
    holdings = [source.holding for source in sources if source.holding is not None]
    if stock.let_go(holding_ids=holdings, unit_ids=[unit_id], actor=SYSTEM, reason=INCOMPATIBLE):
        sync_reserved(request, sources, otherwise="fail", reason=INCOMPATIBLE)
        _look_into_stock(request)


@step
def follow_transfers(*, purpose: str, need: uuid.UUID) -> None:
    """Write down where the transfers of one need stand, those that follow others too.

    Locks: the request.      Emits: family.source_changed, family.unsettled
    """
    request = _family(purpose)
    if request is not None and request.state in LIVE_FAMILY:
        _follow_need(request, need)


@step
def note_transfer_received(
    *, purpose: str, need: uuid.UUID, transfer_id: uuid.UUID, holding_id: uuid.UUID | None
) -> None:
    """Bags have arrived, and are kept for the family until it needs them; what was called off already is let go.

    Locks: the request, the bags.      Emits: family.source_changed, family.unsettled
    """
    request = _family(purpose)
    if request is None:
        return
    holdings = [] if holding_id is None else [holding_id]
    source = AttenderStep.objects.filter(request=request, transfer=transfer_id).first()
    if request.state not in LIVE_FAMILY or (source is not None and source.state not in BEFORE_ARRIVAL):
        freed = stock.trim_reservations(holding_ids=holdings, keep=0, actor=SYSTEM)
        note(request, verb="free", units=freed)
        return
    kept = stock.keep_reservations(holding_ids=holdings, until=request.needed_by)
    if source is None:
        source = begin(request, SourceKind.TRANSFER, units=kept, transfer=transfer_id, need=need)
    if kept:
        move_source(request, source, "reserve", units=kept, holding=holding_id, until=request.needed_by)
    else:
        move_source(request, source, "fail", reason="none_usable")
    unsettle(request)


@step
def note_transfer_ended(*, purpose: str, need: uuid.UUID, transfer_id: uuid.UUID, units: int) -> None:
    """Units of a need that will not come: no other partner is asked any more, donors are.

    Locks: the request.      Emits: family.source_changed, family.unsettled
    """
    request = _family(purpose)
    if request is None or request.state not in LIVE_FAMILY:
        return
    called_off = AttenderStep.objects.filter(transfer=transfer_id, status=SourceStatus.RELEASED)
    if units and not called_off.exists():
        request.transfer_open = False
        request.save(update_fields=["transfer_open", "updated_at"])
    _follow_need(request, need)


@step
def count_donation(*, assignment_id: uuid.UUID) -> None:
    """A donor has given what was asked for a family: it counts as a unit given, unless the patient has enough.

    Locks: the request.      Emits: family.served, family.fulfilled, family.source_changed, family.unsettled
    """
    blood_request_id = Assignment.objects.values_list("request_id", flat=True).get(pk=assignment_id)
    found = _of_blood_request(blood_request_id)
    if found is None:
        return
    request, source = found
    given = BloodRequest.objects.values_list("units_fulfilled", flat=True).get(pk=blood_request_id)
    new = given - source.units_given
    if new <= 0:
        return
    source.units_given = given
    if given >= source.units and source.state in LIVE_SOURCE:
        move_source(request, source, "fulfil")
    else:
        source.save(update_fields=["units_given", "updated_at"])
    counted = min(new, request.units_left)
    if request.state in LIVE_FAMILY and counted:
        give(request, donated=counted, actor=SYSTEM)
        unsettle(request)


@step
def note_request_closed(*, blood_request_id: uuid.UUID) -> None:
    """Donors are asked no longer, though the family still waits: the hospital has ended it, or its hour has passed.

    Locks: the request.      Emits: family.source_changed, family.unsettled
    """
    found = _of_blood_request(blood_request_id)
    if found is None:
        return
    request, source = found
    if source.state not in LIVE_SOURCE:
        return
    move_source(request, source, "fail", reason="asking_ended")
    request.donors_open = False
    request.save(update_fields=["donors_open", "updated_at"])
    unsettle(request)


def _look_into_stock(request: AttenderRequest) -> None:
    request.stock_open = True
    request.save(update_fields=["stock_open", "updated_at"])
    unsettle(request)


def _family(purpose: str) -> AttenderRequest | None:
    pk = id_in_purpose(purpose)
    return None if pk is None else next(iter(lock(AttenderRequest, [pk])), None)


def _follow_need(request: AttenderRequest, need: uuid.UUID) -> None:
    known = {source.transfer: source for source in AttenderStep.objects.filter(request=request, need=need)}
    for transfer in stock_read.transfers_of_need(need):
        source = known.get(transfer.id)
        if source is None:
            source = begin(request, SourceKind.TRANSFER, units=transfer.units, transfer=transfer.id, need=need)
        _follow(request, source, transfer)
    unsettle(request)


def _follow(request: AttenderRequest, source: AttenderStep, transfer: TransferState) -> None:
    """Bring a source to where its transfer stands; that bags have arrived another event says, which names them."""
    if source.state not in BEFORE_ARRIVAL:
        return
    if transfer.status in UNSERVED:
        move_source(request, source, "fail", reason=transfer.end_reason)
        return
    verb = VERBS.get((transfer.status, source.state))
    if verb is not None:
        move_source(request, source, verb, units=transfer.units)
    elif transfer.status is not TransferStatus.RECEIVED:
        resize(request, source, transfer.units)


def _of_blood_request(blood_request_id: uuid.UUID) -> tuple[AttenderRequest, AttenderStep] | None:
    """Lock the family's request for which donors were asked; none for a partner's own."""
    rows = AttenderStep.objects.filter(blood_request=blood_request_id)
    request_id = rows.values_list("request_id", flat=True).first()
    if request_id is None:
        return None
    request = lock_family(request_id)
    return request, rows.get()
