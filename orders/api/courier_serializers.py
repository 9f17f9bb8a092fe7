"""Who brings an order, as the bank says it and as both sides read it."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from common.api.fields import MomentField
from orders.services.assigning import Courier
from orders.states import BookingStatus, CourierKind


class CourierIn(serializers.Serializer[Any]):
    rider = serializers.UUIDField(required=False, help_text="One of your riders.")
    nearest_rider = serializers.BooleanField(
        required=False, default=False, help_text="Your nearest rider who carries nothing, else who carries least."
    )
    provider = serializers.BooleanField(
        required=False, default=False, help_text="A courier of the logistics provider, where `couriers` lists one."
    )
    courier = serializers.CharField(max_length=120, required=False, allow_blank=True, default="", help_text="In words.")
    vehicle = serializers.CharField(max_length=40, required=False, allow_blank=True, default="")
    expected_at = MomentField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        others = [name for name in ("rider", "nearest_rider", "courier") if attrs.get(name)]
        if attrs["provider"] and others:
            detail = ErrorDetail("The provider sends whom it has: name nobody else.", "one_of_several")
            raise ValidationError({name: [detail] for name in others})
        return attrs


class OrderCourierOut(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=["", *(str(kind) for kind in CourierKind)], source="courier_kind")
    name = serializers.CharField(source="courier")
    vehicle = serializers.CharField()
    status = serializers.ChoiceField(
        choices=[str(status) for status in BookingStatus],
        source="booking.status",
        allow_null=True,
        help_text="How far the provider has come; null for anybody else.",
    )
    tracking_url = serializers.CharField(
        source="booking.tracking_url", allow_null=True, help_text="The provider's page; empty until it has told one."
    )


class CourierOptionOut(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=[str(CourierKind.RIDER), str(CourierKind.PROVIDER)])
    name = serializers.CharField()


class CourierOptionsOut(serializers.Serializer[Any]):
    couriers = CourierOptionOut(many=True)


def courier_in(body: dict[str, Any]) -> Courier:
    """Return whom a checked body names."""
    return Courier(
        rider_id=body.get("rider"),
        is_nearest=body["nearest_rider"],
        is_provider=body["provider"],
        name=body["courier"],
        vehicle=body["vehicle"],
        expected_at=body.get("expected_at"),
    )
