"""Appointments: patient and doctor hear of each step; the doctor is told no name, and nobody why a patient comes."""

from __future__ import annotations

import datetime as dt
import uuid

from appointments.calendar import Method
from appointments.selectors import booking as appointments
from appointments.selectors.booking import AppointmentFacts
from appointments.states import AppointmentStatus, Origin
from common.models import OutboxEvent
from common.outbox import on
from notifications.handlers.addressing import id_in, occasion, people
from notifications.handlers.inviting import invited
from notifications.kinds import Kind
from notifications.services import Subject, notify
from notifications.templates import Fact

BOTH = {
    "appointment.rescheduled": Kind.APPOINTMENT_MOVED,
    "appointment.cancelled": Kind.APPOINTMENT_CANCELLED,
    "appointment.missed": Kind.APPOINTMENT_MISSED,
}
INVITED = {"appointment.rescheduled": Method.REQUEST, "appointment.cancelled": Method.CANCEL}
TO_ANSWER = {Origin.PATIENT: Kind.APPOINTMENT_HELD, Origin.FOLLOW_UP: Kind.APPOINTMENT_PROPOSED}


@on("appointment.held")
def tell_held(event: OutboxEvent) -> None:
    """The patient has to pay or agree in time; whoever waited is told so by the offer."""
    facts = appointments.appointment_facts(id_in(event, "appointment"))
    kind = TO_ANSWER.get(facts.origin)
    if kind is not None:
        _ask(event, kind, facts)


@on("waitlist.offered")
def tell_offered(event: OutboxEvent) -> None:
    _ask(event, Kind.WAITLIST_OFFERED, appointments.appointment_facts(id_in(event, "appointment")))


@on("appointment.confirmed")
def tell_confirmed(event: OutboxEvent) -> None:
    facts = appointments.appointment_facts(id_in(event, "appointment"))
    _tell(event, Kind.APPOINTMENT_CONFIRMED, facts, [facts.patient_id], method=Method.REQUEST)
    _tell(event, Kind.APPOINTMENT_BOOKED, facts, [facts.doctor_user_id], method=Method.REQUEST)


@on("appointment.rescheduled")
@on("appointment.cancelled")
@on("appointment.missed")
def tell_both(event: OutboxEvent) -> None:
    """Both sides; of a time that was held and never booked the doctor was not told before, and is not now."""
    facts = appointments.appointment_facts(id_in(event, "appointment"))
    more = {"was": dt.datetime.fromisoformat(event.payload["was"])} if "was" in event.payload else {}
    sides = [facts.patient_id, facts.doctor_user_id] if facts.was_booked else [facts.patient_id]
    _tell(event, BOTH[event.name], facts, sides, method=INVITED.get(event.name) if facts.was_booked else None, **more)


def _ask(event: OutboxEvent, kind: Kind, facts: AppointmentFacts) -> None:
    if facts.status is AppointmentStatus.HELD and facts.answer_by is not None:
        _tell(event, kind, facts, [facts.patient_id], valid_until=facts.answer_by, answer_by=facts.answer_by)


def _tell(
    event: OutboxEvent,
    kind: Kind,
    facts: AppointmentFacts,
    user_ids: list[uuid.UUID],
    *,
    method: Method | None = None,
    valid_until: dt.datetime | None = None,
    **more: Fact,
) -> None:
    """Tell them; `method` says what an e-mail does to their calendars."""
    starts_at = dt.datetime.fromisoformat(event.payload["starts_at"])
    notify(
        kind=kind,
        occasion=occasion(event),
        recipients=invited(people(user_ids), appointment_id=facts.id, method=method) if method else people(user_ids),
        facts={"doctor": facts.doctor_name, "starts_at": starts_at, **more},
        subject=Subject("appointment", facts.id),
        valid_until=valid_until,
    )
