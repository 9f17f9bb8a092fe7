"""Stock as a whole: how much there is, what moved, counts, warnings, the report, and the public search."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from drf_spectacular.types import OpenApiTypes
from rest_framework.permissions import AllowAny

from common.api.csv_renderer import CSVRenderer
from common.api.pagination import paged, paged_by_distance
from common.api.renderers import JSONRenderer
from common.api.schema import operation
from common.api.views import APIView, Request, Response, read, read_query
from common.blood import BloodGroup
from common.geo import Point
from partners.api.authentication import MemberAuthentication
from partners.api.permissions import IsLiveMember, IsOwner, MayKeepStock
from stock import errors, selectors
from stock.api import serializers as shapes
from stock.api.unit_views import HISTORY, ID, TAG, UNIT
from stock.components import Component
from stock.services import counting, crossmatching, thresholds

LEVEL = {
    "component": "red_cells",
    "blood_group": "B+",
    "available": 12,
    "reserved": 2,
    "quarantined": 3,
    "in_transit": 0,
}
THRESHOLD = {"component": "red_cells", "blood_group": "B+", "minimum": 5}


class StockView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]

    @operation("Read our stock", tag=TAG, responses={200: shapes.StockOut}, answer={"levels": [LEVEL]})
    def get(self, request: Request) -> Response:
        """How many units of each component and group there are at this moment, by state."""
        return Response(shapes.StockOut({"levels": selectors.stock_of(request.user.partner_id)}).data)


class MovementsView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]
    reads_health = "movements"

    @operation(
        "List our movements",
        tag=TAG,
        responses={200: shapes.MovementOut},
        paged=True,
        answer={
            "id": 4711,
            "unit": ID,
            "din": "Z000126000042",
            "component": "whole_blood",
            "blood_group": "B+",
            **HISTORY,
        },
    )
    def get(self, request: Request) -> Response:
        """Every change of every bag while it was yours, newest first. Nothing is ever taken out of it."""
        return paged(selectors.movements_of(request.user.partner_id), shapes.MovementOut, request)


class CountsView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [MayKeepStock]

    @operation(
        "Set counts",
        tag=TAG,
        request=shapes.CountsIn,
        responses={200: shapes.CountedOut},
        refusals=[errors.CountNotReleased, errors.ExpiryInvalid, errors.CountBelowReserved, errors.DinExhausted],
        example={
            "counts": [{"component": "red_cells", "blood_group": "B+", "units": 14}],
            "all_released": True,
        },
        answer={"intakes": [{**UNIT, "component": "red_cells", "counted": True}], "discards": [], "levels": [LEVEL]},
    )
    def put(self, request: Request) -> Response:
        """For those who only count: says which bags came and which went to make the count true."""
        body, member = read(shapes.CountsIn, request), request.user
        counts = [
            counting.Count(
                **{**item, "component": Component(item["component"]), "blood_group": BloodGroup(item["blood_group"])}
            )
            for item in body["counts"]
        ]
        changes = counting.set_counts(
            partner_id=member.partner_id, member_id=member.pk, counts=counts, all_released=body["all_released"]
        )
        answer = {
            "intakes": changes.intakes,
            "discards": changes.discards,
            "levels": selectors.stock_of(member.partner_id),
        }
        return Response(shapes.CountedOut(answer).data)


class ThresholdsView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]

    def get_permissions(self) -> Sequence[Any]:
        return [MayKeepStock()] if self.request.method == "PUT" else super().get_permissions()

    @operation(
        "Read thresholds",
        tag=TAG,
        responses={200: shapes.ThresholdsOut},
        answer={"thresholds": [{**THRESHOLD, "is_below": False}], "o_neg_floor": 2},
    )
    def get(self, request: Request) -> Response:
        """Below which numbers you are warned, and how many O- units are kept back."""
        return Response(shapes.ThresholdsOut(selectors.thresholds_of(request.user.partner_id)).data)

    @operation(
        "Set thresholds",
        tag=TAG,
        request=shapes.ThresholdsIn,
        responses={200: shapes.ThresholdsOut},
        example={"thresholds": [THRESHOLD], "o_neg_floor": 2},
        answer={"thresholds": [{**THRESHOLD, "is_below": False}], "o_neg_floor": 2},
    )
    def put(self, request: Request) -> Response:
        """Replace all of them. One warning follows whenever the available units of a kind fall below."""
        body, member = read(shapes.ThresholdsIn, request), request.user
        minimums = [
            thresholds.Minimum(Component(item["component"]), BloodGroup(item["blood_group"]), item["minimum"])
            for item in body["thresholds"]
        ]
        thresholds.set_thresholds(partner_id=member.partner_id, minimums=minimums, o_neg_floor=body["o_neg_floor"])
        return Response(shapes.ThresholdsOut(selectors.thresholds_of(member.partner_id)).data)


class PolicyView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]

    def get_permissions(self) -> Sequence[Any]:
        return [IsOwner()] if self.request.method == "PUT" else super().get_permissions()

    @operation(
        "Read our stock policy",
        tag=TAG,
        responses={200: shapes.PolicyOut},
        answer={"requires_crossmatch": False, "o_neg_floor": 2},
    )
    def get(self, request: Request) -> Response:
        """How your blood is given away."""
        return Response(shapes.PolicyOut(selectors.policy_of(request.user.partner_id)).data)

    @operation(
        "Set our stock policy",
        tag=TAG,
        request=shapes.PolicyIn,
        responses={200: shapes.PolicyOut},
        example={"requires_crossmatch": True},
        answer={"requires_crossmatch": True, "o_neg_floor": 2},
    )
    def put(self, request: Request) -> Response:
        """For owners. Whoever keeps crossmatches on paper leaves the rule off."""
        body, member = read(shapes.PolicyIn, request), request.user
        crossmatching.set_policy(partner_id=member.partner_id, **body)
        return Response(shapes.PolicyOut(selectors.policy_of(member.partner_id)).data)


class ReportView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]
    renderer_classes = [CSVRenderer, JSONRenderer]

    @operation(
        "Export the stock report",
        tag=TAG,
        responses={(200, "text/csv"): OpenApiTypes.STR},
        answer=",".join(selectors.REPORT_HEADING) + "\r\n",
    )
    def get(self, request: Request) -> Response:
        """Today's stock as CSV, in the layout of the national portal; no cell runs as a formula."""
        rows = selectors.report_rows(request.user.partner_id)
        return Response(
            rows,
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="stock.csv"'},
        )


class SearchView(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]
    reads_replica = True

    @operation(
        "Find blood",
        tag="Public",
        query=[shapes.SearchQuery],
        responses={200: shapes.OfferOut},
        paged=True,
        public=True,
        answer={
            "partner": {
                "id": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7d93",
                "name": "Sahyadri Blood Bank",
                "kind": "blood_bank",
                "phone": "+912025500101",
                "address": "1 Lake Road",
                "city": "Pune",
                "location": {"lat": 18.5204, "lng": 73.8567},
            },
            "distance_km": 2.87,
            "units": 14,
            "groups": [{"blood_group": "B+", "units": 12, "compatible": True, "identical": True}],
        },
    )
    def get(self, request: Request) -> Response:
        """Which approved hospitals and blood banks have so many compatible units, nearest first."""
        query = read_query(shapes.SearchQuery, request)
        found = selectors.search(
            Point(query["lat"], query["lng"]),
            radius_km=query["radius_km"],
            blood_group=BloodGroup(query["blood_group"]),
            component=Component(query["component"]),
            units=query["units"],
        )
        return paged_by_distance(found, shapes.OfferOut, request)
