"""Visits with notes and prescriptions, and doctors who may read them or not."""

from __future__ import annotations

import datetime as dt
from typing import Any

from appointments.models import Appointment, Doctor, Prescription, RecordGrant
from appointments.records.states import ReferralUrgency, Scope
from appointments.services import granting, notes, patients, prescribing, referring
from common import clock
from tests.appointments.file_scenes import make_doctor, treat
from tests.factories import make_user
from users.models import User

PROFILE = {"sex": "female", "date_of_birth": "1988-04-12", "allergies": [{"substance": "Penicillin"}]}
LINE = {"medicine": "Paracetamol", "dose": "1 tablet", "frequency": "thrice a day", "list": "o"}


def make_patient(**facts: Any) -> User:
    person = make_user()
    patients.save_profile(patient_id=person.pk, facts={**PROFILE, **facts})
    return person


def make_visit(doctor: Doctor | None = None, patient: User | None = None, **values: Any) -> Appointment:
    """A visit of yesterday, completed unless told otherwise."""
    visit = treat(doctor or make_doctor(name="Asha Kulkarni"), patient or make_patient())
    for name, value in values.items():
        setattr(visit, name, value)
    visit.save()
    return visit


def long_ago(visit: Appointment, days: int = 31) -> Appointment:
    """Move a visit so far back that it opens nothing any more."""
    for name in ("starts_at", "ends_at", "busy_from", "busy_until"):
        setattr(visit, name, getattr(visit, name) - dt.timedelta(days=days))
    visit.save()
    return visit


def write_and_sign(visit: Appointment, **content: Any) -> None:
    said = {"subjective": "Cough", "diagnoses": [{"text": "Cold", "icd10": "J00"}], **content}
    notes.write_notes(appointment_id=visit.pk, doctor_id=visit.doctor_id, content=said)
    notes.sign_notes(appointment_id=visit.pk, doctor_id=visit.doctor_id)


def draft(visit: Appointment, **line: Any) -> Prescription:
    content = {"lines": [{**LINE, **line}], "advice": "Rest."}
    return prescribing.draft_prescription(appointment_id=visit.pk, doctor_id=visit.doctor_id, content=content)


def prescribe(visit: Appointment, **line: Any) -> Prescription:
    return prescribing.sign_prescription(prescription_id=draft(visit, **line).pk, doctor_id=visit.doctor_id)


def grant(patient: User, doctor: Doctor, *scopes: Scope, days: int = 30) -> RecordGrant:
    return granting.give_grant(
        patient_id=patient.pk,
        doctor_id=doctor.pk,
        scopes=scopes or tuple(Scope),
        ends_at=clock.now() + dt.timedelta(days=days),
    )


def break_glass(patient: User, doctor: Doctor) -> RecordGrant:
    return granting.break_glass(
        doctor_id=doctor.pk, doctor_user_id=doctor.user_id, patient=str(patient.pk), reason="Unconscious."
    )


def refer(patient: User, sender: Doctor, other: Doctor, *scopes: Scope) -> Any:
    return referring.refer(
        doctor_id=sender.pk,
        patient_id=patient.pk,
        to_doctor_id=other.pk,
        reason="A murmur.",
        scopes=scopes or tuple(Scope),
        urgency=ReferralUrgency.ROUTINE,
        days=30,
    )


def accepted_referral(patient: User, sender: Doctor, other: Doctor, *scopes: Scope) -> Any:
    row = refer(patient, sender, other, *scopes)
    return referring.accept_referral(referral_id=row.pk, doctor_id=other.pk)
