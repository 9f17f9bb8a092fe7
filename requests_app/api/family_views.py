"""A family's request for a patient, as whoever raised it sees it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from common.api.pagination import paged
from common.api.schema import operation
from common.api.views import APIView, HTTPRequest, Request, Response, read, read_query
from common.blood import BloodGroup, Sex
from common.errors import IllegalTransition, NotFound
from common.geo import Point
from common.throttle import spend
from requests_app import errors, selectors
from requests_app.api import family_serializers as shapes
from requests_app.api.donor_views import PARTNER
from requests_app.api.serializers import OptionalReasonIn
from requests_app.services.families import raising
from requests_app.states import Urgency
from stock.compatibility import UNKNOWN
from stock.components import Component
from users.api.authentication import PersonAuthentication
from users.api.permissions import IsPerson
from users.errors import AccountErased, DocumentNotFound

TAG = "Families"
ID = "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7da0"
NEED = {
    "patient": {"name": "Suresh Patil", "age": 61, "sex": "male"},
    "doctor": "Dr. Leela Rao",
    "blood_group": "B+",
    "component": "red_cells",
    "units": 2,
    "urgency": "urgent",
    "needed_by": "2026-01-15T18:00:00Z",
}
STEP = {
    "id": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7da1",
    "kind": "stock",
    "status": "reserved",
    "units": 2,
    "units_given": 0,
    "reason": "",
    "until": "2026-01-15T10:30:00Z",
    "at": "2026-01-15T09:30:00Z",
    "updated_at": "2026-01-15T09:30:00Z",
}
EVENT = {
    "verb": "reserve",
    "status": "reserved",
    "step": STEP["id"],
    "kind": "stock",
    "units": 2,
    "reason": "",
    "at": "2026-01-15T09:30:00Z",
}
STANDING: dict[str, Any] = {
    "id": ID,
    "status": "open",
    **NEED,
    "units_issued": 0,
    "units_donated": 0,
    "units_left": 2,
    "place": None,
    "refuse_reason": "",
    "refuse_note": "",
    "cancel_reason": "",
    "created_at": "2026-01-15T09:30:00Z",
    "updated_at": "2026-01-15T09:30:00Z",
}
FAMILY = {**STANDING, "hospital": PARTNER, "steps": [STEP]}
DOCUMENT = {
    "id": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7da2",
    "kind": "requisition",
    "name": "requisition.pdf",
    "content_type": "application/pdf",
    "size": 182044,
}
DETAIL = {**FAMILY, "documents": [DOCUMENT], "history": [EVENT]}


def _shown(request: Request, pk: UUID, status: int = 200) -> Response:
    found = selectors.get_family_of_person(request.user.pk, pk)
    return Response(shapes.FamilyRequestDetailOut(found).data, status=status)


class FamilyRequestsView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    def check_throttles(self, request: HTTPRequest) -> None:
        super().check_throttles(request)
        if request.method == "POST":
            spend("family_request", str(request.user.pk))

    @operation(
        "List my requests for patients",
        tag=TAG,
        query=[shapes.FamilyQuery],
        responses={200: shapes.FamilyRequestOut},
        paged=True,
        answer=FAMILY,
    )
    def get(self, request: Request) -> Response:
        """What you asked for somebody else, newest first, with sources; `updated_since` for apps that keep a copy."""
        query = read_query(shapes.FamilyQuery, request)
        return paged(selectors.families_of_person(request.user.pk, **query), shapes.FamilyRequestOut, request)

    @operation(
        "Ask for blood for a patient",
        tag=TAG,
        request=shapes.FamilyRequestIn,
        responses={201: shapes.FamilyRequestDetailOut},
        refusals=[
            AccountErased,
            DocumentNotFound,
            errors.NeededByInvalid,
            errors.HospitalUnknown,
            errors.NoBankNearby,
            errors.FamilyRequestOpen,
            errors.FamilyRequestsTooMany,
        ],
        example={**NEED, "hospital": PARTNER["id"], "documents": [DOCUMENT["id"]]},
        answer={**DETAIL, "steps": [], "history": []},
    )
    def post(self, request: Request) -> Response:
        """Blood is looked for at the hospital, at partners within 20 km, and among donors; you are told of each step.

        Give a `hospital` of the directory, or a `place`: then the nearest blood bank within 20 km serves you. Who has
        proven no identity has one open request at a time.
        """
        body = read(shapes.FamilyRequestIn, request)
        place, group = body.get("place"), body["blood_group"]
        raised = raising.raise_request(
            requester_id=request.user.pk,
            patient=raising.Patient(body["patient"]["name"], body["patient"]["age"], Sex(body["patient"]["sex"])),
            doctor=body["doctor"],
            blood_group=UNKNOWN if group == UNKNOWN else BloodGroup(group),
            component=Component(body["component"]),
            units=body["units"],
            urgency=Urgency(body["urgency"]),
            needed_by=body["needed_by"],
            hospital=body.get("hospital"),
            place=raising.Place(place["name"], Point(place["lat"], place["lng"])) if place else None,
            document_ids=body["documents"],
        )
        return _shown(request, raised.pk, 201)


class FamilyRequestView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "Read my request for a patient",
        tag=TAG,
        responses={200: shapes.FamilyRequestDetailOut},
        refusals=[NotFound],
        answer=DETAIL,
    )
    def get(self, request: Request, request_id: UUID) -> Response:
        """The request, each source as it stands, and everything that happened, oldest first."""
        return _shown(request, request_id)


class FamilyCancelView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "Cancel my request for a patient",
        tag=TAG,
        request=OptionalReasonIn,
        responses={200: shapes.FamilyRequestDetailOut},
        refusals=[NotFound, IllegalTransition, errors.FamilyRequestExpired],
        example={"reason": "The operation was postponed."},
        answer={**DETAIL, "status": "cancelled", "cancel_reason": "The operation was postponed."},
    )
    def post(self, request: Request, request_id: UUID) -> Response:
        """Reserved bags are free again, transfers called off, donors on their way told."""
        body = read(OptionalReasonIn, request)
        raising.cancel(request_id=request_id, requester_id=request.user.pk, reason=body["reason"])
        return _shown(request, request_id)
