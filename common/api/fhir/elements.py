"""The small elements that every resource is put together from."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

LOINC: Final = "http://loinc.org"
UCUM: Final = "http://unitsofmeasure.org"


class ResourceType(StrEnum):
    """The resources that are served."""

    APPOINTMENT = "Appointment"
    BIOLOGICALLY_DERIVED_PRODUCT = "BiologicallyDerivedProduct"
    OBSERVATION = "Observation"
    PATIENT = "Patient"
    PRACTITIONER = "Practitioner"
    SCHEDULE = "Schedule"
    SLOT = "Slot"
    SUPPLY_REQUEST = "SupplyRequest"


def instant(when: dt.datetime | None) -> str | None:
    """Return the moment in UTC, as FHIR's `instant` and `dateTime` both take it."""
    return None if when is None else when.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment(when: dt.datetime | None) -> dict[str, str]:
    """Return `meta` with the moment of the last change."""
    shown = instant(when)
    return {} if shown is None else {"lastUpdated": shown}


def reference(kind: ResourceType, pk: UUID, display: str = "") -> dict[str, str]:
    """Return a reference to a resource of this server."""
    found = {"reference": f"{kind}/{pk}"}
    return {**found, "display": display} if display else found


def label(text: str) -> dict[str, str]:
    """Return a CodeableConcept that no code system knows."""
    return {"text": text}


def coded(system: str, code: str, display: str) -> dict[str, Any]:
    """Return a CodeableConcept with one coding."""
    return {"coding": [{"system": system, "code": code, "display": display}], "text": display}


def without_empty(element: dict[str, Any]) -> dict[str, Any]:
    """Return the element without what has no value: FHIR knows no nulls and no empty lists."""
    return {name: value for name, value in element.items() if value is not None and value not in ("", [], {})}
