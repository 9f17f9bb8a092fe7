"""Requests and promises, as a partner sees them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from common.api.pagination import paged
from common.api.schema import operation
from common.api.views import APIView, Request, Response, read, read_query
from common.errors import IllegalTransition, NotFound
from partners.api.authentication import MemberAuthentication
from partners.api.permissions import IsLiveMember, MayCoordinate
from requests_app import errors, selectors
from requests_app.api import serializers as shapes
from requests_app.services import posting, visits
from requests_app.services.waves import RINGS
from users.errors import DeferralUnknown, PauseUntilInvalid

TAG = "Partners: requests"
ID = "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7d92"
REQUEST = {
    "id": ID,
    "status": "open",
    "blood_group": "B+",
    "component": "red_cells",
    "units": 3,
    "units_promised": 1,
    "units_fulfilled": 0,
    "urgency": "urgent",
    "needed_by": "2026-01-15T18:00:00Z",
    "expires_at": "2026-01-15T18:00:00Z",
    "radius_km": 10.0,
    "note": "",
    "cancel_reason": "",
    "next_wave_at": "2026-01-15T09:45:00Z",
    "created_at": "2026-01-15T09:30:00Z",
    "updated_at": "2026-01-15T09:31:12Z",
    "waves": [
        {
            "number": 1,
            "kind": "ring",
            "radius_km": 2.5,
            "asked": 20,
            "answered": 1,
            "declined": 0,
            "started_at": "2026-01-15T09:30:00Z",
            "stopped_at": None,
            "stop_reason": "",
        }
    ],
}
ASSIGNMENT = {
    "id": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7d94",
    "status": "accepted",
    "request": ID,
    "donor": {"tag": "bronze", "score": 20, "blood_group": "O-", "is_group_confirmed": True},
    "visitor": None,
    "distance_km": 2.87,
    "attempts_left": 5,
    "expires_at": "2026-01-15T15:30:00Z",
    "accepted_at": "2026-01-15T09:31:12Z",
    "arrived_at": None,
    "ended_at": None,
    "reason": "",
    "questionnaire": "answered",
}
VISITOR = {
    "public_id": "7K4M-Q2P9-DX",
    "name": "Asha Kulkarni",
    "phone": "+919876543210",
    "sex": "female",
    "date_of_birth": "1995-04-12",
}


class RequestsView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]

    def get_permissions(self) -> Sequence[Any]:
        return [MayCoordinate()] if self.request.method == "POST" else super().get_permissions()

    @operation(
        "List our requests",
        tag=TAG,
        query=[shapes.RequestQuery],
        responses={200: shapes.RequestOut},
        paged=True,
        answer=REQUEST,
    )
    def get(self, request: Request) -> Response:
        """Your organisation's requests, newest first; `updated_since` for clients that keep a copy."""
        query = read_query(shapes.RequestQuery, request)
        rows = selectors.requests_of(request.user.partner_id, **query)
        return paged(rows, shapes.RequestOut, request)

    @operation(
        "Post a blood request",
        tag=TAG,
        request=shapes.RequestIn,
        responses={201: shapes.RequestOut},
        refusals=[errors.NeededByInvalid],
        example={
            "blood_group": "B+",
            "component": "red_cells",
            "units": 3,
            "urgency": "urgent",
            "needed_by": "2026-01-15T18:00:00+00:00",
        },
        answer={**REQUEST, "waves": []},
    )
    def post(self, request: Request) -> Response:
        """Ask for blood. Donors who can help and may give today are asked within a second, nearest first."""
        body = read(shapes.RequestIn, request)
        member = request.user
        posted = posting.post_request(partner_id=member.partner_id, member_id=member.pk, **body)
        found = selectors.get_request_of(member.partner_id, posted.pk)
        return Response(shapes.RequestOut(found).data, status=201)


class RequestView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]

    @operation("Read our request", tag=TAG, responses={200: shapes.RequestOut}, refusals=[NotFound], answer=REQUEST)
    def get(self, request: Request, request_id: UUID) -> Response:
        """The request with its waves: radius, how many were asked and answered, why each stopped."""
        found = selectors.get_request_of(request.user.partner_id, request_id)
        return Response(shapes.RequestOut(found).data)


class CancelView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [MayCoordinate]

    @operation(
        "Cancel a request",
        tag=TAG,
        request=shapes.OptionalReasonIn,
        responses={200: shapes.RequestOut},
        refusals=[NotFound, IllegalTransition],
        example={"reason": "The operation was postponed."},
        answer={**REQUEST, "status": "cancelled", "cancel_reason": "The operation was postponed."},
    )
    def post(self, request: Request, request_id: UUID) -> Response:
        """End the request. Donors on their way are released and told; nobody loses points."""
        body = read(shapes.OptionalReasonIn, request)
        member = request.user
        posting.cancel_request(
            request_id=request_id, partner_id=member.partner_id, member_id=member.pk, reason=body["reason"]
        )
        return Response(shapes.RequestOut(selectors.get_request_of(member.partner_id, request_id)).data)


