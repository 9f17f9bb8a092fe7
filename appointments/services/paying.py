"""Money and appointments: asked for, given back, paid out. What is held and lapses is in `holding` and `late`."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Final

from django.conf import settings

from appointments.models import Appointment
from appointments.services.steps import SYSTEM, hold_appointment, note
from appointments.states import AppointmentStatus, EndedBy, Origin, VisitTerms
from common import clock
from common.db import lock, step
from common.money import BASIS_POINTS, share
from payments import services as money
from payments.parties import Party
from payments.states import PurchaseKind, QuotaKind

KIND = PurchaseKind.APPOINTMENT
FORGIVEN_EVERY: Final = dt.timedelta(days=30)  # policy
OURS = frozenset({EndedBy.DOCTOR, EndedBy.PLATFORM})  # through no wish of the patient's


@step
def register(rows: Sequence[Appointment]) -> None:
    """Say what is to be paid for these visits, to whom and until when. Locks: the purchases.      Raises: Busy"""
    money.register_purchases(
        {
            "kind": KIND,
            "reference": row.pk,
            "payer": Party.person(row.patient_id),
            "payee": Party.person(row.doctor.user_id),
            "amount": row.fee,
            "description": f"Consultation {str(row.pk)[-12:]}",
            "fee_minor": share(row.fee_minor, settings.APPOINTMENT_FEE_POINTS, BASIS_POINTS),
            "closes_at": row.pay_by,
        }
        for row in rows
    )


@step
def settle_end(*, appointment_id: uuid.UUID) -> None:
    """An appointment has ended: no money is taken any more, what is the patient's goes back, what is the doctor's
    is set aside to be paid out, each once. What came alive again meanwhile is left alone.

    The quota comes back where the patient has not ended it, where an offer was not taken, and for one unpaid hold in a
    while: whoever lets them lapse again and again keeps times from others.

    Locks: the appointment, the quota's counter, the purchase, its payments, the accounts.      Raises: Busy
    """
    row = hold_appointment(appointment_id)
    if row.state not in ENDS:
        return
    if row.ended_by in OURS or _is_forgiven(row):
        money.return_quota(kind=QuotaKind.APPOINTMENTS, reference=row.pk)
    if row.terms != VisitTerms.PREPAID:
        return
    refund_minor = row.refund_minor or 0
    if row.state is not AppointmentStatus.COMPLETED and refund_minor:
        money.close_purchase(
            kind=KIND,
            reference=row.pk,
            reason=f"Appointment {row.status}",
            actor=SYSTEM,
            keep_minor=row.fee_minor - refund_minor,
        )
    money.pay_out_purchase(kind=KIND, reference=row.pk, actor=SYSTEM)


def _is_forgiven(row: Appointment) -> bool:
    """Whether it counts no more: an offer that was not taken, or one unpaid hold in a while."""
    if row.origin != Origin.PATIENT:
        return row.confirmed_at is None
    if row.state is not AppointmentStatus.LAPSED:
        return False
    lapsed = Appointment.objects.filter(patient=row.patient_id, status=AppointmentStatus.LAPSED, origin=Origin.PATIENT)
    return not lapsed.filter(ended_at__gt=clock.now() - FORGIVEN_EVERY).exclude(pk=row.pk).exists()


@step
def note_refund(*, reference: uuid.UUID, verb: str, minor: int) -> None:
    """Write down that money has gone back, or that the provider will not give it back. Locks: the appointment."""
    for row in lock(Appointment, [reference]):
        note(row, verb, actor=SYSTEM, facts={"amount": minor, "currency": row.currency})


ENDS = frozenset(
    {
        AppointmentStatus.COMPLETED,
        AppointmentStatus.CANCELLED,
        AppointmentStatus.MISSED,
        AppointmentStatus.LAPSED,
    }
)
