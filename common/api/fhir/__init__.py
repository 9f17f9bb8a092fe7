"""FHIR R4, read only: what a resource's view is made of (https://hl7.org/fhir/R4/http.html)."""

from common.api.fhir.elements import ResourceType, coded, instant, label, moment, reference, without_empty
from common.api.fhir.search import Period, SearchQuery, period_of
from common.api.fhir.views import FHIRView, bundle, resource, searchset

__all__ = [
    "FHIRView",
    "Period",
    "ResourceType",
    "SearchQuery",
    "bundle",
    "coded",
    "instant",
    "label",
    "moment",
    "period_of",
    "reference",
    "resource",
    "searchset",
    "without_empty",
]
