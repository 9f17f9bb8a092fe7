"""Bags as FHIR resources, for the partner whose they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

from rest_framework import serializers

from common.api.fhir import FHIRView, ResourceType, SearchQuery, bundle, coded, instant, label, reference, resource
from common.api.fhir.elements import LOINC, UCUM
from common.api.views import Request, Response, read_query
from partners.api.authentication import MemberAuthentication
from partners.api.permissions import IsLiveMember
from stock import selectors
from stock.models import Unit
from stock.states import UnitStatus

# Elements of R5 that R4 lacks, by the extensions that HL7 defines for them (https://hl7.org/fhir/R5/versions.html).
EXTENSION: Final = "http://hl7.org/fhir/5.0/StructureDefinition/extension-BiologicallyDerivedProduct"
GIVABLE: Final = frozenset({UnitStatus.AVAILABLE, UnitStatus.RESERVED})


class ProductQuery(SearchQuery):
    identifier = serializers.CharField(required=False, max_length=80, help_text="The donation's number.")
    status = serializers.ChoiceField(["available", "unavailable"], required=False)


class ProductsView(FHIRView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]
    resource_type = ResourceType.BIOLOGICALLY_DERIVED_PRODUCT
    searches = {"_id": "token", "identifier": "token", "status": "token"}

    def get(self, request: Request) -> Response:
        """Your bags, newest first; a bag whose life is over is unavailable at once."""
        query = read_query(ProductQuery, request)
        status = query.get("status")
        found = selectors.products_of(
            request.user.partner_id,
            unit_id=query.get("_id"),
            din=query.get("identifier"),
            is_available=None if status is None else status == "available",
        )
        return bundle(found, product, request)


class ProductView(FHIRView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]
    resource_type = ResourceType.BIOLOGICALLY_DERIVED_PRODUCT

    def get(self, request: Request, pk: UUID) -> Response:
        """One of your bags."""
        return Response(product(selectors.get_unit_of(request.user.partner_id, pk)))


def product(unit: Unit) -> dict[str, Any]:
    """Return the bag as a BiologicallyDerivedProduct; R4 counts bags, and knows no volume."""
    return resource(
        ResourceType.BIOLOGICALLY_DERIVED_PRODUCT,
        unit.pk,
        {
            "meta": {"lastUpdated": instant(unit.created_at)},
            "extension": [*_beyond_r4(unit)],
            "identifier": [{"use": "official", "type": label("Donation identification number"), "value": unit.din}],
            "productCategory": "fluid" if "plasma" in unit.component else "cells",
            "productCode": label(unit.get_component_display()),
            "status": "available" if unit.stands in GIVABLE else "unavailable",
            "quantity": 1,
            "parent": _parent(unit),
            "collection": {"collectedDateTime": instant(unit.collected_at)},
            "storage": _storage(unit),
        },
    )


def _beyond_r4(unit: Unit) -> Iterator[dict[str, Any]]:
    yield {"url": f"{EXTENSION}.expirationDate", "valueDateTime": instant(unit.expires_at)}
    yield _property(coded(LOINC, "882-1", "ABO and Rh group [Type] in Blood"), {"valueString": unit.blood_group})
    volume = {"value": unit.volume_ml, "unit": "mL", "system": UCUM, "code": "mL"}
    yield _property(label("volume"), {"valueQuantity": volume})


def _property(kind: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    parts = [{"url": "type", "valueCodeableConcept": kind}, {"url": "value", **value}]
    return {"url": f"{EXTENSION}.property", "extension": parts}


def _parent(unit: Unit) -> list[dict[str, str]]:
    split_from = unit.split_from_id
    return [reference(ResourceType.BIOLOGICALLY_DERIVED_PRODUCT, split_from)] if split_from else []


def _storage(unit: Unit) -> list[dict[str, Any]]:
    """Return the warmest temperature it may be kept at: R4 has room for one number."""
    if unit.storage_max_c is None:
        return []
    kept = "up to" if unit.storage_min_c is None else f"{unit.storage_min_c} to"
    words = f"{kept} {unit.storage_max_c} °C"
    return [{"description": words, "temperature": float(unit.storage_max_c), "scale": "celsius"}]
