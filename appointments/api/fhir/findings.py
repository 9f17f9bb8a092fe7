"""What was measured of a patient, as FHIR resources: for the patient, and for a doctor who may read it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from rest_framework import serializers

from appointments.access import Scope, require_access
from appointments.analysis.states import Interpretation
from appointments.models import Observation
from appointments.selectors import analysing
from common.api.fhir import FHIRView, ResourceType, SearchQuery, bundle, coded, instant, moment, resource
from common.api.fhir.elements import LOINC, UCUM
from common.api.views import Request, Response, read_query
from common.errors import NotFound
from users.api.authentication import PersonAuthentication
from users.api.permissions import IsPerson

CATEGORY: Final = coded("http://terminology.hl7.org/CodeSystem/observation-category", "laboratory", "Laboratory")
INTERPRETATIONS: Final = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
DISPLAYS: Final = {Interpretation.LOW: "Low", Interpretation.NORMAL: "Normal", Interpretation.HIGH: "High"}


class ObservationQuery(SearchQuery):
    patient = serializers.CharField(required=False, max_length=60)
    code = serializers.CharField(required=False, max_length=80, help_text="LOINC, with or without its system.")


class ObservationsView(FHIRView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]
    resource_type = ResourceType.OBSERVATION
    searches = {"_id": "token", "patient": "reference", "code": "token"}

    def get(self, request: Request) -> Response:
        """Yours, or those of the `patient` whom you treat, newest first; what no doctor has signed is preliminary."""
        query = read_query(ObservationQuery, request)
        patient_id = _patient_of(query["patient"]) if "patient" in query else request.user.pk
        require_access(reader_user_id=request.user.pk, patient_user_id=patient_id, scope=Scope.OBSERVATIONS)
        code = query["code"].removeprefix(f"{LOINC}|") if "code" in query else None
        found = analysing.observations_of(patient_id, code=code)
        return bundle(found.filter(pk=query["_id"]) if "_id" in query else found, observation, request)


class ObservationView(FHIRView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]
    resource_type = ResourceType.OBSERVATION

    def get(self, request: Request, pk: UUID) -> Response:
        """One of them."""
        found = analysing.get_observation(pk)
        require_access(reader_user_id=request.user.pk, patient_user_id=found.patient_id, scope=Scope.OBSERVATIONS)
        return Response(observation(found))


def observation(row: Observation) -> dict[str, Any]:
    """Return a value with its range as the report gave them, in the unit of its code."""
    display = DISPLAYS.get(Interpretation(row.interpretation))
    bounds = {"low": row.low, "high": row.high}
    ranges = {name: _quantity(value, row.unit) for name, value in bounds.items() if value is not None}
    when = row.taken_on.isoformat() if row.taken_on else instant(row.created_at)
    return resource(
        ResourceType.OBSERVATION,
        row.pk,
        {
            "meta": moment(row.created_at),
            "status": "final" if row.signed else "preliminary",
            "category": [CATEGORY],
            "code": coded(LOINC, row.code, row.name),
            "subject": {"reference": f"{ResourceType.PATIENT}/{row.patient_id}"},
            "effectiveDateTime": when,
            "valueQuantity": _quantity(row.value, row.unit),
            "interpretation": [coded(INTERPRETATIONS, row.interpretation, display)] if display else [],
            "referenceRange": [ranges] if ranges else [],
        },
    )


def _quantity(value: Decimal, unit: str) -> dict[str, Any]:
    return {"value": value.normalize(), "unit": unit, "system": UCUM, "code": unit}


def _patient_of(text: str) -> UUID:
    """Raises: NotFound: a reference to nobody is one to somebody who is not the reader's to see"""
    try:
        return UUID(text.removeprefix(f"{ResourceType.PATIENT}/"))
    except ValueError as exc:
        raise NotFound from exc
