"""Who waits for a time, and who is asked first when one becomes free."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Final
from zoneinfo import ZoneInfo

from appointments.errors import OwnPatient, PatientBusy, SlotTaken, TooManyWaits, WaitlistDaysInvalid
from appointments.models import Appointment, Doctor, Waiting
from appointments.selectors.slots import slot_at, slots
from appointments.services.holding import ask_for_money, clear_the_way, write_visit
from appointments.services.steps import SYSTEM, in_payload, tell
from appointments.slots import Slot
from appointments.states import WAITING_TRANSITIONS, DoctorStatus, Origin, VisitKind, WaitingStatus
from common import clock
from common.db import attempt, command, lock, lock_one, step, take_turn
from common.errors import NotFound
from common.ids import uuid7
from common.outbox import emit
from common.transitions import advance
from payments import services as money
from payments.errors import QuotaExceeded
from payments.states import QuotaKind

ANSWER_WITHIN: Final = dt.timedelta(minutes=15)  # then the next is asked
MOST_WAITS: Final = 5  # of one patient
MOST_ASKED: Final = 20  # looked at for one time that became free
FARTHEST: Final = dt.timedelta(days=365)


@command
def join(
    *,
    doctor_id: uuid.UUID,
    patient_id: uuid.UUID,
    kind: VisitKind,
    first_day: dt.date,
    last_day: dt.date,
    earliest_minute: int = 0,
    latest_minute: int = 1440,
) -> Waiting:
    """Wait for a time on these days, by the doctor's clock. It takes nothing of the quota until a time is offered.

    Raises: NotFound, OwnPatient, WaitlistDaysInvalid, AlreadyWaiting, TooManyWaits, Busy
    """
    doctor = Doctor.objects.filter(pk=doctor_id, status=DoctorStatus.LIVE).first()
    if doctor is None:
        raise NotFound
    if doctor.user_id == patient_id:
        raise OwnPatient
    today = clock.today(doctor.zone)
    if not first_day <= last_day or not today <= last_day <= today + FARTHEST:
        raise WaitlistDaysInvalid
    take_turn(f"patient:{patient_id}")
    _leave_what_is_over(patient_id, today)
    if Waiting.objects.filter(patient=patient_id, status=WaitingStatus.WAITING).count() >= MOST_WAITS:
        raise TooManyWaits(limit=MOST_WAITS)
    return Waiting.objects.create(
        doctor=doctor,
        patient_id=patient_id,
        kind=kind,
        first_day=first_day,
        last_day=last_day,
        earliest_minute=earliest_minute,
        latest_minute=latest_minute,
    )


@command
def leave(*, waiting_id: uuid.UUID, patient_id: uuid.UUID) -> None:
    """Wait no more. What is offered is refused by cancelling the appointment.

    Locks: the place in the list.      Raises: NotFound, IllegalTransition
    """
    row = lock_one(Waiting, waiting_id)
    if row.patient_id != patient_id:
        raise NotFound
    _move(row, "leave")


@step
def forget_patient(*, patient_id: uuid.UUID) -> None:
    """Whoever is gone waits no more. Locks: the places in lists."""
    waits = Waiting.objects.filter(patient=patient_id, status=WaitingStatus.WAITING)
    for row in lock(Waiting, waits.values_list("pk", flat=True)):
        if row.state is WaitingStatus.WAITING:
            _move(row, "leave")


@step
def announce_free(*, doctor_id: uuid.UUID, since: dt.datetime, until: dt.datetime) -> int:
    """Tell of the free times in `[since, until)` that somebody waits for, at most as many as are asked for one.

    Each is then offered by itself. Emits: waitlist.freed
    """
    now = clock.now()
    doctor = Doctor.objects.filter(pk=doctor_id, status=DoctorStatus.LIVE).first()
    if doctor is None:
        return 0
    rows = Waiting.objects.filter(doctor=doctor, status=WaitingStatus.WAITING).order_by("pk")[:MOST_ASKED]
    asked = list(rows)
    kinds = sorted({VisitKind(row.kind) for row in asked})
    free = {slot.starts_at for kind in kinds for slot in slots(doctor, max(since, now), until, kind, now)}
    wanted = [moment for moment in sorted(free) if any(_fits(row, doctor, moment) for row in asked)][:MOST_ASKED]
    for moment in wanted:
        key = f"waitlist:{doctor.pk}:{in_payload(moment)}"
        emit("waitlist.freed", key=key, doctor=str(doctor.pk), starts_at=in_payload(moment))
    return len(wanted)


@step
def offer(*, doctor_id: uuid.UUID, starts_at: dt.datetime) -> Appointment | None:
    """A time became free: hold it for the first who waits for it, has quota, and is not elsewhere then.

    The doctor's lock lets one offer through; a time that somebody booked meanwhile is offered to nobody.

    Locks: the doctor, what is over and in the way, who waits, a quota's counter, the purchase.
    Emits: appointment.held, waitlist.offered, appointment.lapsed      Raises: NotFound, Busy
    """
    now, doctor = clock.now(), lock_one(Doctor, doctor_id)
    if starts_at <= now or doctor.status != DoctorStatus.LIVE:
        return None
    asked = _who_fit(doctor, starts_at)
    found = {kind: slot_at(doctor, starts_at, kind, now) for kind in {VisitKind(row.kind) for row in asked}}
    free = {kind: slot for kind, slot in found.items() if slot is not None}
    if not free:
        return None
    clear_the_way(doctor.pk, None, free.values())
    return _ask_in_turn(doctor, [row.pk for row in asked], free)


@step
def _ask_in_turn(doctor: Doctor, ids: list[uuid.UUID], free: dict[VisitKind, Slot]) -> Appointment | None:
    for row in lock(Waiting, ids):
        slot = free.get(VisitKind(row.kind))
        if slot is None or row.state is not WaitingStatus.WAITING:
            continue
        try:
            with attempt():
                return _ask(doctor, row, slot)
        except SlotTaken:
            return None
        except (PatientBusy, QuotaExceeded):
            continue
    return None


@step
def _ask(doctor: Doctor, waiting: Waiting, slot: Slot) -> Appointment:
    pk = uuid7()
    money.take_quota(user_id=waiting.patient_id, kind=QuotaKind.APPOINTMENTS, reference=pk)
    row = write_visit(
        doctor,
        slot,
        pk=pk,
        patient_id=waiting.patient_id,
        actor=SYSTEM,
        hold_for=ANSWER_WITHIN,
        origin=Origin.WAITLIST,
    )
    _move(waiting, "offer", offer=row)
    tell("waitlist.offered", [row], waiting=str(waiting.pk))
    ask_for_money([row])
    return row


def _who_fit(doctor: Doctor, starts_at: dt.datetime) -> list[Waiting]:
    there = starts_at.astimezone(ZoneInfo(doctor.zone))
    minute = there.hour * 60 + there.minute
    rows = Waiting.objects.filter(
        doctor=doctor,
        status=WaitingStatus.WAITING,
        first_day__lte=there.date(),
        last_day__gte=there.date(),
        earliest_minute__lte=minute,
        latest_minute__gt=minute,
    )
    return list(rows.order_by("pk")[:MOST_ASKED])


def _fits(row: Waiting, doctor: Doctor, starts_at: dt.datetime) -> bool:
    there = starts_at.astimezone(ZoneInfo(doctor.zone))
    is_in_days = row.first_day <= there.date() <= row.last_day
    return is_in_days and row.earliest_minute <= there.hour * 60 + there.minute < row.latest_minute


@step
def _leave_what_is_over(patient_id: uuid.UUID, today: dt.date) -> None:
    """A place whose days are over does not keep the patient from waiting again."""
    past = Waiting.objects.filter(patient=patient_id, status=WaitingStatus.WAITING, last_day__lt=today)
    for row in lock(Waiting, past.values_list("pk", flat=True)):
        _move(row, "leave")


@step
def _move(row: Waiting, verb: str, *, offer: Appointment | None = None) -> None:
    row.status = advance(WAITING_TRANSITIONS, row.state, verb)
    row.offer = offer or row.offer
    row.save(update_fields=["status", "offer", "updated_at"])
