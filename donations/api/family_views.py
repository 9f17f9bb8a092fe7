"""How a family's request went, each side's view; once each way."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from rest_framework import serializers

from common.api.schema import operation
from common.api.views import APIView, Request, Response, read
from common.errors import NotFound
from donations.api.serializers import RatingIn
from donations.errors import AlreadyRated, NotRateableYet
from donations.services import rating
from partners.api.authentication import MemberAuthentication
from partners.api.permissions import IsLiveMember
from users.api.authentication import PersonAuthentication
from users.api.permissions import IsPerson

RATING = {
    "id": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7dc1",
    "attender_request": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7da0",
    "stars": 5,
    "comment": "They called us at every step.",
    "created_at": "2026-01-16T12:00:00Z",
}


class FamilyRatingOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    attender_request = serializers.UUIDField(source="attender_request_id")
    stars = serializers.IntegerField()
    comment = serializers.CharField()
    created_at = serializers.DateTimeField()


class RateHospitalView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "Rate the hospital that served a request",
        tag="Families",
        request=RatingIn,
        responses={201: FamilyRatingOut},
        refusals=[NotFound, NotRateableYet, AlreadyRated],
        example={"stars": 5, "comment": RATING["comment"]},
        answer=RATING,
    )
    def post(self, request: Request, request_id: UUID) -> Response:
        """How you were treated, once your request is over. The stars count in the directory, the words do not."""
        body = read(RatingIn, request)
        rated = rating.rate_hospital(request_id=request_id, requester_id=request.user.pk, **body)
        return Response(FamilyRatingOut(rated).data, status=201)


class RateFamilyView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]

    @operation(
        "Rate a family",
        tag="Partners: families",
        request=RatingIn,
        responses={201: FamilyRatingOut},
        refusals=[NotFound, NotRateableYet, AlreadyRated],
        example={"stars": 4, "comment": "Brought every paper."},
        answer={**RATING, "stars": 4, "comment": "Brought every paper."},
    )
    def post(self, request: Request, request_id: UUID) -> Response:
        """How the request went from your side, once it is over."""
        body = read(RatingIn, request)
        rated = rating.rate_family(request_id=request_id, partner_id=request.user.partner_id, **body)
        return Response(FamilyRatingOut(rated).data, status=201)
