"""What a person and a partner read of one payment: the same operations, each over the payments it may see."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from drf_spectacular.types import OpenApiTypes

from common.api.renderers import JSONRenderer, PDFRenderer
from common.api.schema import operation
from common.api.views import APIView, Request, Response
from common.errors import NotFound
from payments import errors, selectors
from payments.api import examples
from payments.api import serializers as shapes
from payments.models import Payment
from payments.papers import pdf_of

Answer = Callable[[Any, Request, uuid.UUID], Response]
PAPER = [PDFRenderer, JSONRenderer]  # of the receipt as a file: a refusal is no PDF


class OnePayment(APIView):
    """A view of a payment that the caller may see."""

    def payment(self, request: Request, payment_id: uuid.UUID) -> Payment:
        """Return the payment. Raises: NotFound"""
        raise NotImplementedError

    def shown(self, request: Request, payment_id: uuid.UUID) -> Response:
        return Response(shapes.PaymentOut(self.payment(request, payment_id)).data)


def reading(tag: str) -> Answer:
    """Return the operation that reads the payment."""

    @operation("Read a payment", tag=tag, responses={200: shapes.PaymentOut}, refusals=[NotFound], answer=examples.PAID)
    def get(self: OnePayment, request: Request, payment_id: uuid.UUID) -> Response:
        """Where it stands, as the provider last said."""
        return self.shown(request, payment_id)

    return get


def reading_receipt(tag: str) -> Answer:
    """Return the operation that reads the payment's invoice and credit notes."""

    @operation(
        "Read the receipt of a payment",
        tag=tag,
        responses={200: shapes.ReceiptOut},
        refusals=[NotFound, errors.ReceiptNotReady],
        answer={"documents": [examples.INVOICE]},
    )
    def get(self: OnePayment, request: Request, payment_id: uuid.UUID) -> Response:
        """The invoice, and a credit note for each part that went back."""
        found = selectors.receipts_of(self.payment(request, payment_id))
        return Response(shapes.ReceiptOut({"documents": found}).data)

    return get


def downloading_receipt(tag: str) -> Answer:
    """Return the operation that gives the payment's invoice and credit notes as one file."""

    @operation(
        "Download the receipt of a payment",
        tag=tag,
        responses={(200, "application/pdf"): OpenApiTypes.BINARY},
        refusals=[NotFound, errors.ReceiptNotReady],
        answer="%PDF-1.4",
    )
    def get(self: OnePayment, request: Request, payment_id: uuid.UUID) -> Response:
        """The invoice and its credit notes, a page each."""
        found = selectors.receipts_of(self.payment(request, payment_id))
        name = found[0].code.replace("/", "-")
        headers = {"Content-Disposition": f'attachment; filename="{name}.pdf"'}
        return Response(pdf_of(found), content_type="application/pdf", headers=headers)

    return get
