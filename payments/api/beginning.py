"""What a person's and a partner's way to pay have in common."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import QuerySet

from common import idempotency
from common.api.views import Request, read
from common.money import Money
from payments import errands, selectors
from payments.api import serializers as shapes
from payments.errors import (
    PaymentOpen,
    ProviderUnavailable,
    PurchaseClosed,
    PurchasePaid,
    PurchaseUnknown,
    ReturnUrlInvalid,
)
from payments.gateways import gateway_of, offered, takes
from payments.models import Payment
from payments.parties import Party
from payments.services import paying
from payments.states import Provider, PurchaseKind

# What beginning to pay may be refused with.
BEGINNING = [PurchaseUnknown, ProviderUnavailable, ReturnUrlInvalid, PurchasePaid, PurchaseClosed, PaymentOpen]


def begin(request: Request, payer: Party) -> tuple[Payment, int]:
    """Begin the payment that the body asks for; return it and the answer's status.

    This is the one place where a request waits for an outside provider: our row is committed before and the reply
    after the call. Raises: what `paying.begin` raises, ProviderUnavailable, ReturnUrlInvalid
    """
    body = read(shapes.PayIn, request)
    provider, return_url = Provider(body["provider"]), body["return_url"]
    kind, reference = PurchaseKind(body["purchase"]["kind"]), body["purchase"]["id"]
    _refuse_unable(provider, selectors.price_for(payer, kind, reference))
    if return_url and not _may_return_to(return_url):
        raise ReturnUrlInvalid
    begun = paying.begin(
        payer=payer,
        kind=kind,
        reference=reference,
        provider=provider,
        return_url=return_url,
        key=client_key(request, payer),
    )
    errands.take_to_provider(begun)
    return selectors.any_payment(begun.payment.pk), 201 if begun.is_new else 200


def client_key(request: Request, payer: Party) -> paying.ClientKey | None:
    """Return the digests of the request's Idempotency-Key and body. Raises: IdempotencyKeyInvalid"""
    header = request.headers.get("Idempotency-Key")
    if header is None:
        return None
    scope = f"{payer.kind} {payer.id} {idempotency.parse_key(header)}"
    return paying.ClientKey(_digest(scope.encode()), _digest(request._request.body))  # noqa: SLF001


def filtered(rows: QuerySet[Payment], query: dict[str, Any]) -> QuerySet[Payment]:
    """Return the rows that the query string asks for."""
    names = {"status": "status", "kind": "purchase__kind", "purchase": "purchase__reference"}
    return rows.filter(**{names[name]: query[name] for name in names if name in query})


def _refuse_unable(provider: Provider, price: Money | None) -> None:
    """Refuse a provider that is not set up, or cannot take this amount in this currency."""
    gateway = gateway_of(provider)
    if gateway is None or (price is not None and not takes(gateway, price)):
        raise ProviderUnavailable(offered=[one.provider for one in offered(price)])


def _digest(value: bytes) -> str:
    return hashlib.sha256(value).hexdigest()


def _may_return_to(url: str) -> bool:
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        return True
    return bool(settings.SANDBOX_URL) and parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost"}
