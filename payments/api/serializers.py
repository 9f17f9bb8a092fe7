"""Shapes of what comes in and goes out. Amounts are whole minor units: 125000 INR is ₹1,250.00."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from common.money import LARGEST, Currency
from payments.states import (
    ActionType,
    InvoiceKind,
    OfflineMethod,
    PaymentStatus,
    PayoutStatus,
    Provider,
    PurchaseKind,
    RefundStatus,
)


class MoneyOut(serializers.Serializer[Any]):
    amount = serializers.IntegerField(source="minor", help_text="Minor units: paise, poisha, cents.")
    currency = serializers.ChoiceField(choices=list(Currency))


class WhatIn(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=list(PurchaseKind))
    id = serializers.UUIDField()


class WhatOut(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=list(PurchaseKind))
    id = serializers.UUIDField(source="reference")
    description = serializers.CharField()


class PayIn(serializers.Serializer[Any]):
    purchase = WhatIn()
    provider = serializers.ChoiceField(choices=list(Provider))
    return_url = serializers.URLField(
        required=False,
        default="",
        max_length=500,
        allow_blank=True,
        help_text="Where the payer comes back to: then the action is a page. Without it, the provider's SDK.",
    )


class ActionOut(serializers.Serializer[Any]):
    type = serializers.ChoiceField(choices=list(ActionType), source="action_type")
    url = serializers.CharField(source="action_url", help_text="For `redirect`: open it in a browser.")
    client_token = serializers.CharField(
        help_text="For `sdk`. Stripe: a client secret. Razorpay: JSON of `key` and `order_id`. PhonePe: JSON of "
        "`merchant`, `order_id` and `token`."
    )


class RefundOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=list(RefundStatus))
    amount = MoneyOut()
    reason = serializers.CharField()
    created_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)


class PaymentRowOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    purchase = WhatOut()
    provider = serializers.ChoiceField(choices=list(Provider))
    status = serializers.ChoiceField(choices=list(PaymentStatus))
    amount = MoneyOut()
    refunded = serializers.IntegerField(source="refunded_minor", help_text="Gone back, or on its way.")
    late = serializers.BooleanField(source="is_late", help_text="Came too late to pay; it goes back unless accepted.")
    failure = serializers.CharField()
    expires_at = serializers.DateTimeField()
    created_at = serializers.DateTimeField()
    paid_at = serializers.DateTimeField(allow_null=True)
    refunds = RefundOut(many=True)


class PaymentOut(PaymentRowOut):
    action = ActionOut(source="*")


class ProviderOut(serializers.Serializer[Any]):
    provider = serializers.ChoiceField(choices=list(Provider))
    name = serializers.CharField()
    currencies = serializers.ListField(child=serializers.ChoiceField(choices=list(Currency)))
    least = serializers.IntegerField(help_text="The smallest amount it takes, in minor units.")


class ProvidersOut(serializers.Serializer[Any]):
    providers = ProviderOut(many=True)


class ProvidersQuery(serializers.Serializer[Any]):
    currency = serializers.ChoiceField(choices=list(Currency), required=False, help_text="Only those that take it.")
    amount = serializers.IntegerField(
        min_value=1, max_value=LARGEST, required=False, help_text="Minor units: only those that take so little."
    )


class PaymentsQuery(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=list(PaymentStatus), required=False)
    kind = serializers.ChoiceField(choices=list(PurchaseKind), required=False)
    purchase = serializers.UUIDField(required=False, help_text="The id of what was bought.")


class PartnerPaymentsQuery(PaymentsQuery):
    direction = serializers.ChoiceField(
        choices=["made", "received"], required=False, help_text="What you pay, or what you are paid. Both unless told."
    )


class AmountIn(serializers.Serializer[Any]):
    amount = serializers.IntegerField(min_value=1, max_value=LARGEST)
    currency = serializers.ChoiceField(choices=list(Currency))


class RecordIn(serializers.Serializer[Any]):
    amount = AmountIn()
    method = serializers.ChoiceField(choices=list(OfflineMethod))


class RefundIn(serializers.Serializer[Any]):
    amount = serializers.IntegerField(
        min_value=1, max_value=LARGEST, required=False, help_text="Minor units; all that is left unless told."
    )
    reason = serializers.CharField(max_length=200)


class TaxOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    rate = serializers.CharField(help_text="Per cent.")
    amount = serializers.IntegerField()


class LineOut(serializers.Serializer[Any]):
    description = serializers.CharField()
    hsn = serializers.CharField(help_text="HSN or SAC code; empty where there is none.")
    quantity = serializers.IntegerField()
    amount = serializers.IntegerField(help_text="Before taxes.")
    taxes = TaxOut(many=True)


class SideOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    address = serializers.CharField()


class InvoiceOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=list(InvoiceKind))
    number = serializers.CharField(source="code")
    issued_on = serializers.DateField()
    payment = serializers.UUIDField(source="payment_id")
    seller = SideOut()
    buyer = SideOut()
    lines = LineOut(many=True)
    amount = MoneyOut()


class ReceiptOut(serializers.Serializer[Any]):
    documents = InvoiceOut(many=True)


class PayoutOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    provider = serializers.ChoiceField(choices=list(Provider), help_text="`offline`: by hand, to your bank.")
    status = serializers.ChoiceField(choices=list(PayoutStatus))
    amount = MoneyOut()
    description = serializers.CharField()
    bank_reference = serializers.CharField(source="provider_ref", help_text="Or the provider's.")
    failure = serializers.CharField()
    created_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)


class BalanceOut(serializers.Serializer[Any]):
    currency = serializers.ChoiceField(choices=list(Currency))
    owed = serializers.IntegerField(source="owed_minor", help_text="To you; below zero, by you.")
    collected = serializers.IntegerField(source="collected_minor", help_text="Taken in by hand, and taken off.")


class BalancesOut(serializers.Serializer[Any]):
    balances = BalanceOut(many=True)
