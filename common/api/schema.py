"""The schema tells the truth: every operation has a summary, an example, and the refusals it can answer with."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema as SpectacularAutoSchema
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers

from common import errors
from common.api.problems import FRAMEWORK, MEDIA_TYPE, TITLES, problem, status_of
from common.idempotency import IdempotencyKeyInvalid, IdempotencyMismatch
from common.maintenance import UnderMaintenance

F = TypeVar("F", bound=Callable[..., Any])
Refusals = Iterable[type[errors.DomainError]]

SAMPLE_ID = "3f6c1e0a9d5b4f0c8a7e2d1b6c5f4a3e"
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="The same key and body within 24 hours get the first answer again instead of a second effect.",
)
PAGE = (
    OpenApiParameter("cursor", str, description="From `next` or `previous` of another page."),
    OpenApiParameter("limit", int, description="Rows on a page, 1 to 200; 50 unless told."),
)

# What any body may be refused for: by status, the name in the schema and the code.
BODY_REFUSALS = {
    "413": ("BodyTooLarge", "body_too_large"),
    "415": ("UnsupportedMediaType", "unsupported_media_type"),
}
# Why anything may be refused for a while, and what the answer says of how long.
NOT_NOW = ("NotNow", (UnderMaintenance, errors.Unavailable))
RETRY_AFTER = {
    "Retry-After": {
        "description": "Seconds, after which the same call is worth trying again.",
        "required": True,
        "schema": {"type": "integer"},
    }
}


class AutoSchema(SpectacularAutoSchema):
    """Names operations by their method and path, tags them as their view says, and lets `operation` say the rest."""

    method_mapping = {"get": "get", "post": "post", "put": "put", "patch": "patch", "delete": "delete"}

    def get_operation_id(self) -> str:
        method = getattr(self.view, self.method.lower())
        verb = "list" if getattr(method, "gives_a_list", False) else self.method_mapping[self.method.lower()]
        return re.sub(r"[^a-z0-9]+", "_", "_".join([*self._tokenize_path(), verb]))

    def get_tags(self) -> list[str]:
        return [getattr(self.view, "tag", "")]

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        """Add what no method says: whether the key is required, and why any body or any call may be refused."""
        described = super().get_operation(*args, **kwargs)
        if described is None:
            return None
        for parameter in described.get("parameters", []):
            if parameter["name"] == IDEMPOTENCY_KEY.name and getattr(self.view, "idempotency_required", False):
                parameter["required"] = True
        shared = {status: name for status, (name, _) in BODY_REFUSALS.items()} if "requestBody" in described else {}
        if "503" in described["responses"]:
            _allow_for_later(described["responses"]["503"])
        else:
            shared["503"] = NOT_NOW[0]
        refused = {status: {"$ref": f"#/components/responses/{name}"} for status, name in shared.items()}
        described["responses"] = dict(sorted({**described["responses"], **refused}.items()))
        return described

    def get_filter_backends(self) -> list[Any]:
        return []


class TimeOfDay(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """A time on somebody's clock has no offset, which the format `time` of JSON Schema insists on."""

    target_class = "rest_framework.fields.TimeField"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        return {"type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?$"}


def operation(
    summary: str,
    *,
    request: Any = None,
    responses: Mapping[Any, Any],
    refusals: Refusals = (),
    example: Mapping[str, Any] | None = None,
    answer: Any = None,
    query: Any = (),
    paged: bool = False,
    many: bool = False,
    public: bool = False,
    tag: str = "",
    description: str = "",
    media_type: str = "application/json",
) -> Callable[[F], F]:
    """Describe one operation.

    `description` stands in for the view's docstring. `example` is the request body's (of `media_type`), `answer` the
    successful reply's. `refusals` are the codes beside the usual ones: 400 for bad input, 401 without a token, 429,
    503. `paged` wraps the reply in a page. Without a `tag`, the view names it: one that serves two sides is two views.
    """

    def describe(view: F) -> F:
        is_post = view.__name__ == "post"
        parameters = [*query, *(PAGE if paged else ()), *((IDEMPOTENCY_KEY,) if is_post else ())]
        kinds = list(refusals) + _usual(is_post=is_post, public=public)
        success = {status: _success(kind, paged=paged, many=many) for status, kind in responses.items()}
        extended = extend_schema(
            summary=summary,
            description=description or view.__doc__ or summary,
            tags=[tag] if tag else None,
            request=request,
            parameters=parameters,
            responses={**success, **_problems(kinds)},
            examples=list(_examples(summary, responses, example, answer, paged=paged, media_type=media_type)),
            auth=[] if public else None,
        )
        described: Any = extended(view)
        described.gives_a_list = paged or many
        return described

    return describe


def _usual(*, is_post: bool, public: bool) -> list[type[errors.DomainError]]:
    kinds: list[type[errors.DomainError]] = [errors.TooMany]
    if not public:
        kinds += [errors.Unauthenticated]
    if is_post:
        kinds += [IdempotencyMismatch, IdempotencyKeyInvalid, errors.Busy]
    return kinds


