"""Requests, promises, families, orders, transfers and appointments."""

from __future__ import annotations

import contextlib
import functools
import uuid
from collections.abc import Callable, Iterable
from typing import Final

from appointments.selectors import booking as appointments
from common import live
from common.errors import NotFound
from common.live import Change
from common.models import OutboxEvent
from common.outbox import on
from donations import selectors as donations
from notifications.handlers.addressing import id_in
from orders import selectors as orders
from requests_app import selectors as requests
from stock import selectors as stock

REQUESTS: Final = ("opened", "filled", "reopened", "fulfilled", "cancelled", "expired")
ASSIGNMENTS: Final = ("accepted", "arrived", "cancelled", "deferred", "missed", "released")
FAMILIES: Final = ("asked", "confirmed", "refused", "source_changed", "served", "fulfilled", "cancelled", "expired")
ORDERS: Final = (
    *("placed", "documented", "accepted", "rejected", "paid", "short", "packed", "dispatched", "left", "late"),
    *("delivered", "failed", "returned", "cancelled", "breached", "bags_unfit"),
)
TRANSFERS: Final = ("requested", "candidate_asked", "offered", "confirmed", "dispatched", "received", "ended")
APPOINTMENTS: Final = (
    *("held", "confirmed", "rescheduled", "checked_in", "started", "completed", "cancelled", "missed", "lapsed"),
)
Handler = Callable[[OutboxEvent], None]


def each(subject: str, steps: Iterable[str]) -> Callable[[Handler], Handler]:
    """Register the decorated function for every one of these steps of the subject; what is gone shows nothing."""

    def register(handler: Handler) -> Handler:
        @functools.wraps(handler)
        def show(event: OutboxEvent) -> None:
            with contextlib.suppress(NotFound):
                handler(event)

        for step in steps:
            on(f"{subject}.{step}")(show)
        return show

    return register


@each("request", REQUESTS)
def show_request(event: OutboxEvent) -> None:
    """To the partner: the donors hear of what they have promised."""
    request = requests.request_facts(id_in(event, "request"))
    _show(event, request.id, request.status, [request.partner_id])


@each("assignment", ASSIGNMENTS)
def show_assignment(event: OutboxEvent) -> None:
    promise = requests.assignment_facts(id_in(event, "assignment"))
    _show(event, promise.id, promise.status, [promise.partner_id, promise.donor_id])


@each("donation", ["verified"])
def show_donation(event: OutboxEvent) -> None:
    donation = donations.donation_facts(id_in(event, "donation"))
    _show(event, donation.id, "verified", [donation.partner_id, donation.donor_id])


@each("family", FAMILIES)
def show_family(event: OutboxEvent) -> None:
    family = requests.family_facts(id_in(event, "attender_request"))
    _show(event, family.id, family.status, [family.partner_id, family.requester_id])


@each("order", ORDERS)
def show_order(event: OutboxEvent) -> None:
    order = orders.order_facts(id_in(event, "order"))
    _show(event, order.id, order.status, [order.bank_id, order.buyer.user_id, order.buyer.partner_id])


@each("transfer", TRANSFERS)
def show_transfer(event: OutboxEvent) -> None:
    """To whoever asks, and to those among the asked whom this step concerns."""
    transfer = stock.transfer_facts(id_in(event, "transfer"))
    named = [event.payload.get("sender"), event.payload.get("from_partner"), *event.payload.get("asked", ())]
    others = [uuid.UUID(partner) for partner in named if partner is not None]
    _show(event, transfer.id, transfer.status, [transfer.partner_id, *others])


@each("appointment", APPOINTMENTS)
def show_appointment(event: OutboxEvent) -> None:
    """A time that is only held is the patient's affair: the doctor hears of it when it is booked."""
    visit = appointments.appointment_facts(id_in(event, "appointment"))
    _show(event, visit.id, visit.status, [visit.patient_id, visit.doctor_user_id if visit.was_booked else None])


def _show(event: OutboxEvent, subject: uuid.UUID, status: str, topics: Iterable[uuid.UUID | None]) -> None:
    data = {"id": str(subject), "status": str(status), "updated_at": live.written(event.created_at)}
    concerned = {topic for topic in topics if topic is not None}
    live.publish(Change(topic, event.name, data) for topic in concerned)
