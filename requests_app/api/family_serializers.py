from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from common import clock
from common.api.fields import LatitudeField, LineField, LongitudeField, MomentField
from common.blood import Sex
from common.files.checking import FileType
from requests_app.api.serializers import COMPONENTS, GROUPS, MOST_UNITS, URGENCIES, PartnerBriefOut
from requests_app.states import OWN_REFUSALS, FamilyStatus, RefuseReason, SourceKind, SourceStatus
from stock.api.serializers import EmergencyIn
from stock.compatibility import UNKNOWN
from users.api.document_serializers import KINDS

STATUSES = [str(status) for status in FamilyStatus]
OLDEST = 130  # years
MOST_DOCUMENTS = 5
MOST_NAMED = 50  # bags in one hand-out
HOSPITAL_OR_PLACE = "Give either a hospital or a place."


class PatientIn(serializers.Serializer[Any]):
    name = LineField(max_length=120)
    age = serializers.IntegerField(min_value=0, max_value=OLDEST, help_text="Completed years.")
    sex = serializers.ChoiceField(choices=[str(sex) for sex in Sex])


class NamedPlaceIn(serializers.Serializer[Any]):
    name = LineField(max_length=200)
    lat = LatitudeField()
    lng = LongitudeField()


class FamilyRequestIn(serializers.Serializer[Any]):
    default_error_messages = {"hospital_or_place": HOSPITAL_OR_PLACE}

    patient = PatientIn()
    blood_group = serializers.ChoiceField(choices=[*GROUPS, UNKNOWN], help_text="The patient's group.")
    component = serializers.ChoiceField(choices=COMPONENTS)
    units = serializers.IntegerField(min_value=1, max_value=MOST_UNITS)
    urgency = serializers.ChoiceField(choices=URGENCIES)
    needed_by = MomentField(help_text="Within the next 30 days.")
    hospital = serializers.UUIDField(required=False, help_text="An approved organisation of the directory.")
    place = NamedPlaceIn(required=False, help_text="A hospital that is not in the directory.")
    doctor = LineField(max_length=120)
    documents = serializers.ListField(
        child=serializers.UUIDField(),
        max_length=MOST_DOCUMENTS,
        required=False,
        default=list,
        help_text="Documents that you gave (`/me/documents`), such as the requisition; the hospital sees them.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("hospital" in attrs) == ("place" in attrs):
            raise serializers.ValidationError({"hospital": HOSPITAL_OR_PLACE}, code="hospital_or_place")
        return attrs


class FamilyQuery(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=STATUSES, required=False)
    updated_since = MomentField(required=False, help_text="Those in which something has happened since.")


class PartnerFamilyQuery(FamilyQuery):
    urgency = serializers.ChoiceField(choices=URGENCIES, required=False)


class RefuseIn(serializers.Serializer[Any]):
    reason = serializers.ChoiceField(choices=[str(reason) for reason in OWN_REFUSALS])
    note = serializers.CharField(
        max_length=300, required=False, allow_blank=True, default="", help_text="Shown to the family."
    )


class IssueIn(serializers.Serializer[Any]):
    units = serializers.ListField(
        child=serializers.CharField(max_length=64),
        min_length=1,
        max_length=MOST_NAMED,
        required=False,
        help_text="Ids, numbers or bar codes of reserved bags; without it all that are still needed.",
    )
    emergency = EmergencyIn(required=False, help_text="Without a crossmatch that your policy asks for.")


class SourceOut(serializers.Serializer[Any]):
    """One source that was asked for blood, and where it stands."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=[str(kind) for kind in SourceKind])
    status = serializers.SerializerMethodField()
    units = serializers.IntegerField(help_text="How many it is to give.")
    units_given = serializers.IntegerField()
    reason = serializers.CharField()
    until = serializers.DateTimeField(allow_null=True, help_text="Until when its bags are kept.")
    at = serializers.DateTimeField(source="created_at")
    updated_at = serializers.DateTimeField()

    @extend_schema_field(serializers.ChoiceField(choices=[str(status) for status in SourceStatus]))
    def get_status(self, source: Any) -> str:
        return str(source.state_at(clock.now()))


class PartnerSourceOut(SourceOut):
    transfer = serializers.UUIDField(allow_null=True)
    request = serializers.UUIDField(
        source="blood_request_id", allow_null=True, help_text="Your blood request by which donors are asked."
    )


class FamilyEventOut(serializers.Serializer[Any]):
    verb = serializers.CharField()
    status = serializers.CharField(help_text="Of the source, or of the request, after it.")
    step = serializers.UUIDField(source="step_id", allow_null=True)
    kind = serializers.SerializerMethodField()
    units = serializers.IntegerField(allow_null=True)
    reason = serializers.CharField()
    at = serializers.DateTimeField(source="created_at")

    @extend_schema_field(serializers.ChoiceField(choices=[str(kind) for kind in SourceKind], allow_null=True))
    def get_kind(self, event: Any) -> str | None:
        return None if event.step is None else str(event.step.kind)


class PatientOut(serializers.Serializer[Any]):
    name = serializers.CharField(source="patient_name")
    age = serializers.IntegerField(source="patient_age")
    sex = serializers.ChoiceField(choices=[str(sex) for sex in Sex], source="patient_sex")


class NamedPlaceOut(serializers.Serializer[Any]):
    name = serializers.CharField(source="place_name")
    lat = serializers.FloatField(source="place_lat")
    lng = serializers.FloatField(source="place_lng")


class _FamilyBaseOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    status = serializers.SerializerMethodField()
    patient = PatientOut(source="*")
    doctor = serializers.CharField()
    blood_group = serializers.ChoiceField(choices=[*GROUPS, UNKNOWN])
    component = serializers.ChoiceField(choices=COMPONENTS)
    units = serializers.IntegerField()
    units_issued = serializers.IntegerField(help_text="Bags handed out for the patient.")
    units_donated = serializers.IntegerField(help_text="Units given by donors who came for the patient.")
    units_left = serializers.IntegerField()
    urgency = serializers.ChoiceField(choices=URGENCIES)
    needed_by = serializers.DateTimeField()
    place = serializers.SerializerMethodField()
    refuse_reason = serializers.ChoiceField(choices=["", *(str(reason) for reason in RefuseReason)])
    refuse_note = serializers.CharField()
    cancel_reason = serializers.CharField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()

    @extend_schema_field(serializers.ChoiceField(choices=STATUSES))
    def get_status(self, family: Any) -> str:
        return str(family.state_at(clock.now()))

    @extend_schema_field(NamedPlaceOut(allow_null=True))
    def get_place(self, family: Any) -> Any:
        """Where the patient is, if that hospital is not in the directory."""
        return NamedPlaceOut(family).data if family.place_lat is not None else None


class FamilyRequestOut(_FamilyBaseOut):
    """A request as the family sees it."""

    hospital = PartnerBriefOut(source="partner", help_text="Who serves it.")
    steps = SourceOut(many=True, source="sources")


class AttachedOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=KINDS)
    name = serializers.CharField()
    content_type = serializers.ChoiceField(choices=[str(kind) for kind in FileType])
    size = serializers.IntegerField(help_text="bytes")


class FamilyRequestDetailOut(FamilyRequestOut):
    documents = AttachedOut(many=True)
    history = FamilyEventOut(many=True)


class RequesterOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    phone = serializers.CharField()


class PartnerFamilyRequestOut(_FamilyBaseOut):
    """A family's request as the hospital that serves it sees it."""

    requester = RequesterOut(allow_null=True)
    steps = PartnerSourceOut(many=True, source="sources")


class ReservedUnitOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    din = serializers.CharField()
    component = serializers.ChoiceField(choices=COMPONENTS)
    blood_group = serializers.ChoiceField(choices=GROUPS)
    expires_at = serializers.DateTimeField()
    until = serializers.DateTimeField(allow_null=True)


class PartnerFamilyRequestDetailOut(PartnerFamilyRequestOut):
    documents = AttachedOut(many=True)
    reserved = ReservedUnitOut(many=True, help_text="Bags kept for the patient now.")
    history = FamilyEventOut(many=True)
