"""Blood requests as a file for spreadsheets."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from common.api.views import Request
from common.sheets.writing import Column
from partners.api.exports import partner_export
from requests_app import selectors


def _requests(request: Request, query: dict[str, Any]) -> QuerySet[Any]:
    return selectors.requests_of(request.user.partner_id).prefetch_related(None).order_by("pk")


RequestsExportView = partner_export(
    "requests",
    summary="Export blood requests",
    said="Your requests, the oldest first. No donor stands in it.",
    tag="Partners: exports",
    rows=_requests,
    columns=(
        Column("id", "id"),
        Column("status", "status"),
        Column("component", "component"),
        Column("blood_group", "blood_group"),
        Column("units", "units"),
        Column("units_promised", "units_promised"),
        Column("units_fulfilled", "units_fulfilled"),
        Column("urgency", "urgency"),
        Column("needed_by", "needed_by"),
        Column("expires_at", "expires_at"),
        Column("radius_km", "radius_km"),
        Column("cancel_reason", "cancel_reason"),
        Column("created_at", "created_at"),
    ),
)
