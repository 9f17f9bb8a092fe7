"""How a family's request and its sources change: along their tables, with a line of history, heard by others."""

from __future__ import annotations

import uuid
from typing import Any, Final

from common import clock, outbox
from common.db import lock_one, step
from common.errors import NotFound
from common.transitions import advance
from requests_app.errors import FamilyRequestExpired
from requests_app.models import PURPOSE, AttenderEvent, AttenderRequest, AttenderStep
from requests_app.states import FAMILY_TRANSITIONS, LIVE_SOURCE, SOURCE_TRANSITIONS, FamilyStatus, SourceKind
from users.services.documents import end_purpose

SYSTEM: Final = "system"


def key_of(request: AttenderRequest) -> str:
    """Return the key under which what happens to the request is told, in order."""
    return f"family:{request.pk}"


def id_in_purpose(purpose: str) -> uuid.UUID | None:
    """Return which family's request something was done for; None when it was for none."""
    try:
        return uuid.UUID(purpose.removeprefix(PURPOSE)) if purpose.startswith(PURPOSE) else None
    except ValueError:
        return None


@step
def lock_family(
    request_id: uuid.UUID, *, requester_id: uuid.UUID | None = None, partner_id: uuid.UUID | None = None
) -> AttenderRequest:
    """Lock a request, of the person or the partner if one is given. Raises: NotFound, also for a stranger's."""
    request = lock_one(AttenderRequest, request_id)
    if requester_id not in (None, request.requester_id) or partner_id not in (None, request.partner_id):
        raise NotFound
    return request


@step
def lock_unexpired(
    request_id: uuid.UUID, *, requester_id: uuid.UUID | None = None, partner_id: uuid.UUID | None = None
) -> AttenderRequest:
    """Lock a request whose hour has not passed, swept or not. Raises: NotFound, FamilyRequestExpired"""
    request = lock_family(request_id, requester_id=requester_id, partner_id=partner_id)
    if request.state_at(clock.now()) is FamilyStatus.EXPIRED:
        raise FamilyRequestExpired
    return request


def live_steps(request: AttenderRequest, *kinds: SourceKind) -> list[AttenderStep]:
    """Return the sources that still promise something, the oldest first; the caller holds the request."""
    found = AttenderStep.objects.filter(request=request, status__in=LIVE_SOURCE).order_by("pk")
    return list(found.filter(kind__in=kinds) if kinds else found)


@step
def note(
    request: AttenderRequest,
    *,
    verb: str,
    actor: str = SYSTEM,
    source: AttenderStep | None = None,
    units: int | None = None,
    reason: str = "",
) -> None:
    """Append to the history, and let those who keep a copy of the request see that it has changed.

    What people wrote in their own words stands with the request, never here.
    """
    AttenderRequest.objects.filter(pk=request.pk).update(updated_at=clock.now())
    AttenderEvent.objects.create(
        request=request,
        step=source,
        verb=verb,
        status=source.status if source else request.status,
        units=units,
        reason=reason,
        actor=actor,
    )


@step
def end(request: AttenderRequest, *, verb: str, actor: str, reason: str = "") -> None:
    """Move the request to an end, and save it whole; nobody else sees its documents any more.

    Raises: IllegalTransition
    """
    request.status = advance(FAMILY_TRANSITIONS, request.state, verb)
    request.look_again_at = None
    request.save()
    end_purpose(purpose=request.purpose)
    note(request, verb=verb, actor=actor, reason=reason)


@step
def begin(request: AttenderRequest, kind: SourceKind, *, units: int, **links: Any) -> AttenderStep:
    """Write down that a source is asked for so many units."""
    source = AttenderStep.objects.create(request=request, kind=kind, units=units, **links)
    note(request, verb="ask", source=source, units=units)
    return source


@step
def move_source(request: AttenderRequest, source: AttenderStep, verb: str, *, reason: str = "", **changes: Any) -> None:
    """Take a source one step; `changes` are further columns.

    Emits: family.source_changed      Raises: IllegalTransition
    """
    source.status = advance(SOURCE_TRANSITIONS, source.state, verb)
    source.reason = reason
    for name, value in changes.items():
        setattr(source, name, value)
    source.save()
    note(request, verb=verb, source=source, units=source.units, reason=reason)
    announce(request, source)


@step
def announce(request: AttenderRequest, source: AttenderStep) -> None:
    """Have others told where a source stands. Emits: family.source_changed"""
    outbox.emit(
        "family.source_changed",
        key=key_of(request),
        attender_request=str(request.pk),
        step=str(source.pk),
        kind=str(source.kind),
        status=str(source.status),
        units=source.units,
    )


@step
def resize(request: AttenderRequest, source: AttenderStep, units: int) -> None:
    """Write down that a source gives another number of units than was thought."""
    if units != source.units:
        source.units = units
        source.save(update_fields=["units", "updated_at"])
        note(request, verb="resize", source=source, units=units)


@step
def unsettle(request: AttenderRequest) -> None:
    """Have it looked again at what is needed and what is promised. Emits: family.unsettled"""
    outbox.emit("family.unsettled", key=key_of(request), attender_request=str(request.pk))


@step
def give(request: AttenderRequest, *, issued: int = 0, donated: int = 0, actor: str) -> None:
    """Count units that the patient got; the last one fulfils the request.

    Emits: family.served, family.fulfilled      Raises: IllegalTransition
    """
    request.units_issued += issued
    request.units_donated += donated
    note(request, verb="issue" if issued else "donate", actor=actor, units=issued or donated)
    told = {"attender_request": str(request.pk), "units": issued or donated}
    if request.units_left == 0:
        end(request, verb="fulfil", actor=SYSTEM)
        outbox.emit("family.fulfilled", key=key_of(request), **told)
        return
    request.save()
    outbox.emit("family.served", key=key_of(request), **told, given=request.units_given)


def has_answered(request: AttenderRequest) -> bool:
    """Whether the hospital has said yes."""
    return request.state is FamilyStatus.CONFIRMED
