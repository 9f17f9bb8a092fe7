"""Prescriptions: drafted after a visit, signed with a number and a code, revoked with a reason."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any, Final
from zoneinfo import ZoneInfo

from appointments.errors import (
    PatientDetailsMissing,
    TooManyPrescriptions,
    TreatmentOver,
    VisitNotHeld,
)
from appointments.models import Appointment, Prescription
from appointments.models.records import seal
from appointments.records.prescribing import refuse_unlawful
from appointments.records.states import PRESCRIPTION_TRANSITIONS, PrescriptionStatus
from appointments.selectors.records import drafts_before, profile_of, was_seen_before
from appointments.selectors.ways import TREATED_FOR
from appointments.services.notes import HELD, hold_visit
from appointments.states import VisitKind
from common import clock, outbox
from common.db import command, delete_in_batches, lock
from common.errors import IllegalTransition, NotFound
from common.public_id import new_public_id
from common.retention import retained
from common.secret_codes import new_token
from common.transitions import advance
from users.selectors import get_user

PREFIX, CODE_BYTES = "RX", 16
MOST: Final = 10  # prescriptions of one visit
KEEP_DRAFTS: Final = dt.timedelta(days=30)


@command
def draft_prescription(*, appointment_id: uuid.UUID, doctor_id: uuid.UUID, content: Mapping[str, Any]) -> Prescription:
    """Write down medicines for the patient; nobody but the doctor sees it before it is signed.

    Locks: the appointment.
    Raises: NotFound, VisitNotHeld, TreatmentOver, TooManyPrescriptions, MedicineProhibited, DrugListMissing,
    DrugListNotAllowed
    """
    visit = hold_visit(appointment_id, doctor_id)
    _refuse_wrong(visit, content)
    if Prescription.objects.filter(appointment=visit).count() >= MOST:
        raise TooManyPrescriptions(most=MOST)
    return Prescription.objects.create(
        appointment=visit, doctor_id=doctor_id, patient_id=visit.patient_id, content=seal(content)
    )


@command
def sign_prescription(*, prescription_id: uuid.UUID, doctor_id: uuid.UUID) -> Prescription:
    """Give it its number, and what is printed of patient and doctor as it is today. It never changes again.

    Locks: the prescription.      Emits: prescription.signed
    Raises: NotFound, IllegalTransition, TreatmentOver, PatientDetailsMissing, and what `draft_prescription` refuses
    """
    row = _hold(prescription_id, doctor_id)
    row.status = advance(PRESCRIPTION_TRANSITIONS, row.state, "sign")
    visit = Appointment.objects.select_related("doctor").get(pk=row.appointment_id)
    content = row.said
    _refuse_wrong(visit, content)
    now = clock.now()
    row.content = seal({**content, **_printed(visit, content, now)})
    row.patient_name = get_user(row.patient_id).name
    row.number, row.code, row.signed_at = new_public_id(PREFIX), new_token(CODE_BYTES), now
    row.save()
    outbox.emit("prescription.signed", **_about(row))
    return row


@command
def delete_draft(*, prescription_id: uuid.UUID, doctor_id: uuid.UUID) -> None:
    """Throw a draft away. Locks: the prescription.      Raises: NotFound, IllegalTransition"""
    row = _hold(prescription_id, doctor_id)
    if row.state is not PrescriptionStatus.DRAFT:
        raise IllegalTransition(state=row.status, verb="delete", open=[])
    row.delete()


@command
def revoke_prescription(*, prescription_id: uuid.UUID, doctor_id: uuid.UUID, reason: str) -> Prescription:
    """Say that it must not be filled any more; it stays to be seen, with the reason.

    Locks: the prescription.      Emits: prescription.revoked      Raises: NotFound, IllegalTransition
    """
    row = _hold(prescription_id, doctor_id)
    row.status = advance(PRESCRIPTION_TRANSITIONS, row.state, "revoke")
    row.revoked_at, row.revoke_reason = clock.now(), reason
    row.save(update_fields=["status", "revoked_at", "revoke_reason"])
    outbox.emit("prescription.revoked", **_about(row))
    return row


@retained(
    "prescription_drafts",
    what="Prescriptions that nobody signed",
    since="since they were last changed",
    why="A doctor may finish one; unsigned it is no record.",
    keep=KEEP_DRAFTS,
)
def prune_drafts(keep: dt.timedelta) -> int:
    """Delete drafts that nobody has signed for long; return how many."""
    return delete_in_batches(drafts_before(clock.now() - keep))


def _refuse_wrong(visit: Appointment, content: Mapping[str, Any]) -> None:
    """Raises: VisitNotHeld, TreatmentOver, MedicineProhibited, DrugListMissing, DrugListNotAllowed"""
    if visit.state not in HELD:
        raise VisitNotHeld
    if clock.now() >= visit.ends_at + TREATED_FOR:
        raise TreatmentOver
    kind = VisitKind(visit.kind)
    refuse_unlawful(content["lines"], kind=kind, is_follow_up=was_seen_before(visit))


def _printed(visit: Appointment, content: Mapping[str, Any], now: dt.datetime) -> dict[str, Any]:
    """Return what a prescription says beside its lines. Raises: PatientDetailsMissing"""
    today = now.astimezone(ZoneInfo(visit.doctor.zone)).date()
    told = profile_of(visit.patient_id)
    born = told.get("date_of_birth")
    age = content.get("patient_age") if born is None else _years(dt.date.fromisoformat(born), today)
    sex = told.get("sex") or content.get("patient_sex")
    if age is None or not sex or not get_user(visit.patient_id).name:
        raise PatientDetailsMissing
    doctor = visit.doctor
    return {
        "patient_age": age,
        "patient_sex": sex,
        "kind": visit.kind,
        "signed_on": today.isoformat(),
        "doctor": {
            "name": doctor.full_name,
            "qualifications": doctor.qualifications,
            "registration_number": doctor.registration_number,
            "council": doctor.council,
        },
    }


def _years(born: dt.date, today: dt.date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def _hold(prescription_id: uuid.UUID, doctor_id: uuid.UUID) -> Prescription:
    found = next((row for row in lock(Prescription, [prescription_id]) if row.doctor_id == doctor_id), None)
    if found is None:
        raise NotFound
    return found


def _about(row: Prescription) -> dict[str, str]:
    return {"key": f"prescription:{row.pk}", "prescription": str(row.pk), "patient": str(row.patient_id)}
