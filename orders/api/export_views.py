"""Orders as a file for spreadsheets."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from common.api.exports import ExportQuery
from common.api.views import Request
from common.sheets.writing import Column, major
from orders import selectors
from partners.api.exports import partner_export


class OrderExportQuery(ExportQuery):
    def get_fields(self) -> dict[str, Any]:
        side = serializers.ChoiceField(
            choices=[selectors.PLACED, selectors.RECEIVED], required=False, help_text="Both unless told."
        )
        return super().get_fields() | {"side": side}


def _orders(request: Request, query: dict[str, Any]) -> QuerySet[Any]:
    return selectors.orders_of_partner(request.user.partner_id, query.get("side", "")).order_by("pk")


OrdersExportView = partner_export(
    "orders",
    summary="Export orders",
    said="What you ordered and what was ordered of you, the oldest first. No patient or receiver stands in it.",
    tag="Partners: exports",
    query=OrderExportQuery,
    rows=_orders,
    columns=(
        Column("id", "id"),
        Column("status", "status"),
        Column("bank", "bank__name"),
        Column("buyer", "buyer_partner__name"),
        Column("terms", "terms"),
        Column("is_pickup", "is_pickup"),
        Column("distance_km", "distance_km"),
        Column("needed_by", "needed_by"),
        Column("total", "total_minor", major),
        Column("fee", "fee_minor", major),
        Column("less", "less_minor", major),
        Column("currency", "currency"),
        Column("paid_at", "paid_at"),
        Column("dispatched_at", "dispatched_at"),
        Column("ended_at", "ended_at"),
        Column("end_reason", "end_reason"),
        Column("created_at", "created_at"),
    ),
)
