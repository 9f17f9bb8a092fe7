"""Families' requests, as the person and the hospital may see them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Prefetch, QuerySet

from common import clock
from common.errors import NotFound
from requests_app.models import AttenderEvent, AttenderRequest, AttenderStep
from requests_app.selectors.requests import SWEEP
from requests_app.states import LIVE_FAMILY, FamilyStatus, Urgency
from stock import selectors as stock
from stock.components import Component
from users import selectors as users


@dataclass(frozen=True)
class FamilyFacts:
    """A family's request as other apps may know it: nothing of the patient."""

    id: uuid.UUID
    requester_id: uuid.UUID | None  # None: nothing is kept of whoever it was
    partner_id: uuid.UUID
    blood_group: str
    component: Component
    units: int
    units_given: int
    urgency: Urgency
    needed_by: dt.datetime
    status: str


def families_of_person(
    user_id: uuid.UUID, *, status: str | None = None, updated_since: dt.datetime | None = None
) -> QuerySet[AttenderRequest]:
    """Return the person's requests with their sources as `sources`; states are those of the moment, swept or not.

    A step of a source changes its request too.
    """
    return _families(AttenderRequest.objects.filter(requester_id=user_id), status, updated_since)


def families_of_partner(
    partner_id: uuid.UUID,
    *,
    status: str | None = None,
    urgency: str | None = None,
    updated_since: dt.datetime | None = None,
) -> QuerySet[AttenderRequest]:
    """Return the families' requests that the partner serves, with their sources as `sources`, and who asks."""
    rows = AttenderRequest.objects.filter(partner_id=partner_id).select_related("requester")
    if urgency is not None:
        rows = rows.filter(urgency=urgency)
    return _families(rows, status, updated_since)


def get_family_of_person(user_id: uuid.UUID, request_id: uuid.UUID) -> AttenderRequest:
    """Return the person's request with its `history` and `documents`. Raises: NotFound, also for another person's."""
    return _one_family(families_of_person(user_id), request_id)


def get_family_of_partner(partner_id: uuid.UUID, request_id: uuid.UUID) -> AttenderRequest:
    """Return a request that the partner serves, with `history`, the bags now kept as `reserved`, and `documents`.

    Of what is over, swept or not, it sees none. Raises: NotFound, also for one that another partner serves
    """
    found = _one_family(families_of_partner(partner_id), request_id)
    if not found.is_live_at(clock.now()):
        found.documents = []  # type: ignore[attr-defined]
    holdings = [source.holding for source in found.sources if source.holding is not None]  # type: ignore[attr-defined]
    found.reserved = stock.held_units(holdings)  # type: ignore[attr-defined]
    return found


def open_purpose(partner_id: uuid.UUID, request_id: uuid.UUID) -> str:
    """Return under which name the partner sees the documents of a request that it serves.

    Raises: NotFound, also for one that is over, swept or not, or that another partner serves
    """
    found = AttenderRequest.objects.filter(partner_id=partner_id, pk=request_id).first()
    if found is None or not found.is_live_at(clock.now()):
        raise NotFound
    return found.purpose


def has_open_family_request(user_id: uuid.UUID) -> bool:
    living = AttenderRequest.objects.filter(requester_id=user_id, status__in=sorted(LIVE_FAMILY))
    return living.filter(needed_by__gt=clock.now()).exists()


def family_facts(request_id: uuid.UUID) -> FamilyFacts:
    """Raises: NotFound."""
    row = AttenderRequest.objects.filter(pk=request_id).first()
    if row is None:
        raise NotFound
    return FamilyFacts(
        id=row.pk,
        requester_id=row.requester_id,
        partner_id=row.partner_id,
        blood_group=row.blood_group,
        component=Component(row.component),
        units=row.units,
        units_given=row.units_given,
        urgency=Urgency(row.urgency),
        needed_by=row.needed_by,
        status=row.status,
    )


def source_until(step_id: uuid.UUID) -> dt.datetime | None:
    """Return until when the bags of a family's source are kept; None when it keeps none."""
    return AttenderStep.objects.filter(pk=step_id).values_list("until", flat=True).first()


def families_unanswered(moment: dt.datetime) -> Iterator[uuid.UUID]:
    """Yield the requests whose hospital let its time pass, a bounded number."""
    due = AttenderRequest.objects.filter(status=FamilyStatus.OPEN, look_again_at__lte=moment)
    yield from due.order_by("look_again_at").values_list("pk", flat=True)[:SWEEP]


def _families(
    rows: QuerySet[AttenderRequest], status: str | None, updated_since: dt.datetime | None
) -> QuerySet[AttenderRequest]:
    if updated_since is not None:
        rows = rows.filter(updated_at__gte=updated_since)
    if status is not None:
        rows = rows & AttenderRequest.objects.standing(FamilyStatus(status), clock.now())
    sources = Prefetch("steps", queryset=AttenderStep.objects.order_by("pk"), to_attr="sources")
    return rows.select_related("partner").prefetch_related(sources)


def _one_family(rows: QuerySet[AttenderRequest], request_id: uuid.UUID) -> AttenderRequest:
    events = AttenderEvent.objects.select_related("step").order_by("pk")
    found = rows.prefetch_related(Prefetch("events", queryset=events, to_attr="history")).filter(pk=request_id).first()
    if found is None:
        raise NotFound
    found.documents = users.documents_of(found.purpose)  # type: ignore[attr-defined]
    return found
