"""A patient's files and values as a doctor reads them, and the doctor's word on what was read."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from appointments.access import Scope, require_access
from appointments.analysis.states import FileKind
from appointments.api import file_shapes as shapes
from appointments.api.file_views import ANALYSES, ANALYSIS, FILE, FILES, LINK, OBSERVATION
from appointments.errors import FileInfected, FileNotScanned, ObservationUnknown, ValueImpossible
from appointments.selectors import analysing as analyses
from appointments.selectors import files as selectors
from appointments.services import analysing, files
from appointments.services.analysing import Verdict
from common.api.pagination import paged
from common.api.schema import operation
from common.api.views import APIView, Request, Response, read, read_query
from common.errors import Busy, IllegalTransition, NotFound
from users.api.authentication import PersonAuthentication
from users.api.permissions import IsPerson

SIGNED_VALUE = {**OBSERVATION, "status": "confirmed", "signed": True, "not_a_diagnosis": False, "notice": ""}
SIGNED: dict[str, Any] = {
    **ANALYSIS,
    "status": "signed",
    "signed_at": "2026-01-16T10:00:00Z",
    "note": "Iron for three months, then again.",
    "not_a_diagnosis": False,
    "values": [SIGNED_VALUE],
}


class PatientFilesView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "List a patient's files",
        tag=FILES,
        query=[shapes.FilesQuery],
        responses={200: shapes.MedicalFileOut},
        refusals=[NotFound],
        paged=True,
        answer=FILE,
    )
    def get(self, request: Request, patient_id: UUID) -> Response:
        """Of somebody whom you treat; 404 for everybody else. Deleted files are the patient's own business."""
        query = read_query(shapes.FilesQuery, request)
        require_access(reader_user_id=request.user.pk, patient_user_id=patient_id, scope=Scope.FILES)
        kind = FileKind(query["kind"]) if "kind" in query else None
        return paged(selectors.files_of(patient_id, kind=kind), shapes.MedicalFileOut, request)


class PatientLinkView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "Get a link to a patient's file",
        tag=FILES,
        query=[shapes.LinkQuery],
        responses={200: shapes.FileLinkOut},
        refusals=[NotFound, FileNotScanned, FileInfected],
        answer=LINK,
    )
    def get(self, request: Request, patient_id: UUID, file_id: UUID) -> Response:
        """As the patient's own, for five minutes."""
        query = read_query(shapes.LinkQuery, request)
        link = files.link_to(
            reader_id=request.user.pk, patient_id=patient_id, file_id=file_id, number=query.get("version")
        )
        return Response(shapes.FileLinkOut(link).data)


class PatientAnalysesView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "List the analyses of a patient's file",
        tag=ANALYSES,
        responses={200: shapes.AnalysisOut},
        refusals=[NotFound],
        many=True,
        answer=[ANALYSIS],
    )
    def get(self, request: Request, patient_id: UUID, file_id: UUID) -> Response:
        """The newest twenty, with what was read."""
        require_access(
            reader_user_id=request.user.pk, patient_user_id=patient_id, scope=Scope.OBSERVATIONS, object_id=file_id
        )
        selectors.file_of(patient_id, file_id)
        rows = analyses.analyses_of_file(patient_id, file_id)
        return Response(shapes.AnalysisOut(rows, many=True, context={"language": request.user.language}).data)


class PatientAnalysisView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "Read a patient's analysis",
        tag=ANALYSES,
        responses={200: shapes.AnalysisOut},
        refusals=[NotFound],
        answer=ANALYSIS,
    )
    def get(self, request: Request, patient_id: UUID, analysis_id: UUID) -> Response:
        """What was read, with page and line, to be compared with the report."""
        require_access(
            reader_user_id=request.user.pk, patient_user_id=patient_id, scope=Scope.OBSERVATIONS, object_id=analysis_id
        )
        row = analyses.analysis_of(patient_id, analysis_id)
        return Response(shapes.AnalysisOut(row, context={"language": request.user.language}).data)


class SignOffView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]
    audited = True

    @operation(
        "Sign an analysis off",
        tag=ANALYSES,
        request=shapes.SignOffIn,
        responses={200: shapes.AnalysisOut},
        refusals=[NotFound, IllegalTransition, ObservationUnknown, ValueImpossible, Busy],
        example={
            "values": [{"id": OBSERVATION["id"], "verdict": "correct", "value": 10.4}],
            "note": "Iron for three months, then again.",
        },
        answer=SIGNED,
    )
    def post(self, request: Request, patient_id: UUID, analysis_id: UUID) -> Response:
        """Take responsibility for what was read: values not named are confirmed. It never changes again."""
        body = read(shapes.SignOffIn, request)
        row = analysing.sign_off(
            doctor_user_id=request.user.pk,
            patient_id=patient_id,
            analysis_id=analysis_id,
            verdicts=[Verdict(one["id"], one["verdict"], one.get("value")) for one in body["values"]],
            note=body["note"],
        )
        return Response(shapes.AnalysisOut(row, context={"language": request.user.language}).data)


class PatientObservationsView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "List a patient's observations",
        tag=ANALYSES,
        query=[shapes.ObservationsQuery],
        responses={200: shapes.ObservationOut},
        refusals=[NotFound],
        paged=True,
        answer=OBSERVATION,
    )
    def get(self, request: Request, patient_id: UUID) -> Response:
        """As the patient sees them, newest first; with `code` the series of one test."""
        query = read_query(shapes.ObservationsQuery, request)
        require_access(reader_user_id=request.user.pk, patient_user_id=patient_id, scope=Scope.OBSERVATIONS)
        rows = analyses.observations_of(patient_id, code=query.get("code"), signed=query["signed"])
        return paged(rows, shapes.shape_for(request.user.language), request)
