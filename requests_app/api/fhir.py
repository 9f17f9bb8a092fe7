"""Blood requests as FHIR resources, for the partner whose they are."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from rest_framework import serializers

from common.api.fhir import (
    FHIRView,
    ResourceType,
    SearchQuery,
    bundle,
    coded,
    instant,
    label,
    moment,
    period_of,
    resource,
)
from common.api.fhir.elements import LOINC
from common.api.views import Request, Response, read_query
from partners.api.authentication import MemberAuthentication
from partners.api.permissions import IsLiveMember
from requests_app import selectors
from requests_app.models import BloodRequest
from requests_app.states import RequestStatus, Urgency

# http://hl7.org/fhir/supplyrequest-status; a request whose time is over was not met.
STATUSES: Final = {
    RequestStatus.OPEN: "active",
    RequestStatus.ASSIGNED: "active",
    RequestStatus.FULFILLED: "completed",
    RequestStatus.CANCELLED: "cancelled",
    RequestStatus.EXPIRED: "cancelled",
}
PRIORITIES: Final = {Urgency.ROUTINE: "routine", Urgency.URGENT: "urgent", Urgency.CRITICAL: "stat"}


class SupplyRequestQuery(SearchQuery):
    status = serializers.ChoiceField(sorted(set(STATUSES.values())), required=False)


class SupplyRequestsView(FHIRView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]
    resource_type = ResourceType.SUPPLY_REQUEST
    searches = {"_id": "token", "status": "token", "date": "date"}

    def get(self, request: Request) -> Response:
        """Your requests for blood, newest first; `date` is when they were made."""
        query = read_query(SupplyRequestQuery, request)
        found = selectors.requests_made(
            request.user.partner_id,
            request_id=query.get("_id"),
            statuses=[own for own, shown in STATUSES.items() if shown == query.get("status")],
            made=period_of(request.query_params.getlist("date")).lookups("created_at"),
        )
        return bundle(found, supply_request, request)


class SupplyRequestView(FHIRView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]
    resource_type = ResourceType.SUPPLY_REQUEST

    def get(self, request: Request, pk: UUID) -> Response:
        """One of your requests for blood."""
        return Response(supply_request(selectors.get_request_of(request.user.partner_id, pk)))


def supply_request(row: BloodRequest) -> dict[str, Any]:
    """Return the request as a SupplyRequest for so many bags of a component."""
    group = {"code": coded(LOINC, "882-1", "ABO and Rh group [Type] in Blood")}
    requester = {"type": "Organization", "identifier": {"value": str(row.partner_id)}, "display": row.partner.name}
    return resource(
        ResourceType.SUPPLY_REQUEST,
        row.pk,
        {
            "meta": moment(row.updated_at),
            "status": STATUSES[row.state],
            "category": label("Blood"),
            "priority": PRIORITIES[Urgency(row.urgency)],
            "itemCodeableConcept": label(row.get_component_display()),
            "quantity": {"value": row.units, "unit": "bag"},
            "parameter": [{**group, "valueCodeableConcept": label(row.blood_group)}],
            "occurrencePeriod": {"start": instant(row.created_at), "end": instant(row.needed_by)},
            "authoredOn": instant(row.created_at),
            "requester": requester,
            "deliverTo": requester,
        },
    )
