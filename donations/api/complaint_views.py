"""A partner's complaints about donors who were to come."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from rest_framework import serializers

from common.api.pagination import paged
from common.api.schema import operation
from common.api.views import APIView, Request, Response, read
from common.errors import NotFound
from donations.services.complaining import complain_about_donor
from partners import selectors as partners
from partners.api.authentication import MemberAuthentication
from partners.api.complaint_serializers import PARTNERS_COMPLAINT, CaseOut, GrievanceIn
from partners.api.permissions import MayCoordinate
from partners.errors import ComplaintOpen
from partners.states import ComplaintCategory

TAG = "Partners: complaints"


class PartnerComplaintIn(GrievanceIn):
    assignment: Any = serializers.UUIDField(help_text="The visit that it is about; it names the donor.")


class PartnerComplaintsView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [MayCoordinate]

    @operation("List our complaints", tag=TAG, responses={200: CaseOut}, paged=True, answer=PARTNERS_COMPLAINT)
    def get(self, request: Request) -> Response:
        """What your organisation complained of, newest first, where it stands, and the answer."""
        return paged(partners.complaints_by_partner(request.user.partner_id), CaseOut, request)

    @operation(
        "Complain about a donor",
        tag=TAG,
        request=PartnerComplaintIn,
        responses={201: CaseOut},
        refusals=[NotFound, ComplaintOpen],
        example={
            "assignment": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7d94",
            "category": "conduct",
            "text": "He shouted at the nurse.",
        },
        answer=PARTNERS_COMPLAINT,
    )
    def post(self, request: Request) -> Response:
        """About the donor of one of your visits; an administrator reads it and answers you."""
        body = read(PartnerComplaintIn, request)
        complaint = complain_about_donor(
            partner_id=request.user.partner_id,
            member_id=request.user.pk,
            assignment_id=body["assignment"],
            category=ComplaintCategory(body["category"]),
            text=body["text"],
        )
        return Response(CaseOut(complaint).data, status=201)


class PartnerComplaintView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [MayCoordinate]

    @operation(
        "Read a complaint of ours", tag=TAG, responses={200: CaseOut}, refusals=[NotFound], answer=PARTNERS_COMPLAINT
    )
    def get(self, request: Request, complaint_id: UUID) -> Response:
        """Where it stands, and the answer."""
        found = partners.complaint_in(partners.complaints_by_partner(request.user.partner_id), complaint_id)
        return Response(CaseOut(found).data)
