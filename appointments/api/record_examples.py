"""Examples of records, as the schema shows them."""

from __future__ import annotations

from typing import Any

ID = "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7e01"
VISIT = "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7e02"
DOCTOR: dict[str, Any] = {
    "id": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7e03",
    "name": "Asha Kulkarni",
    "registration_number": "2011/04/1234",
    "council": "Maharashtra Medical Council",
}
FACTS: dict[str, Any] = {
    "sex": "female",
    "date_of_birth": "1988-04-12",
    "blood_group": "B+",
    "history": "Appendix removed in 2009.",
    "allergies": [{"substance": "Penicillin", "reaction": "rash", "severity": "moderate"}],
    "conditions": [{"name": "Asthma", "since": "childhood"}],
    "medicines": [{"name": "Salbutamol inhaler", "dose": "when needed"}],
    "emergency_contact": {"name": "Ravi Rao", "phone": "+919876543210", "relation": "husband"},
    "abha_number": "91-2345-6789-0123",
    "abha_address": "meera.rao@abdm",
}
PROFILE = {
    "id": ID,
    "public_id": "JS-7K4M-Q2P9-D3TP",
    "name": "Meera Rao",
    "version": 2,
    "updated_at": "2026-01-15T09:30:00Z",
    "facts": FACTS,
}
VERSION = {"number": 2, "changed": ["allergies"], "facts": FACTS, "created_at": "2026-01-15T09:30:00Z"}
PATIENT_ROW = {
    "id": ID,
    "public_id": "JS-7K4M-Q2P9-D3TP",
    "name": "Meera Rao",
    "is_treated": True,
    "readable_until": "2026-02-14T10:20:00Z",
}
SUMMARY = {"profile": PROFILE, "last_visit_at": "2026-01-15T10:00:00Z", "records": 3, "prescriptions": 2}
NOTES = {
    "subjective": "Cough and runny nose for four days, no fever.",
    "objective": "Throat red, chest clear.",
    "diagnoses": [{"text": "Acute upper respiratory infection", "icd10": "J06.9"}],
    "plan": "Rest, fluids, paracetamol when needed.",
    "follow_up": "In a week; at once with fever or short breath.",
}
RECORD = {
    "appointment": VISIT,
    "kind": "video",
    "visited_at": "2026-01-15T10:00:00Z",
    "doctor": DOCTOR,
    "status": "signed",
    "signed_at": "2026-01-15T10:25:00Z",
    "notes": NOTES,
    "addenda": [{"text": "The chest film of 17 January is clear.", "created_at": "2026-01-17T08:00:00Z"}],
}
DRAFT_RECORD = {**RECORD, "status": "draft", "signed_at": None, "addenda": []}
LINE = {
    "medicine": "Paracetamol",
    "form": "tablet",
    "strength": "500 mg",
    "dose": "1 tablet",
    "frequency": "up to three times a day",
    "route": "by mouth",
    "duration_days": 5,
    "instructions": "After food.",
    "list": "o",
}
PRESCRIBE = {"lines": [LINE], "advice": "Drink a lot.", "patient_age": 37, "patient_sex": "female"}
PRESCRIPTION = {
    "id": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7e04",
    "appointment": VISIT,
    "status": "signed",
    "number": "RX-7K4M-Q2P9-D3TP",
    "doctor": DOCTOR,
    "lines": [LINE],
    "advice": "Drink a lot.",
    "created_at": "2026-01-15T10:20:00Z",
    "signed_at": "2026-01-15T10:25:00Z",
    "revoked_at": None,
    "revoke_reason": None,
}
DRAFT = {**PRESCRIPTION, "status": "draft", "number": None, "signed_at": None}
REVOKED = {
    **PRESCRIPTION,
    "status": "revoked",
    "revoked_at": "2026-01-16T08:00:00Z",
    "revoke_reason": "Another medicine agrees better.",
}
CHECK = {
    "number": "RX-7K4M-Q2P9-D3TP",
    "status": "genuine",
    "signed_on": "2026-01-15",
    "revoked_at": None,
    "doctor": "Asha Kulkarni",
    "registration_number": "2011/04/1234",
    "council": "Maharashtra Medical Council",
}
GRANT = {
    "id": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7e05",
    "doctor": DOCTOR,
    "origin": "patient",
    "scopes": ["profile", "records"],
    "starts_at": "2026-01-15T09:30:00Z",
    "ends_at": "2026-02-14T09:30:00Z",
    "revoked_at": None,
    "is_open": True,
}
READ = {
    "doctor": DOCTOR,
    "scope": "records",
    "object_id": None,
    "ground": "treating",
    "read_at": "2026-01-15T10:05:00Z",
}
REFER = {
    "patient": ID,
    "to_doctor": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7e06",
    "reason": "A murmur that should be heard by a cardiologist.",
    "scopes": ["profile", "records"],
    "urgency": "routine",
    "days": 30,
}
PATIENT_REFERRAL = {
    "id": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7e07",
    "from_doctor": DOCTOR,
    "to_doctor": {**DOCTOR, "id": REFER["to_doctor"], "name": "Imran Shaikh", "registration_number": "2009/02/777"},
    "status": "asked",
    "urgency": "routine",
    "reason": "A murmur that should be heard by a cardiologist.",
    "answer": None,
    "scopes": ["profile", "records"],
    "days": 30,
    "answer_by": "2026-01-29T10:30:00Z",
    "created_at": "2026-01-15T10:30:00Z",
    "answered_at": None,
    "ended_at": None,
}
REFERRAL = {**PATIENT_REFERRAL, "patient": {"id": ID, "public_id": "JS-7K4M-Q2P9-D3TP", "name": "Meera Rao"}}
ACCEPTED = {**REFERRAL, "status": "accepted", "answered_at": "2026-01-16T08:00:00Z"}
PDF = "%PDF-1.4 …"
