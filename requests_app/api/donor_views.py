"""Requests and promises, as a donor sees them."""

from __future__ import annotations

from uuid import UUID

from common.api.pagination import paged, paged_by_distance
from common.api.schema import operation
from common.api.views import APIView, Request, Response, read, read_query
from common.errors import IllegalTransition, NotFound
from common.geo import distance_km
from requests_app import errors, selectors
from requests_app.api import serializers as shapes
from requests_app.api.qr import arrival_qr
from requests_app.services import promises
from users.api.authentication import PersonAuthentication
from users.api.permissions import IsPerson
from users.errors import AccountLocked, DonorNotEligible, NotADonor
from users.selectors import donor_card

TAG = "Donors: requests"
ID = "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7d92"
PARTNER = {
    "id": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7d93",
    "name": "Sahyadri Hospital",
    "phone": "+912026123456",
    "address": "12 Karve Road",
    "city": "Pune",
    "lat": 18.5089,
    "lng": 73.8325,
}
OPEN_REQUEST = {
    "id": ID,
    "status": "open",
    "blood_group": "B+",
    "component": "red_cells",
    "units": 3,
    "units_left": 2,
    "urgency": "urgent",
    "needed_by": "2026-01-15T18:00:00Z",
    "note": "",
    "partner": PARTNER,
    "distance_km": 2.87,
}
ASSIGNMENT = {
    "id": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7d94",
    "status": "accepted",
    "request": ID,
    "blood_group": "B+",
    "component": "red_cells",
    "partner": PARTNER,
    "distance_km": 2.87,
    "expires_at": "2026-01-15T15:30:00Z",
    "accepted_at": "2026-01-15T09:30:00Z",
    "arrived_at": None,
    "ended_at": None,
    "reason": "",
}
PROMISE = {**ASSIGNMENT, "arrival_code": "049281", "arrival_qr": "data:image/svg+xml;charset=utf-8,…"}
UNFIT = [
    NotADonor,
    NotFound,
    errors.RequestClosed,
    errors.RequestExpired,
    errors.GroupIncompatible,
    DonorNotEligible,
    errors.LocationUnknown,
    errors.TooFar,
    errors.AlreadyPromised,
    AccountLocked,
]


def promise_response(promise: promises.Promise, status: int) -> Response:
    assignment = selectors.get_assignment_of_donor(promise.assignment.donor_id, promise.assignment.pk)
    body = shapes.AssignmentOut(assignment).data
    told = {"arrival_code": promise.code, "arrival_qr": arrival_qr(assignment.pk, promise.code)}
    return Response({**body, **told}, status=status)


class NearbyView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "List requests near me",
        tag=TAG,
        query=[shapes.NearbyQuery],
        responses={200: shapes.OpenRequestOut},
        refusals=[NotADonor, errors.LocationUnknown],
        paged=True,
        answer=OPEN_REQUEST,
    )
    def get(self, request: Request) -> Response:
        """Open requests that your blood can help and whose reach you are within, nearest first."""
        query = read_query(shapes.NearbyQuery, request)
        donor = donor_card(request.user.pk)
        if donor.location is None:
            raise errors.LocationUnknown
        rows = selectors.requests_near(donor=donor, radius_km=query.get("radius_km"))
        return paged_by_distance(rows, shapes.OpenRequestOut, request)


class RequestView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "Read a request", tag=TAG, responses={200: shapes.OpenRequestOut}, refusals=[NotFound], answer=OPEN_REQUEST
    )
    def get(self, request: Request, request_id: UUID) -> Response:
        """What is needed, where, and how far that is from you."""
        found = selectors.get_request(request_id)
        here = request.user.location
        away = None if here is None else distance_km(here, found.location)
        return Response(shapes.OpenRequestOut(selectors.NearbyRequest(found, away)).data)


class AcceptView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "Accept a request",
        tag=TAG,
        responses={201: shapes.PromiseOut},
        refusals=[*UNFIT, errors.RequestFull],
        answer=PROMISE,
    )
    def post(self, request: Request, request_id: UUID) -> Response:
        """Promise one unit. Of many at once, as many succeed as units are needed; the others get `request_full`."""
        return promise_response(promises.accept(request_id=request_id, donor_id=request.user.pk), 201)


class DeclineView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "Say that I cannot come",
        tag=TAG,
        responses={204: None},
        refusals=[NotFound, errors.RequestClosed, errors.RequestExpired],
    )
    def post(self, request: Request, request_id: UUID) -> Response:
        """To a request to which you were asked: it costs nothing, and others are asked sooner."""
        promises.decline(request_id=request_id, donor_id=request.user.pk)
        return Response(status=204)


class StandbyView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "Stand by for a request",
        tag=TAG,
        responses={201: shapes.StandbyOut},
        refusals=[*UNFIT, errors.NotFull, errors.AlreadyStandingBy],
        answer={"ahead": 0},
    )
    def post(self, request: Request, request_id: UUID) -> Response:
        """Be told first if a place becomes free in a full request."""
        ahead = promises.stand_by(request_id=request_id, donor_id=request.user.pk)
        return Response(shapes.StandbyOut({"ahead": ahead}).data, status=201)

    @operation("Leave the standby list", tag=TAG, responses={204: None})
    def delete(self, request: Request, request_id: UUID) -> Response:
        """Not be told any more."""
        promises.leave_standby(request_id=request_id, donor_id=request.user.pk)
        return Response(status=204)


class AssignmentsView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation("List my promises", tag=TAG, responses={200: shapes.AssignmentOut}, paged=True, answer=ASSIGNMENT)
    def get(self, request: Request) -> Response:
        """Your promises and how they ended, newest first."""
        return paged(selectors.assignments_of_donor(request.user.pk), shapes.AssignmentOut, request)


class AssignmentView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation("Read a promise", tag=TAG, responses={200: shapes.AssignmentOut}, refusals=[NotFound], answer=ASSIGNMENT)
    def get(self, request: Request, assignment_id: UUID) -> Response:
        """One of your promises. The arrival code is told only when it is made."""
        found = selectors.get_assignment_of_donor(request.user.pk, assignment_id)
        return Response(shapes.AssignmentOut(found).data)


class CancelView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "Take a promise back",
        tag=TAG,
        request=shapes.ReasonIn,
        responses={200: shapes.AssignmentOut},
        refusals=[NotADonor, NotFound, IllegalTransition],
        example={"reason": "I have a fever."},
        answer={**ASSIGNMENT, "status": "cancelled", "reason": "I have a fever."},
    )
    def post(self, request: Request, assignment_id: UUID) -> Response:
        """Cancel before arriving. It costs ten points, and the place goes to somebody else at once."""
        body = read(shapes.ReasonIn, request)
        promises.cancel_promise(assignment_id=assignment_id, donor_id=request.user.pk, reason=body["reason"])
        found = selectors.get_assignment_of_donor(request.user.pk, assignment_id)
        return Response(shapes.AssignmentOut(found).data)


class CodeView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "Get a new arrival code",
        tag=TAG,
        responses={201: shapes.PromiseOut},
        refusals=[NotFound, errors.PromiseOver, errors.ArrivalCodeLocked],
        answer=PROMISE,
    )
    def post(self, request: Request, assignment_id: UUID) -> Response:
        """Replace a lost code; the old one is worthless from then on, and spent tries stay spent."""
        return promise_response(promises.renew_code(assignment_id=assignment_id, donor_id=request.user.pk), 201)
