"""Orders as they are placed and shown. Amounts are whole minor units: 125000 INR is ₹1,250.00."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from common.api.fields import CodeField, LatitudeField, LongitudeField, MomentField, PhoneField, PointIn
from common.blood import Sex
from orders.api.courier_serializers import CourierIn, OrderCourierOut
from orders.selectors import PLACED, RECEIVED
from orders.states import BagFate, EndReason, Fault, OrderStatus, Terms
from partners.pricing import ChargeKind
from payments.api.serializers import MoneyOut
from stock.api.serializers import COMPONENTS, GROUPS, EmergencyIn, HolderOut
from stock.compatibility import UNKNOWN

RECIPIENTS = [*GROUPS, UNKNOWN]
SPECIAL = ["irradiated", "leukoreduced", "cmv_negative", "k_negative"]
STATUSES = [str(status) for status in OrderStatus]
MOST_LINES = 40
MOST_UNITS = 50
MOST_MEASURED = 500
PRICES = ("price", "amount", "total", "currency", "charges", "discount", "fee", "unit_price", "charge", "tax")


def refuse_prices(said: Any) -> None:
    """Raises: ValidationError where somebody names a price: it is the bank's, and refused rather than ignored."""
    named = [name for name in PRICES if isinstance(said, Mapping) and name in said]
    if named:
        detail = "Prices are the bank's, from its price list."
        raise ValidationError({name: [ErrorDetail(detail, "read_only")] for name in named})


class OrderLineIn(serializers.Serializer[Any]):
    blood_group = serializers.ChoiceField(choices=RECIPIENTS, help_text="The recipient's.")
    component = serializers.ChoiceField(choices=COMPONENTS)
    units = serializers.IntegerField(min_value=1, max_value=MOST_UNITS)
    special = serializers.ListField(
        child=serializers.ChoiceField(choices=SPECIAL), required=False, default=list, max_length=len(SPECIAL)
    )

    def to_internal_value(self, data: Any) -> Any:
        refuse_prices(data)
        return super().to_internal_value(data)


class DeliverToIn(serializers.Serializer[Any]):
    address = serializers.CharField(max_length=500)
    lat = LatitudeField()
    lng = LongitudeField()


class OrderQuoteIn(serializers.Serializer[Any]):
    bank = serializers.UUIDField()
    lines = serializers.ListField(child=OrderLineIn(), min_length=1, max_length=MOST_LINES)
    deliver_to = PointIn(required=False, help_text="Without it you fetch the bags.")
    needed_by = MomentField(required=False, help_text="Within the next 30 days.")


class OrderPatientIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=120)
    age = serializers.IntegerField(min_value=0, max_value=130)
    sex = serializers.ChoiceField(choices=[str(sex) for sex in Sex])
    hospital = serializers.CharField(max_length=200, help_text="Where the patient lies.")
    ward = serializers.CharField(max_length=60, required=False, allow_blank=True, default="")


class OrderPatientOut(serializers.Serializer[Any]):
    name = serializers.CharField(source="patient_name", allow_null=True)
    age = serializers.IntegerField(source="patient_age", allow_null=True)
    sex = serializers.CharField(source="patient_sex")
    hospital = serializers.CharField(source="hospital_name")
    ward = serializers.CharField(allow_null=True)


class _OrderIn(serializers.Serializer[Any]):
    bank = serializers.UUIDField()
    lines = serializers.ListField(child=OrderLineIn(), min_length=1, max_length=MOST_LINES)
    deliver_to = DeliverToIn(required=False, help_text="This, or `pickup`.")
    pickup = serializers.BooleanField(required=False, default=False, help_text="You fetch the bags at the bank.")
    needed_by = MomentField(help_text="Within the next 30 days.")
    note = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")

    def to_internal_value(self, data: Any) -> Any:
        refuse_prices(data)
        return super().to_internal_value(data)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["pickup"] == ("deliver_to" in attrs):
            raise ValidationError({"deliver_to": [ErrorDetail("Say where to, or that you fetch it.", "one_of_two")]})
        return attrs


class OrderIn(_OrderIn):
    patient = OrderPatientIn()
    requisition = serializers.UUIDField(
        required=False,
        allow_null=True,
        default=None,
        help_text="Your document that the patient's doctor has signed. It may be given later, but the bank needs it to "
        "accept, save in an emergency.",
    )


class PartnerOrderIn(_OrderIn):
    patient = OrderPatientIn(required=False, help_text="Without one the bags are for your shelf.")
    requisition_number = serializers.CharField(
        max_length=60, required=False, allow_blank=True, default="", help_text="Your own number of the requisition."
    )


