"""Camps, as their partner sees them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes

from common.api.csv_renderer import CSVRenderer
from common.api.exports import CSV, XLSX, XLSX_TYPE, ListQuery, XLSXRenderer
from common.api.pagination import paged
from common.api.renderers import JSONRenderer
from common.api.schema import operation
from common.api.views import APIView, Request, Response, read, read_query
from common.blood import BloodGroup
from common.errors import IllegalTransition, NotFound
from donations import errors, selectors
from donations.api import camp_serializers as shapes
from donations.services import camps
from donations.services.checking_in import Scan, check_in
from donations.services.reporting import FoundUnfit, Gave, OtherBag, report_camp
from donations.states import CampStatus, ConsentForm
from partners.api.authentication import MemberAuthentication
from partners.api.permissions import IsLiveMember, MayCoordinate
from stock.errors import DinExhausted, UnitKnown
from users.errors import DeferralUnknown, DonorNotEligible, PauseUntilInvalid

TAG = "Partners: camps"
ID = "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7d98"
ENROLMENT_ID = "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7d99"
PLACE = {"name": "Town hall", "address": "3 Main Road, Pune", "lat": 18.5196, "lng": 73.8553}
DRAFT = {
    "title": "Give in May",
    "description": "Bring water and an hour.",
    "place": PLACE,
    "starts_at": "2026-05-02T09:00:00+05:30",
    "ends_at": "2026-05-02T15:00:00+05:30",
    "capacity": 100,
}
CAMP = {
    "id": ID,
    "status": "draft",
    "title": "Give in May",
    "description": "Bring water and an hour.",
    "place": PLACE,
    "starts_at": "2026-05-02T03:30:00Z",
    "ends_at": "2026-05-02T09:30:00Z",
    "zone": "Asia/Kolkata",
    "capacity": 100,
    "enrolled": 0,
    "cancel_reason": "",
    "published_at": None,
    "reported_at": None,
    "ticket_key": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
    "created_at": "2026-04-10T05:00:00Z",
    "updated_at": "2026-04-10T05:00:00Z",
}
PUBLISHED = {**CAMP, "status": "scheduled", "published_at": "2026-04-11T05:00:00Z"}
TICKET = "jeevansetu:camp:AZkLHmwAejudHi9KW2x9mQGZCx5sAHo7nR4vSltsfZg…"
UNIT = {
    "id": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7d96",
    "din": "Z000126000042",
    "component": "whole_blood",
    "status": "quarantined",
    "expires_at": "2026-05-23T04:10:00Z",
}


class CampsView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]

    def get_permissions(self) -> Sequence[Any]:
        return [MayCoordinate()] if self.request.method == "POST" else super().get_permissions()

    @operation(
        "List our camps",
        tag=TAG,
        query=[shapes.CampQuery],
        responses={200: shapes.PartnerCampOut},
        paged=True,
        answer=PUBLISHED,
    )
    def get(self, request: Request) -> Response:
        """Your camps, the newest first; one that has begun or is over is shown so at once."""
        query = read_query(shapes.CampQuery, request)
        status = query.get("status")
        rows = selectors.camps_of(
            request.user.partner_id,
            status=CampStatus(status) if status else None,
            begins=query.get("from"),
            ends=query.get("to"),
        )
        return paged(rows, shapes.PartnerCampOut, request)

    @operation(
        "Draft a camp",
        tag=TAG,
        request=shapes.CampIn,
        responses={201: shapes.PartnerCampOut},
        refusals=[errors.CampStartInvalid, errors.CampEndInvalid],
        example=DRAFT,
        answer=CAMP,
    )
    def post(self, request: Request) -> Response:
        """A camp for whole blood; nobody sees it before it is published."""
        body, member = shapes.columns_of(read(shapes.CampIn, request)), request.user
        camp = camps.create_camp(partner_id=member.partner_id, member_id=member.pk, **body)
        return Response(shapes.PartnerCampOut(camp).data, status=201)


class CampView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]

    def get_permissions(self) -> Sequence[Any]:
        return [MayCoordinate()] if self.request.method == "PATCH" else super().get_permissions()

    @operation("Read our camp", tag=TAG, responses={200: shapes.PartnerCampOut}, refusals=[NotFound], answer=PUBLISHED)
    def get(self, request: Request, camp_id: UUID) -> Response:
        """One of your camps."""
        return Response(shapes.PartnerCampOut(selectors.get_camp_of(request.user.partner_id, camp_id)).data)

    @operation(
        "Change our camp",
        tag=TAG,
        request=shapes.CampChangeIn,
        responses={200: shapes.PartnerCampOut},
        refusals=[
            NotFound,
            errors.CampPublished,
            errors.CampFull,
            errors.CampStartInvalid,
            errors.CampEndInvalid,
        ],
        example={"capacity": 120},
        answer={**PUBLISHED, "capacity": 120},
    )
    def patch(self, request: Request, camp_id: UUID) -> Response:
        """Everything of a draft; once published only title, description and capacity, never below the enrolled."""
        changes, member = shapes.columns_of(read(shapes.CampChangeIn, request)), request.user
        camp = camps.change_camp(camp_id=camp_id, partner_id=member.partner_id, member_id=member.pk, changes=changes)
        return Response(shapes.PartnerCampOut(camp).data)


class PublishView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [MayCoordinate]

    @operation(
        "Publish our camp",
        tag=TAG,
        responses={200: shapes.PartnerCampOut},
        refusals=[NotFound, IllegalTransition, errors.CampTooLate],
        answer=PUBLISHED,
    )
    def post(self, request: Request, camp_id: UUID) -> Response:
        """Donors within 20 km are told of it, once each; times and place stay from now on."""
        member = request.user
        camp = camps.publish_camp(camp_id=camp_id, partner_id=member.partner_id, member_id=member.pk)
        return Response(shapes.PartnerCampOut(camp).data)


class CancelView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [MayCoordinate]

    @operation(
        "Cancel our camp",
        tag=TAG,
        request=shapes.CampReasonIn,
        responses={200: shapes.PartnerCampOut},
        refusals=[NotFound, IllegalTransition, errors.CampHasVisitors],
        example={"reason": "The hall is flooded."},
        answer={**PUBLISHED, "status": "cancelled", "cancel_reason": "The hall is flooded."},
    )
    def post(self, request: Request, camp_id: UUID) -> Response:
        """Before anybody has been checked in; those enrolled are told."""
        body, member = read(shapes.CampReasonIn, request), request.user
        camp = camps.cancel_camp(
            camp_id=camp_id, partner_id=member.partner_id, member_id=member.pk, reason=body["reason"]
        )
        return Response(shapes.PartnerCampOut(camp).data)


class EnrolmentsView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]
    reads_health = "enrolments"

    @operation(
        "List a camp's enrolments",
        tag=TAG,
        responses={200: shapes.PartnerEnrolmentOut},
        refusals=[NotFound],
        paged=True,
        answer={
            "id": ENROLMENT_ID,
            "status": "checked_in",
            "blood_group": "B+",
            "is_group_confirmed": False,
            "donor": {"public_id": "JS-7K4M-Q2P9-D3TP", "name": "Asha Kulkarni", "tag": "bronze"},
            "enrolled_at": "2026-04-20T06:00:00Z",
            "checked_in_at": "2026-05-02T04:10:00Z",
        },
    )
    def get(self, request: Request, camp_id: UUID) -> Response:
        """Who holds a place, the newest first; names are shown of those who were checked in."""
        rows = selectors.enrolments_of_camp(request.user.partner_id, camp_id)
        return paged(rows, shapes.PartnerEnrolmentOut, request)


class ListView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [MayCoordinate]
    reads_health = "enrolments_list"
    renderer_classes = [CSVRenderer, XLSXRenderer, JSONRenderer]

    @operation(
        "Export a camp's list",
        tag=TAG,
        query=[ListQuery],
        responses={(200, "text/csv"): OpenApiTypes.STR, (200, XLSX_TYPE): OpenApiTypes.BINARY},
        refusals=[NotFound, errors.CampListNotOpen, errors.CampListClosed],
        answer=",".join(selectors.LIST_HEADING) + "\r\n",
    )
    def get(self, request: Request, camp_id: UUID) -> Response:
        """The desk's list as CSV or XLSX, from the camp's date until its report; no cell runs as a formula."""
        read_query(ListQuery, request)
        rows = selectors.list_rows(request.user.partner_id, camp_id)
        form = request.accepted_renderer.format if request.accepted_renderer.format == XLSX else CSV
        return Response(
            rows,
            content_type=XLSX_TYPE if form == XLSX else "text/csv; charset=utf-8",
            headers={
                "Content-Disposition": f'attachment; filename="camp-{camp_id}.{form}"',
                "Cache-Control": "no-store",
            },
        )


class CheckInsView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [MayCoordinate]

    @operation(
        "Check donors in",
        tag=TAG,
        request=shapes.CheckInsIn,
        responses={200: shapes.CheckInsOut},
        refusals=[NotFound],
        example={"check_ins": [{"token": TICKET, "at": "2026-05-02T09:40:00+05:30"}]},
        answer={"results": [{"outcome": "accepted", "enrolment": ENROLMENT_ID}]},
    )
    def post(self, request: Request, camp_id: UUID) -> Response:
        """One `token`, or up to 500 `check_ins` collected without network, each answered by itself and in order.

        The same ones may be sent again and in any order: a donor is there since the earliest time that was told.
        """
        body, member = read(shapes.CheckInsIn, request), request.user
        scans = [Scan(one["token"], one.get("at")) for one in body.get("check_ins", [body])]
        answers = check_in(camp_id=camp_id, partner_id=member.partner_id, member_id=member.pk, scans=scans)
        return Response(shapes.CheckInsOut({"results": answers}).data)


class ReportView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [MayCoordinate]

    @operation(
        "Report a camp",
        tag=TAG,
        request=shapes.CampReportIn,
        responses={201: shapes.CampReportOut},
        refusals=[
            NotFound,
            IllegalTransition,
            errors.EnrolmentUnknown,
            errors.CollectedOutsideCamp,
            errors.NotCheckedIn,
            DonorNotEligible,
            DeferralUnknown,
            PauseUntilInvalid,
            UnitKnown,
            DinExhausted,
        ],
        example={
            "donations": [{"enrolment": ENROLMENT_ID, "volume_ml": 350, "haemoglobin_g_dl": 13.4, "blood_group": "B+"}],
            "deferred": [],
            "units": [{"blood_group": "O+", "volume_ml": 350}],
        },
        answer={
            "camp": {**PUBLISHED, "status": "closed", "reported_at": "2026-05-02T12:00:00Z"},
            "units": [{"enrolment": ENROLMENT_ID, "unit": UNIT}],
            "deferred": 0,
            "released": 0,
            "missed": 12,
        },
    )
    def post(self, request: Request, camp_id: UUID) -> Response:
        """What the camp collected, once, all or nothing: units in quarantine, donations, scores and next dates.

        Until it is in, your other writes answer `camp_stock_pending`.
        """
        body, member = read(shapes.CampReportIn, request), request.user
        report = report_camp(
            camp_id=camp_id,
            partner_id=member.partner_id,
            member_id=member.pk,
            gave=[_gave(dict(item)) for item in body["donations"]],
            unfit=[FoundUnfit(**item) for item in body["deferred"]],
            bags=[OtherBag(**{**item, "blood_group": BloodGroup(item["blood_group"])}) for item in body["units"]],
        )
        return Response(shapes.CampReportOut(report).data, status=201)


def _gave(item: dict[str, Any]) -> Gave:
    group, consent = item.pop("blood_group", None), item.pop("consent", None)
    named = ("enrolment_id", "volume_ml", "haemoglobin_g_dl", "donated_at", "din")
    told = {name: item.pop(name) for name in named if name in item}
    return Gave(
        **told,
        blood_group=BloodGroup(group) if group else None,
        consent=ConsentForm(consent) if consent else None,
        vitals=item,
    )
