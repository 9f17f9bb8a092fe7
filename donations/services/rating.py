"""What the two sides of a visit thought of each other; once each way."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from common.db import command, step
from donations.errors import NotRateableYet
from donations.models import Rating
from donations.states import RatedBy
from requests_app import selectors as requests

if TYPE_CHECKING:
    from requests_app.models import Assignment


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


@step
def forget_words(*, donor_id: uuid.UUID) -> None:
    """Delete the comments about the donor's visits, of both sides."""
    Rating.objects.filter(assignment__donor_id=donor_id).update(comment="")


def _rate(visit: Assignment, side: RatedBy, stars: int, comment: str) -> Rating:
    """A visit that is over can be rated, however it ended; who never arrived was never there."""
    if visit.arrived_at is None or visit.is_live:
        raise NotRateableYet(state=visit.status)
    return Rating.objects.create(assignment_id=visit.pk, rated_by=side, stars=stars, comment=comment)
