"""What every view of the API has: strict bodies, declared throttles, idempotent POSTs."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from django.http import HttpResponse
from rest_framework import views
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request as HTTPRequest
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from common import idempotency, throttle
from common.api import audit as edge
from common.api.address import client_network
from common.audit import context
from common.phone import PhoneInvalid, parse_phone
from common.replica import from_replica

Handler = Callable[..., Any]

if TYPE_CHECKING:

    class Request(HTTPRequest):
        """A request whose `user` is whatever account the view's authentication gives."""

        user: Any
        auth: Any

else:
    Request = HTTPRequest


class APIView(views.APIView):
    """The base of every view.

    `spends` names the throttles that a call counts against by address, `spends_by` those by a phone number in
    the body, `spends_by_account` those by the account; every signed-in write counts against the account besides.
    `idempotency_required` refuses a POST without an Idempotency-Key. A POST that `calls_outside` may not do so in
    a transaction: its service makes a repeated call harmless by itself, by the key where it needs one. A view that
    takes files says with `reads_body` that its body is not to be read into memory, and what an Idempotency-Key stands
    for with `body_of`.

    What partners write is recorded in the audit log by itself, what persons write where the view is `audited`: doctors
    on their patients. A view by which anybody but the patient reads health data names it with `reads_health`, and the
    answer leaves when the read is written down.
    """

    spends: ClassVar[tuple[str, ...]] = ()
    spends_by: ClassVar[Mapping[str, str]] = {}
    spends_by_account: ClassVar[tuple[str, ...]] = ()
    reads_health: ClassVar[str] = ""
    audited: ClassVar[bool] = False
    idempotency_required: ClassVar[bool] = False
    calls_outside: ClassVar[bool] = False
    reads_body: ClassVar[bool] = True
    reads_replica: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "post" in cls.__dict__ and not cls.calls_outside:
            cls.post = _idempotent(cls.__dict__["post"])  # type: ignore[attr-defined]
        if "get" in cls.__dict__ and cls.reads_replica:
            cls.get = from_replica(cls.__dict__["get"])  # type: ignore[attr-defined]

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        with context.watching():
            response = super().dispatch(request, *args, **kwargs)
            edge.settle(self, response)
            return response

    def perform_authentication(self, request: HTTPRequest) -> None:
        super().perform_authentication(request)
        edge.begin(self, request)

    def initial(self, request: HTTPRequest, *args: Any, **kwargs: Any) -> None:
        # Read before a parser takes the stream: only this refuses a body above the limit, and an Idempotency-Key
        # needs its digest.
        if self.reads_body:
            _ = request._request.body  # noqa: SLF001
        super().initial(request, *args, **kwargs)

    def body_of(self, request: HTTPRequest) -> bytes:
        """Return the bytes by which a repeated call is known to be the same."""
        return request._request.body  # noqa: SLF001

    def check_throttles(self, request: HTTPRequest) -> None:
        """Raises: TooMany. Runs before the view's transaction, so that no refusal takes a count back."""
        for name in self.spends:
            throttle.spend(name, client_network(request))
        for name, field in self.spends_by.items():
            phone = phone_in(request, field)
            if phone is not None:  # what is no number will be refused, and must not count against anybody
                throttle.spend(name, phone)
        if request.user is None and not self.spends:
            throttle.spend("anonymous", client_network(request))
        if request.user is not None:
            self._spend_for_account(request)

    def finalize_response(self, request: HTTPRequest, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Add what the credentials have to say to every answer, a refusal's too."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        said = getattr(request.__dict__.get("_auth"), "answer_headers", None)  # the property would authenticate again
        for name, value in (said() if said else {}).items():
            answer[name] = value
        return answer

    def _spend_for_account(self, request: HTTPRequest) -> None:
        account = str(request.user.pk)
        for name in self.spends_by_account:
            throttle.spend(name, account)
        if spend := getattr(request.auth, "spend", None):  # credentials with a limit of their own, reads included
            spend()
        elif request.method not in SAFE_METHODS:
            throttle.spend("write", account)


def read(kind: type[Serializer[Any]], request: Request, *, partial: bool = False) -> dict[str, Any]:
    """Return the body's validated values. Raises: ValidationError, which answers 400 with pointers."""
    body = kind(data=request.data, partial=partial, context={"request": request})
    body.is_valid(raise_exception=True)
    return dict(body.validated_data)


def read_query(kind: type[Serializer[Any]], request: Request) -> dict[str, Any]:
    """Return the query string's validated values. Raises: ValidationError."""
    query = kind(data=request.query_params.dict(), context={"request": request})
    query.is_valid(raise_exception=True)
    return dict(query.validated_data)


def idempotency_key(request: Request) -> str:
    """Return the key of the call, empty without one. Raises: IdempotencyKeyInvalid."""
    header = request.headers.get("Idempotency-Key")
    return "" if header is None else idempotency.parse_key(header)


def phone_in(request: HTTPRequest, field: str = "phone") -> str | None:
    """Return the telephone number in the body, in E.164; None when there is none that could be one."""
    return _canonical_phone(_value(request, field))


def _value(request: HTTPRequest, field: str) -> Any:
    return request.data.get(field) if isinstance(request.data, dict) else None


def _canonical_phone(value: Any) -> str | None:
    try:
        return parse_phone(str(value))
    except PhoneInvalid:
        return None


def _idempotent(post: Handler) -> Handler:
    @functools.wraps(post)
    def run(self: APIView, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        header = request.headers.get("Idempotency-Key")
        if header is None:
            if self.idempotency_required:
                raise idempotency.IdempotencyKeyRequired
            return post(self, request, *args, **kwargs)

        def act() -> idempotency.Reply:
            response: Any = self.finalize_response(request, post(self, request, *args, **kwargs))
            response.render()
            return idempotency.Reply(response.status_code, response.content)

        reply = idempotency.run_once(
            who=str(request.user.pk) if request.user is not None else "anonymous",
            method=str(request.method),
            path=request.get_full_path(),
            key=idempotency.parse_key(header),
            body=self.body_of(request),
            act=act,
        )
        kept = HttpResponse(reply.body, status=reply.status, content_type="application/json")
        if reply.replayed:
            kept["Idempotency-Replayed"] = "true"
        return kept

    return run


__all__ = ["APIView", "HTTPRequest", "Request", "Response", "idempotency_key", "phone_in", "read", "read_query"]
