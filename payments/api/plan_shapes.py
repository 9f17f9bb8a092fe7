"""Shapes of plans, subscriptions, credits and friends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from common.money import Currency
from payments.api.serializers import MoneyOut
from payments.states import ChargeKind, ChargeStatus, CreditReason, QuotaKind, SubscriptionStatus

UNKNOWN = "The server does not take this from a client."


class StrictIn(serializers.Serializer[Any]):
    """A body in which what is not asked for is refused: nobody sets a price, a discount or a plan's end."""

    def to_internal_value(self, data: Any) -> Any:
        extra = set(data) - set(self.fields) if isinstance(data, Mapping) else set()
        if extra:
            raise ValidationError({str(name): [ErrorDetail(UNKNOWN, code="unknown_field")] for name in sorted(extra)})
        return super().to_internal_value(data)


class PlanOut(serializers.Serializer[Any]):
    plan = serializers.CharField(source="plan.code")
    name = serializers.CharField(source="plan.name")
    description = serializers.CharField(source="plan.description")
    price = MoneyOut(source="version.price")
    months = serializers.IntegerField(source="version.months", help_text="The length of a period.")
    tax_rate = serializers.SerializerMethodField()
    appointments = serializers.IntegerField(
        source="version.appointments", allow_null=True, help_text="In a period; null: no limit."
    )
    storage_bytes = serializers.IntegerField(source="version.storage_bytes", allow_null=True)

    def get_tax_rate(self, row: Any) -> str:
        """GST within the price, per cent."""
        return f"{row.version.tax_points / 100:g}"


class PlansOut(serializers.Serializer[Any]):
    plans = PlanOut(many=True)


class SubscribeIn(StrictIn):
    plan = serializers.SlugField(max_length=30)
    coupon = serializers.CharField(max_length=30, required=False, default="", allow_blank=True)
    use_credits = serializers.BooleanField(required=False, default=True)

    def validate_coupon(self, value: str) -> str:
        return value.strip().upper()


class ChangeIn(StrictIn):
    plan = serializers.SlugField(max_length=30)


class NothingIn(StrictIn):
    pass


class ChargeOut(serializers.Serializer[Any]):
    id = serializers.UUIDField(help_text="Pay it with `POST /payments` and the kind `subscription`.")
    kind = serializers.ChoiceField(choices=list(ChargeKind))
    status = serializers.ChoiceField(choices=list(ChargeStatus))
    plan = serializers.CharField(source="version.plan.code")
    price = serializers.IntegerField(source="price_minor")
    unused = serializers.IntegerField(source="unused_minor", help_text="Of what was paid for the same time.")
    discount = serializers.IntegerField(source="discount_minor")
    credit = serializers.IntegerField(source="credit_minor")
    due = MoneyOut()
    starts_at = serializers.DateTimeField(allow_null=True)
    ends_at = serializers.DateTimeField(allow_null=True)
    closes_at = serializers.DateTimeField(help_text="From then on it can no longer be paid.")


class QuotaOut(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=list(QuotaKind))
    limit = serializers.IntegerField(allow_null=True, help_text="Null: no limit.")
    used = serializers.IntegerField()
    since = serializers.DateTimeField(source="window")


class SubscriptionOut(serializers.Serializer[Any]):
    plan = serializers.CharField(help_text="The plan in force: the free one unless a subscription is.")
    subscribed = serializers.CharField(allow_null=True, help_text="The plan that is subscribed to, paid or not.")
    status = serializers.ChoiceField(choices=["none", *SubscriptionStatus])
    in_grace = serializers.BooleanField(help_text="The period is over and its renewal is not paid.")
    starts_at = serializers.DateTimeField(allow_null=True)
    ends_at = serializers.DateTimeField(allow_null=True)
    lasts_until = serializers.DateTimeField(allow_null=True, help_text="With the grace after the period.")
    cancels_at_end = serializers.BooleanField()
    next_plan = serializers.CharField(allow_null=True)
    charge = ChargeOut(allow_null=True, help_text="What waits to be paid.")
    quotas = QuotaOut(many=True)


class QuoteQuery(serializers.Serializer[Any]):
    plan = serializers.SlugField(max_length=30)


class QuoteOut(serializers.Serializer[Any]):
    plan = serializers.CharField(source="version.plan.code")
    now = serializers.BooleanField(source="is_now", help_text="False: when the period ends, for nothing now.")
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    price = serializers.IntegerField(help_text="The rest of the period at the new price.")
    unused = serializers.IntegerField(help_text="Of what was paid for the same time.")
    left = serializers.IntegerField(help_text="Of it beyond the price: becomes credits.")
    due = serializers.IntegerField(help_text="Before credits.")
    currency = serializers.ChoiceField(choices=list(Currency), source="version.currency")


class WalletOut(serializers.Serializer[Any]):
    currency = serializers.ChoiceField(choices=list(Currency))
    balance = serializers.IntegerField(source="balance_minor")


class CreditsOut(serializers.Serializer[Any]):
    balances = WalletOut(many=True)


class CreditMoveOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    reason = serializers.ChoiceField(choices=list(CreditReason))
    amount = serializers.IntegerField(source="amount_minor", help_text="Above zero: it came.")
    currency = serializers.ChoiceField(choices=list(Currency), source="wallet.currency")
    note = serializers.CharField()
    created_at = serializers.DateTimeField()


class FriendsOut(serializers.Serializer[Any]):
    code = serializers.CharField(help_text="Empty until it is asked for.")
    friends = serializers.IntegerField(help_text="Who came by it.")
    rewarded = serializers.IntegerField(help_text="Who of them have paid.")


class RedeemIn(StrictIn):
    code = serializers.CharField(max_length=10)

    def validate_code(self, value: str) -> str:
        return value.strip().upper()
