"""Reports of a partner's stock: JSON, or CSV where the caller accepts it or the address ends in `.csv`."""

from __future__ import annotations

from typing import ClassVar

from drf_spectacular.types import OpenApiTypes

from common.api.csv_renderer import CSVRenderer
from common.api.renderers import JSONRenderer
from common.api.schema import operation
from common.api.views import APIView, Request, Response, read_query
from partners.api.authentication import MemberAuthentication
from partners.api.permissions import IsLiveMember
from stock import errors, reports
from stock.api import serializers as shapes
from stock.api.unit_views import TAG

WASTE = {
    "from": "2026-01-01",
    "to": "2026-01-31",
    "zone": "Asia/Kolkata",
    "taken_in": 120,
    "wasted": 6,
    "share": 0.05,
    "rows": [
        {
            "component": "platelets_random",
            "blood_group": "B+",
            "taken_in": 40,
            "separated": 0,
            "wasted": 6,
            "share": 0.15,
            "reasons": {"expired": 5, "broken": 1},
        }
    ],
}
AGE = {
    "component": "red_cells",
    "blood_group": "B+",
    "units": 14,
    "counted": 2,
    "within_1_day": 1,
    "within_3_days": 3,
    "within_7_days": 5,
    "buckets": {"0-1": 1, "2-3": 2, "4-7": 2, "8-14": 3, "15-": 6},
    "first_expires_at": "2026-01-16T11:20:00Z",
    "oldest_collected_at": "2025-12-12T11:20:00Z",
}


class ReportView(APIView):
    """`as_csv` is for the address that ends in `.csv`, which gives a file whatever is accepted."""

    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]
    renderer_classes = [JSONRenderer, CSVRenderer]
    name: ClassVar[str]

    def wants_csv(self, request: Request) -> bool:
        return bool(request.accepted_renderer.format == CSVRenderer.format)

    def file(self, rows: list[list[str]]) -> Response:
        headers = {"Content-Disposition": f'attachment; filename="{self.name}.csv"'}
        return Response(rows, content_type="text/csv; charset=utf-8", headers=headers)


class WastageView(ReportView):
    name = "wastage"

    @operation(
        "Report waste",
        tag=TAG,
        query=[shapes.PeriodQuery],
        responses={(200, "application/json"): shapes.WastageOut},
        refusals=[errors.PeriodInvalid],
        answer=WASTE,
    )
    def get(self, request: Request) -> Response:
        """What was discarded or expired, by kind and reason, of what was taken in. `Accept: text/csv` gives a file."""
        days = read_query(shapes.PeriodQuery, request)
        report = reports.wastage(request.user.partner_id, start=days["from"], end=days["to"])
        if self.wants_csv(request):
            return self.file(reports.wastage_table(report))
        return Response(shapes.WastageOut(report).data)


class AgeView(ReportView):
    name = "age"

    @operation("Report ages", tag=TAG, responses={(200, "application/json"): shapes.AgesOut}, answer={"rows": [AGE]})
    def get(self, request: Request) -> Response:
        """What is on the shelf by days left, first to expire first. `Accept: text/csv` gives a file."""
        rows = reports.ages(request.user.partner_id)
        if self.wants_csv(request):
            return self.file(reports.age_table(rows))
        return Response(shapes.AgesOut({"rows": rows}).data)


class WastageFileView(WastageView):
    renderer_classes = [CSVRenderer, JSONRenderer]

    @operation(
        "Export waste",
        tag=TAG,
        query=[shapes.PeriodQuery],
        responses={(200, "text/csv"): OpenApiTypes.STR},
        refusals=[errors.PeriodInvalid],
        answer="component,blood_group,taken_in,separated,wasted,share\r\n",
    )
    def get(self, request: Request) -> Response:
        """The report of waste as CSV."""
        return super().get(request)

    def wants_csv(self, request: Request) -> bool:
        return True


class AgeFileView(AgeView):
    renderer_classes = [CSVRenderer, JSONRenderer]

    @operation(
        "Export ages",
        tag=TAG,
        responses={(200, "text/csv"): OpenApiTypes.STR},
        answer="component,blood_group,units,counted\r\n",
    )
    def get(self, request: Request) -> Response:
        """The report of ages as CSV."""
        return super().get(request)

    def wants_csv(self, request: Request) -> bool:
        return True
