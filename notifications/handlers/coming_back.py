"""Donors between two visits: reminded before one, told what it was good for, asked for the next."""

from __future__ import annotations

from common import clock
from common.models import OutboxEvent
from common.outbox import on
from donations import selectors as donations
from notifications.handlers.addressing import id_in, people
from notifications.kinds import Kind
from notifications.services import Subject, notify
from partners import selectors as partners
from requests_app import selectors as requests
from requests_app.states import AssignmentStatus
from stock import tracing


@on("assignment.reminder_due")
def remind(event: OutboxEvent) -> None:
    """Remind whoever is still expected; a promise that was kept, taken back or missed meanwhile says nothing."""
    promise = requests.assignment_facts(id_in(event, "assignment"))
    if promise.status is not AssignmentStatus.ACCEPTED or promise.expires_at <= clock.now():
        return
    notify(
        kind=Kind.REMINDER,
        occasion=f"reminder:{promise.id}:{event.payload['hours']}",
        recipients=people([promise.donor_id]),
        facts={"partner": partners.card(promise.partner_id).name, "expires_at": promise.expires_at},
        subject=Subject("assignment", promise.id),
        valid_until=promise.expires_at,
    )


@on("donor.eligible_again")
def ask_back(event: OutboxEvent) -> None:
    notify(
        kind=Kind.ELIGIBLE_AGAIN,
        occasion=f"invitation:{event.payload['invitation']}",
        recipients=people([id_in(event, "donor")]),
    )


@on("unit.issued")
def tell_where_it_went(event: OutboxEvent) -> None:
    """Tell the donor once for each hospital, by day, and nothing of who got it; of what is withdrawn nothing at all."""
    donation = donations.donation_of_din(event.payload["din"])
    if donation is None or tracing.is_withdrawn(id_in(event, "unit")):
        return
    hospital = partners.card(id_in(event, "to_partner"))
    notify(
        kind=Kind.BLOOD_ISSUED,
        occasion=f"issued:{donation.id}:{hospital.id}",
        recipients=people([donation.donor_id]),
        facts={"partner": hospital.name, "donated_on": donation.donated_on},
        subject=Subject("donation", donation.id),
    )
