"""What the library `fhir.resources` makes of an answer: it refuses whatever is no valid R4 resource."""

from __future__ import annotations

from typing import Any

from fhir.resources.R4B import get_fhir_model_class

FHIR = "/fhir/R4"


def parsed(answer: Any) -> Any:
    """Return the resource of an answer, checked against R4 (R4B changes none of the resources served)."""
    assert answer["Content-Type"] == "application/fhir+json", answer.content
    body = answer.json()
    return get_fhir_model_class(body["resourceType"]).model_validate(body)


def found(answer: Any) -> list[Any]:
    """Return the resources in a searchset."""
    assert answer.status_code == 200, answer.content
    return [entry.resource for entry in parsed(answer).entry or []]
