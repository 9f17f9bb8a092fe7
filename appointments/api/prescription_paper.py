"""A prescription as the PDF that somebody asks for."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes

from appointments.api.record_shapes import PrintQuery
from appointments.records.printing import PrintedPrescription, prescription_pdf
from common.api.views import Request, read_query

PAPER = {(200, "application/pdf"): OpenApiTypes.BINARY}


def paper(request: Request, row: Any) -> HttpResponse:
    """Return the PDF of a signed prescription, in the language asked for or the reader's own."""
    language = read_query(PrintQuery, request).get("language") or request.user.language
    base = settings.PUBLIC_URL.rstrip("/") or request.build_absolute_uri("/").rstrip("/")
    zone = ZoneInfo(row.doctor.zone)
    facts = PrintedPrescription(
        number=row.number,
        patient_name=row.patient_name or "",
        said=row.said,
        revoked_on=None if row.revoked_at is None else row.revoked_at.astimezone(zone).date(),
    )
    address = base + reverse("prescription", kwargs={"code": row.code})
    return HttpResponse(
        prescription_pdf(facts, language=language, check_url=address),
        content_type="application/pdf",
        headers={
            "Content-Disposition": f'inline; filename="{row.number}.pdf"',
            "Cache-Control": "private, no-store",
        },
    )
