"""What camps, gifts, test results and erasures have to do with donors who come, come back, or are forgotten."""

import uuid

from common.models import OutboxEvent
from common.outbox import on
from donations.services import announcing, camps, enrolling, inviting, rating
from donations.services.deferring import defer_donor_of
from requests_app import selectors as requests


@on("donation.verified")
def invite_giver_back(event: OutboxEvent) -> None:
    """Have who gave, at a partner or at a camp, asked again as soon as he may give again."""
    inviting.plan_invitation(
        donor_id=uuid.UUID(event.payload["donor"]),
        visited_at=event.created_at,
        assignment_id=_named(event, "assignment"),
        enrolment_id=_named(event, "enrolment"),
    )


@on("assignment.deferred")
def invite_unfit_back(event: OutboxEvent) -> None:
    """Have who was found unfit for a while asked again as soon as he may give again."""
    assignment_id = uuid.UUID(event.payload["assignment"])
    inviting.plan_invitation(
        donor_id=requests.donor_of(assignment_id), visited_at=event.created_at, assignment_id=assignment_id
    )


@on("account.erased")
def forget_words(event: OutboxEvent) -> None:
    rating.forget_words(person_id=uuid.UUID(event.payload["user"]))


@on("unit.reactive")
def defer_donor(event: OutboxEvent) -> None:
    """Write down a deferral that says nothing of the test; bags that were scanned in have no donor here."""
    defer_donor_of(din=event.payload["din"], partner_id=uuid.UUID(event.payload["partner"]))


@on("account.erased")
def give_back_places(event: OutboxEvent) -> None:
    enrolling.forget_donor(donor_id=uuid.UUID(event.payload["user"]))


@on("partner.suspended")
def cancel_camps(event: OutboxEvent) -> None:
    """Send nobody to a camp of a partner that may not collect blood."""
    camps.cancel_camps_of(partner_id=uuid.UUID(event.payload["partner"]))


@on("camp.published")
@on("camp.invitations_unfinished")
def tell_donors(event: OutboxEvent) -> None:
    """Choose the next donors to be told."""
    announcing.invite_next(camp_id=uuid.UUID(event.payload["camp"]))


def _named(event: OutboxEvent, what: str) -> uuid.UUID | None:
    return uuid.UUID(event.payload[what]) if what in event.payload else None
