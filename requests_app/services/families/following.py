"""What befalls the sources of a family's request elsewhere: bags lost, moved and received, donors who gave, silence."""

from __future__ import annotations

import uuid

from common.db import command, step
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
from requests_app.services.families.settling import lapse_if_silent, sync_reserved
from requests_app.states import LIVE_FAMILY, LIVE_SOURCE, SourceKind, SourceStatus
from stock import services as stock


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
def note_transfer_moved(*, purpose: str, transfer_id: uuid.UUID, verb: str) -> None:
    """Another partner has offered its bags, or sent them.

    Locks: the request.      Emits: family.source_changed
    """
    request = _family(purpose)
    if request is None:
        return
    before = {"promise": {SourceStatus.ASKED}, "dispatch": {SourceStatus.ASKED, SourceStatus.PROMISED}}[verb]
    for source in _of_transfer(request, transfer_id):
        if source.state in before:
            move_source(request, source, verb)


@step
def note_transfer_received(*, purpose: str, transfer_id: uuid.UUID, holding_id: uuid.UUID | None) -> None:
    """Bags have arrived, and are kept for the family until it needs them; a closed request lets them go.

    Locks: the request, the bags.      Emits: family.source_changed, family.unsettled
    """
    request = _family(purpose)
    if request is None or holding_id is None:
        return
    if request.state not in LIVE_FAMILY:
        freed = stock.trim_reservations(holding_ids=[holding_id], keep=0, actor=SYSTEM)
        note(request, verb="free", units=freed)
        return
    kept = stock.keep_reservations(holding_ids=[holding_id], until=request.needed_by)
    waiting = [source for source in _of_transfer(request, transfer_id) if source.holding is None]
    source = waiting[0] if waiting else begin(request, SourceKind.TRANSFER, units=kept, transfer=transfer_id)
    if kept:
        move_source(request, source, "reserve", units=kept, holding=holding_id, until=request.needed_by)
    else:
        move_source(request, source, "fail", reason="none_usable")
    unsettle(request)


@step
def note_transfer_ended(*, purpose: str, transfer_id: uuid.UUID, reason: str, units: int) -> None:
    """So many units of a transfer will not come: no other partner is asked, donors are.

    Locks: the request.      Emits: family.source_changed, family.unsettled
    """
    request = _family(purpose)
    if request is None:
        return
    for source in _of_transfer(request, transfer_id):
        if source.state is SourceStatus.RESERVED:
            continue
        if source.units > units and source.state is not SourceStatus.ASKED:
            resize(request, source, source.units - units)
        else:
            move_source(request, source, "fail", reason=reason[:40])
    request.transfer_open = False
    request.save(update_fields=["transfer_open", "updated_at"])
    unsettle(request)


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


def _family(purpose: str) -> AttenderRequest | None:
    pk = id_in_purpose(purpose)
    return None if pk is None else lock_family(pk)


def _of_transfer(request: AttenderRequest, transfer_id: uuid.UUID) -> list[AttenderStep]:
    return [source for source in live_steps(request, SourceKind.TRANSFER) if source.transfer == transfer_id]


def _of_blood_request(blood_request_id: uuid.UUID) -> tuple[AttenderRequest, AttenderStep] | None:
    """Lock the family's request for which donors were asked; none for a partner's own."""
    rows = AttenderStep.objects.filter(blood_request=blood_request_id)
    request_id = rows.values_list("request_id", flat=True).first()
    if request_id is None:
        return None
    request = lock_family(request_id)
    return request, rows.get()
