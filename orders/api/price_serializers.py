"""Price lists, contracts and monthly bills. Amounts are whole minor units."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from common.money import BASIS_POINTS, LARGEST, Currency
from payments.api.serializers import MoneyOut
from stock.api.serializers import COMPONENTS, HolderOut

MOST_BANDS = 20
DEAREST = 100_000_000  # of one bag or one delivery, in minor units


class ProcessingIn(serializers.Serializer[Any]):
    component = serializers.ChoiceField(choices=COMPONENTS)
    charge = serializers.IntegerField(min_value=0, max_value=DEAREST, help_text="For each bag.")


class BandIn(serializers.Serializer[Any]):
    up_to_km = serializers.DecimalField(
        max_digits=6, decimal_places=2, min_value=Decimal("0.1"), max_value=Decimal(2000)
    )
    charge = serializers.IntegerField(min_value=0, max_value=DEAREST)


class TaxesIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=20, default="GST")
    processing = serializers.IntegerField(min_value=0, max_value=BASIS_POINTS, default=0, help_text="Basis points.")
    delivery = serializers.IntegerField(min_value=0, max_value=BASIS_POINTS, default=0, help_text="Basis points.")


class CancellationIn(serializers.Serializer[Any]):
    accepted = serializers.IntegerField(
        min_value=0, max_value=LARGEST, default=0, help_text="Kept when the buyer cancels after bags were reserved."
    )
    packed = serializers.IntegerField(
        min_value=0, max_value=LARGEST, default=0, help_text="Kept once bags were packed, or nobody took them."
    )


class PriceListIn(serializers.Serializer[Any]):
    currency = serializers.ChoiceField(choices=list(Currency), default=Currency.INR)
    processing = serializers.ListField(child=ProcessingIn(), min_length=1, max_length=len(COMPONENTS))
    delivery = serializers.ListField(
        child=BandIn(), required=False, default=list, max_length=MOST_BANDS, help_text="Empty: you do not deliver."
    )
    taxes = TaxesIn(required=False)
    cancellation = CancellationIn(required=False)

    def validate_processing(self, rows: Sequence[dict[str, Any]]) -> Any:
        return _once(rows, "component")

    def validate_delivery(self, rows: Sequence[dict[str, Any]]) -> Any:
        return _once(rows, "up_to_km")


class ProcessingOut(serializers.Serializer[Any]):
    component = serializers.CharField()
    charge = serializers.IntegerField(source="charge_minor")


class BandOut(serializers.Serializer[Any]):
    up_to_km = serializers.DecimalField(max_digits=6, decimal_places=2)
    charge = serializers.IntegerField(source="charge_minor")


class TaxesOut(serializers.Serializer[Any]):
    name = serializers.CharField(source="tax_name")
    processing = serializers.IntegerField(source="processing_tax_bp", help_text="Basis points: 1800 is 18 %.")
    delivery = serializers.IntegerField(source="delivery_tax_bp")


class CancellationOut(serializers.Serializer[Any]):
    accepted = serializers.IntegerField(source="cancel_accepted_minor")
    packed = serializers.IntegerField(source="cancel_packed_minor")


class PriceListOut(serializers.Serializer[Any]):
    currency = serializers.ChoiceField(choices=list(Currency))
    processing = ProcessingOut(many=True)
    delivery = BandOut(many=True)
    taxes = TaxesOut(source="*")
    cancellation = CancellationOut(source="*")
    updated_at = serializers.DateTimeField()


class ContractIn(serializers.Serializer[Any]):
    hospital = serializers.UUIDField()
    processing = serializers.ListField(
        child=ProcessingIn(),
        required=False,
        default=list,
        max_length=len(COMPONENTS),
        help_text="Else as the list has it.",
    )
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(required=False, allow_null=True, default=None, help_text="The last day.")

    def validate_processing(self, rows: Sequence[dict[str, Any]]) -> Any:
        return _once(rows, "component")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["ends_on"] is not None and attrs["ends_on"] < attrs["starts_on"]:
            raise ValidationError({"ends_on": [ErrorDetail("It ends no sooner than it starts.", "too_early")]})
        return attrs


class ContractOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    bank = HolderOut()
    hospital = HolderOut()
    processing = ProcessingOut(many=True)
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


class ContractBillOut(serializers.Serializer[Any]):
    id = serializers.UUIDField(help_text="Pay it as a purchase of the kind `order`.")
    bank = HolderOut()
    hospital = HolderOut()
    month = serializers.DateField(help_text="Its first day.")
    number = serializers.IntegerField()
    amount = MoneyOut()
    orders = serializers.IntegerField(source="order_count")
    paid_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


def _once(rows: Sequence[dict[str, Any]], name: str) -> Sequence[dict[str, Any]]:
    if len({row[name] for row in rows}) < len(rows):
        raise ValidationError("Name each once.", code="named_twice")
    return rows
