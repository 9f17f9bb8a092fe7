"""Another time for a visit: the new one first; where it is taken, the old one stays."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Final

from appointments.errors import RescheduledTooOften, TooLateToReschedule
from appointments.models import Appointment
from appointments.services.holding import find_slot, hold_doctor, in_the_way, lapse
from appointments.services.steps import by_user, in_payload, take_step, tell
from appointments.states import AppointmentStatus, VisitKind
from common import clock
from common.db import command, lock, take_turn
from common.errors import IllegalTransition, NotFound

MOST_MOVES: Final = 3  # of one appointment, by its patient
MOVE_UNTIL: Final = dt.timedelta(hours=1)  # before the visit begins


@command
def reschedule(*, appointment_id: uuid.UUID, patient_id: uuid.UUID, starts_at: dt.datetime) -> Appointment:
    """Move a confirmed visit to another free time of the doctor's; one statement, under the constraints.

    Price and payment stay. So does the refund rule: who moves when only a part would go back is not better off after.

    Locks: the doctor, the appointment and what is over and in its way.      Emits: appointment.rescheduled
    Raises: NotFound, IllegalTransition, SlotNotOffered, SlotTaken, PatientBusy, TooLateToReschedule,
    RescheduledTooOften, Busy
    """
    now = clock.now()
    wish = Appointment.objects.filter(pk=appointment_id, patient=patient_id).first()
    if wish is None:
        raise NotFound
    doctor = hold_doctor(wish.doctor_id)
    take_turn(f"patient:{patient_id}")
    _refuse_wrong_state(wish)
    slot = find_slot(doctor, starts_at, VisitKind(wish.kind), now, without=wish.pk)
    rows = {row.pk: row for row in lock(Appointment, {wish.pk, *in_the_way(doctor.pk, patient_id, [slot])})}
    row = rows.pop(wish.pk)
    _refuse_wrong_state(row)
    _refuse_too_late(row, now)
    lapse(other for other in rows.values() if other.is_over)
    was = row.starts_at
    take_step(
        row,
        "reschedule",
        actor=by_user(patient_id),
        facts={"was": in_payload(was), "starts_at": in_payload(slot.starts_at)},
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        busy_from=slot.busy_from,
        busy_until=slot.busy_until,
        place_id=slot.place_id if row.kind == VisitKind.IN_PERSON else None,
        full_refund_until=_refund_until(row, slot.starts_at, now),
        checked_in_at=None,
        sequence=row.sequence + 1,
    )
    tell("appointment.rescheduled", [row], was=in_payload(was))
    return row


def _refuse_wrong_state(row: Appointment) -> None:
    if row.state is not AppointmentStatus.CONFIRMED:
        raise IllegalTransition(state=str(row.stands), verb="reschedule", open=[])


def _refuse_too_late(row: Appointment, now: dt.datetime) -> None:
    if now > row.starts_at - MOVE_UNTIL:
        raise TooLateToReschedule
    if row.events.filter(verb="reschedule").count() >= MOST_MOVES:
        raise RescheduledTooOften(limit=MOST_MOVES)


def _refund_until(row: Appointment, starts_at: dt.datetime, now: dt.datetime) -> dt.datetime:
    """Return until when all goes back: as long before the new time as before the old, unless that was over already."""
    if now >= row.full_refund_until:
        return row.full_refund_until
    return starts_at - (row.starts_at - row.full_refund_until)
