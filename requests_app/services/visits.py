"""What happens at the partner's door: the donor arrives, or does not, or is found unfit."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from common import clock, outbox
from common.db import command, step
from common.secret_codes import code_matches
from common.transitions import advance
from partners import selectors as partners
from requests_app.errors import ArrivalCodeLocked, ArrivalCodeWrong, ArrivalTooLate, NotMissedYet
from requests_app.models import Assignment, BloodRequest
from requests_app.selectors import donor_of
from requests_app.services.places import end_promise, fill_place, free_place, lock_promise, record
from requests_app.services.promises import CODE_PURPOSE
from requests_app.states import ASSIGNMENT_TRANSITIONS, AssignmentStatus
from stock.components import Component, donation_type_for
from users.errors import DonorNotEligible
from users.services import answering, donors
from users.states import ScoreReason

if TYPE_CHECKING:
    from users.models import Donor

GRACE = dt.timedelta(minutes=30)  # how late a donor may come before the promise counts as missed
FORGOTTEN_AFTER = dt.timedelta(hours=48)  # an arrival of which the partner says nothing more frees the donor


@command
def record_arrival(*, assignment_id: uuid.UUID, partner_id: uuid.UUID, member_id: uuid.UUID, code: str) -> Assignment:
    """The donor is here and has shown the code.

    Locks: the request, the assignment.      Emits: assignment.arrived
    Raises: NotFound, IllegalTransition, ArrivalTooLate, ArrivalCodeWrong, ArrivalCodeLocked
    """
    request, assignment = lock_promise(assignment_id, partner_id=partner_id)
    arrived = advance(ASSIGNMENT_TRANSITIONS, assignment.state, "arrive")
    now = clock.now()
    if now >= assignment.expires_at + GRACE:
        raise ArrivalTooLate
    _spend_try(assignment, code)
    assignment.status, assignment.arrived_at, assignment.code_digest = arrived, now, ""
    assignment.save(update_fields=["status", "arrived_at", "code_digest"])
    record(request, verb="arrive", actor=f"member:{member_id}", assignment=assignment)
    outbox.emit(
        "assignment.arrived", key=f"request:{request.pk}", request=str(request.pk), assignment=str(assignment.pk)
    )
    return assignment


@command
def release(*, assignment_id: uuid.UUID, partner_id: uuid.UUID, member_id: uuid.UUID, reason: str) -> Assignment:
    """Let the donor go for a reason that is nobody's fault; the score does not change.

    Locks: the request, the assignment.      Emits: assignment.released      Raises: NotFound, IllegalTransition
    """
    request, assignment = lock_promise(assignment_id, partner_id=partner_id)
    end_promise(request, assignment, verb="release", actor=f"member:{member_id}", reason=reason)
    return assignment


@command
def record_no_show(*, assignment_id: uuid.UUID, partner_id: uuid.UUID, member_id: uuid.UUID) -> Assignment:
    """The donor did not come by the hour until which he was expected; it costs score.

    Locks: the donor, the request, the assignment.      Emits: assignment.missed, donor.locked
    Raises: NotFound, IllegalTransition, NotMissedYet
    """
    donor = donors.hold_donor(donor_id=donor_of(assignment_id, partner_id=partner_id))
    request, assignment = lock_promise(assignment_id, partner_id=partner_id)
    if assignment.state is AssignmentStatus.ACCEPTED and clock.now() < assignment.expires_at:
        raise NotMissedYet(expires_at=assignment.expires_at.isoformat())
    _miss(donor, request, assignment, actor=f"member:{member_id}")
    return assignment


@command
def defer(
    *,
    assignment_id: uuid.UUID,
    partner_id: uuid.UUID,
    member_id: uuid.UUID,
    code: str,
    note: str,
    pause_until: dt.date | None = None,
) -> Assignment:
    """The donor came and was found unfit; the reason counts for the rules, not against the score.

    Locks: the donor, the request, the assignment.      Emits: assignment.deferred
    Raises: NotFound, IllegalTransition, DeferralUnknown, PauseUntilInvalid
    """
    donor = donors.hold_donor(donor_id=donor_of(assignment_id, partner_id=partner_id))
    request, assignment = lock_promise(assignment_id, partner_id=partner_id)
    end_promise(request, assignment, verb="defer", actor=f"member:{member_id}", reason=note or code)
    donors.record_deferral(donor, code=code, partner_id=partner_id, pause_until=pause_until)
    answering.keep_as_record(assignment_id=assignment_id)
    return assignment


@command
def miss_if_late(*, assignment_id: uuid.UUID) -> bool:
    """Count a promise as missed whose hour and grace have passed; return whether it was due.

    A promise whose code is locked is released instead: whether the donor was at the door, nobody can tell.

    Locks: the donor, the request, the assignment.
    Emits: assignment.missed, donor.locked, assignment.released
    """
    donor = donors.hold_donor(donor_id=donor_of(assignment_id))
    request, assignment = lock_promise(assignment_id)
    late = assignment.expires_at + GRACE <= clock.now()
    if not late or assignment.state is not AssignmentStatus.ACCEPTED:
        return False
    if assignment.attempts_left == 0:
        end_promise(request, assignment, verb="release", actor="system", reason="code_locked")
    else:
        _miss(donor, request, assignment, actor="system")
    return True


@command
def release_if_forgotten(*, assignment_id: uuid.UUID) -> bool:
    """Release a donor who arrived long ago and of whom nothing was recorded since; return whether it was due.

    Until then the donor can promise nothing else, and the request can neither be filled by others nor expire.

    Locks: the request, the assignment.      Emits: assignment.released
    """
    request, assignment = lock_promise(assignment_id)
    since = assignment.arrived_at
    if assignment.state is not AssignmentStatus.ARRIVED or since is None or since + FORGOTTEN_AFTER > clock.now():
        return False
    end_promise(request, assignment, verb="release", actor="system", reason="not_recorded")
    return True


@step
def release_who_may_not_come(*, donor_id: uuid.UUID, reason: str) -> None:
    """A donor who gave at a camp, or was deferred, may not give by the hour of a promise: another is asked in time.

    It costs no score. Who has arrived already is the partner's to judge.

    Locks: the donor, the request, the assignment.      Emits: assignment.released, request.reopened
    """
    promised = Assignment.objects.filter(donor_id=donor_id, status=AssignmentStatus.ACCEPTED)
    assignment_id = promised.values_list("pk", flat=True).first()
    if assignment_id is None:
        return
    donor = donors.hold_donor(donor_id=donor_id)
    request, assignment = lock_promise(assignment_id)
    if assignment.state is not AssignmentStatus.ACCEPTED:
        return
    zone = partners.zone_of(request.partner_id)
    given_on = assignment.expires_at.astimezone(ZoneInfo(zone)).date()
    try:
        donors.refuse_ineligible(
            donor, donation_type=donation_type_for(Component(request.component)), zone=zone, on=given_on
        )
    except DonorNotEligible:
        end_promise(request, assignment, verb="release", actor="system", reason=reason)


@step
def record_donated(*, assignment_id: uuid.UUID, partner_id: uuid.UUID, member_id: uuid.UUID, helps: bool) -> Assignment:
    """The donor has given the unit he promised. The caller holds the donor.

    `helps`: the blood, typed at the visit, can go to the request's patient; otherwise the place is free again.

    Locks: the request, the assignment.      Emits: request.fulfilled, request.reopened
    Raises: NotFound, IllegalTransition
    """
    request, assignment = lock_promise(assignment_id, partner_id=partner_id)
    assignment.status = advance(ASSIGNMENT_TRANSITIONS, assignment.state, "donate")
    assignment.ended_at = clock.now()
    assignment.save(update_fields=["status", "ended_at"])
    record(request, verb="donate", actor=f"member:{member_id}", assignment=assignment, helps=helps)
    answering.keep_as_record(assignment_id=assignment_id)
    if helps:
        fill_place(request)
    else:
        free_place(request)
    return assignment


def _miss(donor: Donor, request: BloodRequest, assignment: Assignment, *, actor: str) -> None:
    end_promise(request, assignment, verb="miss", actor=actor)
    donors.penalise(donor, reason=ScoreReason.MISSED, assignment_id=assignment.pk)


def _spend_try(assignment: Assignment, code: str) -> None:
    """Compare the code at the price of one try. Raises: ArrivalCodeLocked, ArrivalCodeWrong."""
    if assignment.attempts_left == 0:
        raise ArrivalCodeLocked
    digits = code.strip().rpartition(":")[2]  # a scanner sends the whole text of the QR code
    if code_matches(digits, assignment.code_digest, purpose=CODE_PURPOSE, subject=str(assignment.pk)):
        return
    assignment.attempts_left -= 1
    assignment.save(update_fields=["attempts_left"])
    if assignment.attempts_left == 0:
        raise ArrivalCodeLocked
    raise ArrivalCodeWrong(attempts_left=assignment.attempts_left)
