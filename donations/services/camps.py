"""A camp from its draft to its end; what the clock does to it is true before a sweep has written it down."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from django.db.models import Q

from common import clock, outbox
from common.db import command, lock, lock_free, lock_one, step
from common.errors import NotFound
from common.transitions import advance
from donations.errors import (
    CampEndInvalid,
    CampFull,
    CampHasVisitors,
    CampPublished,
    CampStartInvalid,
    CampTooLate,
)
from donations.models import Camp, CampEvent, Enrolment
from donations.states import (
    CAMP_TRANSITIONS,
    ENROLMENT_TRANSITIONS,
    LIVE_CAMP,
    CampStatus,
    EnrolmentStatus,
)
from partners import selectors as partners

SYSTEM: Final = "system"
FURTHEST: Final = dt.timedelta(days=365)
LONGEST: Final = dt.timedelta(hours=24)
REMIND_BEFORE: Final = dt.timedelta(hours=24)
WORDS: Final = frozenset({"title", "description", "capacity"})  # what may change once donors count on the rest
CANCELLABLE: Final = LIVE_CAMP | {CampStatus.DRAFT}


@command
def create_camp(
    *,
    partner_id: uuid.UUID,
    member_id: uuid.UUID,
    title: str,
    description: str,
    place_name: str,
    address: str,
    lat: Decimal,
    lng: Decimal,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    capacity: int,
) -> Camp:
    """Draft a camp that nobody sees yet. Raises: CampStartInvalid, CampEndInvalid."""
    _refuse_odd_hours(starts_at, ends_at)
    camp = Camp.objects.create(
        partner_id=partner_id,
        created_by_id=member_id,
        title=title,
        description=description,
        place_name=place_name,
        address=address,
        lat=lat,
        lng=lng,
        zone=partners.zone_of(partner_id),
        starts_at=starts_at,
        ends_at=ends_at,
        capacity=capacity,
    )
    record(camp, verb="create", actor=f"member:{member_id}")
    return camp


@command
def change_camp(*, camp_id: uuid.UUID, partner_id: uuid.UUID, member_id: uuid.UUID, changes: Mapping[str, Any]) -> Camp:
    """Change a draft, or the words and the capacity of a published camp that is not over.

    Locks: the camp.      Raises: NotFound, CampPublished, CampFull, CampStartInvalid, CampEndInvalid
    """
    camp = hold_camp(camp_id, partner_id=partner_id)
    if camp.state is not CampStatus.DRAFT:
        fixed = sorted(set(changes) - WORDS) if camp.state in LIVE_CAMP else sorted(changes)
        if fixed:
            raise CampPublished(state=camp.status, fixed=fixed)
    for field, value in changes.items():
        setattr(camp, field, value)
    if camp.state is CampStatus.DRAFT:
        _refuse_odd_hours(camp.starts_at, camp.ends_at)
    if camp.capacity < camp.enrolled:
        raise CampFull(enrolled=camp.enrolled, capacity=camp.capacity)
    camp.save()
    record(camp, verb="change", actor=f"member:{member_id}", fields=sorted(changes))
    return camp


@command
def publish_camp(*, camp_id: uuid.UUID, partner_id: uuid.UUID, member_id: uuid.UUID) -> Camp:
    """Let donors see the camp; those nearby are told as soon as the event is heard.

    Locks: the camp.      Emits: camp.published      Raises: NotFound, IllegalTransition, CampTooLate
    """
    camp = hold_camp(camp_id, partner_id=partner_id)
    now = clock.now()
    camp.status = advance(CAMP_TRANSITIONS, camp.state, "publish")
    if camp.starts_at <= now:
        raise CampTooLate(starts_at=camp.starts_at.isoformat())
    camp.published_at = camp.next_invite_at = now
    day_before = camp.starts_at - REMIND_BEFORE
    camp.remind_at = day_before if day_before > now else None
    camp.save()
    record(camp, verb="publish", actor=f"member:{member_id}")
    outbox.emit("camp.published", key=f"camp:{camp.pk}", camp=str(camp.pk))
    return camp


@command
def cancel_camp(*, camp_id: uuid.UUID, partner_id: uuid.UUID, member_id: uuid.UUID, reason: str) -> Camp:
    """Call the camp off before anybody has come; those enrolled are told.

    Locks: the camp, its enrolments.      Emits: camp.cancelled
    Raises: NotFound, IllegalTransition, CampHasVisitors
    """
    camp = hold_camp(camp_id, partner_id=partner_id)
    advance(CAMP_TRANSITIONS, camp.state, "cancel")
    visited = _cancel([camp], actor=f"member:{member_id}", reason=reason)
    if visited:
        raise CampHasVisitors
    return camp


@step
def cancel_camps_of(*, partner_id: uuid.UUID) -> None:
    """Call off the camps of a partner that was suspended, but for those to which donors have come already.

    Locks: the camps, their enrolments.      Emits: camp.cancelled, camp.finished
    """
    rows = Camp.objects.filter(partner_id=partner_id, status__in=CANCELLABLE).values_list("pk", flat=True)
    camps = lock(Camp, rows)
    now = clock.now()
    for camp in camps:
        settle(camp, now)
    _cancel([camp for camp in camps if camp.state in CANCELLABLE], actor=SYSTEM, reason="partner_suspended")


@command
def advance_due_camps(*, limit: int) -> int:
    """Write down that up to `limit` camps have begun or are over; return how many.

    Rows that somebody holds wait for the next run.      Locks: the camps.      Emits: camp.finished
    """
    now = clock.now()
    begun = Q(status=CampStatus.SCHEDULED, starts_at__lte=now)
    over = Q(status__in=sorted(LIVE_CAMP), ends_at__lte=now)
    due = lock_free(Camp.objects.filter(begun | over).order_by("pk"), limit=limit)
    for camp in due:
        settle(camp, now)
    return len(due)


@step
def hold_camp(camp_id: uuid.UUID, *, partner_id: uuid.UUID | None = None) -> Camp:
    """Lock a camp, of the given partner if one is given, as it is by the clock. Raises: NotFound."""
    camp = lock_one(Camp, camp_id)
    if partner_id is not None and camp.partner_id != partner_id:
        raise NotFound
    settle(camp, clock.now())
    return camp


@step
def settle(camp: Camp, now: dt.datetime) -> None:
    """Take the steps that the clock has taken already.

    Emits: camp.finished
    """
    stands = camp.state_at(now)
    for state, verb in ((CampStatus.SCHEDULED, "start"), (CampStatus.ONGOING, "finish")):
        if camp.state is stands or camp.state is not state:
            continue
        camp.status = advance(CAMP_TRANSITIONS, camp.state, verb)
        record(camp, verb=verb, actor=SYSTEM)
        if verb == "finish":
            camp.next_invite_at = camp.remind_at = None
            outbox.emit("camp.finished", key=f"camp:{camp.pk}", camp=str(camp.pk))
        camp.save(update_fields=["status", "next_invite_at", "remind_at", "updated_at"])


def record(camp: Camp, *, verb: str, actor: str, enrolment: Enrolment | None = None, **facts: object) -> None:
    """Append to the camp's history."""
    CampEvent.objects.create(camp=camp, enrolment=enrolment, verb=verb, actor=actor, facts=facts)


