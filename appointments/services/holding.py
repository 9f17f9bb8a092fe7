"""A time is kept, agreed, or given up: what booking, offers and late money share."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from django.db.models import Q

from appointments.errors import AppointmentUnpaid, SlotNotOffered, SlotTaken
from appointments.models import Appointment, Doctor, TimeException, Waiting
from appointments.models.booking import SETTLE_GRACE
from appointments.selectors.slots import slot_at, takes_time_at
from appointments.services.paying import register
from appointments.services.steps import SYSTEM, by_user, hold_appointment, note, take_step, tell
from appointments.slots import Slot
from appointments.states import (
    WAITING_TRANSITIONS,
    AppointmentStatus,
    EndedBy,
    Origin,
    VisitKind,
    VisitTerms,
    WaitingStatus,
)
from common import clock
from common.db import command, lock, lock_one, step
from common.errors import IllegalTransition, NotFound
from common.ids import uuid7
from common.transitions import advance
from payments import selectors as payments
from payments.states import PurchaseKind


class Times(Protocol):
    """A slot, or an appointment."""

    @property
    def starts_at(self) -> dt.datetime: ...
    @property
    def ends_at(self) -> dt.datetime: ...
    @property
    def busy_from(self) -> dt.datetime: ...
    @property
    def busy_until(self) -> dt.datetime: ...


@step
def hold_doctor(doctor_id: uuid.UUID) -> Doctor:
    """Lock a doctor who sees patients: two bookings of one doctor, or a booking and a leave, come one by one.

    Raises: NotFound
    """
    doctor = lock_one(Doctor, doctor_id)
    if not doctor.is_live:
        raise NotFound
    return doctor


def find_slot(
    doctor: Doctor, starts_at: dt.datetime, kind: VisitKind, now: dt.datetime, *, without: uuid.UUID | None = None
) -> Slot:
    """Return the free slot that begins then; `without` an appointment that is to move.

    Raises: SlotTaken, SlotNotOffered
    """
    _refuse_taken(doctor, starts_at, now, without)
    slot = slot_at(doctor, starts_at, kind, now, without=without)
    if slot is None:
        _refuse_taken(doctor, starts_at, now, without)  # by somebody between the two looks, where nobody is held
        raise SlotNotOffered
    return slot


def _refuse_taken(doctor: Doctor, starts_at: dt.datetime, now: dt.datetime, without: uuid.UUID | None) -> None:
    until = starts_at + dt.timedelta(minutes=doctor.consult_minutes)
    busy = Appointment.objects.filter(takes_time_at(now), doctor=doctor)
    others = busy if without is None else busy.exclude(pk=without)
    if others.filter(busy_from__lt=until, busy_until__gt=starts_at).exists():
        raise SlotTaken(starts_at=starts_at.isoformat())


def in_the_way(doctor_id: uuid.UUID, patient_id: uuid.UUID | None, slots: Iterable[Times]) -> list[uuid.UUID]:
    """Return the holds that are over, and still stand in the table where these times would be."""
    clashes = Q(pk__in=[])
    for slot in slots:
        clashes |= Q(doctor=doctor_id, busy_from__lt=slot.busy_until, busy_until__gt=slot.busy_from)
        if patient_id is not None:
            clashes |= Q(patient=patient_id, starts_at__lt=slot.ends_at, ends_at__gt=slot.starts_at)
    return list(Appointment.objects.filter(_over(clock.now()), clashes).values_list("pk", flat=True))


@step
def clear_the_way(doctor_id: uuid.UUID, patient_id: uuid.UUID | None, slots: Iterable[Times]) -> None:
    """Lapse the holds that are over where these times would be, as the sweep would.

    Locks: the appointments, those who wait.      Emits: appointment.lapsed, appointment.confirmed
    """
    stale = in_the_way(doctor_id, patient_id, slots)
    if stale:
        lapse(row for row in lock(Appointment, stale) if row.is_over)


@step
def write_visit(
    doctor: Doctor,
    slot: Slot,
    *,
    patient_id: uuid.UUID,
    actor: str,
    hold_for: dt.timedelta,
    pk: uuid.UUID | None = None,
    origin: Origin = Origin.PATIENT,
    **values: Any,
) -> Appointment:
    """Write the appointment: confirmed where the patient has chosen it and pays there or nothing, held otherwise.

    Price, length, place and refund rule are the doctor's now. Emits: appointment.held, appointment.confirmed
    Raises: SlotTaken, PatientBusy (by the constraints)
    """
    now = clock.now()
    kind = slot.kind
    fee = doctor.fee(kind)
    if fee is None:
        raise SlotNotOffered
    terms = _terms(doctor, kind, fee.minor)
    is_held = terms is VisitTerms.PREPAID or origin is not Origin.PATIENT
    row = Appointment.objects.create(
        pk=pk or uuid7(),
        doctor=doctor,
        patient_id=patient_id,
        kind=kind,
        place_id=slot.place_id if kind is VisitKind.IN_PERSON else None,
        status=AppointmentStatus.HELD if is_held else AppointmentStatus.CONFIRMED,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        busy_from=slot.busy_from,
        busy_until=slot.busy_until,
        terms=terms,
        fee_minor=fee.minor,
        currency=doctor.currency,
        full_refund_until=slot.starts_at - dt.timedelta(hours=doctor.full_refund_hours),
        late_refund_percent=doctor.late_refund_percent,
        hold_expires_at=hold_until(terms, slot.starts_at, hold_for, now) if is_held else None,
        confirmed_at=None if is_held else now,
        origin=origin,
        **values,
    )
    facts: dict[str, Any] = {"starts_at": slot.starts_at.isoformat(), "origin": str(origin)}
    note(row, "hold" if is_held else "book", actor=actor, facts=facts)
    if is_held:
        tell("appointment.held", [row])
    else:
        tell("appointment.confirmed", [row])
    return row


@step
def ask_for_money(rows: Sequence[Appointment]) -> None:
    """Let what is held against payment be paid for. Locks: the purchases."""
    register([row for row in rows if row.state is AppointmentStatus.HELD and row.terms == VisitTerms.PREPAID])


@step
def confirm(row: Appointment, *, actor: str, paid_at: dt.datetime | None = None) -> None:
    """Book what is held, or what had lapsed, for good. Emits: appointment.confirmed

    Raises: SlotTaken, PatientBusy (by the constraints, for what had lapsed), IllegalTransition
    """
    take_step(
        row,
        "confirm",
        actor=actor,
        confirmed_at=clock.now(),
        paid_at=paid_at,
        hold_expires_at=None,
        ended_at=None,
        ended_by="",
        refund_minor=None,
    )
    tell("appointment.confirmed", [row])


@step
def lapse(rows: Iterable[Appointment]) -> None:
    """Give up locked holds that are over; one whose money has arrived meanwhile is confirmed instead.

    Where the doctor has given the time up since, the hold waits for the event of that money, which sends it back.

    Locks: those who waited for them.      Emits: appointment.lapsed, appointment.confirmed
    """
    seen = list(rows)
    for row in seen:
        if not payments.is_paid(PurchaseKind.APPOINTMENT, row.pk):
            give_up(row)
        elif is_offered_still(row):
            confirm(row, actor=SYSTEM, paid_at=clock.now())
    end_offers(seen)


def is_offered_still(row: Appointment) -> bool:
    """Whether the time is to come, and the doctor has not given it up since: by leave, or with the place."""
    leave = TimeException.objects.filter(doctor=row.doctor_id, is_leave=True)
    is_leave = leave.filter(starts_at__lt=row.ends_at, ends_at__gt=row.starts_at).exists()
    is_closed = row.place is not None and row.place.ended_at is not None
    return row.starts_at > clock.now() and row.doctor.is_live and not is_leave and not is_closed


@step
def give_up(row: Appointment) -> None:
    """Free the time of a locked hold. Emits: appointment.lapsed"""
    refund = row.fee_minor
    take_step(row, "lapse", actor=SYSTEM, ended_at=clock.now(), ended_by=EndedBy.UNPAID, refund_minor=refund)
    tell("appointment.lapsed", [row])


@step
def end_offers(rows: Sequence[Appointment]) -> None:
    """Whoever waited and was offered one of these has taken it, or has let it pass. Locks: those who wait."""
    by_offer = {row.pk: row for row in rows if row.origin == Origin.WAITLIST}
    if not by_offer:
        return
    offered = Waiting.objects.filter(offer__in=list(by_offer), status=WaitingStatus.OFFERED)
    for waiting in lock(Waiting, offered.values_list("pk", flat=True)):
        is_taken = any(row.pk == waiting.offer_id and row.state is AppointmentStatus.CONFIRMED for row in rows)
        waiting.status = advance(WAITING_TRANSITIONS, waiting.state, "take" if is_taken else "pass")
        waiting.save(update_fields=["status", "updated_at"])


@command
def lapse_if_due(*, appointment_id: uuid.UUID) -> bool:
    """Give up a hold that nobody paid or agreed to in time; return whether it was due.

    Locks: the appointment, who waited for it.      Emits: appointment.lapsed, appointment.confirmed
    Raises: NotFound
    """
    row = hold_appointment(appointment_id)
    if not row.is_over:
        return False
    lapse([row])
    return True


@command
def agree(*, appointment_id: uuid.UUID, patient_id: uuid.UUID) -> Appointment:
    """The patient takes a time that was offered and needs no payment before the visit.

    Locks: the appointment, who waited for it.      Emits: appointment.confirmed
    Raises: NotFound, AppointmentUnpaid, IllegalTransition
    """
    row = hold_appointment(appointment_id, patient_id=patient_id)
    if row.is_over:
        raise IllegalTransition(state=str(row.stands), verb="confirm", open=[])
    if row.state is AppointmentStatus.HELD and row.terms == VisitTerms.PREPAID:
        raise AppointmentUnpaid
    if row.state is not AppointmentStatus.HELD:
        raise IllegalTransition(state=row.status, verb="confirm", open=[])
    confirm(row, actor=by_user(patient_id))
    end_offers([row])
    return row


def _terms(doctor: Doctor, kind: VisitKind, fee_minor: int) -> VisitTerms:
    if not fee_minor:
        return VisitTerms.FREE
    at_visit = kind is VisitKind.IN_PERSON and doctor.pay_at_visit
    return VisitTerms.AT_VISIT if at_visit else VisitTerms.PREPAID


def hold_until(terms: VisitTerms, starts_at: dt.datetime, hold_for: dt.timedelta, now: dt.datetime) -> dt.datetime:
    """Return when a hold is over: at the visit's beginning at the latest, with the grace for money that was in time."""
    ends = min(now + hold_for, starts_at)
    return ends + SETTLE_GRACE if terms is VisitTerms.PREPAID else ends


def _over(now: dt.datetime) -> Q:
    return Q(status=AppointmentStatus.HELD, hold_expires_at__lte=now)
