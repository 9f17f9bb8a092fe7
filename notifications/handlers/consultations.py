"""Appointments that are near: both sides are reminded, and told when the link is another.

No name of a patient, no link and nothing about health: messages are read by others too.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

from appointments.selectors import calendars
from appointments.selectors.calendars import VisitFacts
from appointments.services.reminders import LEADS
from appointments.states import AppointmentStatus, Side
from common import clock
from common.models import OutboxEvent
from common.outbox import on
from notifications.handlers.addressing import id_in, occasion, people
from notifications.kinds import Kind
from notifications.services import Recipient, Subject, notify

Kinds = Mapping[Side, Kind]
NEAR: Final = {Side.PATIENT: Kind.VISIT_REMINDER, Side.DOCTOR: Kind.CONSULT_REMINDER}
OTHER_LINK: Final = dict.fromkeys(Side, Kind.VISIT_OTHER_LINK)
AHEAD: Final = (AppointmentStatus.CONFIRMED, AppointmentStatus.IN_PROGRESS)


@on("appointment.reminder_due")
def remind(event: OutboxEvent) -> None:
    """Once for each time that the appointment has had, and not later than it is worth."""
    visit, hours = calendars.visit_facts(id_in(event, "appointment")), event.payload["hours"]
    until = visit.starts_at - dt.timedelta(hours=hours) + LEADS[hours]
    if visit.status is not AppointmentStatus.CONFIRMED or visit.sequence != event.payload["sequence"]:
        return
    if clock.now() < until:
        told = f"reminder:{visit.id}:{visit.sequence}:{hours}"
        _tell(event, NEAR, visit, told=told, valid_until=until)


@on("meeting.fell_back")
def tell_other_link(event: OutboxEvent) -> None:
    visit = calendars.visit_facts(id_in(event, "appointment"))
    if visit.status in AHEAD:
        _tell(event, OTHER_LINK, visit)


def _tell(
    event: OutboxEvent,
    kinds: Kinds,
    visit: VisitFacts,
    *,
    told: str = "",
    valid_until: dt.datetime | None = None,
) -> None:
    for side, recipient in _sides(visit).items():
        notify(
            kind=kinds[side],
            occasion=told or occasion(event),
            recipients=[recipient],
            facts={"doctor": visit.doctor, "at": visit.starts_at},
            subject=Subject("appointment", visit.id),
            valid_until=valid_until,
        )


def _sides(visit: VisitFacts) -> dict[Side, Recipient]:
    """Return both as far as they can be reached; somebody who is gone cannot."""
    by_person = {person.user_id: person for person in people([visit.patient, visit.doctor_user])}
    wanted = {Side.PATIENT: visit.patient, Side.DOCTOR: visit.doctor_user}
    return {side: by_person[user_id] for side, user_id in wanted.items() if user_id in by_person}
