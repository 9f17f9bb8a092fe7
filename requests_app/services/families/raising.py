"""A family asks for blood, and takes the request back."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from common import clock, outbox
from common.blood import Sex
from common.db import command, lock, lock_free, step
from common.errors import NotFound
from common.geo import Point
from common.ids import uuid7
from partners import selectors as partners
from partners.states import PartnerKind
from requests_app.errors import (
    FamilyRequestOpen,
    FamilyRequestsTooMany,
    HospitalUnknown,
    NeededByInvalid,
    NoBankNearby,
)
from requests_app.models import AttenderRequest, purpose_of
from requests_app.services.families.history import SYSTEM, end, key_of, lock_unexpired, note
from requests_app.services.posting import FURTHEST
from requests_app.states import LIVE_FAMILY, Urgency
from stock.compatibility import Recipient
from stock.components import Component
from users import selectors as users
from users.services.consents import hold_person
from users.services.documents import attach_documents
from users.states import AssuranceLevel

REACH_KM: Final = 20.0  # design §5: how far from the patient blood is looked for
MOST_OPEN: Final = 5  # requests of one person who has proven an identity


@dataclass(frozen=True)
class Patient:
    """Who needs the blood; `age` in completed years."""

    name: str
    age: int
    sex: Sex


@dataclass(frozen=True)
class Place:
    """A hospital that is not on the platform."""

    name: str
    at: Point


@command
def raise_request(
    *,
    requester_id: uuid.UUID,
    patient: Patient,
    doctor: str,
    blood_group: Recipient,
    component: Component,
    units: int,
    urgency: Urgency,
    needed_by: dt.datetime,
    hospital: uuid.UUID | None = None,
    place: Place | None = None,
    document_ids: Sequence[uuid.UUID] = (),
) -> AttenderRequest:
    """Ask for blood for a patient in a hospital, or at a place that is on no list, which the nearest bank serves.

    Where the blood may come from is looked for as soon as the event is heard. Who has proven no identity has one open
    request at a time.

    Locks: the person, the documents, the person's overdue requests.      Emits: family.asked, family.expired
    Raises: NotFound, AccountErased, DocumentNotFound, NeededByInvalid, HospitalUnknown, NoBankNearby,
    FamilyRequestOpen, FamilyRequestsTooMany
    """
    hold_person(requester_id)
    pk, now = uuid7(), clock.now()
    attach_documents(owner_id=requester_id, document_ids=document_ids, purpose=purpose_of(pk))
    _close_overdue(requester_id, now)
    if not now < needed_by <= now + FURTHEST:
        raise NeededByInvalid
    partner_id = _serving(hospital, place)
    is_unverified = users.assurance_of(requester_id).level is AssuranceLevel.NONE
    _refuse_too_many(requester_id, is_unverified=is_unverified)
    request = AttenderRequest.objects.create(
        pk=pk,
        requester_id=requester_id,
        sole=is_unverified,
        partner_id=partner_id,
        place_name=place.name if place else "",
        place_lat=round(place.at.lat, 6) if place else None,
        place_lng=round(place.at.lng, 6) if place else None,
        patient_name=patient.name,
        patient_age=patient.age,
        patient_sex=patient.sex,
        doctor=doctor,
        blood_group=blood_group,
        component=component,
        units=units,
        urgency=urgency,
        needed_by=needed_by,
    )
    note(request, verb="raise", actor=f"user:{requester_id}", units=units)
    outbox.emit("family.asked", key=key_of(request), attender_request=str(request.pk))
    return request


@command
def cancel(*, request_id: uuid.UUID, requester_id: uuid.UUID, reason: str = "") -> AttenderRequest:
    """Need it no longer: all that was promised is free again, and donors on their way are told.

    Locks: the request.      Emits: family.cancelled      Raises: NotFound, IllegalTransition, FamilyRequestExpired
    """
    request = lock_unexpired(request_id, requester_id=requester_id)
    request.cancel_reason = reason
    end(request, verb="cancel", actor=f"user:{requester_id}")
    outbox.emit("family.cancelled", key=key_of(request), attender_request=str(request.pk))
    return request


@command
def expire_due(*, limit: int) -> int:
    """Close up to `limit` requests whose hour has passed; return how many.

    Rows that somebody holds wait for the next run.      Locks: the requests.      Emits: family.expired
    """
    due = AttenderRequest.objects.filter(status__in=sorted(LIVE_FAMILY), needed_by__lte=clock.now())
    late = lock_free(due.order_by("needed_by"), limit=limit)
    for request in late:
        _expire(request)
    return len(late)


@step
def forget_person(*, user_id: uuid.UUID) -> None:
    """Keep no name and no words of the person or the patient: what was given to whom is traced by numbers."""
    mine = AttenderRequest.objects.filter(requester_id=user_id)
    words = dict.fromkeys(("patient_name", "doctor", "place_name", "cancel_reason", "refuse_note"), "")
    mine.update(**words, place_lat=None, place_lng=None)


def _serving(hospital: uuid.UUID | None, place: Place | None) -> uuid.UUID:
    if place is not None:
        near = partners.partners_near(place.at, REACH_KM, kind=PartnerKind.BLOOD_BANK, live=True)
        if not near:
            raise NoBankNearby(radius_km=REACH_KM)
        return near[0].pk
    if hospital is None:
        raise HospitalUnknown
    try:
        found = partners.public_partner(hospital)
    except NotFound as exc:
        raise HospitalUnknown from exc
    if not found.is_live:
        raise HospitalUnknown
    return found.pk


def _close_overdue(requester_id: uuid.UUID, now: dt.datetime) -> None:
    """An open request whose hour has passed bars nobody, though no sweep has seen it."""
    mine = AttenderRequest.objects.filter(requester_id=requester_id, status__in=sorted(LIVE_FAMILY))
    for request in lock(AttenderRequest, mine.filter(needed_by__lte=now).values_list("pk", flat=True)):
        if request.state in LIVE_FAMILY:
            _expire(request)


def _expire(request: AttenderRequest) -> None:
    end(request, verb="expire", actor=SYSTEM)
    outbox.emit("family.expired", key=key_of(request), attender_request=str(request.pk))


def _refuse_too_many(requester_id: uuid.UUID, *, is_unverified: bool) -> None:
    """The caller holds the person. Between two that are raised by an unverified person the constraint decides."""
    living = AttenderRequest.objects.filter(requester_id=requester_id, status__in=sorted(LIVE_FAMILY))
    if is_unverified and living.filter(sole=False).exists():
        raise FamilyRequestOpen
    if living.count() >= MOST_OPEN:
        raise FamilyRequestsTooMany(most=MOST_OPEN)