class CandidatesView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]

    @operation(
        "Count candidates",
        tag=TAG,
        responses={200: shapes.CandidatesOut},
        refusals=[NotFound],
        answer={"total": 7, "rings": [{"up_to_km": 2.5, "blood_group": "B+", "donors": 7}]},
    )
    def get(self, request: Request, request_id: UUID) -> Response:
        """How many donors could help, per ring and group; never who."""
        found = selectors.get_request_of(request.user.partner_id, request_id)
        counts = selectors.candidates(found, [found.radius_km * share for share in RINGS])
        body = {"total": sum(count.donors for count in counts), "rings": counts}
        return Response(shapes.CandidatesOut(body).data)


class AssignmentsView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]
    reads_health = "visits"

    @operation(
        "List a request's donors",
        tag=TAG,
        responses={200: shapes.PartnerAssignmentOut},
        refusals=[NotFound],
        paged=True,
        answer=ASSIGNMENT,
    )
    def get(self, request: Request, request_id: UUID) -> Response:
        """Who promised to come: tag, score, group and distance; name and phone only after arrival."""
        rows = selectors.assignments_of_request(request.user.partner_id, request_id)
        return paged(rows, shapes.PartnerAssignmentOut, request)


def _answer(request: Request, assignment_id: UUID) -> Response:
    found = selectors.get_assignment_of_partner(request.user.partner_id, assignment_id)
    return Response(shapes.PartnerAssignmentOut(found).data)


class AssignmentView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]
    reads_health = "visit"

    @operation(
        "Read a donor's promise",
        tag=TAG,
        responses={200: shapes.PartnerAssignmentOut},
        refusals=[NotFound],
        answer=ASSIGNMENT,
    )
    def get(self, request: Request, assignment_id: UUID) -> Response:
        """One promise to your organisation."""
        return _answer(request, assignment_id)


class ArrivalView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [MayCoordinate]

    @operation(
        "Record an arrival",
        tag=TAG,
        request=shapes.ArrivalIn,
        responses={200: shapes.PartnerAssignmentOut},
        refusals=[
            NotFound,
            IllegalTransition,
            errors.ArrivalTooLate,
            errors.ArrivalCodeWrong,
            errors.ArrivalCodeLocked,
        ],
        example={"code": "049281"},
        answer={**ASSIGNMENT, "status": "arrived", "arrived_at": "2026-01-15T11:02:00Z", "visitor": VISITOR},
    )
    def post(self, request: Request, assignment_id: UUID) -> Response:
        """The donor shows the code, you type or scan it. Five wrong tries lock it."""
        body = read(shapes.ArrivalIn, request)
        member = request.user
        visits.record_arrival(
            assignment_id=assignment_id, partner_id=member.partner_id, member_id=member.pk, code=body["code"]
        )
        return _answer(request, assignment_id)


class ReleaseView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [MayCoordinate]

    @operation(
        "Release a donor",
        tag=TAG,
        request=shapes.OptionalReasonIn,
        responses={200: shapes.PartnerAssignmentOut},
        refusals=[NotFound, IllegalTransition],
        example={"reason": "Enough blood was found."},
        answer={**ASSIGNMENT, "status": "released", "reason": "Enough blood was found."},
    )
    def post(self, request: Request, assignment_id: UUID) -> Response:
        """Let a donor go for a reason that is nobody's fault: no points are lost, the place is free again."""
        body = read(shapes.OptionalReasonIn, request)
        member = request.user
        visits.release(
            assignment_id=assignment_id, partner_id=member.partner_id, member_id=member.pk, reason=body["reason"]
        )
        return _answer(request, assignment_id)


class NoShowView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [MayCoordinate]

    @operation(
        "Record a no-show",
        tag=TAG,
        responses={200: shapes.PartnerAssignmentOut},
        refusals=[NotFound, IllegalTransition, errors.NotMissedYet],
        answer={**ASSIGNMENT, "status": "missed"},
    )
    def post(self, request: Request, assignment_id: UUID) -> Response:
        """The donor did not come before `expires_at`: ten points are lost, the place is free again.

        Earlier, a place is freed by releasing the donor.
        """
        member = request.user
        visits.record_no_show(assignment_id=assignment_id, partner_id=member.partner_id, member_id=member.pk)
        return _answer(request, assignment_id)


class DeferView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [MayCoordinate]

    @operation(
        "Defer a donor",
        tag=TAG,
        request=shapes.DeferIn,
        responses={200: shapes.PartnerAssignmentOut},
        refusals=[NotFound, IllegalTransition, DeferralUnknown, PauseUntilInvalid],
        example={"code": "cold_fever"},
        answer={**ASSIGNMENT, "status": "deferred", "visitor": VISITOR, "reason": "cold_fever"},
    )
    def post(self, request: Request, assignment_id: UUID) -> Response:
        """The donor came and was found unfit. No points are lost; the reason counts for the next date."""
        body = read(shapes.DeferIn, request)
        member = request.user
        visits.defer(assignment_id=assignment_id, partner_id=member.partner_id, member_id=member.pk, **body)
        return _answer(request, assignment_id)
