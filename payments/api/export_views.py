"""Settlements and the ledger of a partner as files for spreadsheets."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from common.api.views import Request
from common.sheets.writing import Column, major
from partners.api.exports import partner_export
from partners.api.permissions import IsOwner
from payments import settlement_selectors as selectors

TAG = "Partners: exports"


def _settlements(request: Request, query: dict[str, Any]) -> QuerySet[Any]:
    return selectors.settlements_of(request.user.partner_id).order_by("pk")


def _lines(request: Request, query: dict[str, Any]) -> QuerySet[Any]:
    return selectors.every_line_of(request.user.partner_id).order_by("pk")


SettlementsExportView = partner_export(
    "settlements",
    permission=IsOwner,
    summary="Export settlements",
    said="For owners: a statement for each month and currency, the oldest first, by the day on which it was made.",
    tag=TAG,
    rows=_settlements,
    columns=(
        Column("id", "id"),
        Column("month", "month"),
        Column("currency", "currency"),
        Column("opening", "opening_minor", major),
        Column("sold", "sold_minor", major),
        Column("returned", "returned_minor", major),
        Column("collected", "collected_minor", major),
        Column("paid_out", "paid_out_minor", major),
        Column("other", "other_minor", major),
        Column("closing", "closing_minor", major),
        Column("payout", "payout_id"),
        Column("created_at", "created_at"),
    ),
)
LedgerExportView = partner_export(
    "ledger",
    permission=IsOwner,
    summary="Export the ledger",
    said="For owners: every movement of what is owed to you, the oldest first; above zero is owed to you.",
    tag=TAG,
    dated_by="entry__created_at",
    rows=_lines,
    columns=(
        Column("id", "id"),
        Column("created_at", "entry__created_at"),
        Column("kind", "entry__kind"),
        Column("reference", "entry__reference"),
        Column("amount", "owed_minor", major),
        Column("currency", "currency"),
    ),
)
