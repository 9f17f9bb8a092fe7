"""Doctors with hours, patients who book, and short words for what is done."""

from __future__ import annotations

import datetime as dt
from typing import Any

from appointments.models import Appointment, Doctor
from appointments.services import booking, visiting
from appointments.states import VisitKind
from common.outbox import drain
from payments.gateways.base import ChargeState, Found
from payments.models import Payment, PlanVersion, Purchase
from payments.services import paying as payments
from payments.services import settling
from payments.states import Provider, PurchaseKind
from tests.appointments import factories
from tests.conftest import NOON
from tests.factories import make_user
from users.models import User

FEE = 50_000
NET = 45_000  # less the platform's tenth
TOMORROW = NOON - dt.timedelta(hours=2) + dt.timedelta(days=1)  # 10:00 in India, half an hour after another
HALF_HOUR, DAY = dt.timedelta(minutes=30), dt.timedelta(days=1)


def make_doctor(**values: Any) -> Doctor:
    """A live doctor who sees people each day from 9 to 17 in India, half an hour each, by video and in Pune."""
    columns = {
        "name": "Asha Rao",
        "title": "Dr.",
        "specialisations": ["general_medicine"],
        "video_fee_minor": FEE,
        "in_person_fee_minor": FEE,
        "consult_minutes": 30,
        "search_text": "",
    }
    doctor = factories.make_doctor(**{**columns, **values})
    factories.make_hours(doctor)
    return doctor


def generous() -> None:
    """Let everybody book as often as they like, for tests of something else."""
    free = PlanVersion.objects.filter(plan__rank=0).order_by("-number")[0]
    free.pk, free.number, free.appointments = None, free.number + 1, None
    free._state.adding = True
    free.save(force_insert=True)


def book(
    doctor: Doctor, *, patient: User | None = None, starts_at: dt.datetime = TOMORROW, kind: str = "video", reason=""
) -> Appointment:
    who = patient or make_user()
    row = booking.book(patient_id=who.pk, doctor_id=doctor.pk, starts_at=starts_at, kind=VisitKind(kind), reason=reason)
    return fresh(row)


def begin(row: Appointment) -> Payment:
    return payments.begin(
        payer=Purchase.objects.get(kind=PurchaseKind.APPOINTMENT, reference=row.pk).payer,
        kind=PurchaseKind.APPOINTMENT,
        reference=row.pk,
        provider=Provider.STRIPE,
        return_url="",
        key=None,
    ).payment


def arrive(payment: Payment) -> Payment:
    """Let the money arrive at the provider; nobody here is told yet."""
    found = Found(state=ChargeState.PAID, received=payment.amount, payment_ref=f"pi_{payment.pk}")
    settling.settle(payment_id=payment.pk, found=found)
    payment.refresh_from_db()
    return payment


def booked(doctor: Doctor, **values: Any) -> Appointment:
    """A visit that is paid for, or needs no payment."""
    row = book(doctor, **values)
    for _ in Purchase.objects.filter(reference=row.pk):
        arrive(begin(row))
    drain()
    return fresh(row)


def of_patient(row: Appointment) -> dict[str, Any]:
    return {"appointment_id": row.pk, "patient_id": row.patient_id}


def of_doctor(row: Appointment) -> dict[str, Any]:
    return {"appointment_id": row.pk, "doctor_id": row.doctor_id}


def seen(doctor: Doctor, noon: Any, **values: Any) -> Appointment:
    """A visit that was held; the clock stands at its end."""
    row = booked(doctor, **values)
    noon.move_to(row.starts_at)
    visiting.start(**of_doctor(row))
    noon.move_to(row.ends_at)
    visiting.complete(**of_doctor(row))
    drain()
    return fresh(row)


def fresh(row: Appointment) -> Appointment:
    return Appointment.objects.select_related("doctor").get(pk=row.pk)


def verbs(row: Appointment) -> list[str]:
    return list(row.events.order_by("pk").values_list("verb", flat=True))
