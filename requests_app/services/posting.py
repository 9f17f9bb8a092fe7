"""Posting a request, and ending it without all its units."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal

from common import clock, outbox
from common.blood import BloodGroup
from common.db import command, lock, lock_free, step
from common.transitions import advance
from partners import selectors as partners
from requests_app.errors import NeededByInvalid
from requests_app.models import Assignment, BloodRequest
from requests_app.services.places import (
    close_promise,
    close_request,
    lock_request,
    lower_units,
    record,
    record_each,
    release_all,
)
from requests_app.services.waves import stop_waves
from requests_app.states import LIVE_REQUEST, REQUEST_TRANSITIONS, AssignmentStatus, RequestStatus, StopReason, Urgency
from stock.components import Component

FURTHEST = dt.timedelta(days=30)
DEFAULT_RADIUS_KM = Decimal(10)  # design §5 «Matching»


@command
def post_request(
    *,
    partner_id: uuid.UUID,
    member_id: uuid.UUID,
    blood_group: BloodGroup,
    component: Component,
    units: int,
    urgency: Urgency,
    needed_by: dt.datetime,
    radius_km: Decimal = DEFAULT_RADIUS_KM,
    note: str = "",
) -> BloodRequest:
    """Ask for blood; the first donors are asked as soon as the event is heard.

    Emits: request.opened      Raises: NeededByInvalid
    """
    return open_request(
        partner_id=partner_id,
        member_id=member_id,
        actor=f"member:{member_id}",
        blood_group=blood_group,
        component=component,
        units=units,
        urgency=urgency,
        needed_by=needed_by,
        radius_km=radius_km,
        note=note,
    )


@step
def open_request(
    *,
    partner_id: uuid.UUID,
    member_id: uuid.UUID | None,
    actor: str,
    blood_group: BloodGroup,
    component: Component,
    units: int,
    urgency: Urgency,
    needed_by: dt.datetime,
    radius_km: Decimal = DEFAULT_RADIUS_KM,
    note: str = "",
) -> BloodRequest:
    """Write a partner's request; without a member it was posted for somebody else, such as a family.

    Emits: request.opened      Raises: NeededByInvalid
    """
    now = clock.now()
    if not now < needed_by <= now + FURTHEST:
        raise NeededByInvalid
    place = partners.card(partner_id)
    request = BloodRequest.objects.create(
        partner_id=partner_id,
        posted_by_id=member_id,
        blood_group=blood_group,
        component=component,
        units=units,
        urgency=urgency,
        needed_by=needed_by,
        expires_at=needed_by,
        radius_km=radius_km,
        note=note,
        lat=place.lat,
        lng=place.lng,
        next_wave_at=now,
    )
    record(request, verb="post", actor=actor)
    outbox.emit("request.opened", key=f"request:{request.pk}", request=str(request.pk))
    return request


@command
def cancel_request(*, request_id: uuid.UUID, partner_id: uuid.UUID, member_id: uuid.UUID, reason: str) -> BloodRequest:
    """End the request; donors on their way are told, and nobody's score suffers.

    Locks: the request, its living assignments.      Emits: request.cancelled, assignment.released
    Raises: NotFound, IllegalTransition
    """
    request = lock_request(request_id, partner_id=partner_id)
    _cancel([request], actor=f"member:{member_id}", reason=reason, told="request_cancelled")
    return request


@step
def cancel_requests_of(*, partner_id: uuid.UUID) -> None:
    """End every living request of a partner that was suspended: nobody may be sent to its door.

    Locks: the requests, their living assignments.      Emits: request.cancelled, assignment.released
    """
    living = BloodRequest.objects.filter(partner_id=partner_id, status__in=LIVE_REQUEST).values_list("pk", flat=True)
    requests = [request for request in lock(BloodRequest, living) if request.is_live]
    _cancel(requests, actor="system", reason="partner_suspended", told="partner_suspended")


@command
def expire_due_requests(*, limit: int) -> int:
    """Close up to `limit` requests whose hour has passed and to which nobody is still coming; return how many.

    Rows that somebody holds wait for the next run.      Locks: the requests.      Emits: request.expired
    """
    now = clock.now()
    # Counted, not looked up: a promise that is given while the rows are being locked would be overlooked.
    due = BloodRequest.objects.filter(status__in=sorted(LIVE_REQUEST), expires_at__lte=now, units_promised=0)
    late = lock_free(due.order_by("expires_at").only("status"), limit=limit)
    for request in late:
        request.status = advance(REQUEST_TRANSITIONS, request.state, "expire")
    ids = [request.pk for request in late]
    BloodRequest.objects.filter(pk__in=ids).update(status=RequestStatus.EXPIRED, next_wave_at=None, updated_at=now)
    stop_waves(late, reason=StopReason.REQUEST_CLOSED)
    record_each(ids, verb="expire", actor="system")
    outbox.emit_many("request.expired", {f"request:{pk}": {"request": str(pk)} for pk in ids})
    return len(late)


@step
def lower_requests(*, most: Mapping[uuid.UUID, int], actor: str, reason: str) -> dict[uuid.UUID, BloodRequest]:
    """Ask for no more than `most` units in all; return the requests as they are then.

    The donors who promised last are released first, and told; who has arrived or given is never sent away. A request of
    which nothing is left is cancelled.

    Locks: the requests, the promises that are let go.
    Emits: request.cancelled, request.filled, request.fulfilled, assignment.released
    """
    requests = {request.pk: request for request in lock(BloodRequest, most)}
    arrived = Counter(
        Assignment.objects.filter(request__in=requests, status=AssignmentStatus.ARRIVED).values_list(
            "request_id", flat=True
        )
    )
    wanted = {
        pk: max(most[pk], request.units_fulfilled + arrived[pk])
        for pk, request in requests.items()
        if request.is_live and max(most[pk], request.units_fulfilled + arrived[pk]) < request.units
    }
    released = _release_beyond(requests, wanted, actor=actor, reason=reason)
    for pk, units in wanted.items():
        if units == 0:
            _close_cancelled(requests[pk], actor=actor, reason=reason, donors=released[pk])
        else:
            lower_units(requests[pk], units, actor=actor)
    return requests


def _release_beyond(
    requests: Mapping[uuid.UUID, BloodRequest], wanted: Mapping[uuid.UUID, int], *, actor: str, reason: str
) -> dict[uuid.UUID, list[uuid.UUID]]:
    """Release the promises that a smaller number of units has no room for; return the donors by request."""
    surplus: list[uuid.UUID] = []
    for pk, units in wanted.items():
        too_many = max(0, requests[pk].units_promised + requests[pk].units_fulfilled - units)
        coming = Assignment.objects.filter(request_id=pk, status=AssignmentStatus.ACCEPTED).order_by("-pk")
        surplus += coming.values_list("pk", flat=True)[:too_many]
    donors: dict[uuid.UUID, list[uuid.UUID]] = {pk: [] for pk in wanted}
    for promise in lock(Assignment, surplus):
        request = requests[promise.request_id]
        close_promise(request, promise, verb="release", actor=actor, reason=reason)
        request.units_promised -= 1
        donors[request.pk].append(promise.donor_id)
    return donors


def _cancel(requests: Sequence[BloodRequest], *, actor: str, reason: str, told: str) -> None:
    """Cancel locked requests; `told` is what the donors on their way read as the reason."""
    released = release_all(requests, actor=actor, reason=told)
    for request in requests:
        _close_cancelled(request, actor=actor, reason=reason, donors=released[request.pk])


def _close_cancelled(request: BloodRequest, *, actor: str, reason: str, donors: Sequence[uuid.UUID]) -> None:
    request.cancel_reason = reason
    close_request(request, verb="cancel", actor=actor, reason=reason)
    outbox.emit(
        "request.cancelled",
        key=f"request:{request.pk}",
        request=str(request.pk),
        donors=[str(donor_id) for donor_id in donors],
    )
