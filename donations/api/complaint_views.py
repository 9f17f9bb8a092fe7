"""A partner's complaints about donors who were to come, and families that it serves."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from rest_framework import serializers

from common.api.pagination import paged
from common.api.schema import operation
from common.api.views import APIView, Request, Response, read
from common.errors import NotFound
from donations.services.complaining import complain_about_donor, complain_about_family
from partners import selectors as partners
from partners.api.authentication import MemberAuthentication
from partners.api.complaint_serializers import PARTNERS_COMPLAINT, CaseOut, GrievanceIn
from partners.api.permissions import MayCoordinate
from partners.errors import ComplaintOpen
from partners.states import ComplaintCategory

TAG = "Partners: complaints"


class PartnerComplaintIn(GrievanceIn):
    default_error_messages = {"one_of_both": "Give either `assignment` or `attender_request`."}

    assignment: Any = serializers.UUIDField(required=False, help_text="The visit that it is about; it names the donor.")
    attender_request: Any = serializers.UUIDField(
        required=False, help_text="The family's request that it is about; it names who asked."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("assignment" in attrs) == ("attender_request" in attrs):
            self.fail("one_of_both")
        return attrs


class PartnerComplaintsView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [MayCoordinate]

    @operation("List our complaints", tag=TAG, responses={200: CaseOut}, paged=True, answer=PARTNERS_COMPLAINT)
    def get(self, request: Request) -> Response:
        """What your organisation complained of, newest first, where it stands, and the answer."""
        return paged(partners.complaints_by_partner(request.user.partner_id), CaseOut, request)

    @operation(
        "Complain about a donor or a family",
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
        """About the donor of one of your visits, or who asked for blood for a patient; an administrator answers you."""
        body, member = read(PartnerComplaintIn, request), request.user
        said = {"category": ComplaintCategory(body["category"]), "text": body["text"]}
        sides = {"partner_id": member.partner_id, "member_id": member.pk}
        if "assignment" in body:
            complaint = complain_about_donor(assignment_id=body["assignment"], **sides, **said)
        else:
            complaint = complain_about_family(request_id=body["attender_request"], **sides, **said)
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
