"""The units of a request as places: taken by a promise, filled by a donation, freed when a promise ends."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.db import connection

from common import clock, outbox
from common.db import lock, lock_one, step
from common.errors import NotFound
from common.transitions import advance
from requests_app.models import Assignment, BloodRequest, RequestEvent
from requests_app.services.waves import stop_waves
from requests_app.states import (
    ASSIGNMENT_TRANSITIONS,
    LIVE_ASSIGNMENT,
    REQUEST_TRANSITIONS,
    RequestStatus,
    StopReason,
)

PAST_TENSE = {"cancel": "cancelled", "miss": "missed", "release": "released", "defer": "deferred"}


def record(
    request: BloodRequest, *, verb: str, actor: str, assignment: Assignment | None = None, **facts: object
) -> None:
    """Append to the request's history."""
    RequestEvent.objects.create(request=request, assignment=assignment, verb=verb, actor=actor, facts=facts)


@step
def record_each(request_ids: Sequence[uuid.UUID], *, verb: str, actor: str) -> None:
    """Append the same line to the history of many requests, in one statement that costs little."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO requests_app_requestevent (request_id, verb, actor, facts, created_at)
            SELECT unnest(%s::uuid[]), %s, %s, '{}', %s
            """,
            [[str(pk) for pk in request_ids], verb, actor, clock.now()],
        )


def lock_request(request_id: uuid.UUID, *, partner_id: uuid.UUID | None = None) -> BloodRequest:
    """Lock a request, of the given partner if one is given. Raises: NotFound."""
    request = lock_one(BloodRequest, request_id)
    if partner_id is not None and request.partner_id != partner_id:
        raise NotFound
    return request


def lock_promise(
    assignment_id: uuid.UUID, *, donor_id: uuid.UUID | None = None, partner_id: uuid.UUID | None = None
) -> tuple[BloodRequest, Assignment]:
    """Lock a donor's or a partner's assignment and the request it answers. Raises: NotFound, also for a stranger's."""
    mine = Assignment.objects.filter(pk=assignment_id)
    if donor_id is not None:
        mine = mine.filter(donor_id=donor_id)
    if partner_id is not None:
        mine = mine.filter(request__partner_id=partner_id)
    request_id = mine.values_list("request_id", flat=True).first()
    if request_id is None:
        raise NotFound
    request = lock_one(BloodRequest, request_id)
    return request, lock_one(Assignment, assignment_id)


@step
def take_place(request: BloodRequest) -> None:
    """Count one more promise; the last one fills the request and ends the asking.

    Emits: request.filled
    """
    request.units_promised += 1
    if request.units_left == 0:
        request.status = advance(REQUEST_TRANSITIONS, request.state, "fill")
        request.next_wave_at = None
        stop_waves([request], reason=StopReason.FILLED)
        outbox.emit("request.filled", key=f"request:{request.pk}", request=str(request.pk))
    request.save(update_fields=["units_promised", "status", "next_wave_at", "updated_at"])


@step
def fill_place(request: BloodRequest) -> None:
    """Turn one promise into a unit given; the last one fulfils the request.

    Emits: request.fulfilled
    """
    request.units_promised -= 1
    request.units_fulfilled += 1
    if request.units_fulfilled == request.units:
        request.status = advance(REQUEST_TRANSITIONS, request.state, "fulfil")
        request.next_wave_at = None
        stop_waves([request], reason=StopReason.REQUEST_CLOSED)
        record(request, verb="fulfil", actor="system")
        outbox.emit("request.fulfilled", key=f"request:{request.pk}", request=str(request.pk))
    request.save(update_fields=["units_promised", "units_fulfilled", "status", "next_wave_at", "updated_at"])


@step
def end_promise(request: BloodRequest, assignment: Assignment, *, verb: str, actor: str, reason: str = "") -> None:
    """End a promise without a donation and free its place.

    Emits: assignment.<past tense>, request.reopened      Raises: IllegalTransition
    """
    close_promise(request, assignment, verb=verb, actor=actor, reason=reason)
    free_place(request)


@step
def free_place(request: BloodRequest) -> None:
    """Give a place back that a promise held: the next wave, which asks those standing by first, is due at once.

    Emits: request.reopened
    """
    request.units_promised -= 1
    if request.state is RequestStatus.ASSIGNED:
        request.status = advance(REQUEST_TRANSITIONS, request.state, "reopen")
        outbox.emit("request.reopened", key=f"request:{request.pk}", request=str(request.pk))
    now = clock.now()
    if request.is_open_at(now):
        request.next_wave_at = now
    request.save(update_fields=["units_promised", "status", "next_wave_at", "updated_at"])


@step
def lower_units(request: BloodRequest, units: int, *, actor: str) -> None:
    """Want fewer units, of which none is promised or given beyond; the caller has let the surplus promises go.

    Emits: request.filled, request.fulfilled
    """
    request.units = units
    record(request, verb="lower", actor=actor, units=units)
    if request.units_fulfilled == units:
        close_request(request, verb="fulfil", actor=actor)
        outbox.emit("request.fulfilled", key=f"request:{request.pk}", request=str(request.pk))
    elif request.units_left == 0 and request.state is RequestStatus.OPEN:
        request.status = advance(REQUEST_TRANSITIONS, request.state, "fill")
        request.next_wave_at = None
        stop_waves([request], reason=StopReason.FILLED)
        outbox.emit("request.filled", key=f"request:{request.pk}", request=str(request.pk))
    request.save()


@step
def close_promise(request: BloodRequest, assignment: Assignment, *, verb: str, actor: str, reason: str) -> None:
    """Move the promise to its end; its code dies with it.

    Emits: assignment.<past tense>      Raises: IllegalTransition
    """
    assignment.status = advance(ASSIGNMENT_TRANSITIONS, assignment.state, verb)
    assignment.ended_at = clock.now()
    assignment.reason = reason
    assignment.code_digest = ""
    assignment.save(update_fields=["status", "ended_at", "reason", "code_digest"])
    record(request, verb=verb, actor=actor, assignment=assignment, reason=reason)
    outbox.emit(
        f"assignment.{PAST_TENSE[verb]}",
        key=f"request:{request.pk}",
        request=str(request.pk),
        assignment=str(assignment.pk),
    )


@step
def release_all(requests: Sequence[BloodRequest], *, actor: str, reason: str) -> dict[uuid.UUID, list[uuid.UUID]]:
    """Release every living promise of requests that are about to close; return the donors by request.

    Locks: the assignments.      Emits: assignment.released
    """
    donors: dict[uuid.UUID, list[uuid.UUID]] = {request.pk: [] for request in requests}
    by_id = {request.pk: request for request in requests}
    living = Assignment.objects.filter(request__in=by_id, status__in=LIVE_ASSIGNMENT).values_list("pk", flat=True)
    for promise in lock(Assignment, living):
        request = by_id[promise.request_id]
        close_promise(request, promise, verb="release", actor=actor, reason=reason)
        request.units_promised -= 1
        donors[request.pk].append(promise.donor_id)
    return donors


@step
def close_request(request: BloodRequest, *, verb: str, actor: str, reason: str = "") -> None:
    """Move the request to its end and stop asking. Raises: IllegalTransition."""
    request.status = advance(REQUEST_TRANSITIONS, request.state, verb)
    request.next_wave_at = None
    stop_waves([request], reason=StopReason.REQUEST_CLOSED)
    request.save()
    record(request, verb=verb, actor=actor, reason=reason)
