"""Files, analyses and observations as the API takes and shows them."""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from appointments.analysis.analytes import BY_CODE, UNITS
from appointments.analysis.states import (
    Analyser,
    AnalysisFailure,
    AnalysisStatus,
    Availability,
    FileKind,
    Interpretation,
    ObservationStatus,
    Passed,
)
from appointments.models import Analysis, Observation
from appointments.services.analysing import may_be_shared
from appointments.services.files import MOST_AT_ONCE
from common.api.fields import LineField
from common.api.uploads import FileField
from common.files.checking import FileType

CODES: Final = sorted(BY_CODE)
# What every value says of itself until a doctor has signed it, in the language of whoever reads.
NOT_A_DIAGNOSIS: Final = {
    "en": "Read by a machine. Not a diagnosis: no doctor has signed this.",
    "hi": "मशीन द्वारा पढ़ा गया। यह निदान नहीं है: किसी डॉक्टर ने इस पर हस्ताक्षर नहीं किए हैं।",
    "bn": "যন্ত্র দ্বারা পড়া। এটি রোগনির্ণয় নয়: কোনও ডাক্তার এতে স্বাক্ষর করেননি।",
}


def choices(kind: Any) -> list[str]:
    return [str(value) for value in kind]


class FileDetailsIn(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=choices(FileKind))
    title = LineField(max_length=120, required=False, help_text="Without one a file is called by its own name.")
    taken_on = serializers.DateField(required=False, allow_null=True, help_text="Of the sample, picture or letter.")


class FilesIn(FileDetailsIn):
    files = serializers.ListField(child=FileField(), min_length=1, max_length=MOST_AT_ONCE)


class VersionIn(serializers.Serializer[Any]):
    file = FileField(help_text="JPEG, PNG, WebP or PDF, at most 10 MB; judged by its content alone.")


class FilesQuery(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=choices(FileKind), required=False)
    deleted = serializers.BooleanField(required=False, default=False)


class DeleteQuery(serializers.Serializer[Any]):
    at_once = serializers.BooleanField(required=False, default=False)


class LinkQuery(serializers.Serializer[Any]):
    version = serializers.IntegerField(min_value=1, max_value=1000, required=False)


class VersionOut(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    name = serializers.CharField()
    content_type = serializers.ChoiceField(choices=choices(FileType))
    size = serializers.IntegerField(help_text="bytes")
    availability = serializers.ChoiceField(
        choices=choices(Availability), help_text="`scanning`: not before the virus scanner has looked at it."
    )
    created_at = serializers.DateTimeField()


class MedicalFileOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=choices(FileKind))
    title = serializers.CharField()
    taken_on = serializers.DateField(allow_null=True)
    created_at = serializers.DateTimeField()
    destroy_at = serializers.DateTimeField(
        allow_null=True, help_text="Of a deleted file: until when it can be restored."
    )
    version = serializers.SerializerMethodField(help_text="The newest.")

    @extend_schema_field(VersionOut)
    def get_version(self, row: Any) -> Any:
        return VersionOut(row.newest_versions[0]).data


class FileWithVersionsOut(MedicalFileOut):
    versions = VersionOut(many=True, source="every_version", help_text="Newest first.")


class FilesOut(serializers.Serializer[Any]):
    files = FileWithVersionsOut(many=True)


class FileLinkOut(serializers.Serializer[Any]):
    url = serializers.CharField(help_text="Shows the file to whoever has it: pass it on to nobody.")
    expires_at = serializers.DateTimeField()


class AnalyserOut(serializers.Serializer[Any]):
    analyser = serializers.ChoiceField(choices=choices(Analyser))
    purpose = serializers.CharField(help_text="Of the consent that it needs: `/me/consents`.")
    notice_version = serializers.IntegerField()
    notice = serializers.CharField(help_text="What is agreed to, in the person's language.")
    run_by = serializers.CharField(help_text="Who is sent pictures of the report; empty: nobody.")


class AnalysisIn(serializers.Serializer[Any]):
    analyser = serializers.ChoiceField(choices=choices(Analyser))
    consent = serializers.BooleanField(help_text="`true`: of this file, to this analyser.")
    notice_version = serializers.IntegerField(
        min_value=1, max_value=1000, required=False, help_text="Of the notice that was read; an old one is refused."
    )


class SkippedOut(serializers.Serializer[Any]):
    page = serializers.IntegerField()
    line = serializers.IntegerField(allow_null=True)
    code = serializers.CharField(help_text="LOINC.")
    reason = serializers.ChoiceField(choices=choices(Passed))


class ObservationOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    analysis_id = serializers.UUIDField()
    code = serializers.CharField(help_text="LOINC.")
    name = serializers.CharField()
    value = serializers.DecimalField(max_digits=12, decimal_places=4, normalize_output=True)
    unit = serializers.ChoiceField(choices=sorted(UNITS), help_text="UCUM.")
    low = serializers.DecimalField(max_digits=12, decimal_places=4, normalize_output=True, allow_null=True)
    high = serializers.DecimalField(max_digits=12, decimal_places=4, normalize_output=True, allow_null=True)
    interpretation = serializers.ChoiceField(
        choices=choices(Interpretation), help_text="By the report's own range: N, H, L, or unknown without one."
    )
    printed = serializers.CharField(help_text="The value and unit as the page has them.")
    read_value = serializers.DecimalField(
        max_digits=12, decimal_places=4, normalize_output=True, help_text="What the analyser read."
    )
    page = serializers.IntegerField()
    line = serializers.IntegerField(allow_null=True, help_text="None: read from a picture.")
    taken_on = serializers.DateField(allow_null=True)
    status = serializers.ChoiceField(choices=choices(ObservationStatus))
    signed = serializers.BooleanField()
    not_a_diagnosis = serializers.SerializerMethodField()
    notice = serializers.SerializerMethodField(help_text="For people, in their language; empty once signed.")
    may_inform_donation = serializers.SerializerMethodField(
        help_text="A signed haemoglobin that the donor may share: `/me/observations/{id}/share`."
    )

    def get_not_a_diagnosis(self, row: Observation) -> bool:
        return not row.signed

    def get_notice(self, row: Observation) -> str:
        return "" if row.signed else NOT_A_DIAGNOSIS["en"]

    def get_may_inform_donation(self, row: Observation) -> bool:
        return may_be_shared(row)


def shape_for(language: str) -> type[ObservationOut]:
    return SHAPES.get(language, ObservationOut)


class _Hindi(ObservationOut):
    def get_notice(self, row: Observation) -> str:
        return "" if row.signed else NOT_A_DIAGNOSIS["hi"]


class _Bengali(ObservationOut):
    def get_notice(self, row: Observation) -> str:
        return "" if row.signed else NOT_A_DIAGNOSIS["bn"]


SHAPES: Final[dict[str, type[ObservationOut]]] = {"hi": _Hindi, "bn": _Bengali}


class AnalysisOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    file_id = serializers.UUIDField(source="version.file_id")
    version = serializers.IntegerField(source="version.number")
    analyser = serializers.ChoiceField(choices=choices(Analyser))
    status = serializers.ChoiceField(choices=choices(AnalysisStatus))
    failure = serializers.ChoiceField(choices=["", *choices(AnalysisFailure)])
    requested_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    signed_at = serializers.DateTimeField(allow_null=True)
    note = serializers.CharField(help_text="The doctor's.")
    not_a_diagnosis = serializers.SerializerMethodField(help_text="Until a doctor has signed it.")
    pages = serializers.IntegerField(allow_null=True, help_text="How many were read.")
    engine = serializers.CharField(help_text="The rules, or the model that answered, with their version.")
    prompt_version = serializers.CharField()
    input_tokens = serializers.IntegerField(allow_null=True)
    output_tokens = serializers.IntegerField(allow_null=True)
    values = serializers.SerializerMethodField()
    skipped = SkippedOut(many=True, help_text="Rows that name something known and were not read.")

    def get_not_a_diagnosis(self, row: Analysis) -> bool:
        return row.state is not AnalysisStatus.SIGNED

    @extend_schema_field(ObservationOut(many=True))
    def get_values(self, row: Any) -> Any:
        return shape_for(self.context.get("language", "en"))(row.values_read, many=True).data


class ObservationsQuery(serializers.Serializer[Any]):
    code = serializers.ChoiceField(choices=CODES, required=False)
    signed = serializers.BooleanField(required=False, allow_null=True, default=None)


class SharedOut(serializers.Serializer[Any]):
    observation_id = serializers.UUIDField()
    suffices = serializers.BooleanField(help_text="For whole blood, provisionally: the centre measures again.")


class VerdictIn(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    verdict = serializers.ChoiceField(choices=["confirm", "correct", "reject"])
    value = serializers.DecimalField(max_digits=12, decimal_places=4, min_value=0, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if (attrs["verdict"] == "correct") != ("value" in attrs):
            raise serializers.ValidationError({"value": "Belongs to `correct`, and to nothing else."}, code="required")
        return attrs


class SignOffIn(serializers.Serializer[Any]):
    values = serializers.ListField(
        child=VerdictIn(), required=False, default=list, max_length=200, help_text="The others are confirmed."
    )
    note = LineField(max_length=500, required=False, allow_blank=True, default="")


class ShareIn(serializers.Serializer[Any]):
    consent = serializers.BooleanField(help_text="`true`: let this value speak about giving blood.")
