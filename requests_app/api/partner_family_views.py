"""Families' requests, as the hospital that serves them sees them."""

from __future__ import annotations

from uuid import UUID

from common.api.pagination import paged
from common.api.schema import operation
from common.api.views import APIView, Request, Response, read, read_query
from common.errors import IllegalTransition, NotFound
from partners.api.authentication import MemberAuthentication
from partners.api.permissions import IsLiveMember, MayKeepStock
from requests_app import errors, selectors
from requests_app.api import family_serializers as shapes
from requests_app.api.family_views import DOCUMENT, EVENT, STANDING, STEP
from requests_app.services.families import answering
from requests_app.states import RefuseReason
from stock import selectors as stock
from stock.errors import AuthorisersInvalid, CrossmatchIncompatible, CrossmatchMissing, UnitAmbiguous
from stock.services import Emergency
from users.api.document_serializers import LinkOut
from users.api.document_views import LINK
from users.services import documents

TAG = "Partners: families"
FAMILY = {
    **STANDING,
    "requester": {"name": "Anil Patil", "phone": "+919876543210"},
    "steps": [{**STEP, "transfer": None, "request": None}],
}
UNIT = {
    "id": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7d96",
    "din": "Z000126000042",
    "component": "red_cells",
    "blood_group": "B+",
    "expires_at": "2026-02-19T11:20:00Z",
    "until": "2026-01-15T10:30:00Z",
}
DETAIL = {**FAMILY, "documents": [DOCUMENT], "reserved": [UNIT], "history": [EVENT]}
SERVED = {**DETAIL, "status": "fulfilled", "units_issued": 2, "units_left": 0, "reserved": []}


def _shown(request: Request, pk: UUID) -> Response:
    found = selectors.get_family_of_partner(request.user.partner_id, pk)
    return Response(shapes.PartnerFamilyRequestDetailOut(found).data)


class PartnerFamilyRequestsView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]
    reads_health = "family_requests"

    @operation(
        "List families' requests",
        tag=TAG,
        query=[shapes.PartnerFamilyQuery],
        responses={200: shapes.PartnerFamilyRequestOut},
        paged=True,
        answer=FAMILY,
    )
    def get(self, request: Request) -> Response:
        """What families ask of you alone, newest first; `updated_since` for systems that keep a copy."""
        query = read_query(shapes.PartnerFamilyQuery, request)
        rows = selectors.families_of_partner(request.user.partner_id, **query)
        return paged(rows, shapes.PartnerFamilyRequestOut, request)


class PartnerFamilyRequestView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]
    reads_health = "family_request"

    @operation(
        "Read a family's request",
        tag=TAG,
        responses={200: shapes.PartnerFamilyRequestDetailOut},
        refusals=[NotFound],
        answer=DETAIL,
    )
    def get(self, request: Request, request_id: UUID) -> Response:
        """Patient, doctor, who asks, the sources, the bags kept now, and everything that happened."""
        return _shown(request, request_id)


class FamilyDocumentView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]
    reads_health = "family_document"

    @operation("Get a link to a family's document", tag=TAG, responses={200: LinkOut}, refusals=[NotFound], answer=LINK)
    def get(self, request: Request, request_id: UUID, document_id: UUID) -> Response:
        """Fetch the content from `url` within minutes; there is none once the request is over."""
        purpose = selectors.open_purpose(request.user.partner_id, request_id)
        return Response(LinkOut(documents.link_to(document_id=document_id, purpose=purpose)).data)


class FamilyConfirmView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]

    @operation(
        "Confirm a family's request",
        tag=TAG,
        responses={200: shapes.PartnerFamilyRequestDetailOut},
        refusals=[NotFound, IllegalTransition, errors.FamilyRequestExpired],
        answer={**DETAIL, "status": "confirmed"},
    )
    def post(self, request: Request, request_id: UUID) -> Response:
        """You know the patient: reserved bags are kept until they are needed; what had lapsed is looked for again."""
        member = request.user
        answering.confirm(request_id=request_id, partner_id=member.partner_id, member_id=member.pk)
        return _shown(request, request_id)


class FamilyRefuseView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]

    @operation(
        "Refuse a family's request",
        tag=TAG,
        request=shapes.RefuseIn,
        responses={200: shapes.PartnerFamilyRequestDetailOut},
        refusals=[NotFound, IllegalTransition, errors.FamilyRequestExpired],
        example={"reason": "no_requisition", "note": "Please bring the doctor's requisition form."},
        answer={**DETAIL, "status": "refused", "refuse_reason": "no_requisition", "reserved": []},
    )
    def post(self, request: Request, request_id: UUID) -> Response:
        """Everything promised is let go, donors on their way are told, and the family reads the reason."""
        body, member = read(shapes.RefuseIn, request), request.user
        answering.refuse(
            request_id=request_id,
            partner_id=member.partner_id,
            member_id=member.pk,
            reason=RefuseReason(body["reason"]),
            note=body["note"],
        )
        return _shown(request, request_id)


class FamilyIssueView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [MayKeepStock]
    idempotency_required = True

    @operation(
        "Hand bags out for a patient",
        tag=TAG,
        request=shapes.IssueIn,
        responses={200: shapes.PartnerFamilyRequestDetailOut},
        refusals=[
            NotFound,
            UnitAmbiguous,
            IllegalTransition,
            errors.FamilyRequestExpired,
            errors.NothingReserved,
            errors.UnitNotReserved,
            errors.FamilyServed,
            CrossmatchMissing,
            CrossmatchIncompatible,
            AuthorisersInvalid,
        ],
        example={"units": ["=Z00012600004200"]},
        answer=SERVED,
    )
    def post(self, request: Request, request_id: UUID) -> Response:
        """Reserved bags leave for the patient; each counts as a unit given, the last one fulfils the request.

        Where your policy asks for crossmatches, red cells and whole blood need a compatible one, or an `emergency`.
        """
        body, member = read(shapes.IssueIn, request), request.user
        family = selectors.get_family_of_partner(member.partner_id, request_id)
        named = body.get("units")
        answering.issue(
            request_id=request_id,
            partner_id=member.partner_id,
            member_id=member.pk,
            unit_ids=None
            if named is None
            else {stock.unit_id_of(member.partner_id, text, component=family.component) for text in named},
            emergency=Emergency(**body["emergency"]) if "emergency" in body else None,
        )
        return _shown(request, request_id)
