"""Donations and camps' places as files for spreadsheets."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from common.api.views import Request
from common.sheets.writing import Column
from donations import selectors
from partners.api.exports import partner_export
from partners.api.permissions import MayCoordinate

TAG = "Partners: exports"


def _donations(request: Request, query: dict[str, Any]) -> QuerySet[Any]:
    return selectors.donations_of_partner(request.user.partner_id).order_by("pk")


def _enrolments(request: Request, query: dict[str, Any]) -> QuerySet[Any]:
    return selectors.enrolments_of_partner(request.user.partner_id).order_by("pk")


DonationsExportView = partner_export(
    "donations",
    summary="Export donations",
    said="Donations verified by you, the oldest first. Donors stand in it by their public number, without a name.",
    tag=TAG,
    reads_health="donations_export",
    dated_by="donated_at",
    rows=_donations,
    columns=(
        Column("id", "id"),
        Column("din", "unit__din"),
        Column("donor", "donor__user__public_id"),
        Column("donation_type", "donation_type"),
        Column("blood_group", "blood_group"),
        Column("volume_ml", "volume_ml"),
        Column("haemoglobin_g_dl", "haemoglobin_g_dl"),
        Column("weight_kg", "weight_kg"),
        Column("systolic_mmhg", "systolic_mmhg"),
        Column("diastolic_mmhg", "diastolic_mmhg"),
        Column("pulse_bpm", "pulse_bpm"),
        Column("consent", "consent"),
        Column("donated_at", "donated_at"),
    ),
)
EnrolmentsExportView = partner_export(
    "enrolments",
    permission=MayCoordinate,
    summary="Export camps' places",
    said="Who held places in your camps, the oldest first, by public number and without a name; the desk's list of one "
    "camp has the names.",
    tag=TAG,
    reads_health="enrolments_export",
    dated_by="enrolled_at",
    rows=_enrolments,
    columns=(
        Column("id", "id"),
        Column("camp", "camp_id"),
        Column("camp_title", "camp__title"),
        Column("donor", "donor__user__public_id"),
        Column("blood_group", "donor__blood_group"),
        Column("status", "status"),
        Column("enrolled_at", "enrolled_at"),
        Column("checked_in_at", "checked_in_at"),
    ),
)