class OrderQuery(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=STATUSES, required=False)
    bank = serializers.UUIDField(required=False)
    placed_from = MomentField(required=False)
    placed_to = MomentField(required=False, help_text="Before this moment.")
    updated_since = MomentField(required=False)


class PartnerOrderQuery(OrderQuery):
    side = serializers.ChoiceField(
        choices=[PLACED, RECEIVED], required=False, help_text="What you have ordered, or what is ordered of you."
    )


class RequisitionIn(serializers.Serializer[Any]):
    document = serializers.UUIDField(help_text="Your document that the patient's doctor has signed.")


class AcceptIn(serializers.Serializer[Any]):
    emergency = EmergencyIn(required=False, help_text="Without a requisition: two members of yours answer for it.")


class OrderReasonIn(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=300)


class OrderTaxOut(serializers.Serializer[Any]):
    name = serializers.CharField(source="tax_name")
    basis_points = serializers.IntegerField(source="tax_bp")
    amount = serializers.IntegerField(source="tax_minor")


class OrderChargeOut(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=[str(kind) for kind in ChargeKind])
    component = serializers.CharField()
    quantity = serializers.IntegerField()
    unit = serializers.IntegerField(source="unit_minor")
    amount = serializers.IntegerField(source="amount_minor", help_text="Without the tax.")
    tax = OrderTaxOut(source="*")


class OrderQuoteOut(serializers.Serializer[Any]):
    charges = OrderChargeOut(many=True)
    total = MoneyOut()
    distance_km = serializers.FloatField(allow_null=True)
    terms = serializers.ChoiceField(choices=[str(terms) for terms in Terms])


class OrderLineOut(serializers.Serializer[Any]):
    blood_group = serializers.ChoiceField(choices=RECIPIENTS)
    component = serializers.ChoiceField(choices=COMPONENTS)
    units = serializers.IntegerField()
    special = serializers.SerializerMethodField()

    def get_special(self, line: Any) -> list[str]:
        return [name for name in SPECIAL if getattr(line, name)]


class OrderOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=STATUSES, source="stands")
    end_reason = serializers.ChoiceField(choices=["", *(str(reason) for reason in EndReason)], source="ended_because")
    bank = HolderOut()
    hospital = HolderOut(source="buyer_partner", allow_null=True, help_text="Who ordered it, where that is a hospital.")
    lines = OrderLineOut(many=True)
    terms = serializers.ChoiceField(choices=[str(terms) for terms in Terms])
    total = MoneyOut()
    pay_by = serializers.DateTimeField(allow_null=True, help_text="From the bank's answer on: pay before this.")
    paid_at = serializers.DateTimeField(allow_null=True)
    needed_by = serializers.DateTimeField()
    expected_at = serializers.DateTimeField(allow_null=True)
    late = serializers.BooleanField(source="is_late")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class OrderPlaceOut(serializers.Serializer[Any]):
    address = serializers.CharField(allow_null=True)
    lat = serializers.FloatField()
    lng = serializers.FloatField()


class OrderBagOut(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="unit_id")
    din = serializers.CharField(source="unit.din")
    component = serializers.CharField(source="unit.component")
    blood_group = serializers.ChoiceField(choices=GROUPS, source="unit.blood_group")
    expires_at = serializers.DateTimeField(source="unit.expires_at")
    box = serializers.UUIDField(source="box_id", allow_null=True)
    fate = serializers.ChoiceField(choices=[str(fate) for fate in BagFate])
    unfit = serializers.BooleanField(
        source="is_unfit", help_text="It has left and may not be used: recalled, quarantined, or past its life."
    )


class BoxOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    label = serializers.CharField()  # type: ignore[assignment]
    min_c = serializers.FloatField(allow_null=True, help_text="Null: colder is fine.")
    max_c = serializers.FloatField()
    out_since = serializers.DateTimeField(allow_null=True)
    breached_at = serializers.DateTimeField(allow_null=True)
    packed_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)


class OrderDetailOut(OrderOut):
    charges = OrderChargeOut(many=True)
    fee = serializers.IntegerField(source="fee_minor", help_text="Kept, or billed, although nothing was delivered.")
    less = serializers.IntegerField(source="less_minor", help_text="Not owed: bags that were withheld at the door.")
    missing = serializers.IntegerField(
        help_text="Bags the bank has yet to keep, in the place of others that were lost."
    )
    patient = OrderPatientOut(source="*")
    requisition = serializers.UUIDField(allow_null=True)
    requisition_number = serializers.CharField()
    pickup = serializers.BooleanField(source="is_pickup")
    deliver_to = OrderPlaceOut(source="place", allow_null=True)
    distance_km = serializers.FloatField(allow_null=True)
    note = serializers.CharField()
    courier = OrderCourierOut(source="*")
    dispatched_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    bags = OrderBagOut(many=True)
    boxes = BoxOut(many=True)


