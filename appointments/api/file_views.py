"""A patient's medical files, and what is read from them."""

from __future__ import annotations

from uuid import UUID

from appointments.analysis.states import Analyser, FileKind
from appointments.api import file_shapes as shapes
from appointments.errors import (
    AnalyserUnavailable,
    AnalysisConsentMissing,
    AnalysisOpen,
    AnalysisSigned,
    FileInfected,
    FileNotRestorable,
    FileNotScanned,
    HaemoglobinUnfit,
    TooManyVersions,
)
from appointments.selectors import analysing as analyses
from appointments.selectors import files as selectors
from appointments.services import analysing, files
from appointments.services.files import Upload
from common import throttle
from common.api.pagination import paged
from common.api.schema import operation
from common.api.uploads import UploadView
from common.api.views import APIView, HTTPRequest, Request, Response, read, read_query
from common.errors import Busy, NotFound
from common.files.checking import LARGEST
from common.files.errors import FileEmpty, FileTooLarge, FileTypeUnknown, FileUnreadable, FileUnsafe
from payments.errors import QuotaExceeded
from users.api.authentication import PersonAuthentication
from users.api.permissions import IsPerson
from users.errors import AccountErased, NotADonor, NoticeOutdated

FILES, ANALYSES = "Medical files", "Report analysis"
UPLOADED = (FileEmpty, FileTooLarge, FileTypeUnknown, FileUnreadable, FileUnsafe, QuotaExceeded, AccountErased, Busy)
FILE_ID = "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7df1"
VERSION = {
    "number": 1,
    "name": "cbc.pdf",
    "content_type": "application/pdf",
    "size": 48211,
    "availability": "ready",
    "created_at": "2026-01-15T09:30:00Z",
}
FILE = {
    "id": FILE_ID,
    "kind": "lab_report",
    "title": "Blood count",
    "taken_on": "2026-01-12",
    "created_at": "2026-01-15T09:30:00Z",
    "destroy_at": None,
    "version": VERSION,
}
WHOLE = {**FILE, "versions": [VERSION]}
LINK = {"url": "https://api.jeevansetu.example/files/AZkLHmwAejudHi9KW2x9oQ", "expires_at": "2026-01-15T09:35:00Z"}
OBSERVATION = {
    "id": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7df3",
    "analysis_id": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7df2",
    "code": "718-7",
    "name": "Haemoglobin",
    "value": 10.2,
    "unit": "g/dL",
    "low": 12,
    "high": 16,
    "interpretation": "L",
    "printed": "10.2 g/dl",
    "read_value": 10.2,
    "page": 1,
    "line": 14,
    "taken_on": "2026-01-12",
    "status": "read",
    "signed": False,
    "not_a_diagnosis": True,
    "notice": shapes.NOT_A_DIAGNOSIS["en"],
    "may_inform_donation": False,
}
ANALYSIS = {
    "id": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7df2",
    "file_id": FILE_ID,
    "version": 1,
    "analyser": "table",
    "status": "done",
    "failure": "",
    "requested_at": "2026-01-15T09:31:00Z",
    "finished_at": "2026-01-15T09:31:02Z",
    "signed_at": None,
    "note": "",
    "not_a_diagnosis": True,
    "pages": 1,
    "engine": "table-1",
    "prompt_version": "",
    "input_tokens": None,
    "output_tokens": None,
    "values": [OBSERVATION],
    "skipped": [{"page": 1, "line": 20, "code": "3016-3", "reason": "censored"}],
}
QUEUED = {**ANALYSIS, "status": "queued", "finished_at": None, "pages": None, "engine": "", "values": [], "skipped": []}
ANALYSER = {
    "analyser": "table",
    "purpose": "report_analysis",
    "notice_version": 1,
    "notice": "Rules on our own machines read the values of a laboratory's table from the report that you choose …",
    "run_by": "",
}