@step
def record_each(enrolments: Sequence[Enrolment], *, verb: str, actor: str) -> None:
    """Append the same line for many places of a camp, in one statement."""
    now = clock.now()
    CampEvent.objects.bulk_create(
        CampEvent(camp_id=one.camp_id, enrolment=one, verb=verb, actor=actor, created_at=now) for one in enrolments
    )


@step
def move(enrolments: Sequence[Enrolment], *, verb: str, actor: str, now: dt.datetime) -> None:
    """End locked places by the same step, and write it down. Raises: IllegalTransition."""
    if not enrolments:
        return
    for one in enrolments:
        one.status = advance(ENROLMENT_TRANSITIONS, one.state, verb)
        one.ended_at = now
    ids = [one.pk for one in enrolments]
    Enrolment.objects.filter(pk__in=ids).update(status=enrolments[0].status, ended_at=now)
    record_each(enrolments, verb=verb, actor=actor)


def _cancel(camps: Sequence[Camp], *, actor: str, reason: str) -> int:
    """Cancel locked camps but for those somebody has come to; return how many those are."""
    now = clock.now()
    holding = Enrolment.objects.filter(camp__in=camps).exclude(status=EnrolmentStatus.LEFT)
    by_camp: dict[uuid.UUID, list[Enrolment]] = {camp.pk: [] for camp in camps}
    for one in lock(Enrolment, holding.values_list("pk", flat=True)):
        by_camp[one.camp_id].append(one)
    kept = 0
    for camp in camps:
        places = by_camp[camp.pk]
        if any(one.checked_in_at is not None for one in places):
            kept += 1
            continue
        waiting = [one for one in places if one.state is EnrolmentStatus.ENROLLED]
        move(waiting, verb="cancel", actor=actor, now=now)
        camp.status = advance(CAMP_TRANSITIONS, camp.state, "cancel")
        camp.cancel_reason, camp.enrolled = reason, 0
        camp.next_invite_at = camp.remind_at = None
        camp.save()
        record(camp, verb="cancel", actor=actor, reason=reason)
        outbox.emit(
            "camp.cancelled",
            key=f"camp:{camp.pk}",
            camp=str(camp.pk),
            donors=[str(one.donor_id) for one in waiting],
        )
    return kept


def _refuse_odd_hours(starts_at: dt.datetime, ends_at: dt.datetime) -> None:
    now = clock.now()
    if not now < starts_at <= now + FURTHEST:
        raise CampStartInvalid
    if not starts_at < ends_at <= starts_at + LONGEST:
        raise CampEndInvalid