class OrderStepOut(serializers.Serializer[Any]):
    at = serializers.SerializerMethodField(help_text="RFC 3339, with the offset of your zone.")
    local = serializers.CharField(help_text="YYYY-MM-DD HH:MM:SS by the clock of your zone.")
    verb = serializers.CharField()
    status = serializers.ChoiceField(choices=STATUSES, help_text="After it.")
    by = serializers.ChoiceField(choices=["receiver", "bank", "courier", "system"])
    facts = serializers.DictField(help_text="What proves it: that a code was right, which bags were scanned.")

    def get_at(self, step: Any) -> str:
        return str(step.at.isoformat())


class EtaOut(serializers.Serializer[Any]):
    expected_at = serializers.DateTimeField(allow_null=True)
    basis = serializers.ChoiceField(
        choices=["", "courier", "pings"], help_text="What the courier said, or where it was; empty: nobody knows."
    )
    remaining_km = serializers.FloatField(allow_null=True, help_text="As the crow flies, from the last ping.")
    seen_at = serializers.DateTimeField(allow_null=True, help_text="Of the last ping.")


class OrderTimelineOut(serializers.Serializer[Any]):
    steps = OrderStepOut(many=True)
    eta = EtaOut()


class HandoverCodeOut(serializers.Serializer[Any]):
    code = serializers.CharField(help_text="Tell it to nobody but who brings the bags.")


class BagScanIn(serializers.Serializer[Any]):
    unit = serializers.CharField(max_length=60, help_text="Id, number or text of the bar code.")
    component = serializers.ChoiceField(choices=["", *COMPONENTS], required=False, default="")


class PackIn(serializers.Serializer[Any]):
    box = serializers.CharField(max_length=60)
    units = serializers.ListField(child=BagScanIn(), min_length=1, max_length=MOST_LINES * MOST_UNITS)


class OrderDispatchIn(CourierIn):
    emergency = EmergencyIn(required=False, help_text="Without a crossmatch, where you ask for one.")


class DeliverIn(serializers.Serializer[Any]):
    code = CodeField(help_text="The receiver's six digits.")
    keep_back = serializers.BooleanField(
        default=False, help_text="You keep back the bags that are `unfit` and hand over the others."
    )


class FailIn(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=300)
    fault = serializers.ChoiceField(
        choices=[str(fault) for fault in Fault], help_text="Only a receiver's fault costs the buyer a fee."
    )


class ComebackIn(serializers.Serializer[Any]):
    unit = serializers.CharField(max_length=60, help_text="Id, number or text of the bar code.")
    minutes_out = serializers.IntegerField(
        min_value=0, max_value=10_000, help_text="How long nobody kept it at its temperature."
    )
    sound = serializers.BooleanField(default=True, help_text="Whether it looks as it should.")


class ReturnIn(serializers.Serializer[Any]):
    units = serializers.ListField(
        child=ComebackIn(), min_length=1, max_length=MOST_LINES * MOST_UNITS, help_text="Every bag that was sent."
    )


class PingIn(serializers.Serializer[Any]):
    at = MomentField()
    lat = LatitudeField()
    lng = LongitudeField()


class PingsIn(serializers.Serializer[Any]):
    pings = serializers.ListField(child=PingIn(), min_length=1, max_length=MOST_MEASURED, help_text="In any order.")


class PingsOut(serializers.Serializer[Any]):
    recorded = serializers.IntegerField(help_text="Those that were not known yet.")


class ReadingIn(serializers.Serializer[Any]):
    sensor = serializers.CharField(max_length=60)
    at = MomentField()
    temperature_c = serializers.DecimalField(
        max_digits=5, decimal_places=2, min_value=Decimal(-200), max_value=Decimal(100)
    )


class ReadingsIn(serializers.Serializer[Any]):
    readings = serializers.ListField(
        child=ReadingIn(), min_length=1, max_length=MOST_MEASURED, help_text="In any order; each counts once."
    )


class RiderIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=120)
    phone = PhoneField()
    vehicle = serializers.CharField(max_length=40, required=False, allow_blank=True)
    is_active = serializers.BooleanField(required=False)


class NewRiderIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=120)
    phone = PhoneField()
    vehicle = serializers.CharField(max_length=40, required=False, allow_blank=True, default="")


class RiderOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    phone = serializers.CharField()
    vehicle = serializers.CharField()
    is_active = serializers.BooleanField()
    lat = serializers.FloatField(allow_null=True)
    lng = serializers.FloatField(allow_null=True)
    located_at = serializers.DateTimeField(allow_null=True)
    load = serializers.IntegerField(help_text="Orders on the road with this rider.")
