"""What follows from what happened: to doctors' times, to appointments, to their meetings, to files and records."""

from __future__ import annotations

import datetime as dt
import uuid

from appointments.services import (
    attendance,
    calendars,
    doctors,
    ending,
    files,
    forgetting,
    forgetting_records,
    late,
    meetings,
    paying,
    reminders,
    visiting,
    waiting,
)
from appointments.states import EndedBy, Side
from common.models import OutboxEvent
from common.outbox import on, open_events
from payments.states import PurchaseKind


@on("doctor.time_changed")
def find_next_free(event: OutboxEvent) -> None:
    """Look once for several changes that wait: the last one's look sees them all."""
    if not open_events().filter(key=event.key, id__gt=event.pk).exists():
        doctors.find_next_free(doctor_ids=[uuid.UUID(event.payload["doctor"])])


@on("account.erased")
def forget_records(event: OutboxEvent) -> None:
    forgetting_records.forget_records(person_id=uuid.UUID(event.payload["user"]))


@on("account.erased")
def forget_doctor(event: OutboxEvent) -> None:
    forgetting.forget_person(user_id=uuid.UUID(event.payload["user"]))


@on("payment.succeeded")
def take_money(event: OutboxEvent) -> None:
    """Book what is paid; money that came late still books if the time is free."""
    if event.payload["kind"] == PurchaseKind.APPOINTMENT:
        late.take_money(
            reference=uuid.UUID(event.payload["reference"]),
            payment_id=uuid.UUID(event.payload["payment"]),
            is_late=event.payload["late"],
        )


@on("refund.succeeded")
@on("refund.failed")
def note_refund(event: OutboxEvent) -> None:
    """Write into the appointment's history what became of the money that goes back."""
    if event.payload["kind"] == PurchaseKind.APPOINTMENT:
        paying.note_refund(
            reference=uuid.UUID(event.payload["reference"]),
            verb=event.name.replace(".", "_"),
            minor=event.payload["amount"],
        )


@on("appointment.cancelled")
@on("appointment.completed")
@on("appointment.lapsed")
@on("appointment.missed")
def settle_end(event: OutboxEvent) -> None:
    """Give back what is the patient's, and set aside what is the doctor's."""
    paying.settle_end(appointment_id=uuid.UUID(event.payload["appointment"]))


@on("appointment.cancelled")
@on("appointment.lapsed")
def offer_freed_time(event: OutboxEvent) -> None:
    """Ask whoever waits first."""
    _offer(event, event.payload["starts_at"])


@on("appointment.rescheduled")
def offer_former_time(event: OutboxEvent) -> None:
    """Ask whoever waits for the time that was given back."""
    _offer(event, event.payload["was"])


@on("doctor.leave_removed")
def look_for_who_waits(event: OutboxEvent) -> None:
    """See which of the times that are there again somebody waits for."""
    waiting.announce_free(
        doctor_id=uuid.UUID(event.payload["doctor"]),
        since=dt.datetime.fromisoformat(event.payload["since"]),
        until=dt.datetime.fromisoformat(event.payload["until"]),
    )


@on("waitlist.freed")
def offer_time(event: OutboxEvent) -> None:
    """Ask whoever waits for it first."""
    _offer(event, event.payload["starts_at"])


@on("doctor.suspended")
def cancel_of_doctor(event: OutboxEvent) -> None:
    """Whoever may not work sees nobody."""
    ending.cancel_of_doctor(doctor_id=uuid.UUID(event.payload["doctor"]), by=EndedBy.PLATFORM)


@on("doctor.leave_added")
def cancel_during_leave(event: OutboxEvent) -> None:
    """Who is on leave sees nobody in that time."""
    ending.cancel_of_doctor(
        doctor_id=uuid.UUID(event.payload["doctor"]),
        by=EndedBy.DOCTOR,
        since=dt.datetime.fromisoformat(event.payload["since"]),
        until=dt.datetime.fromisoformat(event.payload["until"]),
    )


@on("account.erased")
def forget_patient(event: OutboxEvent) -> None:
    """Cancel what is ahead of a person who is gone, and forget why they came."""
    patient_id = uuid.UUID(event.payload["user"])
    ending.cancel_of_patient(patient_id=patient_id)


@on("account.erased")
def leave_lists(event: OutboxEvent) -> None:
    """Who is gone waits no more."""
    waiting.forget_patient(patient_id=uuid.UUID(event.payload["user"]))


@on("appointment.confirmed")
@on("appointment.rescheduled")
def arrange_visit(event: OutboxEvent) -> None:
    """A time is agreed: by video there is a meeting at it, and both are reminded of it."""
    appointment_id = uuid.UUID(event.payload["appointment"])
    meetings.follow(appointment_id=appointment_id)
    reminders.plan(
        appointment_id=appointment_id,
        starts_at=dt.datetime.fromisoformat(event.payload["starts_at"]),
        sequence=event.payload["sequence"],
        since=event.created_at,
    )


@on("appointment.cancelled")
@on("appointment.completed")
@on("appointment.missed")
def end_meeting(event: OutboxEvent) -> None:
    meetings.follow(appointment_id=uuid.UUID(event.payload["appointment"]))


@on("meeting.notified")
def note_attendance(event: OutboxEvent) -> None:
    attendance.act_on(notice_id=event.payload["notice"])


@on("meeting.joined")
def check_patient_in(event: OutboxEvent) -> None:
    """Whoever comes to the meeting need not say so besides."""
    if event.payload["side"] == Side.PATIENT:
        visiting.note_joined(appointment_id=uuid.UUID(event.payload["appointment"]))


@on("account.erased")
def end_calendar(event: OutboxEvent) -> None:
    calendars.forget_person(user_id=uuid.UUID(event.payload["user"]))


@on("account.erased")
def destroy_files(event: OutboxEvent) -> None:
    """Destroy every file, and what was read of them but what a doctor has signed."""
    files.forget_files(patient_id=uuid.UUID(event.payload["user"]))


def _offer(event: OutboxEvent, starts_at: str) -> None:
    waiting.offer(doctor_id=uuid.UUID(event.payload["doctor"]), starts_at=dt.datetime.fromisoformat(starts_at))
