"""What becomes of a donation: the certificate, the way of its components, and back from a bag to the donation."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from rest_framework.permissions import AllowAny

from common.api.renderers import JSONRenderer, PDFRenderer
from common.api.schema import operation
from common.api.views import APIView, Request, Response, read_query
from common.errors import NotFound
from donations import journeys, selectors
from donations.api import journey_serializers as shapes
from donations.certificates import certificate_pdf
from donations.services import certifying
from partners.api.authentication import MemberAuthentication
from partners.api.permissions import IsLiveMember
from users.api.authentication import PersonAuthentication
from users.api.permissions import IsPerson

ID = "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7d95"
PLACE = {"id": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7d93", "name": "Sahyadri Hospital", "city": "Pune"}
PDF = {(200, "application/pdf"): OpenApiTypes.BINARY}
JOURNEY = {
    "donation": ID,
    "donation_type": "whole_blood",
    "donated_on": "2026-01-15",
    "partner": PLACE,
    "tested_on": "2026-01-16",
    "components": [
        {
            "component": "red_cells",
            "now": "given",
            "stops": [
                {"step": "issued", "on": "2026-01-20", "partner": PLACE},
                {"step": "given", "on": "2026-01-20", "partner": PLACE},
            ],
        }
    ],
}
CERTIFICATE = {
    "valid": True,
    "number": "DC-7K4M-Q2P9-D3TP",
    "donor_initials": "A. K.",
    "donation_type": "whole_blood",
    "donated_on": "2026-01-15",
    "partner_name": "Sahyadri Hospital",
    "partner_city": "Pune",
}
TRACE = {
    "din": "Z000126000042",
    "collected_by": PLACE,
    "withdrawn_at": None,
    "donation": ID,
    "donor": "JS-7K4M-Q2P9-D3TP",
    "units": [
        {
            "id": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7d96",
            "component": "red_cells",
            "status": "issued",
            "partner": PLACE,
            "split_from": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7d90",
            "recalled_at": None,
            "expires_at": "2026-02-19T11:20:00Z",
            "steps": [
                {
                    "verb": "issue",
                    "status": "issued",
                    "at": "2026-01-20T08:15:00Z",
                    "partner": PLACE,
                    "given_at": PLACE,
                    "actor": "member:01990b1e-6c00-7a3b-9d1e-2f4a5b6c7d97",
                    "facts": {"to": "order:01990b1e-6c00-7a3b-9d1e-2f4a5b6c7d99"},
                }
            ],
        }
    ],
}


class MyCertificateView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]
    renderer_classes = [PDFRenderer, JSONRenderer]

    @operation(
        "Print my certificate",
        tag="Me",
        query=[shapes.LanguageQuery],
        responses=PDF,
        refusals=[NotFound],
        answer="%PDF-1.4 …",
    )
    def get(self, request: Request, donation_id: UUID) -> HttpResponse:
        """Your donation on paper, with a QR code by which anybody can check it; nothing about your health."""
        certifying.certify_for_donor(donation_id=donation_id, donor_id=request.user.pk)
        return _certificate(request, donation_id)


class PartnerCertificateView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]
    reads_health = "certificate"
    renderer_classes = [PDFRenderer, JSONRenderer]

    @operation(
        "Print a donor's certificate",
        tag="Partners: donations",
        query=[shapes.LanguageQuery],
        responses=PDF,
        refusals=[NotFound],
        answer="%PDF-1.4 …",
    )
    def get(self, request: Request, donation_id: UUID) -> HttpResponse:
        """The same certificate, to hand over on paper."""
        certifying.certify_for_partner(donation_id=donation_id, partner_id=request.user.partner_id)
        return _certificate(request, donation_id)


class CertificateView(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]

    @operation(
        "Check a certificate",
        tag="Public",
        responses={200: shapes.CertificateOut},
        refusals=[NotFound],
        public=True,
        answer=CERTIFICATE,
    )
    def get(self, request: Request, code: str) -> Response:
        """What a certificate with this code says; of the donor only initials. An unknown code answers 404."""
        return Response(shapes.CertificateOut(selectors.certificate_by_code(code)).data)


class JourneyView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "Follow my donation",
        tag="Me",
        responses={200: shapes.JourneyOut},
        refusals=[NotFound],
        answer=JOURNEY,
    )
    def get(self, request: Request, donation_id: UUID) -> Response:
        """What was made of your donation and to which hospitals it went: days and places, never a patient.

        `not_used` gives no reason; what concerns you the centre tells you in person.
        """
        return Response(shapes.JourneyOut(journeys.journey_of_donor(request.user.pk, donation_id)).data)


class DonationTraceView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]
    reads_health = "donation_trace"

    @operation(
        "Trace a donation",
        tag="Partners: donations",
        responses={200: shapes.TraceOut},
        refusals=[NotFound],
        answer=TRACE,
    )
    def get(self, request: Request, donation_id: UUID) -> Response:
        """Every bag that was made of your donation, wherever it went, step by step."""
        found = journeys.trace_of_donation(request.user.partner_id, donation_id)
        return Response(shapes.TraceOut(shapes.shown_trace(found)).data)


class UnitTraceView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]
    reads_health = "unit_trace"

    @operation(
        "Trace a unit",
        tag="Partners: stock",
        responses={200: shapes.TraceOut},
        refusals=[NotFound],
        answer=TRACE,
    )
    def get(self, request: Request, unit: str) -> Response:
        """From a bag (id, number or bar code) back to the donation and to all its bags.

        For the organisation that took the donation, and for those that have a bag of it.
        """
        found = journeys.trace_of_bag(request.user.partner_id, unit)
        return Response(shapes.TraceOut(shapes.shown_trace(found)).data)


def _certificate(request: Request, donation_id: UUID) -> HttpResponse:
    facts = selectors.certificate_of(donation_id)
    language = read_query(shapes.LanguageQuery, request).get("language") or facts.language
    address = reverse("certificate", kwargs={"code": facts.code})
    base = settings.PUBLIC_URL.rstrip("/") or request.build_absolute_uri("/").rstrip("/")
    return HttpResponse(
        certificate_pdf(facts, language=language, check_url=base + address),
        content_type="application/pdf",
        headers={
            "Content-Disposition": f'inline; filename="{facts.number}.pdf"',
            "Cache-Control": "private, no-store",
        },
    )
