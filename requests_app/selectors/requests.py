"""Partners' requests."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from django.db.models import Prefetch, QuerySet

from common.blood import BloodGroup
from common.errors import NotFound
from requests_app.models import BloodRequest, Wave
from requests_app.states import RequestStatus, Urgency
from stock.components import Component

SWEEP = 1000


@dataclass(frozen=True)
class RequestFacts:
    """A request as other apps may know it."""

    id: uuid.UUID
    partner_id: uuid.UUID
    blood_group: BloodGroup
    component: Component
    units: int
    units_left: int
    urgency: Urgency
    needed_by: dt.datetime
    expires_at: dt.datetime
    note: str
    status: RequestStatus


def requests_of(
    partner_id: uuid.UUID, *, status: str | None = None, updated_since: dt.datetime | None = None
) -> QuerySet[BloodRequest]:
    """Return the partner's requests with their waves in order, as `asked_in`."""
    rows = BloodRequest.objects.filter(partner_id=partner_id)
    if status is not None:
        rows = rows.filter(status=status)
    if updated_since is not None:
        rows = rows.filter(updated_at__gte=updated_since)
    return rows.prefetch_related(Prefetch("waves", queryset=Wave.objects.order_by("number"), to_attr="asked_in"))


def requests_made(
    partner_id: uuid.UUID,
    *,
    request_id: uuid.UUID | None = None,
    statuses: Collection[str] = (),
    made: Mapping[str, dt.datetime],
) -> QuerySet[BloodRequest]:
    """Return the partner's requests with the partner; `made` are lookups of `created_at`."""
    rows = BloodRequest.objects.filter(partner_id=partner_id, **made).select_related("partner")
    if request_id is not None:
        rows = rows.filter(pk=request_id)
    return rows.filter(status__in=statuses) if statuses else rows


def get_request_of(partner_id: uuid.UUID, request_id: uuid.UUID) -> BloodRequest:
    """Raises: NotFound, also for another partner's."""
    found = requests_of(partner_id).select_related("partner").filter(pk=request_id).first()
    if found is None:
        raise NotFound
    return found


def get_request(request_id: uuid.UUID) -> BloodRequest:
    """Return a request as any donor may see it: none of test data. Raises: NotFound."""
    return _one(BloodRequest.objects.filter(pk=request_id, partner__test_world=None))


def _one(rows: QuerySet[BloodRequest]) -> BloodRequest:
    found = rows.select_related("partner").first()
    if found is None:
        raise NotFound
    return found


def request_facts(request_id: uuid.UUID) -> RequestFacts:
    """Raises: NotFound."""
    row = _one(BloodRequest.objects.filter(pk=request_id))
    return RequestFacts(
        id=row.pk,
        partner_id=row.partner_id,
        blood_group=BloodGroup(row.blood_group),
        component=Component(row.component),
        units=row.units,
        units_left=row.units_left,
        urgency=Urgency(row.urgency),
        needed_by=row.needed_by,
        expires_at=row.expires_at,
        note=row.note,
        status=RequestStatus(row.status),
    )


def waves_due(moment: dt.datetime) -> Iterator[uuid.UUID]:
    """Yield the open requests whose next wave is due, a bounded number."""
    due = BloodRequest.objects.filter(status=RequestStatus.OPEN, next_wave_at__lte=moment, expires_at__gt=moment)
    yield from due.order_by("next_wave_at").values_list("pk", flat=True)[:SWEEP]
