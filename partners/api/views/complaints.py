"""A person's complaints about partners."""

from __future__ import annotations

import uuid

from common.api.pagination import paged
from common.api.schema import operation
from common.api.views import APIView, HTTPRequest, Request, Response, read
from common.errors import NotFound
from common.throttle import spend
from partners import selectors
from partners.api.complaint_serializers import COMPLAINT, ComplaintIn, ComplaintOut, grievance_of
from partners.errors import ComplaintOpen
from partners.services import complaints
from users.api.authentication import PersonAuthentication
from users.api.permissions import IsPerson

TAG = "Complaints"


class ComplaintsView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    def check_throttles(self, request: HTTPRequest) -> None:
        super().check_throttles(request)
        if request.method == "POST":
            spend("complaint", str(request.user.pk))

    @operation("List my complaints", tag=TAG, responses={200: ComplaintOut}, paged=True, answer=COMPLAINT)
    def get(self, request: Request) -> Response:
        """What you complained of, newest first, where it stands, and the answer."""
        return paged(selectors.complaints_by_person(request.user.pk), ComplaintOut, request)

    @operation(
        "Complain about a hospital or blood bank",
        tag=TAG,
        request=ComplaintIn,
        responses={201: ComplaintOut},
        refusals=[NotFound, ComplaintOpen],
        example={
            "about": {"kind": "partner", "id": "0199d3f2-6c1e-7a04-9b1c-3c5f0f3f6a10"},
            "category": "money_asked",
            "text": "They asked my brother for money before they would give the blood.",
        },
        answer=COMPLAINT,
    )
    def post(self, request: Request) -> Response:
        """An administrator reads it and answers you; the organisation is not told who complained.

        One at a time about each organisation.
        """
        body = read(ComplaintIn, request)
        complaint = complaints.complain_about_partner(
            person_id=request.user.pk, partner_id=body["about"]["id"], grievance=grievance_of(body)
        )
        return Response(ComplaintOut(complaint).data, status=201)


class ComplaintView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "Read a complaint of mine", tag=TAG, responses={200: ComplaintOut}, refusals=[NotFound], answer=COMPLAINT
    )
    def get(self, request: Request, complaint_id: uuid.UUID) -> Response:
        """Where it stands, and the answer."""
        found = selectors.complaint_in(selectors.complaints_by_person(request.user.pk), complaint_id)
        return Response(ComplaintOut(found).data)
