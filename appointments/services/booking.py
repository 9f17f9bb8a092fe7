"""Booking: the time is the doctor's, the price too, and two never get the same."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Final

from appointments.errors import OwnPatient, TooManyHolds
from appointments.models import Appointment, Doctor
from appointments.recurrence import moments
from appointments.selectors.doctors import get_live_doctor
from appointments.selectors.slots import takes_time_at
from appointments.services.files import attach_files
from appointments.services.holding import ask_for_money, clear_the_way, find_slot, hold_doctor, write_visit
from appointments.services.steps import by_user
from appointments.slots import Slot
from appointments.states import TREATING, AppointmentStatus, Every, Origin, VisitKind
from common import clock
from common.db import command, step, take_turn
from common.errors import IllegalTransition, NotFound
from common.ids import uuid7
from payments import services as money
from payments.states import QuotaKind

PAY_WITHIN: Final = dt.timedelta(minutes=15)  # policy: as long as nobody else can have the time
PAY_SERIES_WITHIN: Final = dt.timedelta(hours=1)  # each visit of a series is paid for by itself
ANSWER_WITHIN: Final = dt.timedelta(hours=48)  # a follow-up that the doctor proposes
MOST_HOLDS: Final = 2  # open ones of one patient's own choice, a series counted once
MOST_TIMES: Final = 12  # of a series


@command
def book(
    *,
    patient_id: uuid.UUID,
    doctor_id: uuid.UUID,
    starts_at: dt.datetime,
    kind: VisitKind,
    reason: str,
    file_ids: Sequence[uuid.UUID] = (),
) -> Appointment:
    """Give the patient this time: held until it is paid for, or confirmed where nothing is to be paid before.

    Locks: the doctor, what is over and in the way, the patient's files, the quota's counter, the purchase.
    Emits: appointment.held, appointment.confirmed, appointment.lapsed
    Raises: NotFound, OwnPatient, SlotNotOffered, SlotTaken, PatientBusy, TooManyHolds, AttachedFileUnknown,
    QuotaExceeded, Busy
    """
    now = clock.now()
    find_slot(get_live_doctor(doctor_id), starts_at, kind, now)  # whoever is too late need not wait for the doctor
    doctor = _hold_doctor_for(patient_id, doctor_id)
    slot = find_slot(doctor, starts_at, kind, now)
    row = _take(doctor, [slot], patient_id=patient_id, reason=reason, hold_for=PAY_WITHIN, series=None)[0]
    if file_ids:
        attach_files(appointment_id=row.pk, file_ids=file_ids, patient_id=patient_id)
    _count(patient_id, [row])
    ask_for_money([row])
    return row


@command
def book_series(
    *,
    patient_id: uuid.UUID,
    doctor_id: uuid.UUID,
    starts_at: dt.datetime,
    kind: VisitKind,
    reason: str,
    every: Every,
    times: int,
) -> list[Appointment]:
    """Give the patient every time of the series, or none. Each is an appointment of its own, paid for by itself.

    Locks: the doctor, what is over and in the way, the quota's counter, the purchases.
    Emits: appointment.held, appointment.confirmed, appointment.lapsed
    Raises: NotFound, OwnPatient, SlotNotOffered, SlotTaken, PatientBusy, TooManyHolds, QuotaExceeded, Busy
    """
    now = clock.now()
    doctor = _hold_doctor_for(patient_id, doctor_id)
    wanted = moments(starts_at, every=every, times=times, zone=doctor.zone)
    slots = [find_slot(doctor, moment, kind, now) for moment in wanted]
    rows = _take(doctor, slots, patient_id=patient_id, reason=reason, hold_for=PAY_SERIES_WITHIN, series=uuid7())
    _count(patient_id, rows)
    ask_for_money(rows)
    return rows


@command
def propose_follow_up(
    *, appointment_id: uuid.UUID, doctor_id: uuid.UUID, starts_at: dt.datetime, kind: VisitKind | None
) -> Appointment:
    """Hold a time for a patient who was seen; the patient takes it by paying, or by agreeing where nothing is due.

    It takes nothing of the patient's quota: the doctor has asked for it.

    Locks: the doctor, what is over and in the way, the purchase.      Emits: appointment.held, appointment.lapsed
    Raises: NotFound, IllegalTransition, SlotNotOffered, SlotTaken, PatientBusy, Busy
    """
    now = clock.now()
    doctor = hold_doctor(doctor_id)
    before = Appointment.objects.filter(pk=appointment_id, doctor=doctor).first()
    if before is None:
        raise NotFound
    if before.state not in TREATING - {AppointmentStatus.CONFIRMED}:
        raise IllegalTransition(state=before.status, verb="follow_up", open=[])
    slot = find_slot(doctor, starts_at, kind or VisitKind(before.kind), now)
    take_turn(f"patient:{before.patient_id}")
    clear_the_way(doctor.pk, before.patient_id, [slot])
    row = write_visit(
        doctor,
        slot,
        patient_id=before.patient_id,
        actor=by_user(doctor.user_id),
        hold_for=ANSWER_WITHIN,
        origin=Origin.FOLLOW_UP,
        follows=before,
    )
    ask_for_money([row])
    return row


def _hold_doctor_for(patient_id: uuid.UUID, doctor_id: uuid.UUID) -> Doctor:
    """Lock the doctor, then have the patient's turn: two bookings of one patient come one by one."""
    doctor = hold_doctor(doctor_id)
    if doctor.user_id == patient_id:
        raise OwnPatient
    take_turn(f"patient:{patient_id}")
    return doctor


@step
def _take(
    doctor: Doctor,
    slots: Sequence[Slot],
    *,
    patient_id: uuid.UUID,
    reason: str,
    hold_for: dt.timedelta,
    series: uuid.UUID | None,
) -> list[Appointment]:
    clear_the_way(doctor.pk, patient_id, slots)
    _refuse_hoarder(patient_id)
    return [
        write_visit(
            doctor,
            slot,
            patient_id=patient_id,
            actor=by_user(patient_id),
            hold_for=hold_for,
            reason=reason or None,
            series=series,
        )
        for slot in slots
    ]


@step
def _count(patient_id: uuid.UUID, rows: Sequence[Appointment]) -> None:
    """Count the visits against the patient's plan. Raises: QuotaExceeded"""
    amounts = {row.pk: 1 for row in rows}
    money.take_quotas(user_id=patient_id, kind=QuotaKind.APPOINTMENTS, amounts=amounts)


def _refuse_hoarder(patient_id: uuid.UUID) -> None:
    """Raises: TooManyHolds where the patient keeps enough times already without paying for any."""
    held = Appointment.objects.filter(
        takes_time_at(clock.now()), patient=patient_id, status=AppointmentStatus.HELD, origin=Origin.PATIENT
    )
    if len({series or pk for pk, series in held.values_list("pk", "series")}) >= MOST_HOLDS:
        raise TooManyHolds(limit=MOST_HOLDS)
