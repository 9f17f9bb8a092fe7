"""Transfers between partners, as they are asked for and shown."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from common.api.fields import MomentField
from common.money import Currency
from stock.api.serializers import COMPONENTS, GROUPS, HolderOut
from stock.compatibility import UNKNOWN
from stock.selectors import ASKED_OF_US, OURS_ASKED
from stock.states import OWN_REASONS, Answer, Condition, DiscardReason, Fate, TransferEnd, TransferStatus, Urgency

RECIPIENTS = [*GROUPS, UNKNOWN]
STATUSES = [str(status) for status in TransferStatus]
URGENCIES = [str(urgency) for urgency in Urgency]
SIDES = [OURS_ASKED, ASKED_OF_US]
REQUIREMENTS = ["irradiated", "leukoreduced", "cmv_negative", "k_negative"]
MOST_UNITS = 50
LARGEST_FEE = 10_000_000  # minor units a bag


class TransferQuery(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=STATUSES, required=False)
    side = serializers.ChoiceField(choices=SIDES, required=False)


class TransferIn(serializers.Serializer[Any]):
    blood_group = serializers.ChoiceField(choices=RECIPIENTS, help_text="The recipient's.")
    component = serializers.ChoiceField(choices=COMPONENTS)
    units = serializers.IntegerField(min_value=1, max_value=MOST_UNITS)
    needed_by = MomentField(help_text="Within the next 30 days.")
    urgency = serializers.ChoiceField(
        choices=URGENCIES, default="routine", help_text="Critical: every partner within reach is asked at once."
    )
    radius_km = serializers.DecimalField(
        max_digits=5, decimal_places=2, min_value=Decimal("0.5"), max_value=Decimal(100), default=Decimal(20)
    )
    requirements = serializers.ListField(
        child=serializers.ChoiceField(choices=REQUIREMENTS), required=False, default=list, max_length=len(REQUIREMENTS)
    )
    note = serializers.CharField(
        max_length=300, required=False, allow_blank=True, default="", help_text="Shown to those who are asked."
    )


class FeeIn(serializers.Serializer[Any]):
    amount = serializers.IntegerField(min_value=0, max_value=LARGEST_FEE, help_text="In minor units, as in paise.")
    currency = serializers.ChoiceField(choices=list(Currency))


class TransferOfferIn(serializers.Serializer[Any]):
    units = serializers.IntegerField(
        min_value=1, max_value=MOST_UNITS, required=False, help_text="So many of your best; else as many as there are."
    )
    named = serializers.ListField(
        child=serializers.CharField(max_length=60),
        required=False,
        default=list,
        max_length=MOST_UNITS,
        help_text="These units: ids, numbers or texts of bar codes.",
    )
    processing_fee = FeeIn(
        required=False,
        help_text="For each unit, agreed when the asker confirms; that of your price list unless stated.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["named"] and "units" in attrs:
            raise serializers.ValidationError("Say how many, or which.", code="one_of_two")
        return attrs


class TransferReasonIn(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=300)


class DispatchIn(serializers.Serializer[Any]):
    courier = serializers.CharField(max_length=120)
    box = serializers.CharField(max_length=60)
    vehicle = serializers.CharField(max_length=40, required=False, allow_blank=True, default="")
    expected_at = MomentField(required=False)


class UnitArrivalIn(serializers.Serializer[Any]):
    unit = serializers.CharField(max_length=60, help_text="Id, number or text of the bar code.")
    condition = serializers.ChoiceField(choices=[str(condition) for condition in Condition], default="sound")
    reason = serializers.ChoiceField(
        choices=[str(reason) for reason in OWN_REASONS], default="broken", help_text="Why a damaged unit is refused."
    )
    note = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")


class ReceiveIn(serializers.Serializer[Any]):
    units = serializers.ListField(
        child=UnitArrivalIn(), min_length=1, max_length=MOST_UNITS, help_text="Every unit that was sent."
    )


class FeeOut(serializers.Serializer[Any]):
    amount = serializers.IntegerField(source="fee_minor")
    currency = serializers.CharField(source="fee_currency")
    agreed_at = serializers.DateTimeField(source="fee_agreed_at", allow_null=True)


class FeeDueOut(serializers.Serializer[Any]):
    amount = serializers.IntegerField(source="minor", help_text="For all sound units, in minor units.")
    currency = serializers.ChoiceField(choices=list(Currency))


class TransferOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    need = serializers.UUIDField(help_text="Shared by transfers that belong to one need; the id of the first.")
    side = serializers.ChoiceField(choices=SIDES)
    status = serializers.ChoiceField(choices=STATUSES, source="stands")
    end_reason = serializers.ChoiceField(choices=["", *(str(end) for end in TransferEnd)])
    partner = HolderOut(help_text="Who asks.")
    sender = HolderOut(allow_null=True, help_text="Who gives, from the offer on.")
    distance_km = serializers.FloatField(allow_null=True, help_text="Between the asker and you, where you are asked.")
    blood_group = serializers.ChoiceField(choices=RECIPIENTS)
    component = serializers.ChoiceField(choices=COMPONENTS)
    units = serializers.IntegerField()
    units_offered = serializers.IntegerField()
    units_received = serializers.IntegerField(help_text="Sound on arrival.")
    urgency = serializers.ChoiceField(choices=URGENCIES)
    needed_by = serializers.DateTimeField()
    answer_by = serializers.DateTimeField(allow_null=True, help_text="Until when you may offer or refuse.")
    due_at = serializers.DateTimeField(allow_null=True, help_text="When the present step lapses.")
    requirements = serializers.SerializerMethodField()
    note = serializers.CharField()
    processing_fee = FeeOut(source="fee", allow_null=True, help_text="The sender's, for each unit.")
    fee_due = FeeDueOut(
        allow_null=True,
        help_text="What the asker owes the sender: the fee it agreed to, for the units received. It is paid with "
        "`POST /partner/payments` and the purchase of the kind `transfer` with this id.",
    )
    courier = serializers.CharField()
    box = serializers.CharField()
    vehicle = serializers.CharField()
    expected_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()

    def get_requirements(self, transfer: Any) -> list[str]:
        return [name for name in REQUIREMENTS if getattr(transfer, name)]


class TransferUnitOut(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="unit_id")
    din = serializers.CharField(source="unit.din")
    blood_group = serializers.ChoiceField(choices=GROUPS, source="unit.blood_group")
    expires_at = serializers.DateTimeField(source="unit.expires_at")
    fate = serializers.ChoiceField(choices=[str(fate) for fate in Fate])
    discard_reason = serializers.ChoiceField(
        choices=["", *(str(reason) for reason in DiscardReason)], source="unit.discard_reason"
    )
    note = serializers.CharField()


class AskOut(serializers.Serializer[Any]):
    partner = HolderOut()
    distance_km = serializers.FloatField()
    asked_at = serializers.DateTimeField()
    answer_by = serializers.DateTimeField()
    answer = serializers.ChoiceField(choices=["", *(str(answer) for answer in Answer)], help_text="Empty: none yet.")
    reason = serializers.CharField()


class TransferEventOut(serializers.Serializer[Any]):
    verb = serializers.CharField()
    status = serializers.ChoiceField(choices=STATUSES, help_text="After it.")
    partner = serializers.UUIDField(source="partner_id", allow_null=True, help_text="Whose act; null: time's.")
    facts = serializers.DictField()
    created_at = serializers.DateTimeField()


class TransferDetailOut(TransferOut):
    fee_paid = serializers.BooleanField(help_text="Whether the fee that is due has been paid.")
    bags = TransferUnitOut(many=True)
    asks = AskOut(many=True, help_text="Whom the asker has asked; to others, their own.")
    history = TransferEventOut(source="events", many=True)