def _success(kind: Any, *, paged: bool, many: bool) -> Any:
    if kind is None:
        return OpenApiResponse(description="Done; the answer has no body.")
    if paged:
        return _page_of(kind)
    return kind(many=True) if many else kind


_pages: dict[str, type[serializers.Serializer[Any]]] = {}


def _page_of(kind: type[serializers.Serializer[Any]]) -> type[serializers.Serializer[Any]]:
    name = f"{kind.__name__.removesuffix('Serializer')}Page"
    if name not in _pages:
        fields = {
            "next": serializers.URLField(allow_null=True),
            "previous": serializers.URLField(allow_null=True),
            "results": kind(many=True),
        }
        _pages[name] = type(name, (serializers.Serializer,), fields)
    return _pages[name]


def _problems(kinds: Refusals) -> dict[tuple[int, str], OpenApiResponse]:
    by_status: dict[int, list[type[errors.DomainError]]] = {400: []}
    for kind in kinds:
        by_status.setdefault(status_of(kind), []).append(kind)
    found = {}
    for status, group in sorted(by_status.items()):
        lines = "\n".join(f"- `{kind.code}`: {kind.message}" for kind in group)
        if status == 400:  # noqa: PLR2004
            lines = f"- `invalid_input`: `errors` points at each value.\n{lines}".strip()
        sample = group[0] if group else errors.Invalid
        body = {**problem(status, sample.code, sample.message), "request_id": SAMPLE_ID}
        example = OpenApiExample(sample.code, value=body, response_only=True, status_codes=[str(status)])
        found[(status, "application/problem+json")] = OpenApiResponse(
            ProblemOut, description=f"{TITLES[status]}:\n{lines}", examples=[example]
        )
    return found


def _allow_for_later(refused: dict[str, Any]) -> None:
    """Add what may stop any operation to the refusals for a while that this one has of its own."""
    known = refused["description"]
    more = [kind for kind in NOT_NOW[1] if f"`{kind.code}`" not in known]
    refused["description"] = "\n".join([known, *(f"- `{kind.code}`: {kind.message}" for kind in more)])
    refused["headers"] = RETRY_AFTER


def add_refusals(responses: dict[str, Any], *kinds: type[errors.DomainError]) -> None:
    """Add refusals to the responses of an operation that is described already: for hooks of the generator."""
    for kind in kinds:
        status = status_of(kind)
        line = f"- `{kind.code}`: {kind.message}"
        if str(status) in responses:
            responses[str(status)]["description"] += f"\n{line}"
            continue
        refused = copy.deepcopy(responses["400"])
        body = {**problem(status, kind.code, kind.message), "request_id": SAMPLE_ID}
        refused["description"] = f"{TITLES[status]}:\n{line}"
        refused["content"][MEDIA_TYPE]["examples"] = {kind.__name__: {"value": body, "summary": kind.code}}
        responses[str(status)] = refused
    ordered = sorted(responses.items())
    responses.clear()
    responses.update(ordered)


def _examples(
    summary: str, responses: Mapping[Any, Any], example: Any, answer: Any, *, paged: bool, media_type: str
) -> Iterable[OpenApiExample]:
    if example is not None:
        yield OpenApiExample(f"{summary} (request)", value=example, request_only=True, media_type=media_type)
    if answer is not None:
        value = {"next": None, "previous": None, "results": [answer]} if paged else answer
        for key in (key for key, kind in responses.items() if kind is not None):
            status, written_as = key if isinstance(key, tuple) else (key, "application/json")
            yield OpenApiExample(
                f"{summary} (answer)",
                value=value,
                response_only=True,
                status_codes=[str(status)],
                media_type=written_as,
            )


def document_shared(result: dict[str, Any], **_context: Any) -> dict[str, Any]:
    """Describe the refusals that operations refer to by name: a hook of the schema's generator."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemOut"}}}
    name, kinds = NOT_NOW
    lines = "\n".join(f"- `{kind.code}`: {kind.message}" for kind in kinds)
    result["components"]["responses"] = {
        name: {"description": f"{TITLES[FRAMEWORK[code][0]]}:\n- `{code}`: {FRAMEWORK[code][1]}", "content": content}
        for name, code in BODY_REFUSALS.values()
    } | {name: {"description": f"{TITLES[503]}:\n{lines}", "headers": RETRY_AFTER, "content": content}}
    return result


class FieldErrorOut(serializers.Serializer[Any]):
    pointer = serializers.CharField(help_text="JSON pointer (RFC 6901) to the value.")
    code = serializers.CharField()
    detail = serializers.CharField()


class ProblemOut(serializers.Serializer[Any]):
    """RFC 9457 problem details; refusals may carry further members."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField(help_text="Stable; act on this.")
    detail = serializers.CharField(help_text="For people; may change.")
    errors = FieldErrorOut(many=True)  # type: ignore[assignment]
    request_id = serializers.CharField()
