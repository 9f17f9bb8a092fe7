"""Refusals in FHIR's words: an OperationOutcome (https://hl7.org/fhir/R4/operationoutcome.html)."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest, JsonResponse
from rest_framework.response import Response

from common.api import problems
from common.errors import NotFound

MEDIA_TYPE: Final = "application/fhir+json"
# Statuses in the value set http://hl7.org/fhir/issue-type.
ISSUE_TYPES: Final = {
    400: "invalid",
    401: "login",
    403: "forbidden",
    404: "not-found",
    405: "not-supported",
    406: "not-supported",
    409: "conflict",
    423: "suppressed",
    429: "throttled",
    503: "transient",
}


def outcome(problem: dict[str, Any]) -> dict[str, Any]:
    """Return the OperationOutcome that says what the problem says; its code stands in `details`."""
    kind = ISSUE_TYPES.get(problem["status"], "processing")
    found = problem["errors"] or [{"code": problem["code"], "detail": problem["detail"], "pointer": ""}]
    return {"resourceType": "OperationOutcome", "issue": [_issue(kind, one) for one in found]}


def _issue(kind: str, error: dict[str, str]) -> dict[str, Any]:
    issue: dict[str, Any] = {
        "severity": "error",
        "code": kind,
        "details": {"coding": [{"code": error["code"]}], "text": error["detail"]},
    }
    name = error["pointer"].strip("/")
    return {**issue, "expression": [name]} if name else issue


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Turn a refusal into its answer, as the API's own handler does."""
    answer = problems.exception_handler(exc, context)
    if answer is not None:
        answer.data, answer.content_type = outcome(answer.data), MEDIA_TYPE
    return answer


def unknown_resource(request: HttpRequest) -> JsonResponse:
    """Whatever of the façade no other route knows."""
    body = outcome(problems.problem(404, NotFound.code, NotFound.message))
    return JsonResponse(body, status=404, content_type=MEDIA_TYPE)
