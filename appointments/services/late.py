"""Money that has arrived for an appointment: in time it books, late it books if the time is still free."""

from __future__ import annotations

import uuid

from appointments.errors import PatientBusy, SlotNotOffered, SlotTaken
from appointments.models import Appointment, Doctor
from appointments.services.holding import confirm, end_offers, give_up, in_the_way, is_offered_still, lapse
from appointments.services.paying import KIND
from appointments.services.steps import SYSTEM, note
from appointments.states import AppointmentStatus, VisitTerms
from common import clock
from common.db import attempt, lock, lock_one, step, take_turn
from common.outbox import emit
from payments import selectors as payments
from payments import services as money
from payments.errors import PurchaseClosed, PurchasePaid
from payments.services import refunding
from payments.states import QuotaKind


@step
def take_money(*, reference: uuid.UUID, payment_id: uuid.UUID, is_late: bool) -> None:
    """Book what was held. What had lapsed is booked again if its time is free and to come; else the money goes back.

    Late money for what is booked already, or was called off, goes back too.

    Locks: the doctor, the appointment and what is in its way, who waits, the quota's counter, the purchase, its
    payments.      Emits: appointment.confirmed, appointment.lapsed, appointment.money_late      Raises: Busy
    """
    sides = Appointment.objects.filter(pk=reference).values_list("doctor_id", "patient_id").first()
    if sides is None:
        return
    lock_one(Doctor, sides[0])
    take_turn(f"patient:{sides[1]}")
    row, others = _hold_with_what_is_over(reference)
    is_used = _use(row, others, payment_id=payment_id, is_late=is_late)
    if is_late:
        _tell_late(row, payment_id, is_used=is_used)


@step
def _use(row: Appointment, others: list[Appointment], *, payment_id: uuid.UUID, is_late: bool) -> bool:
    """Book for the money, or send it back; return whether it has booked."""
    if row.terms != VisitTerms.PREPAID or row.state not in (AppointmentStatus.HELD, AppointmentStatus.LAPSED):
        if is_late:
            _return_late(row, payment_id, reason="The visit is paid for already, or over.")
        return False
    if row.state is AppointmentStatus.LAPSED:
        lapse([other for other in others if other.is_over])
    try:
        with attempt():
            _refuse_over(row)
            confirm(row, actor=SYSTEM, paid_at=clock.now())
            if is_late:
                money.accept_late(payment_id=payment_id)
    except (SlotNotOffered, SlotTaken, PatientBusy, PurchasePaid, PurchaseClosed):
        row.refresh_from_db()
        _send_back(row, payment_id if is_late else None)
        return False
    end_offers([row])
    return True


@step
def _tell_late(row: Appointment, payment_id: uuid.UUID, *, is_used: bool) -> None:
    """Tell the payer, in the place of the payments' own word, what became of money that came late."""
    amount = payments.any_payment(payment_id).amount
    emit(
        "appointment.money_late",
        key=f"appointment:{row.pk}",
        payment=str(payment_id),
        amount=amount.minor,
        currency=str(amount.currency),
        used=is_used,
    )


def _hold_with_what_is_over(reference: uuid.UUID) -> tuple[Appointment, list[Appointment]]:
    """Lock the appointment, and the holds that are over where it would be."""
    wish = Appointment.objects.get(pk=reference)
    stale = in_the_way(wish.doctor_id, wish.patient_id, [wish]) if wish.state is AppointmentStatus.LAPSED else []
    rows = {row.pk: row for row in lock(Appointment, {reference, *stale})}
    return rows.pop(reference), list(rows.values())


def _refuse_over(row: Appointment) -> None:
    """Raises: SlotNotOffered"""
    if not is_offered_still(row):
        raise SlotNotOffered


@step
def _send_back(row: Appointment, late_payment: uuid.UUID | None) -> None:
    """Give the money back at once, and the quota: the time is gone."""
    if row.state is AppointmentStatus.HELD:
        give_up(row)
        end_offers([row])
    money.return_quota(kind=QuotaKind.APPOINTMENTS, reference=row.pk)
    reason = "Paid too late: the time is gone."
    if late_payment is not None:
        _return_late(row, late_payment, reason=reason)
        return
    money.close_purchase(kind=KIND, reference=row.pk, reason=reason, actor=SYSTEM)
    note(row, "refund", actor=SYSTEM, facts={"late": True})


@step
def _return_late(row: Appointment, payment_id: uuid.UUID, *, reason: str) -> None:
    """Give a late payment back that has paid nothing, once."""
    payment = payments.any_payment(payment_id)
    if not payment.is_applied and payment.refundable_minor:
        refunding.refund_payment(payment_id=payment_id, key="late", reason=reason, actor=SYSTEM)
        note(row, "refund", actor=SYSTEM, facts={"late": True})
