"""The FHIR R4 façade: every resource there is, and the statement that lists them."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.urls import URLPattern, path, re_path
from rest_framework.permissions import AllowAny

from appointments.api.fhir.findings import ObservationsView, ObservationView
from appointments.api.fhir.patients import PatientsView, PatientView
from appointments.api.fhir.practice import (
    PractitionersView,
    PractitionerView,
    SchedulesView,
    ScheduleView,
    SlotsView,
    SlotView,
)
from appointments.api.fhir.visits import AppointmentsView, AppointmentView
from common import clock
from common.api.fhir import FHIRView, instant
from common.api.fhir.outcomes import unknown_resource
from common.api.fhir.views import ROOT
from common.api.views import Request, Response
from requests_app.api.fhir import SupplyRequestsView, SupplyRequestView
from stock.api.fhir import ProductsView, ProductView

RESOURCES: Final[tuple[tuple[type[FHIRView], type[FHIRView]], ...]] = (
    (AppointmentsView, AppointmentView),
    (ObservationsView, ObservationView),
    (PatientsView, PatientView),
    (PractitionersView, PractitionerView),
    (ProductsView, ProductView),
    (SchedulesView, ScheduleView),
    (SlotsView, SlotView),
    (SupplyRequestsView, SupplyRequestView),
)


class MetadataView(FHIRView):
    """What this server can do (https://hl7.org/fhir/R4/capabilitystatement.html)."""

    authentication_classes = []
    permission_classes = [AllowAny]

    def get(self, request: Request) -> Response:
        """Anybody may ask what there is."""
        return Response(
            {
                "resourceType": "CapabilityStatement",
                "status": "active",
                "date": instant(clock.now()),
                "kind": "instance",
                "software": {"name": "JeevanSetu", "version": settings.SPECTACULAR_SETTINGS["VERSION"]},
                "implementation": {"description": "JeevanSetu", "url": request.build_absolute_uri(ROOT)},
                "fhirVersion": "4.0.1",
                "format": ["application/fhir+json"],
                "rest": [{"mode": "server", "resource": [_capability(search) for search, _ in RESOURCES]}],
            }
        )


def _capability(search: type[FHIRView]) -> dict[str, Any]:
    return {
        "type": str(search.resource_type),
        "interaction": [{"code": "read"}, {"code": "search-type"}],
        "searchParam": [{"name": name, "type": kind} for name, kind in search.searches.items()],
    }


def _addresses() -> list[URLPattern]:
    found = []
    for search, read in RESOURCES:
        name = f"fhir-{search.resource_type.lower()}"
        found.append(path(str(search.resource_type), search.as_view(), name=f"{name}s"))
        found.append(path(f"{search.resource_type}/<{read.key}:pk>", read.as_view(), name=name))
    return found


urlpatterns = [
    path("metadata", MetadataView.as_view(), name="fhir-metadata"),
    *_addresses(),
    re_path("", unknown_resource),
]
