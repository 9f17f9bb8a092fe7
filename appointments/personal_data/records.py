"""What is held of a person as a patient."""

from __future__ import annotations

import uuid

from appointments.selectors import records
from users.personal_data import Holding, Rows, hold

DOCTORS = "You, and doctors who treat you or whom you let."
KEPT = "For three years at least, as the Telemedicine Practice Guidelines ask of doctors."
READ = ("doctor_id", "doctor__name", "doctor__registration_number", "scope", "object_id", "ground", "read_at")
GRANT = ("id", "doctor_id", "doctor__name", "origin", "scopes", "starts_at", "ends_at", "revoked_at")


def profile(user_id: uuid.UUID) -> Rows:
    rows = records.versions_of(user_id).order_by("number")
    return [{"version": row.number, "said_at": row.created_at, **row.said} for row in rows]


def notes(user_id: uuid.UUID) -> Rows:
    return [
        {
            "appointment": row.pk,
            "doctor": row.doctor.name,
            "registration_number": row.doctor.registration_number,
            "signed_at": row.signed_at,
            **row.said,
            "addenda": [{"text": one.text, "created_at": one.created_at} for one in row.addenda.order_by("pk")],
        }
        for row in records.signed_notes_of(user_id).order_by("signed_at")
    ]


def prescriptions(user_id: uuid.UUID) -> Rows:
    return [
        {
            "number": row.number,
            "status": row.status,
            "signed_at": row.signed_at,
            "revoked_at": row.revoked_at,
            "revoke_reason": row.revoke_reason,
            **row.said,
        }
        for row in records.issued_to(user_id).order_by("signed_at")
    ]


def grants(user_id: uuid.UUID) -> Rows:
    return list(records.grants_of(user_id).order_by("pk").values(*GRANT))


def reads(user_id: uuid.UUID) -> Rows:
    return list(records.reads_of(user_id).order_by("pk").values(*READ))


def referrals(user_id: uuid.UUID) -> Rows:
    return [
        {
            "id": row.pk,
            "from_doctor": row.from_doctor.name,
            "to_doctor": row.to_doctor.name,
            "status": row.status,
            "urgency": row.urgency,
            "reason": row.reason,
            "answer": row.answer,
            "scopes": row.scopes,
            "created_at": row.created_at,
            "ended_at": row.ended_at,
        }
        for row in records.referrals_of_patient(user_id).order_by("pk")
    ]


hold(
    Holding(
        "patient_profile",
        "To tell doctors what they must know before they treat you.",
        DOCTORS,
        "As long as the account, with every earlier version.",
        "",
        profile,
    )
)
hold(
    Holding(
        "medical_records",
        "To keep what doctors have found, decided and advised.",
        DOCTORS,
        KEPT,
        "What doctors have signed, with nobody's name: medical records are kept for three years at least.",
        notes,
    )
)
hold(
    Holding(
        "prescriptions",
        "To give you your medicines, and let a pharmacy see that a prescription is genuine.",
        f"{DOCTORS} Who has the paper sees doctor and day, and nothing of you.",
        KEPT,
        "What doctors have signed, with nobody's name: medical records are kept for three years at least.",
        prescriptions,
    )
)
hold(
    Holding(
        "record_grants",
        "To let doctors read what you want them to read, for as long as you say.",
        "You and the doctor; emergencies, administrators too.",
        "As long as the account.",
        "That there was a grant, with nobody's name.",
        grants,
    )
)
hold(
    Holding(
        "record_reads",
        "To show you who has read your records.",
        "You.",
        "As long as the account.",
        "The log, with nobody's name: it shows whether doctors kept the rules.",
        reads,
    )
)
hold(
    Holding(
        "doctor_referrals",
        "To bring you from one doctor to another.",
        "You and the two doctors.",
        KEPT,
        "What the doctors wrote, with nobody's name.",
        referrals,
    )
)
