"""Payments as their payer sees them, and what the providers post."""

from __future__ import annotations

import uuid

from drf_spectacular.types import OpenApiTypes
from rest_framework.permissions import AllowAny

from common.api.pagination import paged
from common.api.schema import operation
from common.api.views import APIView, Request, Response, read_query
from common.api.webhooks import WebhookView
from common.errors import NotFound, WebhookMalformed, WebhookSignatureInvalid
from common.money import LARGEST
from payments import selectors
from payments.api import examples
from payments.api import serializers as shapes
from payments.api.beginning import BEGINNING, begin, filtered
from payments.api.one_payment import PAPER, OnePayment, downloading_receipt, reading, reading_receipt
from payments.gateways import gateway_of, offered
from payments.models import Payment
from payments.parties import Party
from payments.services import notices, paying
from payments.states import Provider
from users.api.authentication import PersonAuthentication
from users.api.permissions import IsPerson

TAG = "Payments"


class ProvidersView(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]

    @operation(
        "List ways to pay",
        tag=TAG,
        query=[shapes.ProvidersQuery],
        responses={200: shapes.ProvidersOut},
        public=True,
        answer={"providers": [examples.PROVIDER]},
    )
    def get(self, request: Request) -> Response:
        """Those that this server has been set up for; with the price of a purchase, those that can take it."""
        query = read_query(shapes.ProvidersQuery, request)
        currency, least = query.get("currency"), query.get("amount", LARGEST)
        found = [one for one in offered() if one.least <= least and currency in (None, *one.currencies)]
        rows = [
            {"provider": one.provider, "name": one.name, "currencies": sorted(one.currencies), "least": one.least}
            for one in found
        ]
        return Response(shapes.ProvidersOut({"providers": rows}).data)


class PaymentsView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]
    calls_outside = True

    @operation(
        "Pay",
        tag=TAG,
        request=shapes.PayIn,
        responses={201: shapes.PaymentOut, 200: shapes.PaymentOut},
        refusals=BEGINNING,
        example=examples.WISH,
        answer=examples.PAYMENT,
    )
    def post(self, request: Request) -> Response:
        """Amount and currency are those of the purchase. Do what `action` says, then read the payment until it ends.

        While one payment for a purchase is open, the same call answers 200 with it, and another provider is refused
        until it is cancelled. `created` with the action `none` means that the provider has not answered yet: read the
        payment again in a moment.
        """
        payment, status = begin(request, Party.person(request.user.pk))
        return Response(shapes.PaymentOut(payment).data, status=status)

    @operation(
        "List my payments",
        tag=TAG,
        query=[shapes.PaymentsQuery],
        responses={200: shapes.PaymentOut},
        paged=True,
        answer=examples.PAID,
    )
    def get(self, request: Request) -> Response:
        """Newest first."""
        query = read_query(shapes.PaymentsQuery, request)
        mine = selectors.payments_by(Party.person(request.user.pk))
        return paged(filtered(mine, query), shapes.PaymentOut, request)


class OwnPayment(OnePayment):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    def payment(self, request: Request, payment_id: uuid.UUID) -> Payment:
        """Return the caller's payment. Raises: NotFound"""
        return selectors.one(selectors.payments_by(Party.person(request.user.pk)), payment_id)


class PaymentView(OwnPayment):
    get = reading(TAG)


class CancelView(OwnPayment):
    @operation(
        "Cancel a payment",
        tag=TAG,
        responses={200: shapes.PaymentOut},
        refusals=[NotFound],
        answer=examples.PAYMENT,
    )
    def post(self, request: Request, payment_id: uuid.UUID) -> Response:
        """The provider is told to take no money for it: the payment is `cancelled` when it has agreed, within seconds.

        What has ended stays as it is.
        """
        me = Party.person(request.user.pk)
        paying.cancel(payment_id=payment_id, payer=me, actor="payer")
        return self.shown(request, payment_id)


class ReceiptView(OwnPayment):
    get = reading_receipt(TAG)


class InvoiceView(OwnPayment):
    renderer_classes = PAPER
    get = downloading_receipt(TAG)


class PaymentWebhookView(WebhookView):
    authentication_classes = []
    permission_classes = [AllowAny]

    @operation(
        "A provider reports about payments",
        tag="Webhooks",
        request=OpenApiTypes.OBJECT,
        example={"id": "evt_1", "type": "checkout.session.completed", "data": {"object": {"id": "cs_1"}}},
        responses={204: None},
        refusals=[NotFound, WebhookSignatureInvalid, WebhookMalformed],
        public=True,
    )
    def post(self, request: Request, provider: str) -> Response:
        """Kept once by the provider's id, then the provider is asked. Late, repeated, out-of-order and foreign reports
        change nothing wrong."""
        gateway = gateway_of(provider)
        if gateway is None:
            raise NotFound
        notice, body = self.verified(request, gateway.read_notice)
        notices.receive(provider=Provider(provider), notice=notice, body=body)
        return Response(status=204)
