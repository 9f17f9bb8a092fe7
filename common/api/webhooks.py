"""The edge of what providers post: the bytes as they came, no throttle, one refusal for every forgery."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django.core.exceptions import RequestDataTooBig
from rest_framework.parsers import BaseParser
from rest_framework.permissions import AllowAny

from common.api.views import APIView, HTTPRequest, Request
from common.errors import WebhookMalformed, WebhookSignatureInvalid
from common.webhooks import Malformed, SignatureInvalid

LARGEST = 262_144  # bytes; no provider's event comes near
N = TypeVar("N")


class RawParser(BaseParser):
    """Leaves the body alone: a signature is over its bytes."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> dict[str, Any]:
        return {}


class WebhookView(APIView):
    """What a provider posts. Its signature is its sign-in."""

    authentication_classes = []
    permission_classes = [AllowAny]
    parser_classes = [RawParser]

    def check_throttles(self, request: HTTPRequest) -> None:
        """No genuine call is turned away for being one of many; a forged one is refused before anything is stored."""

    def verified(self, request: Request, read: Callable[[Mapping[str, str], bytes], N]) -> tuple[N, bytes]:
        """Return what the provider's adapter reads, and the raw body.

        Raises: RequestDataTooBig, WebhookSignatureInvalid, WebhookMalformed
        """
        body = request._request.body  # noqa: SLF001
        if len(body) > LARGEST:
            raise RequestDataTooBig
        try:
            return read(request.headers, body), body
        except SignatureInvalid:
            raise WebhookSignatureInvalid from None
        except Malformed:
            raise WebhookMalformed from None
