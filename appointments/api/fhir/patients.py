"""Patients as FHIR resources: for themselves, and for a doctor who may read the profile."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from appointments.access import Scope, require_access
from appointments.selectors import records
from common.api.fhir import FHIRView, ResourceType, SearchQuery, label, moment, resource, searchset
from common.api.views import Request, Response, read_query
from users.api.authentication import PersonAuthentication
from users.api.permissions import IsPerson

ABHA: Final = "https://healthid.ndhm.gov.in"  # as the profiles of the Ayushman Bharat Digital Mission name it


class PatientsView(FHIRView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]
    resource_type = ResourceType.PATIENT
    searches = {"_id": "token"}

    def get(self, request: Request) -> Response:
        """Yourself, or the one whom you treat by `_id`; there is no search among all patients."""
        patient_id = read_query(SearchQuery, request).get("_id", request.user.pk)
        return searchset([_read(request, patient_id)], request)


class PatientView(FHIRView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]
    resource_type = ResourceType.PATIENT

    def get(self, request: Request, pk: UUID) -> Response:
        """Yourself, or one whom you treat."""
        return Response(_read(request, pk))


def patient(card: records.PatientCard) -> dict[str, Any]:
    """Return who it is; no telephone number: people are reached through the product."""
    facts = card.facts
    abha = [{"system": ABHA, "value": facts["abha_number"]}] if facts.get("abha_number") else []
    return resource(
        ResourceType.PATIENT,
        card.id,
        {
            "meta": moment(card.updated_at),
            "identifier": [{"type": label("JeevanSetu id"), "value": card.public_id}, *abha],
            "active": True,
            "name": [{"use": "usual", "text": card.name}] if card.name else [],
            "gender": facts.get("sex"),
            "birthDate": facts.get("date_of_birth"),
        },
    )


def _read(request: Request, patient_id: UUID) -> dict[str, Any]:
    require_access(reader_user_id=request.user.pk, patient_user_id=patient_id, scope=Scope.PROFILE)
    return patient(records.card_of(patient_id))
