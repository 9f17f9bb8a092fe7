"""Bags, their movements and transfers as files for spreadsheets."""

from __future__ import annotations

import json
from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from common.api.exports import ExportQuery
from common.api.views import Request
from common.sheets.writing import Column, major
from partners.api.exports import partner_export
from stock import selectors
from stock.api.serializers import COMPONENTS, GROUPS, STATUSES

TAG = "Partners: exports"


class UnitExportQuery(ExportQuery):
    def get_fields(self) -> dict[str, Any]:
        kinds = {"status": STATUSES, "component": COMPONENTS, "blood_group": GROUPS}
        return super().get_fields() | {
            name: serializers.ChoiceField(choices=choices, required=False) for name, choices in kinds.items()
        }


def _units(request: Request, query: dict[str, Any]) -> QuerySet[Any]:
    chosen = {name: query.get(name) for name in ("status", "component", "blood_group")}
    return selectors.units_to_export(request.user.partner_id, **chosen).order_by("pk")


def _movements(request: Request, query: dict[str, Any]) -> QuerySet[Any]:
    return selectors.movements_of(request.user.partner_id).order_by("pk")


def _transfers(request: Request, query: dict[str, Any]) -> QuerySet[Any]:
    return selectors.transfers_of(request.user.partner_id).order_by("pk")


UnitsExportView = partner_export(
    "units",
    summary="Export units",
    said="Your bags, in the order in which they came; the days are those on which they came into your stock.",
    tag=TAG,
    reads_health="units_export",
    query=UnitExportQuery,
    rows=_units,
    columns=(
        Column("id", "id"),
        Column("din", "din"),
        Column("component", "component"),
        Column("blood_group", "blood_group"),
        Column("status", "stands_now"),
        Column("volume_ml", "volume_ml"),
        Column("anticoagulant", "anticoagulant"),
        Column("collected_at", "collected_at"),
        Column("expires_at", "expires_at"),
        Column("irradiated", "irradiated"),
        Column("leukoreduced", "leukoreduced"),
        Column("cmv_negative", "cmv_negative"),
        Column("k_negative", "k_negative"),
        Column("reserved_until", "reserved_until"),
        Column("discard_reason", "discard_reason"),
        Column("recalled_at", "recalled_at"),
        Column("created_at", "created_at"),
    ),
)
MovementsExportView = partner_export(
    "movements",
    summary="Export movements",
    said="Every step of every bag while it was yours, the oldest first.",
    tag=TAG,
    reads_health="movements_export",
    rows=_movements,
    columns=(
        Column("created_at", "created_at"),
        Column("unit", "unit_id"),
        Column("din", "unit__din"),
        Column("component", "unit__component"),
        Column("blood_group", "unit__blood_group"),
        Column("verb", "verb"),
        Column("status", "status"),
        Column("actor", "actor"),
        Column("facts", "facts", lambda facts: json.dumps(facts, ensure_ascii=False, sort_keys=True) if facts else ""),
    ),
)
TransfersExportView = partner_export(
    "transfers",
    summary="Export transfers",
    said="What you asked for, sent, or are asked for now, the oldest first.",
    tag=TAG,
    rows=_transfers,
    columns=(
        Column("id", "id"),
        Column("side", "side"),
        Column("status", "status"),
        Column("receiver", "partner__name"),
        Column("sender", "sender__name"),
        Column("component", "component"),
        Column("blood_group", "blood_group"),
        Column("units", "units"),
        Column("units_offered", "units_offered"),
        Column("units_received", "units_received"),
        Column("urgency", "urgency"),
        Column("needed_by", "needed_by"),
        Column("fee_each", "fee_minor", major),
        Column("currency", "fee_currency"),
        Column("end_reason", "end_reason"),
        Column("created_at", "created_at"),
    ),
)
