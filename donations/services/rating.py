"""What the two sides of a visit, or of a family's request, thought of each other; once each way."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final

from django.db.models import Q

from common import clock
from common.db import command, step
from donations.errors import NotRateableYet
from donations.models import Rating
from donations.states import RatedBy
from partners.services.stars import count_stars
from requests_app import selectors as requests
from requests_app.states import LIVE_FAMILY, FamilyStatus

if TYPE_CHECKING:
    from requests_app.models import Assignment, AttenderRequest

MEMBER: Final = "member:"  # how the history of a family's request names the hospital's people


@command
def rate_partner(*, assignment_id: uuid.UUID, donor_id: uuid.UUID, stars: int, comment: str) -> Rating:
    """The donor rates the visit. Raises: NotFound, NotRateableYet, AlreadyRated."""
    visit = requests.get_assignment_of_donor(donor_id, assignment_id)
    return _rate(visit, RatedBy.DONOR, stars, comment)


@command
def rate_donor(*, assignment_id: uuid.UUID, partner_id: uuid.UUID, stars: int, comment: str) -> Rating:
    """The partner rates the donor. Raises: NotFound, NotRateableYet, AlreadyRated."""
    visit = requests.get_assignment_of_partner(partner_id, assignment_id)
    return _rate(visit, RatedBy.PARTNER, stars, comment)


@command
def rate_hospital(*, request_id: uuid.UUID, requester_id: uuid.UUID, stars: int, comment: str) -> Rating:
    """The family rates who served its request. Raises: NotFound, NotRateableYet, AlreadyRated."""
    request = requests.get_family_of_person(requester_id, request_id)
    return _rate_family(request, RatedBy.FAMILY, stars, comment)


@command
def rate_family(*, request_id: uuid.UUID, partner_id: uuid.UUID, stars: int, comment: str) -> Rating:
    """The partner rates the family that asked. Raises: NotFound, NotRateableYet, AlreadyRated."""
    request = requests.get_family_of_partner(partner_id, request_id)
    return _rate_family(request, RatedBy.PARTNER, stars, comment)


@step
def forget_words(*, person_id: uuid.UUID) -> None:
    """Delete the comments about the person's visits and requests, of both sides."""
    visits, families = Q(assignment__donor_id=person_id), Q(attender_request__requester_id=person_id)
    Rating.objects.filter(visits | families).update(comment="")


def _rate(visit: Assignment, side: RatedBy, stars: int, comment: str) -> Rating:
    """A visit that is over can be rated, however it ended; who never arrived was never there."""
    if visit.arrived_at is None or visit.is_live:
        raise NotRateableYet(state=visit.status)
    rating = Rating.objects.create(assignment_id=visit.pk, rated_by=side, stars=stars, comment=comment)
    if side is RatedBy.DONOR:
        count_stars(partner_id=visit.request.partner_id, stars=stars)
    return rating


def _rate_family(request: AttenderRequest, side: RatedBy, stars: int, comment: str) -> Rating:
    """What is over can be rated, swept or not; taken back before the hospital did anything, the two never met."""
    state = request.state_at(clock.now())
    has_met = any(event.actor.startswith(MEMBER) for event in request.history)  # type: ignore[attr-defined]
    if state in LIVE_FAMILY or (state is FamilyStatus.CANCELLED and not has_met):
        raise NotRateableYet(state=str(state))
    rating = Rating.objects.create(attender_request_id=request.pk, rated_by=side, stars=stars, comment=comment)
    if side is RatedBy.FAMILY:
        count_stars(partner_id=request.partner_id, stars=stars)
    return rating
