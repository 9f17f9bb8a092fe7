"""Camps and places in them, as donors see them."""

from __future__ import annotations

from uuid import UUID

from rest_framework.permissions import AllowAny

from common.api.pagination import paged, paged_by_distance
from common.api.schema import operation
from common.api.views import APIView, Request, Response, read_query
from common.errors import IllegalTransition, NotFound
from common.geo import Point
from donations import errors, selectors
from donations.api import camp_serializers as shapes
from donations.api.camp_views import ENROLMENT_ID, ID, PLACE, TICKET
from donations.services import enrolling
from users.api.authentication import PersonAuthentication
from users.api.permissions import IsPerson
from users.errors import AccountLocked, DonorNotEligible, NotADonor

TAG = "Donors: camps"
CAMP = {
    "id": ID,
    "status": "scheduled",
    "title": "Give in May",
    "description": "Bring water and an hour.",
    "partner": {"id": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7d93", "name": "Sahyadri Blood Bank", "city": "Pune"},
    "place": PLACE,
    "starts_at": "2026-05-02T03:30:00Z",
    "ends_at": "2026-05-02T09:30:00Z",
    "zone": "Asia/Kolkata",
    "capacity": 100,
    "places_left": 42,
}
ENROLMENT = {
    "id": ENROLMENT_ID,
    "status": "enrolled",
    "camp": CAMP,
    "enrolled_at": "2026-04-20T06:00:00Z",
    "checked_in_at": None,
    "ticket": TICKET,
    "ticket_qr": "data:image/svg+xml;charset=utf-8,…",
}


class NearbyView(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]
    reads_replica = True

    @operation(
        "Find camps",
        tag="Public",
        query=[shapes.CampsNearbyQuery],
        responses={200: shapes.NearCampOut},
        paged=True,
        public=True,
        answer={**CAMP, "distance_km": 2.87},
    )
    def get(self, request: Request) -> Response:
        """Published camps that are not over, nearest first."""
        query = read_query(shapes.CampsNearbyQuery, request)
        found = selectors.camps_near(
            Point(query["lat"], query["lng"]),
            query["radius_km"],
            begins=query.get("from"),
            ends=query.get("to"),
        )
        return paged_by_distance(found, shapes.NearCampOut, request)


class CampView(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]
    reads_replica = True

    @operation(
        "Read a camp",
        tag="Public",
        responses={200: shapes.CampOut},
        refusals=[NotFound],
        public=True,
        answer=CAMP,
    )
    def get(self, request: Request, camp_id: UUID) -> Response:
        """Where and when, and whether there are places."""
        return Response(shapes.CampOut(selectors.get_public_camp(camp_id)).data)


class EnrolView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "Enrol in a camp",
        tag=TAG,
        responses={201: shapes.EnrolmentOut},
        refusals=[
            NotADonor,
            NotFound,
            errors.CampClosed,
            errors.CampFull,
            errors.AlreadyEnrolled,
            errors.EnrolmentClash,
            DonorNotEligible,
            AccountLocked,
        ],
        answer=ENROLMENT,
    )
    def post(self, request: Request, camp_id: UUID) -> Response:
        """Take a place if you may give on the camp's date; show the QR code there."""
        taken = enrolling.enrol(camp_id=camp_id, donor_id=request.user.pk)
        return Response(shapes.EnrolmentOut(taken).data, status=201)


class LeaveView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "Leave a camp",
        tag=TAG,
        responses={200: shapes.EnrolmentOut},
        refusals=[NotFound, errors.CampClosed, IllegalTransition],
        answer={**ENROLMENT, "status": "left", "ticket": None, "ticket_qr": None},
    )
    def post(self, request: Request, camp_id: UUID) -> Response:
        """Give your place back; it costs nothing, and somebody else can take it."""
        left = enrolling.leave(camp_id=camp_id, donor_id=request.user.pk)
        found = selectors.get_enrolment_of_donor(request.user.pk, left.pk)
        return Response(shapes.EnrolmentOut(found).data)


class MyEnrolmentsView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation("List my enrolments", tag="Me", responses={200: shapes.EnrolmentOut}, paged=True, answer=ENROLMENT)
    def get(self, request: Request) -> Response:
        """Your places in camps, the newest first, with the QR codes to show."""
        return paged(selectors.enrolments_of_donor(request.user.pk), shapes.EnrolmentOut, request)
