"""A partner's months: what was sold, given back, taken by hand and paid out."""

from __future__ import annotations

import uuid
from typing import Any

from rest_framework import serializers

from common.api.pagination import paged
from common.api.schema import operation
from common.api.views import APIView, Request, Response
from common.errors import NotFound
from common.money import Currency
from partners.api.authentication import MemberAuthentication
from partners.api.permissions import IsOwner
from payments import settlement_selectors as selectors
from payments.api.examples import PAYOUT
from payments.api.serializers import PayoutOut

TAG = "Partners: payments"
LINE = {
    "id": 4711,
    "kind": "sale",
    "reference": "payment:01990b1e-6c00-7a3b-9d1e-2f4a5b6c7da0:sale",
    "amount": 300000,
    "created_at": "2026-01-15T11:31:00Z",
}
SETTLEMENT = {
    "id": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7dc0",
    "month": "2026-01-01",
    "currency": "INR",
    "opening": 0,
    "sold": 1300000,
    "returned": -50000,
    "collected": 0,
    "paid_out": 0,
    "other": 0,
    "closing": 1250000,
    "payout": PAYOUT,
}


class SettlementOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    month = serializers.DateField(help_text="Its first day.")
    currency = serializers.ChoiceField(choices=list(Currency))
    opening = serializers.IntegerField(source="opening_minor", help_text="Owed to you when it began.")
    sold = serializers.IntegerField(source="sold_minor", help_text="Less the platform's fees.")
    returned = serializers.IntegerField(source="returned_minor", help_text="Given back to payers: below zero.")
    collected = serializers.IntegerField(source="collected_minor", help_text="Taken by hand: below zero.")
    paid_out = serializers.IntegerField(source="paid_out_minor", help_text="Below zero.")
    other = serializers.IntegerField(source="other_minor")
    closing = serializers.IntegerField(source="closing_minor", help_text="Owed to you when it ended: the sum.")
    payout = PayoutOut(allow_null=True)


class SettlementLineOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    kind = serializers.CharField(source="entry.kind")
    reference = serializers.CharField(source="entry.reference")
    amount = serializers.IntegerField(source="owed_minor", help_text="Above zero: owed to you.")
    created_at = serializers.DateTimeField(source="entry.created_at")


class SettlementsView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsOwner]

    @operation("List our settlements", tag=TAG, responses={200: SettlementOut}, paged=True, answer=SETTLEMENT)
    def get(self, request: Request) -> Response:
        """A statement for each month in which something moved or was owed, newest first."""
        return paged(selectors.settlements_of(request.user.partner_id), SettlementOut, request)


class SettlementLinesView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsOwner]

    @operation(
        "List the lines of a settlement",
        tag=TAG,
        responses={200: SettlementLineOut},
        refusals=[NotFound],
        paged=True,
        answer=LINE,
    )
    def get(self, request: Request, settlement_id: uuid.UUID) -> Response:
        """Every movement of the month, newest first; they add up to closing less opening."""
        row = selectors.settlement_of(request.user.partner_id, settlement_id)
        return paged(selectors.lines_of(row), SettlementLineOut, request)
