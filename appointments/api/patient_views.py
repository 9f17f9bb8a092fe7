"""Patients as doctors read them. Every view asks `appointments.access`, which writes the read down."""

from __future__ import annotations

from uuid import UUID

from appointments.access import Scope, require_access
from appointments.api import record_examples as examples
from appointments.api import record_shapes as shapes
from appointments.api.permissions import IsLiveDoctor
from appointments.errors import AccessOpen, DoctorNotLive, DoctorSuspended, NotADoctor
from appointments.models import Doctor
from appointments.selectors import records
from appointments.services import granting
from common import clock
from common.api.pagination import paged
from common.api.schema import operation
from common.api.views import APIView, Request, Response, read
from common.errors import NotFound
from users.api.authentication import PersonAuthentication

TAG = "Doctors: patients"
DOCTORS = [NotADoctor, DoctorNotLive, DoctorSuspended]


class PatientsView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsLiveDoctor]
    reads_health = "patients"
    doctor: Doctor

    @operation(
        "List my patients",
        tag=TAG,
        responses={200: shapes.PatientRowOut},
        refusals=DOCTORS,
        paged=True,
        answer=examples.PATIENT_ROW,
    )
    def get(self, request: Request) -> Response:
        """Whom you may read now, and until when: by a visit, a grant, a referral or an emergency."""
        return paged(records.patients_of(self.doctor.pk, clock.now()), shapes.PatientRowOut, request)


class PatientView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsLiveDoctor]

    @operation(
        "Read a patient's profile",
        tag=TAG,
        responses={200: shapes.PatientSummaryOut},
        refusals=[*DOCTORS, NotFound],
        answer=examples.SUMMARY,
    )
    def get(self, request: Request, patient_id: UUID) -> Response:
        """What the patient says, and how much there is to read. The patient sees that you have read it."""
        require_access(
            reader_user_id=request.user.pk, patient_user_id=patient_id, scope=Scope.PROFILE, object_id=patient_id
        )
        return Response(shapes.PatientSummaryOut(records.summary_of(patient_id)).data)


class PatientRecordsView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsLiveDoctor]

    @operation(
        "List a patient's records",
        tag=TAG,
        responses={200: shapes.RecordOut},
        refusals=[*DOCTORS, NotFound],
        paged=True,
        answer=examples.RECORD,
    )
    def get(self, request: Request, patient_id: UUID) -> Response:
        """What any doctor has signed about the patient's visits, the last signed first."""
        require_access(reader_user_id=request.user.pk, patient_user_id=patient_id, scope=Scope.RECORDS)
        return paged(records.signed_notes_of(patient_id), shapes.RecordOut, request, ordering="-signed_at")


class PatientPrescriptionsView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsLiveDoctor]

    @operation(
        "List a patient's prescriptions",
        tag=TAG,
        responses={200: shapes.PrescriptionOut},
        refusals=[*DOCTORS, NotFound],
        paged=True,
        answer=examples.PRESCRIPTION,
    )
    def get(self, request: Request, patient_id: UUID) -> Response:
        """Signed and revoked ones by any doctor, the last signed first."""
        require_access(reader_user_id=request.user.pk, patient_user_id=patient_id, scope=Scope.RECORDS)
        return paged(records.issued_to(patient_id), shapes.PrescriptionOut, request, ordering="-signed_at")


class BreakGlassView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsLiveDoctor]
    audited = True
    spends_by_account = ("break_glass",)
    doctor: Doctor

    @operation(
        "Open a patient's records in an emergency",
        tag=TAG,
        request=shapes.RecordReasonIn,
        responses={201: shapes.BreakGlassOut},
        refusals=[*DOCTORS, NotFound, AccessOpen],
        example={"reason": "Brought in unconscious after a fall; allergies and medicines are needed."},
        answer={"patient": examples.ID, "ends_at": "2026-01-15T11:30:00Z"},
    )
    def post(self, request: Request, patient: str) -> Response:
        """For an hour. The address takes the id or the public id (`JS-…`), as on the patient's card.

        The patient and the administrators are told at once, and an administrator reviews it.
        """
        row = granting.break_glass(
            doctor_id=self.doctor.pk,
            doctor_user_id=request.user.pk,
            patient=patient,
            reason=read(shapes.RecordReasonIn, request)["reason"],
        )
        return Response(shapes.BreakGlassOut(row).data, status=201)