class FilesView(UploadView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]
    most_bytes = 2 * LARGEST

    @operation(
        "List my medical files",
        tag=FILES,
        query=[shapes.FilesQuery],
        responses={200: shapes.MedicalFileOut},
        paged=True,
        answer=FILE,
    )
    def get(self, request: Request) -> Response:
        """What you keep, newest first; `deleted=true` lists what can still be restored."""
        query = read_query(shapes.FilesQuery, request)
        kind = FileKind(query["kind"]) if "kind" in query else None
        rows = selectors.files_of(request.user.pk, kind=kind, deleted=query["deleted"])
        return paged(rows, shapes.MedicalFileOut, request)

    @operation(
        "Keep medical files",
        tag=FILES,
        request={"multipart/form-data": shapes.FilesIn},
        responses={201: shapes.FilesOut},
        refusals=UPLOADED,
        example={"files": ["cbc.pdf"], "kind": "lab_report", "title": "Blood count", "taken_on": "2026-01-12"},
        answer={"files": [WHOLE]},
        media_type="multipart/form-data",
    )
    def post(self, request: Request) -> Response:
        """One to five pictures or PDFs, each of up to 10 MB and 20 MB together: all are kept, or none.

        Your plan says how much you may keep (`/me/subscription`).
        """
        body = read(shapes.FilesIn, request)
        made = files.add_files(
            patient_id=request.user.pk,
            kind=FileKind(body["kind"]),
            title=body.get("title", ""),
            taken_on=body.get("taken_on"),
            uploads=[Upload(file.name or "", file.read()) for file in body["files"]],
        )
        return Response(shapes.FilesOut({"files": made}).data, status=201)


class FileView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "Read a medical file's card",
        tag=FILES,
        responses={200: shapes.FileWithVersionsOut},
        refusals=[NotFound],
        answer=WHOLE,
    )
    def get(self, request: Request, file_id: UUID) -> Response:
        """What it is, with all its versions and without their content."""
        return Response(shapes.FileWithVersionsOut(selectors.file_of(request.user.pk, file_id)).data)

    @operation(
        "Change a medical file's card",
        tag=FILES,
        request=shapes.FileDetailsIn,
        responses={200: shapes.FileWithVersionsOut},
        refusals=[NotFound, Busy],
        example={"title": "Blood count before the operation"},
        answer={**WHOLE, "title": "Blood count before the operation"},
    )
    def patch(self, request: Request, file_id: UUID) -> Response:
        """Kind, title, day; values that were read already keep the day they have."""
        body = read(shapes.FileDetailsIn, request, partial=True)
        row = files.change_file(patient_id=request.user.pk, file_id=file_id, values=body)
        return Response(shapes.FileWithVersionsOut(row).data)

    @operation(
        "Delete a medical file",
        tag=FILES,
        query=[shapes.DeleteQuery],
        responses={204: None},
        refusals=[NotFound, Busy],
    )
    def delete(self, request: Request, file_id: UUID) -> Response:
        """Nobody sees it any more. For seven days it can be restored and takes up space.

        `at_once=true` destroys it now. What a doctor has signed of it stays among your observations.
        """
        query = read_query(shapes.DeleteQuery, request)
        files.delete_file(patient_id=request.user.pk, file_id=file_id, at_once=query["at_once"])
        return Response(status=204)


class RestoreView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "Restore a medical file",
        tag=FILES,
        responses={200: shapes.FileWithVersionsOut},
        refusals=[NotFound, FileNotRestorable, Busy],
        answer=WHOLE,
    )
    def post(self, request: Request, file_id: UUID) -> Response:
        """Bring back what you deleted, until its `destroy_at`."""
        row = files.restore_file(patient_id=request.user.pk, file_id=file_id)
        return Response(shapes.FileWithVersionsOut(row).data)


class VersionsView(UploadView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "Add a version of a medical file",
        tag=FILES,
        request={"multipart/form-data": shapes.VersionIn},
        responses={201: shapes.FileWithVersionsOut},
        refusals=[NotFound, TooManyVersions, *UPLOADED],
        example={"file": "cbc.pdf"},
        answer={**WHOLE, "version": {**VERSION, "number": 2}, "versions": [{**VERSION, "number": 2}, VERSION]},
        media_type="multipart/form-data",
    )
    def post(self, request: Request, file_id: UUID) -> Response:
        """A newer content of the same thing; the older ones stay, and take up space too."""
        body = read(shapes.VersionIn, request)
        upload = Upload(body["file"].name or "", body["file"].read())
        row = files.add_version(patient_id=request.user.pk, file_id=file_id, upload=upload)
        return Response(shapes.FileWithVersionsOut(row).data, status=201)


class LinkView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "Get a link to a medical file",
        tag=FILES,
        query=[shapes.LinkQuery],
        responses={200: shapes.FileLinkOut},
        refusals=[NotFound, FileNotScanned, FileInfected],
        answer=LINK,
    )
    def get(self, request: Request, file_id: UUID) -> Response:
        """Fetch the newest version, or another one, from `url` within five minutes, without a token."""
        query = read_query(shapes.LinkQuery, request)
        me = request.user.pk
        link = files.link_to(reader_id=me, patient_id=me, file_id=file_id, number=query.get("version"))
        return Response(shapes.FileLinkOut(link).data)


