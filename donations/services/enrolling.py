"""Places in a camp: taken, and given back."""

from __future__ import annotations

import uuid
from typing import Final

from django.db.models import F, Q, QuerySet

from common import clock
from common.blood import DonationType
from common.db import command, lock, lock_one, step
from common.errors import NotFound
from common.ids import uuid7
from common.transitions import advance
from donations.errors import AlreadyEnrolled, CampClosed, CampFull, EnrolmentClash
from donations.models import Camp, CampInvite, Enrolment
from donations.services.camps import hold_camp, move, record
from donations.states import (
    ENROLMENT_TRANSITIONS,
    HOLDS_PLACE,
    LIVE_CAMP,
    LIVE_ENROLMENT,
    PUBLIC_CAMP,
    EnrolmentStatus,
)
from users.services import donors

# Licensed blood centres take components by machine; at a camp whole blood is given.
GIFT: Final = DonationType.WHOLE_BLOOD


@command
def enrol(*, camp_id: uuid.UUID, donor_id: uuid.UUID) -> Enrolment:
    """Give the donor a place in the camp; camp and partner are loaded with it.

    The place is counted last and by one conditional statement: the camp's row is held from there to the commit only,
    and a camp that was cancelled or filled meanwhile takes everything back.

    Locks: the donor; the camp's row by the counting.
    Raises: NotADonor, NotFound, CampClosed, CampFull, AlreadyEnrolled, EnrolmentClash, AccountLocked, DonorNotEligible
    """
    _refuse_what_is_full_at_a_glance(camp_id, donor_id)
    donor = donors.hold_donor(donor_id=donor_id)
    camp = _public_camp(camp_id)
    if camp.partner.test_world != donor.test_world:  # nobody comes out of test data, and nobody goes into it
        raise NotFound
    _refuse_closed(camp)
    _refuse_second_place(camp, donor_id)
    on = max(camp.opens_on, clock.today(camp.zone))
    donors.refuse_unfit(donor, donation_type=GIFT, zone=camp.zone, on=on)
    enrolment = Enrolment.objects.create(pk=uuid7(), camp=camp, donor_id=donor_id, enrolled_at=clock.now())
    record(camp, verb="enrol", actor=f"donor:{donor_id}", enrolment=enrolment)
    _take_place(camp)
    return enrolment


@command
def leave(*, camp_id: uuid.UUID, donor_id: uuid.UUID) -> Enrolment:
    """Give the place back before coming; it costs nothing, and somebody else may take it.

    Locks: the camp, the enrolment.      Raises: NotFound, CampClosed, IllegalTransition
    """
    mine = Enrolment.objects.filter(camp_id=camp_id, donor_id=donor_id, status__in=HOLDS_PLACE)
    enrolment_id = mine.values_list("pk", flat=True).first()
    if enrolment_id is None:
        raise NotFound
    camp = hold_camp(camp_id)
    _refuse_closed(camp)
    enrolment = lock_one(Enrolment, enrolment_id)
    advance(ENROLMENT_TRANSITIONS, enrolment.state, "leave")
    _give_back(camp, [enrolment], actor=f"donor:{donor_id}")
    return enrolment


@step
def forget_donor(*, donor_id: uuid.UUID) -> None:
    """Give back the places of somebody who is gone, and forget of which camps that person was told.

    Locks: the camps, the enrolments.
    """
    CampInvite.objects.filter(donor_id=donor_id).delete()
    places = Enrolment.objects.filter(donor_id=donor_id, status=EnrolmentStatus.ENROLLED)
    places = places.filter(camp__status__in=LIVE_CAMP)
    camps = {camp.pk: camp for camp in lock(Camp, places.values_list("camp_id", flat=True))}
    for enrolment in lock(Enrolment, places.values_list("pk", flat=True)):
        _give_back(camps[enrolment.camp_id], [enrolment], actor=f"donor:{donor_id}")


def _give_back(camp: Camp, enrolments: list[Enrolment], *, actor: str) -> None:
    move(enrolments, verb="leave", actor=actor, now=clock.now())
    camp.enrolled -= len(enrolments)
    camp.save(update_fields=["enrolled", "updated_at"])


def _take_place(camp: Camp) -> None:
    """Count one more place, if the camp still takes donors and has one. Raises: CampClosed, CampFull."""
    now = clock.now()
    free = Camp.objects.filter(pk=camp.pk, status__in=sorted(LIVE_CAMP), ends_at__gt=now, enrolled__lt=F("capacity"))
    if free.update(enrolled=F("enrolled") + 1, updated_at=now):
        camp.enrolled = min(camp.enrolled + 1, camp.capacity)  # at least: for the answer, which asks nothing more
        return
    _refuse_closed(_public_camp(camp.pk))
    raise CampFull(capacity=camp.capacity)


def _refuse_what_is_full_at_a_glance(camp_id: uuid.UUID, donor_id: uuid.UUID) -> None:
    """Spare those who come too late the wait for the counter. A donor with a place goes on to hear of that.

    Raises: CampFull
    """
    full = Camp.objects.filter(
        pk=camp_id, status__in=sorted(LIVE_CAMP), ends_at__gt=clock.now(), enrolled__gte=F("capacity")
    )
    capacity = full.values_list("capacity", flat=True).first()
    if capacity is not None and not _places_of(donor_id).filter(camp_id=camp_id).exists():
        raise CampFull(capacity=capacity)


def _refuse_closed(camp: Camp) -> None:
    if camp.stands not in LIVE_CAMP:
        raise CampClosed(state=str(camp.stands))


def _refuse_second_place(camp: Camp, donor_id: uuid.UUID) -> None:
    """The donor is held, so that nobody gives him another place meanwhile. Raises: AlreadyEnrolled, EnrolmentClash."""
    same_time = Q(
        status__in=LIVE_ENROLMENT,
        camp__status__in=LIVE_CAMP,
        camp__starts_at__lt=camp.ends_at,
        camp__ends_at__gt=camp.starts_at,
    )
    others = _places_of(donor_id).filter(Q(camp=camp) | same_time).values_list("camp_id", flat=True)
    taken = list(others[:2])  # a donor who has a place here has none at the same time
    if camp.pk in taken:
        raise AlreadyEnrolled
    if taken:
        raise EnrolmentClash(camp=str(taken[0]))


def _places_of(donor_id: uuid.UUID) -> QuerySet[Enrolment]:
    return Enrolment.objects.filter(donor_id=donor_id, status__in=sorted(HOLDS_PLACE))


def _public_camp(camp_id: uuid.UUID) -> Camp:
    camp = Camp.objects.filter(pk=camp_id, status__in=sorted(PUBLIC_CAMP)).select_related("partner").first()
    if camp is None:
        raise NotFound
    return camp
