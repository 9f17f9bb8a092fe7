"""Every refusal leaves as RFC 9457 `application/problem+json`, our own and the framework's alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import structlog
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, JsonResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from common import errors
from common.db import is_away
from common.logs import request_id

log = structlog.get_logger(__name__)
MEDIA_TYPE = "application/problem+json"
DATABASE_BACK_IN: Final = 5  # seconds, after which it is worth asking again

# First match wins, so the narrow kinds stand above the wide ones.
STATUS: tuple[tuple[type[errors.DomainError], int], ...] = (
    (errors.Unauthenticated, 401),
    (errors.NotFound, 404),
    (errors.NotAllowed, 403),
    (errors.Conflict, 409),
    (errors.Misdirected, 421),
    (errors.Mismatch, 422),
    (errors.Locked, 423),
    (errors.TooMany, 429),
    (errors.Unavailable, 503),
    (errors.DomainError, 400),
)
TITLES = {
    400: "The request is not acceptable",
    401: "Sign in first",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    409: "No longer possible",
    413: "Too large",
    415: "Unsupported media type",
    421: "Not from this server",
    422: "Contradicts an earlier request",
    423: "Locked",
    429: "Too many requests",
    500: "Something went wrong on our side",
    503: "Not available right now",
}
# What is refused before any rule of ours is asked, by code; `docs/errors.md` lists them too.
FRAMEWORK = {
    "invalid_input": (400, "Some values are missing or not acceptable."),
    "malformed_json": (400, "The body is not valid JSON."),
    "bad_request": (400, "The request could not be read."),
    "method_not_allowed": (405, "This address does not know the method."),
    "not_acceptable": (406, "Answers are application/json."),
    "body_too_large": (413, "The body is larger than any request of this API."),
    "unsupported_media_type": (415, "Send a body of the media type that the operation takes."),
    "server_error": (500, "This is our fault and has been written down. Try again later."),
}
# The framework's own codes in our words; the rest keep their name.
FRAMEWORK_CODES = {"error": "server_error", "parse_error": "malformed_json", "throttled": "too_many_requests"}


def status_of(kind: type[errors.DomainError]) -> int:
    """Return the HTTP status that answers a refusal of this kind."""
    return next(status for base, status in STATUS if issubclass(kind, base))


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    field_errors: list[dict[str, str]] | None = None,
    facts: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the problem body; `facts` become extension members, and never hide one of the standard's."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": TITLES.get(status, "Refused"),
        "status": status,
        "code": code,
        "detail": detail,
        "errors": field_errors or [],
        "request_id": request_id.get(),
    }
    return {**(facts or {}), **body}


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Turn a refusal into its answer; None lets the server's 500 page speak."""
    if isinstance(exc, Http404):
        exc = errors.NotFound()
    elif isinstance(exc, PermissionDenied):
        exc = errors.NotAllowed()
    elif is_away(exc):
        log.error("the database does not answer", error=type(exc).__name__)
        exc = errors.Unavailable(retry_after=DATABASE_BACK_IN)
    if isinstance(exc, errors.DomainError):
        set_rollback()
        return _answer_refusal(exc)
    if isinstance(exc, exceptions.APIException):
        set_rollback()
        return _answer_framework(exc)
    if isinstance(exc, RequestDataTooBig):
        return _answer("body_too_large")
    if isinstance(exc, SuspiciousOperation | UnreadablePostError):
        return _answer("bad_request")
    return None


def _answer(code: str) -> Response:
    status, detail = FRAMEWORK[code]
    return Response(problem(status, code, detail), status=status, content_type=MEDIA_TYPE)


def _answer_refusal(exc: errors.DomainError) -> Response:
    status = status_of(type(exc))
    facts = dict(exc.facts)
    pointers = facts.pop("pointers", None) or [facts.pop("pointer", None) or getattr(exc, "pointer", "")]
    field_errors = [{"pointer": pointer, "code": exc.code, "detail": exc.message} for pointer in pointers if pointer]
    headers = {}
    if isinstance(exc, errors.Busy):
        headers["Retry-After"] = "1"
    if isinstance(exc, errors.TooMany | errors.Unavailable):
        headers["Retry-After"] = str(facts.get("retry_after", 60))
    if isinstance(exc, errors.Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    body = problem(status, exc.code, exc.message, field_errors=field_errors, facts=facts)
    return Response(body, status=status, headers=headers, content_type=MEDIA_TYPE)


def _answer_framework(exc: exceptions.APIException) -> Response:
    headers = {}
    challenge = getattr(exc, "auth_header", None)
    if challenge:
        headers["WWW-Authenticate"] = challenge
    if isinstance(exc, exceptions.ValidationError):
        found = list(_flatten(exc.get_full_details(), ""))
        body = problem(400, "invalid_input", FRAMEWORK["invalid_input"][1], field_errors=found)
        return Response(body, status=400, headers=headers, content_type=MEDIA_TYPE)
    code = exc.get_codes()
    code = FRAMEWORK_CODES.get(str(code), str(code))
    body = problem(exc.status_code, code, str(exc.detail))
    return Response(body, status=exc.status_code, headers=headers, content_type=MEDIA_TYPE)


def _flatten(details: Any, pointer: str) -> Iterator[dict[str, str]]:
    """Walk DRF's nested error details into `{pointer, code, detail}` with JSON pointers (RFC 6901)."""
    if _is_leaf(details):
        yield {"pointer": pointer, "code": str(details["code"]), "detail": str(details["message"])}
    elif isinstance(details, dict):
        for name, inner in details.items():
            own = pointer if name == "non_field_errors" else f"{pointer}/{_escape(str(name))}"
            yield from _flatten(inner, own)
    elif details and all(_is_leaf(inner) for inner in details):
        for inner in details:
            yield from _flatten(inner, pointer)
    else:
        for index, inner in enumerate(details):
            yield from _flatten(inner, f"{pointer}/{index}")


def _is_leaf(details: Any) -> bool:
    """Whether this is one error; two fields that are called `message` and `code` hold lists."""
    return isinstance(details, dict) and isinstance(details.get("message"), str)


def _escape(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def plain_problem(status: int, code: str, detail: str) -> JsonResponse:
    """Return the problem as Django's own response, for what answers outside the API's views."""
    return JsonResponse(problem(status, code, detail), status=status, content_type=MEDIA_TYPE)


def bad_request(request: HttpRequest, exception: Exception) -> JsonResponse:
    """Django's handler400."""
    return plain_problem(400, "bad_request", FRAMEWORK["bad_request"][1])


def not_found(request: HttpRequest, exception: Exception) -> JsonResponse:
    """Django's handler404."""
    return plain_problem(404, errors.NotFound.code, errors.NotFound.message)


@csrf_exempt
def unknown_address(request: HttpRequest) -> JsonResponse:
    """Whatever of the API no other route knows."""
    return not_found(request, Http404())


def permission_denied(request: HttpRequest, exception: Exception) -> JsonResponse:
    """Django's handler403."""
    return plain_problem(403, errors.NotAllowed.code, errors.NotAllowed.message)


def server_error(request: HttpRequest) -> JsonResponse:
    """Django's handler500: says nothing but the request's id."""
    return plain_problem(500, "server_error", FRAMEWORK["server_error"][1])
