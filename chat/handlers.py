"""What happens to promises, orders, transfers and visits, said in their conversations; who is gone is forgotten."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Final

from appointments.selectors.meetings import PATIENT_EARLY
from appointments.states import VisitKind
from chat.services import following, forgetting
from chat.services.following import Effect, Step
from chat.states import ChatRole, ChatStep, ChatSubject
from common.models import OutboxEvent
from common.outbox import on
from orders import selectors as orders
from payments.parties import Party
from requests_app import selectors as requests

Told = tuple[ChatStep, Effect]

ASSIGNMENT: Final[dict[str, Told]] = {
    "assignment.accepted": (ChatStep.ACCEPTED, Effect.NONE),
    "assignment.arrived": (ChatStep.ARRIVED, Effect.MEETS),
    "assignment.cancelled": (ChatStep.CANCELLED, Effect.ENDS),
    "assignment.missed": (ChatStep.MISSED, Effect.ENDS),
    "assignment.released": (ChatStep.RELEASED, Effect.ENDS),
    "assignment.deferred": (ChatStep.DEFERRED, Effect.ENDS),
    "donation.verified": (ChatStep.DONATED, Effect.ENDS),
}
ORDER: Final[dict[str, Told]] = {
    "order.placed": (ChatStep.PLACED, Effect.NONE),
    "order.accepted": (ChatStep.ACCEPTED, Effect.NONE),
    "order.paid": (ChatStep.PAID, Effect.GOES_ON),  # also late, after it had lapsed
    "order.packed": (ChatStep.PACKED, Effect.NONE),
    "order.dispatched": (ChatStep.DISPATCHED, Effect.MEETS),
    "order.delivered": (ChatStep.DELIVERED, Effect.ENDS),
    "order.failed": (ChatStep.FAILED, Effect.NONE),
    "order.returned": (ChatStep.RETURNED, Effect.ENDS),
    "order.rejected": (ChatStep.REJECTED, Effect.ENDS),
    "order.cancelled": (ChatStep.CANCELLED, Effect.ENDS),
}
TRANSFER: Final[dict[str, Told]] = {
    "transfer.offered": (ChatStep.OFFERED, Effect.NONE),
    "transfer.confirmed": (ChatStep.CONFIRMED, Effect.NONE),
    "transfer.dispatched": (ChatStep.DISPATCHED, Effect.MEETS),
    "transfer.received": (ChatStep.RECEIVED, Effect.ENDS),
    "transfer.ended": (ChatStep.ENDED, Effect.ENDS),
}
APPOINTMENT: Final[dict[str, Told]] = {
    "appointment.confirmed": (ChatStep.CONFIRMED, Effect.NONE),
    "appointment.rescheduled": (ChatStep.RESCHEDULED, Effect.NONE),
    "appointment.checked_in": (ChatStep.CHECKED_IN, Effect.MEETS),
    "appointment.started": (ChatStep.STARTED, Effect.MEETS),
    "appointment.completed": (ChatStep.COMPLETED, Effect.ENDS),
    "appointment.missed": (ChatStep.MISSED, Effect.ENDS),
    "appointment.cancelled": (ChatStep.CANCELLED, Effect.ENDS),
}

GIVES_A_TIME: Final = frozenset({"appointment.confirmed", "appointment.rescheduled"})


@on("assignment.accepted")
def open_with_donor(event: OutboxEvent) -> None:
    """The donor and the partner that waits for him can talk."""
    promise = requests.assignment_facts(_id(event, "assignment"))
    sides = {ChatRole.DONOR: Party.person(promise.donor_id), ChatRole.CENTRE: Party.partner(promise.partner_id)}
    following.open_with(_step(event, ChatSubject.ASSIGNMENT, ASSIGNMENT), sides)


@on("assignment.arrived")
@on("assignment.cancelled")
@on("assignment.missed")
@on("assignment.released")
@on("assignment.deferred")
@on("donation.verified")
def follow_assignment(event: OutboxEvent) -> None:
    """What was given at a camp answers no promise."""
    if "assignment" in event.payload:
        following.follow(_step(event, ChatSubject.ASSIGNMENT, ASSIGNMENT))


@on("order.placed")
def open_with_bank(event: OutboxEvent) -> None:
    """Whoever ordered and the bank can talk, also of what is missing before the bank's answer."""
    order = orders.order_facts(_id(event, "order"))
    sides = {ChatRole.RECEIVER: order.buyer, ChatRole.BANK: Party.partner(order.bank_id)}
    following.open_with(_step(event, ChatSubject.ORDER, ORDER), sides)


@on("order.accepted")
@on("order.paid")
@on("order.packed")
@on("order.dispatched")
@on("order.delivered")
@on("order.failed")
@on("order.returned")
@on("order.rejected")
@on("order.cancelled")
def follow_order(event: OutboxEvent) -> None:
    following.follow(_step(event, ChatSubject.ORDER, ORDER))


@on("transfer.offered")
def open_with_sender(event: OutboxEvent) -> None:
    """The two partners can talk as soon as one has offered; another sender has another transfer."""
    sides = {
        ChatRole.ASKER: Party.partner(_id(event, "partner")),
        ChatRole.SENDER: Party.partner(_id(event, "from_partner")),
    }
    following.open_with(_step(event, ChatSubject.TRANSFER, TRANSFER), sides)


@on("transfer.confirmed")
@on("transfer.dispatched")
@on("transfer.received")
@on("transfer.ended")
def follow_transfer(event: OutboxEvent) -> None:
    following.follow(_step(event, ChatSubject.TRANSFER, TRANSFER))


@on("appointment.confirmed")
def open_with_doctor(event: OutboxEvent) -> None:
    """The patient and the doctor can talk."""
    sides = {
        ChatRole.PATIENT: Party.person(_id(event, "patient")),
        ChatRole.DOCTOR: Party.person(_id(event, "doctor_user")),
    }
    following.open_with(_step(event, ChatSubject.APPOINTMENT, APPOINTMENT), sides)


@on("appointment.rescheduled")
@on("appointment.checked_in")
@on("appointment.started")
@on("appointment.completed")
@on("appointment.missed")
@on("appointment.cancelled")
def follow_appointment(event: OutboxEvent) -> None:
    following.follow(_step(event, ChatSubject.APPOINTMENT, APPOINTMENT))


@on("appointment.confirmed")
@on("appointment.rescheduled")
def plan_way_in(event: OutboxEvent) -> None:
    """The way into a video consultation is shown when the patient may join it."""
    by_video = event.payload["kind"] == VisitKind.VIDEO
    joinable_at = _starts_at(event) - PATIENT_EARLY if by_video else None
    following.plan_way(appointment_id=_id(event, "appointment"), joinable_at=joinable_at)


@on("account.erased")
def forget_person(event: OutboxEvent) -> None:
    forgetting.forget_person(user_id=_id(event, "user"))


def _step(event: OutboxEvent, subject: ChatSubject, told: dict[str, Told]) -> Step:
    code, effect = told[event.name]
    return Step(
        subject=subject,
        subject_id=_id(event, subject),
        code=code,
        source=f"event:{event.pk}",
        at=event.created_at,
        effect=effect,
        about_at=_starts_at(event) if event.name in GIVES_A_TIME else None,
    )


def _starts_at(event: OutboxEvent) -> dt.datetime:
    return dt.datetime.fromisoformat(event.payload["starts_at"])


def _id(event: OutboxEvent, name: str) -> uuid.UUID:
    return uuid.UUID(event.payload[name])
