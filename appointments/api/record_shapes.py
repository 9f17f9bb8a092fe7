"""Patients, notes, prescriptions, grants and referrals as the API takes and shows them."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from appointments.records.printing import LANGUAGES
from appointments.records.states import (
    EVERY_SCOPE,
    LOGGED_GROUNDS,
    DrugList,
    GrantOrigin,
    NoteStatus,
    PrescriptionStatus,
    ReferralStatus,
    ReferralUrgency,
    Scope,
)
from appointments.selectors.records import readable_until
from appointments.states import VisitKind
from common import clock
from common.api.fields import LineField, MomentField, PhoneField
from common.blood import BloodGroup, Sex

OLDEST: Final = dt.date(1900, 1, 1)
# Format alone: the check digit of a number is documented nowhere.
ABHA_NUMBER: Final = r"^\d{2}-?\d{4}-?\d{4}-?\d{4}\Z"
ABHA_ADDRESS: Final = r"^[A-Za-z0-9][A-Za-z0-9._]{1,48}[A-Za-z0-9]@(abdm|sbx)\Z"
ICD10: Final = r"^[A-Z][0-9][0-9A-Z](\.[0-9A-Z]{1,4})?\Z"


def choices(kind: Any) -> list[str]:
    return [str(value) for value in kind]


class TextField(serializers.CharField):
    """Words of several lines."""

    def __init__(self, *, max_length: int, **kwargs: Any) -> None:
        super().__init__(max_length=max_length, **{"required": False, "allow_blank": True, **kwargs})


class AllergyShape(serializers.Serializer[Any]):
    substance = LineField(max_length=120)
    reaction = LineField(max_length=200, required=False, allow_blank=True)
    severity = serializers.ChoiceField(choices=["mild", "moderate", "severe"], required=False)


class ConditionShape(serializers.Serializer[Any]):
    name = LineField(max_length=120)
    since = LineField(max_length=40, required=False, allow_blank=True)


class TakenMedicineShape(serializers.Serializer[Any]):
    name = LineField(max_length=120)
    dose = LineField(max_length=120, required=False, allow_blank=True)


class EmergencyContactShape(serializers.Serializer[Any]):
    name = LineField(max_length=120)
    phone = PhoneField()
    relation = LineField(max_length=60, required=False, allow_blank=True)


class PatientFacts(serializers.Serializer[Any]):
    sex = serializers.ChoiceField(choices=choices(Sex), required=False, allow_null=True)
    date_of_birth = serializers.DateField(required=False, allow_null=True)
    blood_group = serializers.ChoiceField(
        choices=choices(BloodGroup),
        required=False,
        allow_null=True,
        help_text="As the patient states it.",
    )
    history = TextField(max_length=5000, help_text="Illnesses and operations of the past.")
    allergies = serializers.ListField(child=AllergyShape(), required=False, max_length=50)
    conditions = serializers.ListField(child=ConditionShape(), required=False, max_length=50)
    medicines = serializers.ListField(child=TakenMedicineShape(), required=False, max_length=50)
    emergency_contact = EmergencyContactShape(required=False, allow_null=True)
    abha_number = serializers.RegexField(
        ABHA_NUMBER, required=False, allow_null=True, help_text="14 digits; only the format is checked."
    )
    abha_address = serializers.RegexField(ABHA_ADDRESS, required=False, allow_null=True, help_text="name@abdm")


class PatientProfileIn(PatientFacts):
    version = serializers.IntegerField(
        required=False, min_value=0, help_text="The one you have read: 409 when another device was faster."
    )

    def validate_date_of_birth(self, day: dt.date | None) -> dt.date | None:
        if day is not None and not OLDEST <= day <= clock.now().date():
            raise serializers.ValidationError("This is nobody's birthday.", code="birthday_impossible")
        return day

    def validate_abha_number(self, number: str | None) -> str | None:
        if number is None:
            return None
        digits = number.replace("-", "")
        return f"{digits[:2]}-{digits[2:6]}-{digits[6:10]}-{digits[10:]}"


class PatientProfileOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    public_id = serializers.CharField()
    name = serializers.CharField()
    version = serializers.IntegerField(help_text="0 before anything is said.")
    updated_at = serializers.DateTimeField(allow_null=True)
    facts = serializers.SerializerMethodField(help_text="What the patient says; what is not said is not there.")

    @extend_schema_field(PatientFacts)
    def get_facts(self, card: Any) -> Any:
        return dict(card.facts)


class PatientVersionOut(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    changed = serializers.ListField(child=serializers.CharField())
    facts = serializers.SerializerMethodField(help_text="All of it, as it was then.")
    created_at = serializers.DateTimeField()

    @extend_schema_field(PatientFacts)
    def get_facts(self, row: Any) -> Any:
        return row.said


class PatientRowOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    public_id = serializers.CharField()
    name = serializers.CharField()
    is_treated = serializers.BooleanField(help_text="By a visit; if not, by a grant, a referral or an emergency.")
    readable_until = serializers.SerializerMethodField()

    def get_readable_until(self, row: Any) -> dt.datetime:
        return readable_until(row)


class PatientSummaryOut(serializers.Serializer[Any]):
    profile = PatientProfileOut(source="card")
    last_visit_at = serializers.DateTimeField(allow_null=True)
    records = serializers.IntegerField()
    prescriptions = serializers.IntegerField()


class DiagnosisShape(serializers.Serializer[Any]):
    text = LineField(max_length=300)
    icd10 = serializers.RegexField(ICD10, required=False, allow_blank=True, help_text="As in J06.9.")


class NotesShape(serializers.Serializer[Any]):
    subjective = TextField(max_length=10_000, help_text="What the patient tells.")
    objective = TextField(max_length=10_000, help_text="What was found.")
    diagnoses = serializers.ListField(child=DiagnosisShape(), required=False, max_length=20)
    plan = TextField(max_length=10_000)
    follow_up = TextField(max_length=2000, help_text="When to come again, and when sooner.")


class AddendumIn(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=5000)


class AddendumOut(serializers.Serializer[Any]):
    text = serializers.CharField()
    created_at = serializers.DateTimeField()


class SignerOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    registration_number = serializers.CharField()
    council = serializers.CharField()


class RecordOut(serializers.Serializer[Any]):
    appointment = serializers.UUIDField(source="appointment_id")
    kind = serializers.ChoiceField(choices=choices(VisitKind), source="appointment.kind")
    visited_at = serializers.DateTimeField(source="appointment.starts_at")
    doctor = SignerOut()
    status = serializers.ChoiceField(choices=choices(NoteStatus))
    signed_at = serializers.DateTimeField(allow_null=True)
    notes = serializers.SerializerMethodField()
    addenda = AddendumOut(many=True, source="every_addendum", help_text="Oldest first.")

    @extend_schema_field(NotesShape)
    def get_notes(self, row: Any) -> Any:
        return row.said


class LineShape(serializers.Serializer[Any]):
    medicine = LineField(max_length=120, help_text="The generic name.")
    form = LineField(max_length=40, required=False, allow_blank=True)
    strength = LineField(max_length=40, required=False, allow_blank=True)
    dose = LineField(max_length=80)
    frequency = LineField(max_length=80)
    route = LineField(max_length=40, required=False, allow_blank=True)
    duration_days = serializers.IntegerField(min_value=1, max_value=365, required=False)
    instructions = LineField(max_length=300, required=False, allow_blank=True)
    list = serializers.ChoiceField(
        choices=choices(DrugList), required=False, help_text="Of the Telemedicine Practice Guidelines; by video needed."
    )


class PrescriptionIn(serializers.Serializer[Any]):
    lines = serializers.ListField(child=LineShape(), min_length=1, max_length=20)
    advice = TextField(max_length=2000)
    patient_age = serializers.IntegerField(
        min_value=0,
        max_value=130,
        required=False,
        help_text="Years, as told in the visit; the profile's counts first.",
    )
    patient_sex = serializers.ChoiceField(choices=choices(Sex), required=False)


class PrescriptionOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    appointment = serializers.UUIDField(source="appointment_id")
    status = serializers.ChoiceField(choices=choices(PrescriptionStatus))
    number = serializers.CharField(allow_null=True)
    doctor = SignerOut()
    lines = serializers.SerializerMethodField()
    advice = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()
    signed_at = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)
    revoke_reason = serializers.CharField(allow_null=True)

    @extend_schema_field(LineShape(many=True))
    def get_lines(self, row: Any) -> Any:
        return row.said.get("lines", [])

    def get_advice(self, row: Any) -> str:
        return str(row.said.get("advice", ""))


class RecordReasonIn(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=500)


class PrescriptionCheckOut(serializers.Serializer[Any]):
    number = serializers.CharField()
    status = serializers.ChoiceField(choices=["genuine", "revoked"])
    signed_on = serializers.DateField()
    revoked_at = serializers.DateTimeField(allow_null=True)
    doctor = serializers.CharField()
    registration_number = serializers.CharField()
    council = serializers.CharField()


class PrintQuery(serializers.Serializer[Any]):
    language = serializers.ChoiceField(choices=LANGUAGES, required=False)


class ScopesField(serializers.ListField):
    """What may be read; `all` is all that there is today."""

    child = serializers.ChoiceField(choices=[*choices(Scope), EVERY_SCOPE])

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_length=1, max_length=len(Scope) + 1, **kwargs)

    def to_internal_value(self, data: Any) -> list[Scope]:
        wanted = super().to_internal_value(data)
        return [scope for scope in Scope if EVERY_SCOPE in wanted or scope in wanted]


class GrantIn(serializers.Serializer[Any]):
    doctor = serializers.UUIDField()
    scopes = ScopesField()
    ends_at = MomentField(required=False, help_text="Thirty days from now unless told; a year at most.")


class GrantOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    doctor = SignerOut()
    origin = serializers.ChoiceField(choices=choices(GrantOrigin))
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=choices(Scope)))
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    revoked_at = serializers.DateTimeField(allow_null=True)
    is_open = serializers.SerializerMethodField()

    def get_is_open(self, row: Any) -> bool:
        return bool(row.is_open(clock.now()))


class ReadOut(serializers.Serializer[Any]):
    doctor = SignerOut()
    scope = serializers.ChoiceField(choices=choices(Scope))
    object_id = serializers.UUIDField(allow_null=True, help_text="The one thing that was read; null for a list.")
    ground = serializers.ChoiceField(choices=choices(LOGGED_GROUNDS))
    read_at = serializers.DateTimeField()


class BreakGlassOut(serializers.Serializer[Any]):
    patient = serializers.UUIDField(source="patient_id")
    ends_at = serializers.DateTimeField()


class ReferralIn(serializers.Serializer[Any]):
    patient = serializers.UUIDField()
    to_doctor = serializers.UUIDField()
    reason = serializers.CharField(max_length=2000)
    scopes = ScopesField()
    urgency = serializers.ChoiceField(choices=choices(ReferralUrgency), default=str(ReferralUrgency.ROUTINE))
    days = serializers.IntegerField(min_value=1, max_value=90, default=30, help_text="How long the other may read.")


class DeclineIn(serializers.Serializer[Any]):
    answer = serializers.CharField(max_length=500, required=False, allow_blank=True)


class ReferralsQuery(serializers.Serializer[Any]):
    direction = serializers.ChoiceField(choices=["sent", "received"], default="received")
    status = serializers.ChoiceField(choices=choices(ReferralStatus), required=False)


class PatientReferralOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    from_doctor = SignerOut()
    to_doctor = SignerOut()
    status = serializers.ChoiceField(choices=choices(ReferralStatus))
    urgency = serializers.ChoiceField(choices=choices(ReferralUrgency))
    reason = serializers.CharField()
    answer = serializers.CharField(allow_null=True)
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=choices(Scope)))
    days = serializers.IntegerField()
    answer_by = serializers.DateTimeField()
    created_at = serializers.DateTimeField()
    answered_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)


class ReferredOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    public_id = serializers.CharField()
    name = serializers.CharField()


class ReferralOut(PatientReferralOut):
    patient = serializers.SerializerMethodField(help_text="Null to the other doctor until the referral is accepted.")

    @extend_schema_field(ReferredOut(allow_null=True))
    def get_patient(self, row: Any) -> Any:
        is_shown = row.is_sender or row.status in {ReferralStatus.ACCEPTED, ReferralStatus.ENDED}
        return ReferredOut(row.patient).data if is_shown else None
