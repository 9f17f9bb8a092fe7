"""A patient's own records: what the patient says, has been given, has let others read, and who has read."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from rest_framework.permissions import AllowAny

from appointments.api import record_examples as examples
from appointments.api import record_shapes as shapes
from appointments.api.prescription_paper import PAPER, paper
from appointments.errors import GrantDoctorUnknown, GrantEndInvalid, GrantToOneself, PatientProfileChanged
from appointments.selectors import records
from appointments.services import granting, patients, referring
from common.api.pagination import paged
from common.api.renderers import JSONRenderer, PDFRenderer
from common.api.schema import operation
from common.api.views import APIView, Request, Response, read
from common.errors import Busy, IllegalTransition, NotFound
from users.api.authentication import PersonAuthentication
from users.api.permissions import IsPerson
from users.errors import AccountErased

TAG, ACCESS = "My records", "Access to my records"


class MyPatientView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "Read my patient profile",
        tag=TAG,
        responses={200: shapes.PatientProfileOut},
        answer=examples.PROFILE,
    )
    def get(self, request: Request) -> Response:
        """What doctors who treat you read first. `public_id` is what you tell them on the phone."""
        return Response(shapes.PatientProfileOut(records.card_of(request.user.pk)).data)

    @operation(
        "Write my patient profile",
        tag=TAG,
        request=shapes.PatientProfileIn,
        responses={200: shapes.PatientProfileOut},
        refusals=[AccountErased, PatientProfileChanged, Busy],
        example={**examples.FACTS, "version": 1},
        answer=examples.PROFILE,
    )
    def put(self, request: Request) -> Response:
        """All of it: what you leave out is not said any more. Every version stays in the history."""
        body = read(shapes.PatientProfileIn, request)
        version = body.pop("version", None)
        patients.save_profile(patient_id=request.user.pk, facts=body, version=version)
        return Response(shapes.PatientProfileOut(records.card_of(request.user.pk)).data)


class MyPatientHistoryView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "List the versions of my patient profile",
        tag=TAG,
        responses={200: shapes.PatientVersionOut},
        paged=True,
        answer=examples.VERSION,
    )
    def get(self, request: Request) -> Response:
        """Newest first, each with what it changed."""
        return paged(records.versions_of(request.user.pk), shapes.PatientVersionOut, request)


class MyRecordsView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "List my records",
        tag=TAG,
        responses={200: shapes.RecordOut},
        paged=True,
        answer=examples.RECORD,
    )
    def get(self, request: Request) -> Response:
        """What doctors have written and signed about your visits, the last signed first, with what they added."""
        return paged(records.signed_notes_of(request.user.pk), shapes.RecordOut, request, ordering="-signed_at")


class MyPrescriptionsView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "List my prescriptions",
        tag=TAG,
        responses={200: shapes.PrescriptionOut},
        paged=True,
        answer=examples.PRESCRIPTION,
    )
    def get(self, request: Request) -> Response:
        """Signed and revoked ones, the last signed first."""
        return paged(records.issued_to(request.user.pk), shapes.PrescriptionOut, request, ordering="-signed_at")


class MyPrescriptionPaperView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]
    renderer_classes = [PDFRenderer, JSONRenderer]

    @operation(
        "Print my prescription",
        tag=TAG,
        query=[shapes.PrintQuery],
        responses=PAPER,
        refusals=[NotFound],
        answer=examples.PDF,
    )
    def get(self, request: Request, prescription_id: UUID) -> HttpResponse:
        """For the pharmacy: the doctor's registration, you, the medicines, and a QR code to check it by."""
        return paper(request, records.issued_prescription(request.user.pk, prescription_id))


class PrescriptionCheckView(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]

    @operation(
        "Check a prescription",
        tag="Public",
        responses={200: shapes.PrescriptionCheckOut},
        refusals=[NotFound],
        public=True,
        answer=examples.CHECK,
    )
    def get(self, request: Request, code: str) -> Response:
        """Whether the paper with this code is genuine, by which doctor and of which day; nothing of the patient."""
        row = records.prescription_by_code(code)
        doctor = row.said["doctor"]
        return Response(
            shapes.PrescriptionCheckOut(
                {
                    "number": row.number,
                    "status": "genuine" if row.revoked_at is None else "revoked",
                    "signed_on": row.said["signed_on"],
                    "revoked_at": row.revoked_at,
                    "doctor": doctor["name"],
                    "registration_number": doctor["registration_number"],
                    "council": doctor["council"],
                }
            ).data
        )


class GrantsView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "List who may read my records",
        tag=ACCESS,
        responses={200: shapes.GrantOut},
        paged=True,
        answer=examples.GRANT,
    )
    def get(self, request: Request) -> Response:
        """What you have granted, what came with referrals, and what was opened in an emergency; newest first.

        Doctors whom you have an appointment with read without a grant, until 30 days after the visit.
        """
        return paged(records.grants_of(request.user.pk), shapes.GrantOut, request)

    @operation(
        "Let a doctor read my records",
        tag=ACCESS,
        request=shapes.GrantIn,
        responses={201: shapes.GrantOut},
        refusals=[AccountErased, GrantDoctorUnknown, GrantToOneself, GrantEndInvalid],
        example={
            "doctor": examples.DOCTOR["id"],
            "scopes": ["profile", "records"],
            "ends_at": "2026-02-14T15:00:00+05:30",
        },
        answer=examples.GRANT,
    )
    def post(self, request: Request) -> Response:
        """For a time, and no more than you say; it takes the place of what you granted the same doctor before."""
        body = read(shapes.GrantIn, request)
        row = granting.give_grant(
            patient_id=request.user.pk,
            doctor_id=body["doctor"],
            scopes=body["scopes"],
            ends_at=body.get("ends_at"),
        )
        return Response(shapes.GrantOut(row).data, status=201)


class GrantView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation("Take a grant back", tag=ACCESS, responses={204: None}, refusals=[NotFound, Busy])
    def delete(self, request: Request, grant_id: UUID) -> Response:
        """At once, whatever it came from."""
        granting.revoke_grant(patient_id=request.user.pk, grant_id=grant_id)
        return Response(status=204)


class AccessLogView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "List who has read my records",
        tag=ACCESS,
        responses={200: shapes.ReadOut},
        paged=True,
        answer=examples.READ,
    )
    def get(self, request: Request) -> Response:
        """Every read by anybody but you: who, what, when, and on which ground; newest first."""
        return paged(records.reads_of(request.user.pk), shapes.ReadOut, request)


class MyDoctorReferralsView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "List my referrals to doctors",
        tag=ACCESS,
        responses={200: shapes.PatientReferralOut},
        paged=True,
        answer=examples.PATIENT_REFERRAL,
    )
    def get(self, request: Request) -> Response:
        """Which doctor has referred you to whom, and what the other would read; newest first."""
        return paged(records.referrals_of_patient(request.user.pk), shapes.PatientReferralOut, request)


class ObjectToReferralView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "Object to a referral",
        tag=ACCESS,
        responses={200: shapes.PatientReferralOut},
        refusals=[NotFound, IllegalTransition],
        answer={**examples.PATIENT_REFERRAL, "status": "objected", "ended_at": "2026-01-15T12:00:00Z"},
    )
    def post(self, request: Request, referral_id: UUID) -> Response:
        """Before or after the other doctor has accepted: nothing is open by it any more."""
        row = referring.object_to_referral(referral_id=referral_id, patient_id=request.user.pk)
        return Response(shapes.PatientReferralOut(row).data)
