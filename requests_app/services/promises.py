"""A donor's promise: given, taken back, stood by for."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from common import clock, outbox
from common.blood import BloodGroup
from common.db import command, lock_one, step
from common.errors import NotFound
from common.geo import distance_km
from common.ids import uuid7
from common.secret_codes import code_digest, new_code
from partners import selectors as partners
from requests_app.errors import (
    AlreadyPromised,
    AlreadyStandingBy,
    ArrivalCodeLocked,
    GroupIncompatible,
    LocationUnknown,
    NotFull,
    PromiseOver,
    RequestClosed,
    RequestExpired,
    RequestFull,
    TooFar,
)
from requests_app.models import Assignment, BloodRequest, RequestEvent, Standby
from requests_app.services.places import end_promise, lock_promise, record, take_place
from requests_app.services.waves import count_answer, count_declined
from requests_app.states import LIVE_ASSIGNMENT, AssignmentStatus, RequestStatus, Urgency
from stock.compatibility import is_compatible
from stock.components import Component, donation_type_for
from users.services import donors
from users.states import ScoreReason

if TYPE_CHECKING:
    from users.models import Donor

CODE_PURPOSE = "arrival"
ATTEMPTS = 5
ARRIVE_WITHIN = {
    Urgency.ROUTINE: dt.timedelta(hours=24),
    Urgency.URGENT: dt.timedelta(hours=6),
    Urgency.CRITICAL: dt.timedelta(hours=3),
}


@dataclass(frozen=True)
class Promise:
    """An assignment, and the code that only this answer tells."""

    assignment: Assignment
    code: str


@command
def accept(*, request_id: uuid.UUID, donor_id: uuid.UUID) -> Promise:
    """Give the donor a place in the request.

    Locks: the donor, the request.      Emits: assignment.accepted, request.filled
    Raises: NotADonor, NotFound, RequestClosed, RequestExpired, AccountLocked, GroupIncompatible, DonorNotEligible,
    LocationUnknown, TooFar, AlreadyPromised, RequestFull
    """
    _refuse_what_is_full_at_a_glance(request_id, donor_id)
    donor = donors.hold_donor(donor_id=donor_id)
    request = lock_one(BloodRequest, request_id)
    distance = _refuse_unless_fit(request, donor)
    _refuse_second_promise(donor_id)
    if request.units_left == 0:
        raise RequestFull(units=request.units, units_left=0)

    now = clock.now()
    code, pk = new_code(), uuid7()
    count_answer(request, donor_id=donor_id)
    assignment = Assignment.objects.create(
        pk=pk,
        request=request,
        donor_id=donor_id,
        distance_km=distance,
        code_digest=code_digest(code, purpose=CODE_PURPOSE, subject=str(pk)),
        attempts_left=ATTEMPTS,
        expires_at=min(request.expires_at, now + ARRIVE_WITHIN[Urgency(request.urgency)]),
        accepted_at=now,
    )
    Standby.objects.filter(request=request, donor_id=donor_id).delete()
    record(request, verb="accept", actor=f"donor:{donor_id}", assignment=assignment)
    take_place(request)
    outbox.emit("assignment.accepted", key=f"request:{request.pk}", request=str(request.pk), assignment=str(pk))
    return Promise(assignment, code)


@command
def stand_by(*, request_id: uuid.UUID, donor_id: uuid.UUID) -> int:
    """Put the donor on the standby list of a full request; return how many stand before him.

    Locks: the donor, the request.      Raises: as `accept`, and NotFull, AlreadyStandingBy
    """
    donor = donors.hold_donor(donor_id=donor_id)
    request = lock_one(BloodRequest, request_id)
    _refuse_unless_fit(request, donor)
    _refuse_second_promise(donor_id)
    if request.units_left > 0:
        raise NotFull(units_left=request.units_left)
    waiting = Standby.objects.filter(request=request, offered_at=None)
    if waiting.filter(donor_id=donor_id).exists():
        raise AlreadyStandingBy
    Standby.objects.filter(request=request, donor_id=donor_id).delete()  # was offered a place and let it pass
    before = waiting.count()
    Standby.objects.create(request=request, donor_id=donor_id)
    return before


@command
def decline(*, request_id: uuid.UUID, donor_id: uuid.UUID) -> None:
    """Note that a donor who was asked cannot come; a second time changes nothing, and accepting stays possible.

    When everybody who was asked has declined, the next wave need not wait for the window.
    Locks: the request.      Raises: NotFound, also when the donor was not asked; RequestClosed, RequestExpired
    """
    request = lock_one(BloodRequest, request_id)
    count_declined(request, donor_id=donor_id)


@command
def leave_standby(*, request_id: uuid.UUID, donor_id: uuid.UUID) -> None:
    """Take the donor off the standby list; nothing happens when he was not on it."""
    Standby.objects.filter(request_id=request_id, donor_id=donor_id).delete()


@step
def forget_donor(*, donor_id: uuid.UUID) -> None:
    """Take the donor off every standby list, and forget in which words promises were taken back."""
    Standby.objects.filter(donor_id=donor_id).delete()
    taken_back = Assignment.objects.filter(donor_id=donor_id, status=AssignmentStatus.CANCELLED)
    taken_back.update(reason="")
    RequestEvent.objects.filter(assignment__in=taken_back, verb="cancel").update(facts={})


@command
def cancel_promise(*, assignment_id: uuid.UUID, donor_id: uuid.UUID, reason: str) -> Assignment:
    """Take the promise back; it costs score, and the place goes to somebody else.

    Locks: the donor, the request, the assignment.      Emits: assignment.cancelled, request.reopened, donor.locked
    Raises: NotFound, IllegalTransition
    """
    donor = donors.hold_donor(donor_id=donor_id)
    request, assignment = lock_promise(assignment_id, donor_id=donor_id)
    end_promise(request, assignment, verb="cancel", actor=f"donor:{donor_id}", reason=reason)
    donors.penalise(donor, reason=ScoreReason.CANCELLED, assignment_id=assignment.pk)
    return assignment


@command
def renew_code(*, assignment_id: uuid.UUID, donor_id: uuid.UUID) -> Promise:
    """Replace a code that the donor has lost; the tries already spent stay spent.

    Locks: the request, the assignment.      Raises: NotFound, PromiseOver, ArrivalCodeLocked
    """
    _, assignment = lock_promise(assignment_id, donor_id=donor_id)
    if not assignment.is_live or assignment.arrived_at is not None:
        raise PromiseOver
    if assignment.attempts_left == 0:
        raise ArrivalCodeLocked
    code = new_code()
    assignment.code_digest = code_digest(code, purpose=CODE_PURPOSE, subject=str(assignment.pk))
    assignment.save(update_fields=["code_digest"])
    return Promise(assignment, code)


def _refuse_unless_fit(request: BloodRequest, donor: Donor) -> Decimal:
    """Return the donor's distance if the request is open and the donor can help; full or not is another matter."""
    now, place = clock.now(), partners.card(request.partner_id)
    if place.world != donor.test_world:  # nobody comes out of test data, and nobody goes into it
        raise NotFound
    if request.state_at(now) is RequestStatus.EXPIRED:
        raise RequestExpired
    if not request.is_live:
        raise RequestClosed(state=request.status)
    component = Component(request.component)
    if not is_compatible(request.recipient_group, BloodGroup(donor.blood_group), component):
        raise GroupIncompatible(needed=request.blood_group, yours=donor.blood_group)
    donors.refuse_unfit(donor, donation_type=donation_type_for(component), zone=place.zone)
    if donor.location is None:
        raise LocationUnknown
    distance = distance_km(request.location, donor.location)
    if distance > request.radius_km:
        raise TooFar(distance_km=round(distance, 1), radius_km=float(request.radius_km))
    return Decimal(str(round(distance, 3)))


def _refuse_what_is_full_at_a_glance(request_id: uuid.UUID, donor_id: uuid.UUID) -> None:
    """Spare those who come too late the wait for the locks: hundreds may answer one request at the same moment.

    A donor with a promise goes on to hear of that. Raises: RequestFull
    """
    full = BloodRequest.objects.filter(
        pk=request_id, status=RequestStatus.ASSIGNED, expires_at__gt=clock.now()
    ).values_list("units", flat=True)
    units = full.first()
    if units is not None and not Assignment.objects.filter(donor_id=donor_id, status__in=LIVE_ASSIGNMENT).exists():
        raise RequestFull(units=units, units_left=0)


def _refuse_second_promise(donor_id: uuid.UUID) -> None:
    living = Assignment.objects.filter(donor_id=donor_id, status__in=LIVE_ASSIGNMENT)
    other = living.values_list("pk", flat=True).first()
    if other is not None:
        raise AlreadyPromised(assignment=str(other))
