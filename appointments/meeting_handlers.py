"""What appointments mean for their meetings and reminders, and what a provider of meetings tells."""

from __future__ import annotations

import datetime as dt
import uuid

from appointments.services import attendance, calendars, meetings, reminders
from common.models import OutboxEvent
from common.outbox import on


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


@on("account.erased")
def end_calendar(event: OutboxEvent) -> None:
    calendars.forget_person(user_id=uuid.UUID(event.payload["user"]))