class AnalysersView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation("List the analysers", tag=ANALYSES, responses={200: shapes.AnalyserOut}, many=True, answer=[ANALYSER])
    def get(self, request: Request) -> Response:
        """Who can read a report here, and the notice to agree to before it does."""
        return Response(shapes.AnalyserOut(analyses.analysers_for(request.user), many=True).data)


class AnalysesView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    def check_throttles(self, request: HTTPRequest) -> None:
        """A reading costs; looking at what was read does not."""
        super().check_throttles(request)
        if request.method == "POST" and request.user is not None:
            throttle.spend("analysis", str(request.user.pk))

    @operation(
        "List a file's analyses",
        tag=ANALYSES,
        responses={200: shapes.AnalysisOut},
        refusals=[NotFound],
        many=True,
        answer=[ANALYSIS],
    )
    def get(self, request: Request, file_id: UUID) -> Response:
        """The newest twenty, with what was read."""
        selectors.file_of(request.user.pk, file_id)
        rows = analyses.analyses_of_file(request.user.pk, file_id)
        return Response(shapes.AnalysisOut(rows, many=True, context={"language": request.user.language}).data)

    @operation(
        "Have a report read",
        tag=ANALYSES,
        request=shapes.AnalysisIn,
        responses={202: shapes.AnalysisOut},
        refusals=[
            *(NotFound, AnalyserUnavailable, AnalysisConsentMissing, NoticeOutdated),
            *(AnalysisOpen, FileInfected, AccountErased, Busy),
        ],
        example={"analyser": "table", "consent": True, "notice_version": 1},
        answer=QUEUED,
    )
    def post(self, request: Request, file_id: UUID) -> Response:
        """Queue a reading of the newest version; ask again, or wait for the message `analysis_ready`.

        `table` reads laboratory tables of PDFs by rules; `vision` sends pictures of up to four pages to a model. What
        is read is not a diagnosis until a doctor has signed it.
        """
        body = read(shapes.AnalysisIn, request)
        if not body["consent"]:
            raise AnalysisConsentMissing
        row = analysing.request_analysis(
            patient_id=request.user.pk,
            file_id=file_id,
            analyser=Analyser(body["analyser"]),
            notice_version=body.get("notice_version"),
        )
        return Response(shapes.AnalysisOut(row).data, status=202)


class AnalysisView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "Read an analysis", tag=ANALYSES, responses={200: shapes.AnalysisOut}, refusals=[NotFound], answer=ANALYSIS
    )
    def get(self, request: Request, file_id: UUID, analysis_id: UUID) -> Response:
        """How it stands, and what was read."""
        row = analyses.analysis_of(request.user.pk, analysis_id, file_id=file_id)
        return Response(shapes.AnalysisOut(row, context={"language": request.user.language}).data)

    @operation("Forget an analysis", tag=ANALYSES, responses={204: None}, refusals=[NotFound, AnalysisSigned, Busy])
    def delete(self, request: Request, file_id: UUID, analysis_id: UUID) -> Response:
        """Delete what was read, unless a doctor has signed it; the file stays."""
        analysing.delete_analysis(patient_id=request.user.pk, file_id=file_id, analysis_id=analysis_id)
        return Response(status=204)


class ObservationsView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "List my observations",
        tag=ANALYSES,
        query=[shapes.ObservationsQuery],
        responses={200: shapes.ObservationOut},
        paged=True,
        answer=OBSERVATION,
    )
    def get(self, request: Request) -> Response:
        """What was read from your reports, newest first, but those that a doctor rejected; with `code` one series."""
        query = read_query(shapes.ObservationsQuery, request)
        rows = analyses.observations_of(request.user.pk, code=query.get("code"), signed=query["signed"])
        return paged(rows, shapes.shape_for(request.user.language), request)


class ShareView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "Share a haemoglobin for giving blood",
        tag=ANALYSES,
        request=shapes.ShareIn,
        responses={200: shapes.SharedOut},
        refusals=[NotFound, AnalysisConsentMissing, HaemoglobinUnfit, NotADonor, Busy],
        example={"consent": True},
        answer={"observation_id": OBSERVATION["id"], "suffices": False},
    )
    def post(self, request: Request, observation_id: UUID) -> Response:
        """Let a haemoglobin of the last 90 days that a doctor has signed say whether you may give.

        Too low a one becomes a reason not to give with the day on which it ends (`low_haemoglobin`); one that suffices
        takes that back. Nothing is shared unless you do it here; the centre measures again whatever this says.
        """
        if not read(shapes.ShareIn, request)["consent"]:
            raise AnalysisConsentMissing
        suffices = analysing.share_haemoglobin(patient_id=request.user.pk, observation_id=observation_id)
        return Response(shapes.SharedOut({"observation_id": observation_id, "suffices": suffices}).data)
