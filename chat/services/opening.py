"""Conversations of what began before there were any: opened when somebody asks for it, once, whatever else happens."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from appointments.selectors import booking
from appointments.selectors.meetings import PATIENT_EARLY
from appointments.services.steps import hold_appointment
from appointments.states import AppointmentStatus, VisitKind
from chat.models import Conversation
from chat.services import following
from chat.services.following import AHEAD, Effect, Step
from chat.states import ChatRole, ChatStep, ChatSubject
from common import clock, outbox
from common.db import command, step
from orders import selectors as orders
from orders.services.records import hold_order
from orders.states import BEFORE_DISPATCH
from orders.states import OPEN as OPEN_ORDER
from payments.parties import Party
from requests_app import selectors as requests
from requests_app.services.places import lock_promise
from requests_app.states import LIVE_ASSIGNMENT, AssignmentStatus
from stock import selectors as stock
from stock.services.exchanging.records import hold_transfer
from stock.states import SENDS, TransferStatus

Sides = Mapping[ChatRole, Party]


@dataclass(frozen=True)
class _Begun:
    """What is going on: between whom, whether the two have met, and of a visit its time and the way into it."""

    sides: Sides
    has_met: bool
    about_at: dt.datetime | None = None
    joinable_at: dt.datetime | None = None


@dataclass(frozen=True)
class _Kind:
    """Which subjects may lack a conversation, how one is looked at under its lock, and what its event would say."""

    after: Callable[[uuid.UUID | None], list[uuid.UUID]]
    look: Callable[[uuid.UUID], _Begun | None]
    opened_by: str
    code: ChatStep


@command
def open_missing(subject: ChatSubject, subject_id: uuid.UUID) -> bool:
    """Open the conversation of what is going on, where it has none; say whether one was opened.

    One whose opening event is still to be told is left to that. Whatever ends the subject waits for its lock here, so
    that its own event, which is told later, finds the conversation and closes it.

    Locks: the subject, the conversation.      Raises: NotFound
    """
    kind = KINDS[subject]
    begun = kind.look(subject_id)
    told_soon = outbox.open_events().filter(**{"name": kind.opened_by, f"payload__{subject}": str(subject_id)})
    mine = Conversation.objects.filter(subject_kind=subject, subject_id=subject_id)
    if begun is None or told_soon.exists() or mine.exists():
        return False
    effect = Effect.MEETS if begun.has_met else Effect.NONE
    taken = Step(subject, subject_id, kind.code, "opened later", clock.now(), effect, begun.about_at)
    following.open_with(taken, begun.sides)
    if begun.joinable_at is not None:
        mine.update(joinable_at=begun.joinable_at)
    return True


def missing(subject: ChatSubject) -> Iterator[list[uuid.UUID]]:
    """Yield, batch by batch, what is going on and has no conversation."""
    after: uuid.UUID | None = None
    while batch := KINDS[subject].after(after):
        after = batch[-1]
        talks = Conversation.objects.filter(subject_kind=subject, subject_id__in=batch)
        known = set(talks.values_list("subject_id", flat=True))
        if lacking := [pk for pk in batch if pk not in known]:
            yield lacking


@step
def _promise(assignment_id: uuid.UUID) -> _Begun | None:
    request, row = lock_promise(assignment_id)
    if row.state not in LIVE_ASSIGNMENT:
        return None
    sides = {ChatRole.DONOR: Party.person(row.donor_id), ChatRole.CENTRE: Party.partner(request.partner_id)}
    return _Begun(sides, has_met=row.state is AssignmentStatus.ARRIVED)


@step
def _order(order_id: uuid.UUID) -> _Begun | None:
    row = hold_order(order_id)
    if row.stands not in OPEN_ORDER:
        return None
    sides = {ChatRole.RECEIVER: orders.order_facts(row.pk).buyer, ChatRole.BANK: Party.partner(row.bank_id)}
    return _Begun(sides, has_met=row.state not in BEFORE_DISPATCH)


@step
def _transfer(transfer_id: uuid.UUID) -> _Begun | None:
    row = hold_transfer(transfer_id)
    if row.stands not in SENDS - {TransferStatus.RECEIVED} or row.sender_id is None:
        return None
    sides = {ChatRole.ASKER: Party.partner(row.partner_id), ChatRole.SENDER: Party.partner(row.sender_id)}
    return _Begun(sides, has_met=row.state is TransferStatus.IN_TRANSIT)


@step
def _appointment(appointment_id: uuid.UUID) -> _Begun | None:
    row = hold_appointment(appointment_id)
    if row.state not in AHEAD:
        return None
    doctor = booking.appointment_facts(row.pk).doctor_user_id
    return _Begun(
        {ChatRole.PATIENT: Party.person(row.patient_id), ChatRole.DOCTOR: Party.person(doctor)},
        has_met=row.checked_in_at is not None or row.state is AppointmentStatus.IN_PROGRESS,
        about_at=row.starts_at,
        joinable_at=row.starts_at - PATIENT_EARLY if row.kind == VisitKind.VIDEO else None,
    )


KINDS: Final[Mapping[ChatSubject, _Kind]] = {
    ChatSubject.ASSIGNMENT: _Kind(requests.live_promises_after, _promise, "assignment.accepted", ChatStep.ACCEPTED),
    ChatSubject.ORDER: _Kind(orders.open_orders_after, _order, "order.placed", ChatStep.PLACED),
    ChatSubject.TRANSFER: _Kind(stock.offered_transfers_after, _transfer, "transfer.offered", ChatStep.OFFERED),
    ChatSubject.APPOINTMENT: _Kind(booking.booked_after, _appointment, "appointment.confirmed", ChatStep.CONFIRMED),
}
