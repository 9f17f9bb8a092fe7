"""A view of a resource, and how one or many are given."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final, TypeVar

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db.models import Model, QuerySet
from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request as HTTPRequest

from common.api.fhir.elements import ResourceType, without_empty
from common.api.fhir.outcomes import MEDIA_TYPE, exception_handler
from common.api.pagination import DEFAULT_LIMIT, LARGEST_LIMIT, CursorInvalid, CursorPagination
from common.api.renderers import JSONRenderer
from common.api.views import APIView, Request, Response

ROOT: Final = "/fhir/R4"
WRITTEN_AS: Final = frozenset({"json", "application/json", MEDIA_TYPE})
COUNT: Final = re.compile("[0-9]{1,9}")
M = TypeVar("M", bound=Model)


class FHIRRenderer(JSONRenderer):
    media_type = MEDIA_TYPE
    format = "fhir"


class Negotiation(DefaultContentNegotiation):
    """By the Accept header, or by `_format`, which wins (https://hl7.org/fhir/R4/http.html#mime-type)."""

    def select_renderer(
        self, request: HTTPRequest, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        wanted = request.query_params.get("_format")
        if wanted is None:
            chosen: tuple[BaseRenderer, str] = super().select_renderer(request, renderers, format_suffix)
            return chosen
        if wanted not in WRITTEN_AS:
            raise NotAcceptable
        return renderers[0], MEDIA_TYPE


class FHIRView(APIView):
    """Reads or searches one type of resource. Described by the CapabilityStatement, not by OpenAPI.

    `searches` are the parameters that the type is found by, with their FHIR type, as the statement lists them; `key`
    is how an id is written in the address.
    """

    schema = None
    renderer_classes = [FHIRRenderer, JSONRenderer]
    content_negotiation_class = Negotiation
    resource_type: ClassVar[ResourceType]
    searches: ClassVar[Mapping[str, str]] = {}
    key: ClassVar[str] = "uuid"

    def get_exception_handler(self) -> Callable[..., Any]:
        return exception_handler


def resource(kind: ResourceType, pk: object, elements: Mapping[str, Any]) -> dict[str, Any]:
    """Return a resource: its type, its id, and the elements that have a value."""
    return {"resourceType": str(kind), "id": str(pk), **without_empty(dict(elements))}


class _Pages(CursorPagination):
    cursor_query_param = "_cursor"

    def get_page_size(self, request: HTTPRequest) -> int:
        return _count(request)


def _count(request: HTTPRequest) -> int:
    """Return how many resources a page holds: `_count`, at most what any list gives."""
    text = request.query_params.get("_count", "")
    if not COUNT.fullmatch(text):
        return DEFAULT_LIMIT
    return max(1, min(int(text), LARGEST_LIMIT))


def bundle(rows: QuerySet[M], show: Callable[[M], dict[str, Any]], request: Request) -> Response:
    """Return one page of what was found as a searchset, newest first, with links to go on."""
    pages = _Pages()
    try:
        found = pages.paginate_queryset(rows, request, view=APIView()) or []
    except (DjangoValidationError, ValueError) as exc:  # a position that is no key of these rows
        if "_cursor" not in request.query_params:
            raise
        raise CursorInvalid from exc
    return searchset([show(row) for row in found], request, next_page=pages.get_next_link())


def searchset(found: list[dict[str, Any]], request: Request, *, next_page: str | None = None) -> Response:
    """Return these resources as a Bundle."""
    links = {"self": request.build_absolute_uri(), "next": next_page}
    root = request.build_absolute_uri(ROOT)
    entries = [
        {
            "fullUrl": f"{root}/{one['resourceType']}/{one['id']}",
            "resource": one,
            "search": {"mode": "match"},
        }
        for one in found
    ]
    body = {
        "resourceType": "Bundle",
        "type": "searchset",
        "link": [{"relation": name, "url": url} for name, url in links.items() if url],
        "entry": entries,
    }
    return Response(without_empty(body))
