"""Asking donors to come back: once after each visit, as soon as they may give again, at an hour of the day."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from common import clock, outbox
from common.db import command, lock, lock_free, step
from common.transitions import advance
from donations.models import Invitation
from donations.states import INVITATION_TRANSITIONS, InvitationStatus
from requests_app import selectors as requests
from users.selectors import DonorStanding, standings
from users.services import donors

CIVIL_HOURS: Final = (9, 19)  # from and until, in the donor's zone
EASTERNMOST: Final = dt.timedelta(hours=14)  # of all zones: there it is tomorrow first
LOOK_AGAIN: Final = dt.timedelta(days=7)  # at a donor of whom no day is known, or who wants no requests now
GIVE_UP: Final = dt.timedelta(days=730)


@step
def plan_invitation(
    *,
    donor_id: uuid.UUID,
    visited_at: dt.datetime,
    assignment_id: uuid.UUID | None = None,
    enrolment_id: uuid.UUID | None = None,
) -> None:
    """Invite the donor of a visit when he may give again, in place of what was planned after an earlier visit.

    The visit is that of an assignment or of a place in a camp. What was planned since it is over knows of it: then
    nothing more is planned, however late or often one hears of the visit.

    Locks: the donor, the earlier invitation.
    """
    donors.hold_donor(donor_id=donor_id)
    own = Invitation.objects.filter(donor_id=donor_id)
    this_visit = Q(assignment_id=assignment_id, enrolment_id=enrolment_id)
    if own.filter(this_visit | Q(created_at__gt=visited_at)).exists():
        return
    _end(lock(Invitation, own.filter(status=InvitationStatus.WAITING).values_list("pk", flat=True)), "drop")
    standing = standings([donor_id])[donor_id]
    tomorrow = standing.today + dt.timedelta(days=1)
    may_from = standing.may_give_from or standing.today + LOOK_AGAIN
    Invitation.objects.create(
        assignment_id=assignment_id, enrolment_id=enrolment_id, donor_id=donor_id, due_on=max(may_from, tomorrow)
    )


@command
def invite_due(*, zone: str, limit: int) -> int:
    """Look at up to `limit` invitations that are due to donors of a zone: send, put off or drop; return how many.

    Locks: the invitations, passing over those that somebody holds.      Emits: donor.eligible_again
    """
    now = clock.now()
    due = _waiting().filter(due_on__lte=clock.today(zone), donor__user__zone=zone)
    rows = lock_free(due.order_by("due_on", "pk"), limit=limit)
    known = standings(row.donor_id for row in rows)
    busy = requests.with_open_promise(known) | requests.asked_enough(known)
    over = [row for row in rows if _is_over(row, known[row.donor_id], now)]
    left = [row for row in rows if row not in over]
    put_off = {row.pk: _put_off_to(known[row.donor_id], is_busy=row.donor_id in busy) for row in left}
    sent = [row for row in left if put_off[row.pk] is None]
    later = [row for row in left if row not in sent]
    for row in later:
        row.due_on = put_off[row.pk] or row.due_on
    Invitation.objects.bulk_update(later, ["due_on"])
    _end(over, "drop")
    _end(sent, "send")
    outbox.emit_many(
        "donor.eligible_again",
        {f"user:{row.donor_id}": {"donor": str(row.donor_id), "invitation": str(row.pk)} for row in sent},
    )
    return len(rows)


def waking_zones() -> list[str]:
    """Return the zones of donors with something due where it is an hour at which one may be disturbed."""
    now = clock.now()
    starts, ends = CIVIL_HOURS
    due = _waiting().filter(due_on__lte=(now + EASTERNMOST).date())
    zones = due.values_list("donor__user__zone", flat=True).distinct()
    return sorted(zone for zone in zones if starts <= now.astimezone(ZoneInfo(zone)).hour < ends)


def _waiting() -> QuerySet[Invitation]:
    return Invitation.objects.filter(status=InvitationStatus.WAITING)


def _is_over(invitation: Invitation, standing: DonorStanding, now: dt.datetime) -> bool:
    """Whether there is nobody to ask any more, or no sense in looking again."""
    too_old = standing.may_give_until is not None and standing.may_give_until <= standing.today
    return not standing.is_active or too_old or invitation.created_at + GIVE_UP <= now


def _put_off_to(standing: DonorStanding, *, is_busy: bool) -> dt.date | None:
    """Return the later day on which to look again; None when the donor may be asked today."""
    today = standing.today
    if standing.may_give_from is None or not standing.is_available:
        return today + LOOK_AGAIN
    if standing.locked_on is not None and standing.locked_on >= today:
        return standing.locked_on + dt.timedelta(days=1)
    if standing.may_give_from > today:
        return standing.may_give_from
    return today + dt.timedelta(days=1) if is_busy else None


def _end(invitations: Sequence[Invitation], verb: str) -> None:
    for invitation in invitations:
        invitation.status = advance(INVITATION_TRANSITIONS, invitation.state, verb)
        invitation.ended_at = clock.now()
    Invitation.objects.bulk_update(invitations, ["status", "ended_at"])
