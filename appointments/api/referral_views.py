"""Referrals from doctor to doctor."""

from __future__ import annotations

from uuid import UUID

from appointments.api import record_examples as examples
from appointments.api import record_shapes as shapes
from appointments.api.patient_views import DOCTORS
from appointments.api.permissions import IsLiveDoctor
from appointments.errors import (
    ReferralDoctorUnknown,
    ReferralExists,
    ReferralOver,
    ReferralScopeClosed,
)
from appointments.models import Doctor
from appointments.records.states import ReferralUrgency
from appointments.selectors import records
from appointments.services import referring
from common.api.pagination import paged
from common.api.schema import operation
from common.api.views import APIView, Request, Response, read, read_query
from common.errors import IllegalTransition, NotFound
from users.api.authentication import PersonAuthentication

TAG = "Doctors: referrals"


class DoctorReferralsView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsLiveDoctor]
    audited = True
    reads_health = "doctor_referrals"
    doctor: Doctor

    @operation(
        "List my referrals",
        tag=TAG,
        query=[shapes.ReferralsQuery],
        responses={200: shapes.ReferralOut},
        refusals=DOCTORS,
        paged=True,
        answer=examples.REFERRAL,
    )
    def get(self, request: Request) -> Response:
        """Those that you have received, or with `direction=sent` those that you have asked; newest first."""
        query = read_query(shapes.ReferralsQuery, request)
        rows = records.referrals_of_doctor(
            self.doctor.pk, sent=query["direction"] == "sent", status=query.get("status", "")
        )
        return paged(rows, shapes.ReferralOut, request)

    @operation(
        "Refer a patient to another doctor",
        tag=TAG,
        request=shapes.ReferralIn,
        responses={201: shapes.ReferralOut},
        refusals=[*DOCTORS, NotFound, ReferralScopeClosed, ReferralDoctorUnknown, ReferralExists],
        example=examples.REFER,
        answer=examples.REFERRAL,
    )
    def post(self, request: Request) -> Response:
        """Somebody whom you may read as the treating doctor or by the patient's grant, and no more than that.

        The patient is told and may object. Accepting within 14 days lets the other read for `days`; who the patient
        is, the other learns only then, so do not write the name into `reason`.
        """
        body = read(shapes.ReferralIn, request)
        row = referring.refer(
            doctor_id=self.doctor.pk,
            patient_id=body["patient"],
            to_doctor_id=body["to_doctor"],
            reason=body["reason"],
            scopes=body["scopes"],
            urgency=ReferralUrgency(body["urgency"]),
            days=body["days"],
        )
        return Response(_shown(self.doctor.pk, row.pk), status=201)


class AcceptReferralView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsLiveDoctor]
    audited = True
    doctor: Doctor

    @operation(
        "Accept a referral",
        tag=TAG,
        responses={200: shapes.ReferralOut},
        refusals=[*DOCTORS, NotFound, IllegalTransition, ReferralOver],
        answer=examples.ACCEPTED,
    )
    def post(self, request: Request, referral_id: UUID) -> Response:
        """You may read what it says from now on; who has asked and the patient are told."""
        referring.accept_referral(referral_id=referral_id, doctor_id=self.doctor.pk)
        return Response(_shown(self.doctor.pk, referral_id))


class DeclineReferralView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsLiveDoctor]
    audited = True
    doctor: Doctor

    @operation(
        "Decline a referral",
        tag=TAG,
        request=shapes.DeclineIn,
        responses={200: shapes.ReferralOut},
        refusals=[*DOCTORS, NotFound, IllegalTransition, ReferralOver],
        example={"answer": "I see children only."},
        answer={**examples.REFERRAL, "status": "declined", "patient": None, "answer": "I see children only."},
    )
    def post(self, request: Request, referral_id: UUID) -> Response:
        """Who has asked and the patient are told, and read your answer."""
        answer = read(shapes.DeclineIn, request).get("answer", "")
        referring.decline_referral(referral_id=referral_id, doctor_id=self.doctor.pk, answer=answer)
        return Response(_shown(self.doctor.pk, referral_id))


class EndReferralView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsLiveDoctor]
    audited = True
    doctor: Doctor

    @operation(
        "End a referral",
        tag=TAG,
        responses={200: shapes.ReferralOut},
        refusals=[*DOCTORS, NotFound, IllegalTransition],
        answer={**examples.ACCEPTED, "status": "ended", "ended_at": "2026-02-01T08:00:00Z"},
    )
    def post(self, request: Request, referral_id: UUID) -> Response:
        """Take back what you have asked and nobody has answered, or end what was accepted; what it opened is closed."""
        referring.end_referral(referral_id=referral_id, doctor_id=self.doctor.pk)
        return Response(_shown(self.doctor.pk, referral_id))


def _shown(doctor_id: UUID, referral_id: UUID) -> object:
    return shapes.ReferralOut(records.referral_of_doctor(doctor_id, referral_id)).data
