"""Donations, ratings and the leaderboard."""

from __future__ import annotations

from uuid import UUID

from rest_framework.permissions import AllowAny

from common.api.pagination import paged
from common.api.schema import operation
from common.api.views import APIView, Request, Response, read, read_query
from common.blood import BloodGroup, DonationType
from common.errors import IllegalTransition, NotFound
from donations import selectors
from donations.api import serializers as shapes
from donations.errors import AlreadyRated, AlreadyVerified, ConsentMissing, NotRateableYet, WrongDonationType
from donations.services import rating
from donations.services.verifying import verify_donation
from donations.states import ConsentForm
from partners.api.authentication import MemberAuthentication
from partners.api.permissions import IsLiveMember, MayCoordinate
from users.api.authentication import PersonAuthentication
from users.api.permissions import IsPerson
from users.errors import DonorNotEligible
from users.selectors import leaderboard

DONATION = {
    "id": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7d95",
    "assignment": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7d94",
    "enrolment": None,
    "donation_type": "whole_blood",
    "blood_group": "O-",
    "volume_ml": 350,
    "haemoglobin_g_dl": 13.4,
    "donated_at": "2026-01-15T11:20:00Z",
}
MY_DONATION = {
    **DONATION,
    "partner": {"id": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7d93", "name": "Sahyadri Hospital", "city": "Pune"},
}
PARTNER_DONATION = {
    **DONATION,
    "donor": {"public_id": "JS-7K4M-Q2P9-D3TP", "name": "Asha Kulkarni", "tag": "bronze"},
    "unit": {
        "id": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7d96",
        "din": "Z000126000042",
        "component": "whole_blood",
        "status": "quarantined",
        "expires_at": "2026-02-05T11:20:00Z",
    },
    "weight_kg": 58.5,
    "systolic_mmhg": 118,
    "diastolic_mmhg": 76,
    "pulse_bpm": 72,
    "platelet_count": None,
    "temperature_c": None,
    "consent": "digital",
}
RATING = {
    "id": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7d97",
    "assignment": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7d94",
    "stars": 5,
    "comment": "Kind and quick.",
    "created_at": "2026-01-15T12:00:00Z",
}


class VerifyView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [MayCoordinate]

    @operation(
        "Verify a donation",
        tag="Partners: donations",
        request=shapes.VerifyIn,
        responses={201: shapes.PartnerDonationOut},
        refusals=[NotFound, AlreadyVerified, IllegalTransition, WrongDonationType, DonorNotEligible, ConsentMissing],
        example={
            "donation_type": "whole_blood",
            "volume_ml": 350,
            "haemoglobin_g_dl": 13.4,
            "blood_group": "O-",
            "weight_kg": 58.5,
        },
        answer=PARTNER_DONATION,
    )
    def post(self, request: Request, assignment_id: UUID) -> Response:
        """The donor has given: writes the donation, the unit in quarantine, score, tag and next date, once."""
        body = read(shapes.VerifyIn, request)
        group, consent = body.pop("blood_group", None), body.pop("consent", None)
        donation = verify_donation(
            assignment_id=assignment_id,
            partner_id=request.user.partner_id,
            member_id=request.user.pk,
            donation_type=DonationType(body.pop("donation_type")),
            volume_ml=body.pop("volume_ml"),
            haemoglobin_g_dl=body.pop("haemoglobin_g_dl"),
            blood_group=BloodGroup(group) if group else None,
            red_cells_lost=body.pop("red_cells_lost"),
            consent=ConsentForm(consent) if consent else None,
            vitals=body,
        )
        found = selectors.donations_of_partner(request.user.partner_id).get(pk=donation.pk)
        return Response(shapes.PartnerDonationOut(found).data, status=201)


class MyDonationsView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation("List my donations", tag="Me", responses={200: shapes.MyDonationOut}, paged=True, answer=MY_DONATION)
    def get(self, request: Request) -> Response:
        """What you have given here, newest first."""
        return paged(selectors.donations_of_donor(request.user.pk), shapes.MyDonationOut, request)


class PartnerDonationsView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]
    reads_health = "donations"

    @operation(
        "List our donations",
        tag="Partners: donations",
        responses={200: shapes.PartnerDonationOut},
        paged=True,
        answer=PARTNER_DONATION,
    )
    def get(self, request: Request) -> Response:
        """Donations verified by your organisation, newest first."""
        rows = selectors.donations_of_partner(request.user.partner_id)
        return paged(rows, shapes.PartnerDonationOut, request)


class LeaderboardView(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]
    reads_replica = True

    @operation(
        "Read the leaderboard",
        tag="Public",
        query=[shapes.LeaderboardQuery],
        responses={200: shapes.LeaderOut},
        public=True,
        many=True,
        answer={
            "rank": 1,
            "name": "Asha Kulkarni",
            "city": "Pune",
            "tag": "gold",
            "verified_donations": 7,
            "score": 70,
        },
    )
    def get(self, request: Request) -> Response:
        """The hundred donors of the city, or of all, who gave most; only those who agreed to be shown."""
        query = read_query(shapes.LeaderboardQuery, request)
        rows = leaderboard(city=query.get("city"))
        return Response(shapes.LeaderOut(rows, many=True).data)


class RatePartnerView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "Rate a visit",
        tag="Donors: requests",
        request=shapes.RatingIn,
        responses={201: shapes.RatingOut},
        refusals=[NotFound, NotRateableYet, AlreadyRated],
        example={"stars": 5, "comment": "Kind and quick."},
        answer=RATING,
    )
    def post(self, request: Request, assignment_id: UUID) -> Response:
        """How the partner treated you; once."""
        body = read(shapes.RatingIn, request)
        rated = rating.rate_partner(assignment_id=assignment_id, donor_id=request.user.pk, **body)
        return Response(shapes.RatingOut(rated).data, status=201)


class RateDonorView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [MayCoordinate]

    @operation(
        "Rate a donor",
        tag="Partners: donations",
        request=shapes.RatingIn,
        responses={201: shapes.RatingOut},
        refusals=[NotFound, NotRateableYet, AlreadyRated],
        example={"stars": 5, "comment": "Came on time."},
        answer={**RATING, "comment": "Came on time."},
    )
    def post(self, request: Request, assignment_id: UUID) -> Response:
        """How the visit went from your side; once."""
        body = read(shapes.RatingIn, request)
        rated = rating.rate_donor(assignment_id=assignment_id, partner_id=request.user.partner_id, **body)
        return Response(shapes.RatingOut(rated).data, status=201)
