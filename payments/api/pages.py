"""The two pages that a payer's browser passes through: on the way to a provider, and on the way back."""

from __future__ import annotations

import base64
import hashlib
import uuid
from typing import Final
from urllib.parse import urlsplit

from django.http import HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from drf_spectacular.types import OpenApiTypes
from rest_framework.parsers import FormParser
from rest_framework.permissions import AllowAny

from common.api.schema import operation
from common.api.views import APIView, Request
from common.errors import NotFound
from payments import selectors
from payments.gateways import gateway_of
from payments.gateways.razorpay import page_form
from payments.models import Payment
from payments.services import paying
from payments.states import PaymentStatus, Provider

TAG: Final = "Payments"
RETURNING: Final = frozenset({Provider.RAZORPAY, Provider.BKASH})  # others send the payer to the client themselves
SUBMIT: Final = "document.forms[0].submit()"
SUBMIT_DIGEST: Final = base64.b64encode(hashlib.sha256(SUBMIT.encode()).digest()).decode()
PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{}</title></head><body>{}</body></html>"""


class CheckoutView(APIView):
    """Razorpay's page is opened by a form that the browser posts."""

    authentication_classes = []
    permission_classes = [AllowAny]

    @operation(
        "Go on to the provider's page",
        tag=TAG,
        responses={(200, "text/html"): OpenApiTypes.STR},
        refusals=[NotFound],
        answer="<!doctype html>",
        public=True,
    )
    def get(self, request: Request, payment_id: uuid.UUID) -> HttpResponse:
        """Where `action.url` of a Razorpay payment leads: for the payer's browser, as long as the payment waits."""
        row = _payment(payment_id, frozenset({Provider.RAZORPAY}))
        if row.state is not PaymentStatus.PENDING or row.is_cancel_wanted:
            raise NotFound
        url, fields = page_form(selectors.charge_of(row))
        inputs = format_html_join("", '<input type="hidden" name="{}" value="{}">', fields.items())
        body = format_html(
            '<form method="post" action="{}">{}<button>Pay {}</button></form><script>{}</script>',
            url,
            inputs,
            row.purchase.description,
            mark_safe(SUBMIT),  # noqa: S308 - a constant
        )
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(url))
        return _page("Pay", body, f"script-src 'sha256-{SUBMIT_DIGEST}'; form-action {origin}")


class ReturnView(APIView):
    """Where Razorpay and bKash send the payer's browser. What it brings along is a hint."""

    authentication_classes = []
    permission_classes = [AllowAny]
    parser_classes = [FormParser]

    @operation(
        "Come back from the provider's page",
        tag=TAG,
        responses={302: None, (200, "text/html"): OpenApiTypes.STR},
        refusals=[NotFound],
        answer="<!doctype html>",
        public=True,
    )
    def get(self, request: Request, payment_id: uuid.UUID) -> HttpResponse:
        """For the payer's browser. The provider is asked how the payment stands, and the payer sent on to
        `return_url`."""
        return _come_back(payment_id, request.query_params.dict())

    @operation(
        "Come back from the provider's page, by a form",
        tag=TAG,
        request=OpenApiTypes.OBJECT,
        example={"razorpay_payment_id": "pay_1", "razorpay_order_id": "order_1", "razorpay_signature": "d8f3"},
        media_type="application/x-www-form-urlencoded",
        responses={302: None, (200, "text/html"): OpenApiTypes.STR},
        refusals=[NotFound],
        answer="<!doctype html>",
        public=True,
    )
    def post(self, request: Request, payment_id: uuid.UUID) -> HttpResponse:
        """As by GET: Razorpay's page posts its result, signed."""
        return _come_back(payment_id, request._request.POST.dict())  # noqa: SLF001


def _come_back(payment_id: uuid.UUID, fields: dict[str, str]) -> HttpResponse:
    row = _payment(payment_id, RETURNING)
    gateway = gateway_of(row.provider)
    if gateway is not None and gateway.take_return(selectors.charge_of(row), fields):
        paying.come_back(payment_id=row.pk)
    if row.return_url:
        return HttpResponse(status=302, headers={"Location": row.return_url, "Referrer-Policy": "no-referrer"})
    return _page("Thank you", format_html("<p>{}</p>", "You may close this page."), "form-action 'none'")


def _payment(payment_id: uuid.UUID, providers: frozenset[Provider]) -> Payment:
    row = selectors.any_payment(payment_id)
    if row.provider not in providers:
        raise NotFound
    return row


def _page(title: str, body: str, policy: str) -> HttpResponse:
    headers = {"Content-Security-Policy": f"default-src 'none'; base-uri 'none'; {policy}", "Cache-Control": "no-store"}
    return HttpResponse(format_html(PAGE, title, body), headers=headers)
