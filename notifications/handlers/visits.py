"""A promise, its visit and the donation, for the other side of the door."""

from __future__ import annotations

from common.models import OutboxEvent
from common.outbox import on
from donations import selectors as donations
from notifications.handlers.addressing import (
    ANSWERING,
    id_in,
    members,
    occasion,
    people,
)
from notifications.kinds import Kind
from notifications.services import Subject, notify
from partners import selectors as partners
from requests_app import selectors as requests
from requests_app.selectors import AssignmentFacts
from requests_app.states import RequestStatus, Urgency
from users.services.donors import POINTS
from users.states import ScoreReason


@on("assignment.accepted")
def tell_donor_coming(event: OutboxEvent) -> None:
    """Announce the donor to the partner, without the code that proves the arrival."""
    promise = requests.assignment_facts(id_in(event, "assignment"))
    request = requests.request_facts(promise.request_id)
    notify(
        kind=Kind.DONOR_COMING,
        occasion=occasion(event),
        recipients=members(request.partner_id, ANSWERING),
        facts={
            "group": request.blood_group,
            "distance": promise.distance_km,
            "expires_at": promise.expires_at,
        },
        subject=Subject("assignment", promise.id),
        valid_until=promise.expires_at,
        is_critical=request.urgency is Urgency.CRITICAL,
    )


@on("assignment.cancelled")
def tell_donor_cancelled(event: OutboxEvent) -> None:
    promise = requests.assignment_facts(id_in(event, "assignment"))
    request = requests.request_facts(promise.request_id)
    notify(
        kind=Kind.DONOR_CANCELLED,
        occasion=occasion(event),
        recipients=members(request.partner_id, ANSWERING),
        facts={"group": request.blood_group, "units_left": request.units_left},
        subject=Subject("assignment", promise.id),
        is_critical=request.urgency is Urgency.CRITICAL,
    )


@on("assignment.released")
def tell_released(event: OutboxEvent) -> None:
    """Tell the donor that nobody waits for him; of a cancelled request another event tells him."""
    promise = requests.assignment_facts(id_in(event, "assignment"))
    if requests.get_request(promise.request_id).status == RequestStatus.CANCELLED:
        return
    _tell_donor(event, Kind.RELEASED, promise, is_critical=True)


@on("assignment.missed")
def tell_missed(event: OutboxEvent) -> None:
    promise = requests.assignment_facts(id_in(event, "assignment"))
    _tell_donor(event, Kind.MISSED, promise, points=-POINTS[ScoreReason.MISSED])


@on("assignment.deferred")
def tell_deferred(event: OutboxEvent) -> None:
    """Say nothing of the reason: a text message is read by others too."""
    _tell_donor(event, Kind.DEFERRED, requests.assignment_facts(id_in(event, "assignment")))


@on("donation.verified")
def tell_thanks(event: OutboxEvent) -> None:
    donation = donations.donation_facts(id_in(event, "donation"))
    facts = {"partner": partners.card(donation.partner_id).name}
    dated = {} if donation.next_eligible_on is None else {"next_eligible_on": donation.next_eligible_on}
    notify(
        kind=Kind.THANK_YOU if dated else Kind.THANK_YOU_UNDATED,
        occasion=f"donation:{donation.id}",
        recipients=people([donation.donor_id]),
        facts={**facts, **dated},
        subject=Subject("donation", donation.id),
    )


def _tell_donor(
    event: OutboxEvent, kind: Kind, promise: AssignmentFacts, *, is_critical: bool = False, **facts: int
) -> None:
    notify(
        kind=kind,
        occasion=occasion(event),
        recipients=people([promise.donor_id]),
        facts={"partner": partners.card(promise.partner_id).name, **facts},
        subject=Subject("assignment", promise.id),
        is_critical=is_critical,
    )
