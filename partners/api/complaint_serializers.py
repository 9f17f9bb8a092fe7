from __future__ import annotations

from typing import Any

from rest_framework import serializers

from partners.services.complaints import Grievance
from partners.states import ComplaintCategory, ComplaintStatus, SubjectKind

CATEGORIES = [str(category) for category in ComplaintCategory]
SUBJECTS = [str(kind) for kind in SubjectKind]
COMPLAINT = {
    "id": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7db1",
    "about": {"id": "0199d3f2-6c1e-7a04-9b1c-3c5f0f3f6a10", "name": "Marina Blood Centre"},
    "category": "money_asked",
    "text": "They asked my brother for money before they would give the blood.",
    "subject": None,
    "status": "resolved",
    "answer": "We have spoken with them, and they have paid your brother back.",
    "answered_at": "2026-01-16T10:00:00Z",
    "created_at": "2026-01-15T09:30:00Z",
}
PARTNERS_COMPLAINT = {
    **{name: value for name, value in COMPLAINT.items() if name != "about"},
    "category": "conduct",
    "text": "He shouted at the nurse.",
    "subject": {"kind": "assignment", "id": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7d94"},
    "status": "open",
    "answer": "",
    "answered_at": None,
}


class ComplaintAboutIn(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=["partner"])
    id = serializers.UUIDField()


class ComplaintSubjectIn(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=SUBJECTS)
    id = serializers.UUIDField()


class GrievanceIn(serializers.Serializer[Any]):
    category = serializers.ChoiceField(choices=CATEGORIES)
    text = serializers.CharField(max_length=4000)


class ComplaintIn(GrievanceIn):
    about = ComplaintAboutIn()
    subject = ComplaintSubjectIn(required=False, help_text="What it happened at, if there was something.")


class ComplaintAboutOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()


class ComplaintSubjectOut(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=SUBJECTS)
    id = serializers.UUIDField()


class CaseOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    category = serializers.ChoiceField(choices=CATEGORIES)
    text = serializers.CharField()
    subject = ComplaintSubjectOut(allow_null=True)
    status = serializers.ChoiceField(choices=[str(status) for status in ComplaintStatus])
    answer = serializers.CharField(help_text="Of an administrator; empty until there is one.")
    answered_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


class ComplaintOut(CaseOut):
    about = ComplaintAboutOut(source="about_partner")


def grievance_of(body: dict[str, Any]) -> Grievance:
    """Return what a validated body complains of."""
    subject = body.get("subject")
    return Grievance(
        category=ComplaintCategory(body["category"]),
        text=body["text"],
        subject_kind=SubjectKind(subject["kind"]) if subject else None,
        subject_id=subject["id"] if subject else None,
    )
