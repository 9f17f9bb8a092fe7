"""Donors who have come: scanned at the door, one by one, or collected in a hall without network."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from common import clock
from common.db import command, lock
from common.transitions import advance
from donations.models import Camp, Enrolment
from donations.services.camps import hold_camp, record_each
from donations.states import ENROLMENT_TRANSITIONS, CheckInOutcome, EnrolmentStatus
from donations.tickets import Ticket, read_ticket

EARLY: Final = dt.timedelta(hours=1)  # before the camp begins; doors open before chairs are ready
GONE: Final = frozenset({EnrolmentStatus.LEFT, EnrolmentStatus.CANCELLED})


@dataclass(frozen=True)
class Scan:
    """A ticket as a scanner read it, and when; without a time, now."""

    ticket: str
    at: dt.datetime | None = None


@dataclass(frozen=True)
class CheckedIn:
    """What became of one scan; the enrolment where it is one of the camp's."""

    outcome: CheckInOutcome
    enrolment_id: uuid.UUID | None = None


@command
def check_in(
    *, camp_id: uuid.UUID, partner_id: uuid.UUID, member_id: uuid.UUID, scans: Sequence[Scan]
) -> list[CheckedIn]:
    """Answer each scan, in its order. However often and in whatever order the same ones come, the end is the same:
    each donor is there since the earliest moment that was told.

    Locks: the camp, the enrolments.      Raises: NotFound
    """
    tickets = [read_ticket(scan.ticket) for scan in scans]
    camp = hold_camp(camp_id, partner_id=partner_id)
    named = {ticket.enrolment_id for ticket in tickets if ticket is not None and ticket.camp_id == camp_id}
    places = {one.pk: one for one in lock(Enrolment, named) if one.camp_id == camp_id and one.state not in GONE}
    now = clock.now()
    came: dict[uuid.UUID, Enrolment] = {}
    moved: dict[uuid.UUID, Enrolment] = {}
    answers = []
    for scan, ticket in zip(scans, tickets, strict=True):
        place = _place_of(ticket, camp, places)
        if place is None:
            answers.append(CheckedIn(CheckInOutcome.UNKNOWN))
            continue
        before = place.checked_in_at
        outcome = _admit(place, camp, min(scan.at or now, now))
        answers.append(CheckedIn(outcome, place.pk))
        if outcome is CheckInOutcome.ACCEPTED:
            came[place.pk] = place
        if place.checked_in_at != before:
            moved[place.pk] = place
    Enrolment.objects.bulk_update(moved.values(), ["status", "checked_in_at"])
    record_each(list(came.values()), verb="check_in", actor=f"member:{member_id}")
    return answers


def _place_of(ticket: Ticket | None, camp: Camp, places: dict[uuid.UUID, Enrolment]) -> Enrolment | None:
    return places.get(ticket.enrolment_id) if ticket is not None and ticket.camp_id == camp.pk else None


def _admit(place: Enrolment, camp: Camp, moment: dt.datetime) -> CheckInOutcome:
    in_hours = camp.starts_at - EARLY <= moment < camp.ends_at
    if place.checked_in_at is not None:
        if in_hours and place.state is EnrolmentStatus.CHECKED_IN:
            place.checked_in_at = min(place.checked_in_at, moment)
        return CheckInOutcome.ALREADY
    if not in_hours or place.state is not EnrolmentStatus.ENROLLED:
        return CheckInOutcome.EXPIRED
    place.status = advance(ENROLMENT_TRANSITIONS, place.state, "check_in")
    place.checked_in_at = moment
    return CheckInOutcome.ACCEPTED
