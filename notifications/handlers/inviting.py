"""What e-mails about appointments bring for calendars."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace

from django.conf import settings

from appointments import calendar
from appointments.calendar import Method
from appointments.selectors import calendars
from appointments.states import Side
from notifications.services import Recipient


def invited(recipients: Sequence[Recipient], *, appointment_id: uuid.UUID, method: Method) -> list[Recipient]:
    """Return the recipients with what their calendars need, in each one's language.

    An invitation to what has been cancelled since brings nothing: the cancelling follows.
    """
    if not any(recipient.email for recipient in recipients):
        return list(recipients)
    visit = calendars.visit_facts(appointment_id)
    entries = calendars.entries_of(appointment_id)
    if method is Method.REQUEST and entries[Side.PATIENT].is_cancelled:
        return list(recipients)
    sides = {visit.patient: Side.PATIENT, visit.doctor_user: Side.DOCTOR}
    return [
        replace(recipient, invitation=_written(recipient, entries[sides[recipient.user_id]], method))
        if recipient.email and recipient.user_id in sides
        else recipient
        for recipient in recipients
    ]


def _written(recipient: Recipient, entry: calendar.Entry, method: Method) -> str:
    body = calendar.write(
        [entry],
        method=method,
        language=recipient.language,
        organizer=settings.MAIL_FROM,
        attendee=recipient.email,
    )
    return body.decode()
