"""Payments as partners see them: what they pay, what they are paid, and what they take in by hand."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from common.api.pagination import paged
from common.api.schema import operation
from common.api.views import APIView, Request, Response, read, read_query
from common.errors import NotFound
from common.idempotency import IdempotencyKeyRequired, parse_key
from common.money import Currency, Money
from partners.api.authentication import MemberAuthentication
from partners.api.permissions import IsLiveMember, IsOwner, MayCoordinate
from partners.errors import NotInTestMode
from payments import errors, selectors
from payments.api import examples
from payments.api import serializers as shapes
from payments.api.beginning import BEGINNING, begin, filtered
from payments.api.one_payment import PAPER, OnePayment, downloading_receipt, reading, reading_receipt
from payments.models import Payment
from payments.parties import Party
from payments.services import paying, refunding
from payments.states import OfflineMethod

TAG = "Partners: payments"


class PaymentsView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]
    calls_outside = True

    def get_permissions(self) -> Sequence[Any]:
        return [MayCoordinate()] if self.request.method == "POST" else super().get_permissions()

    @operation(
        "Pay",
        tag=TAG,
        request=shapes.PayIn,
        responses={201: shapes.PaymentOut, 200: shapes.PaymentOut},
        refusals=[*BEGINNING, NotInTestMode],
        example=examples.WISH,
        answer=examples.PAYMENT,
    )
    def post(self, request: Request) -> Response:
        """As a person pays, for what your organisation has bought."""
        if request.user.partner.is_test:
            raise NotInTestMode
        payment, status = begin(request, Party.partner(request.user.partner_id))
        return Response(shapes.PaymentOut(payment).data, status=status)

    @operation(
        "List our payments",
        tag=TAG,
        query=[shapes.PartnerPaymentsQuery],
        responses={200: shapes.PaymentRowOut},
        paged=True,
        answer=examples.ROW,
    )
    def get(self, request: Request) -> Response:
        """What you pay and what you are paid, newest first."""
        query = read_query(shapes.PartnerPaymentsQuery, request)
        ours = selectors.payments_of_partner(request.user.partner_id, query.get("direction", ""))
        return paged(filtered(ours, query), shapes.PaymentRowOut, request)


class OurPayment(OnePayment):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]

    def payment(self, request: Request, payment_id: uuid.UUID) -> Payment:
        """Return a payment that the partner makes or takes, without the payer's way to pay where it is not the payer.

        Raises: NotFound
        """
        found = selectors.one(selectors.payments_of_partner(request.user.partner_id), payment_id)
        if found.payer_partner_id != request.user.partner_id:
            found.action_url = found.client_token = ""
        return found


class PaymentView(OurPayment):
    get = reading(TAG)


class CancelView(OurPayment):
    permission_classes = [MayCoordinate]

    @operation(
        "Cancel a payment",
        tag=TAG,
        responses={200: shapes.PaymentOut},
        refusals=[NotFound],
        answer=examples.PAYMENT,
    )
    def post(self, request: Request, payment_id: uuid.UUID) -> Response:
        """One that your organisation makes: `cancelled` when the provider has agreed, within seconds."""
        member = request.user
        us = Party.partner(member.partner_id)
        paying.cancel(payment_id=payment_id, payer=us, actor=f"member {member.pk}")
        return self.shown(request, payment_id)


class RecordView(OurPayment):
    permission_classes = [MayCoordinate]

    @operation(
        "Record money taken by hand",
        tag=TAG,
        request=shapes.RecordIn,
        responses={200: shapes.PaymentOut},
        refusals=[NotFound, errors.NotOffline, errors.AmountDiffers, errors.PurchaseClosed],
        example={"amount": {"amount": 310000, "currency": "INR"}, "method": "cash"},
        answer={**examples.PAID, "provider": "offline"},
    )
    def post(self, request: Request, payment_id: uuid.UUID) -> Response:
        """You have the whole amount of an `offline` payment. A second time changes nothing."""
        body, member = read(shapes.RecordIn, request), request.user
        paying.record_offline(
            payment_id=payment_id,
            partner_id=member.partner_id,
            member_id=member.pk,
            amount=Money(body["amount"]["amount"], Currency(body["amount"]["currency"])),
            method=OfflineMethod(body["method"]),
        )
        return self.shown(request, payment_id)


class RefundsView(OurPayment):
    permission_classes = [IsOwner]
    idempotency_required = True

    @operation(
        "Give money back",
        tag=TAG,
        request=shapes.RefundIn,
        responses={201: shapes.RefundOut},
        refusals=[NotFound, errors.NothingToRefund, errors.RefundTooLarge, IdempotencyKeyRequired],
        example={"amount": 50000, "reason": "One unit was not available."},
        answer=examples.REFUND,
    )
    def post(self, request: Request, payment_id: uuid.UUID) -> Response:
        """Of what you were paid, wholly or in part; the provider takes from seconds to days."""
        body, member = read(shapes.RefundIn, request), request.user
        refund = refunding.refund_as_payee(
            payment_id=payment_id,
            partner_id=member.partner_id,
            member_id=member.pk,
            key=_short(parse_key(request.headers["Idempotency-Key"])),
            reason=body["reason"],
            minor=body.get("amount"),
        )
        return Response(shapes.RefundOut(refund).data, status=201)


class RecordRefundView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [MayCoordinate]

    @operation(
        "Record money given back by hand",
        tag=TAG,
        responses={200: shapes.RefundOut},
        refusals=[NotFound, errors.NotOffline],
        answer={**examples.REFUND, "status": "succeeded", "ended_at": "2026-01-15T12:05:00Z"},
    )
    def post(self, request: Request, refund_id: uuid.UUID) -> Response:
        """Of an `offline` payment that you were paid. A second time changes nothing."""
        member = request.user
        refund = refunding.record_refund(refund_id=refund_id, partner_id=member.partner_id, member_id=member.pk)
        return Response(shapes.RefundOut(refund).data)


class ReceiptView(OurPayment):
    get = reading_receipt(TAG)


class InvoiceView(OurPayment):
    renderer_classes = PAPER
    get = downloading_receipt(TAG)


class InvoicesView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]

    @operation("List our invoices", tag=TAG, responses={200: shapes.InvoiceOut}, paged=True, answer=examples.INVOICE)
    def get(self, request: Request) -> Response:
        """What you have sold and credited, newest first; no number is missing."""
        return paged(selectors.invoices_of_partner(request.user.partner_id), shapes.InvoiceOut, request)


def _short(key: str) -> str:
    """Return a client's key as a refund's key can hold it, without two keys becoming one."""
    return uuid.uuid5(uuid.NAMESPACE_OID, key).hex
