"""Appointments as they are booked and shown. Amounts are whole minor units: 50000 INR is ₹500.00."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from appointments.selectors.meetings import facts_of
from appointments.services.booking import MOST_TIMES
from appointments.states import (
    AppointmentStatus,
    EndedBy,
    Every,
    MeetingProvider,
    Origin,
    Readiness,
    VisitKind,
    VisitTerms,
    WaitingStatus,
)
from common.api.fields import MomentField
from payments.api.serializers import MoneyOut
from payments.states import PayoutStatus, PurchaseKind

KINDS: Final = [str(kind) for kind in VisitKind]
STATUSES: Final = [str(status) for status in AppointmentStatus]
PRICES: Final = ("price", "amount", "fee", "currency", "discount", "total", "ends_at", "place", "terms")
DAY_MINUTES: Final = 1440
MOST_FILES: Final = 10  # with one booking


def refuse_given(said: Any) -> None:
    """Raises: ValidationError where somebody sets what is the doctor's: it is refused rather than ignored."""
    named = [name for name in PRICES if isinstance(said, Mapping) and name in said]
    if named:
        detail = "Price, length, place and rules are the doctor's."
        raise ValidationError({name: [ErrorDetail(detail, "read_only")] for name in named})


class _WishIn(serializers.Serializer[Any]):
    doctor = serializers.UUIDField()
    starts_at = MomentField(help_text="The beginning of a free slot.")
    kind = serializers.ChoiceField(choices=KINDS)
    reason = serializers.CharField(
        max_length=1000, required=False, allow_blank=True, default="", help_text="For the doctor's eyes."
    )

    def to_internal_value(self, data: Any) -> Any:
        refuse_given(data)
        return super().to_internal_value(data)


class AppointmentIn(_WishIn):
    files = serializers.ListField(
        child=serializers.UUIDField(),
        max_length=MOST_FILES,
        required=False,
        default=list,
        help_text="Of `GET /me/files`; the doctor can read them once the visit is confirmed.",
    )


class SeriesIn(_WishIn):
    every = serializers.ChoiceField(choices=[str(every) for every in Every])
    times = serializers.IntegerField(min_value=2, max_value=MOST_TIMES)


class AppointmentMoveIn(serializers.Serializer[Any]):
    starts_at = MomentField(help_text="The beginning of a free slot of the same kind.")


class FollowUpIn(serializers.Serializer[Any]):
    starts_at = MomentField(help_text="The beginning of one of your free slots.")
    kind = serializers.ChoiceField(choices=KINDS, required=False, help_text="As before, unless told.")


class AppointmentReasonIn(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=300, help_text="Both sides can read it.")


class AppointmentCancelIn(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")


class AppointmentQuery(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=STATUSES, required=False)
    updated_since = MomentField(required=False)

    def get_fields(self) -> dict[str, Any]:
        """Add `from`, which is no name in Python, and `to`."""
        begins = MomentField(required=False, source="since", help_text="Visits that begin at this moment or later.")
        ends = MomentField(required=False, source="until", help_text="Visits that begin before this moment.")
        return {**super().get_fields(), "from": begins, "to": ends}


class DoctorDayQuery(AppointmentQuery):
    date = serializers.DateField(required=False, help_text="A day by your own clock, instead of `from` and `to`.")


class DoctorOfVisitOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField(source="full_name")
    specialisations = serializers.ListField(child=serializers.CharField())


class PlaceOfVisitOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    address = serializers.CharField()
    lat = serializers.FloatField()
    lng = serializers.FloatField()


class PatientOfVisitOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()


class ToPayOut(serializers.Serializer[Any]):
    """What `POST /payments` is told: `{"purchase": {"kind", "id"}}`."""

    kind = serializers.ChoiceField(choices=list(PurchaseKind))
    id = serializers.UUIDField()
    pay_by = serializers.DateTimeField(help_text="Paying may be begun until then.")


class RefundRuleOut(serializers.Serializer[Any]):
    full_until = serializers.DateTimeField(source="full_refund_until")
    late_percent = serializers.IntegerField(source="late_refund_percent")


class MeetingOfVisitOut(serializers.Serializer[Any]):
    """How far the link is; `…/join` and `…/host-link` give it when it is time."""

    status = serializers.ChoiceField(choices=[str(one) for one in Readiness])
    provider = serializers.ChoiceField(choices=[str(one) for one in MeetingProvider])


class _VisitOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=KINDS)
    place = PlaceOfVisitOut(allow_null=True)
    meeting = serializers.SerializerMethodField()
    status = serializers.SerializerMethodField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    reason = serializers.CharField(allow_null=True)
    terms = serializers.ChoiceField(choices=[str(terms) for terms in VisitTerms])
    fee = MoneyOut()
    refund = MoneyOut(allow_null=True, help_text="Of a fee that was paid, once the visit has ended.")
    hold_expires_at = serializers.DateTimeField(allow_null=True)
    paid_at = serializers.DateTimeField(allow_null=True)
    checked_in_at = serializers.DateTimeField(allow_null=True)
    started_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    ended_by = serializers.ChoiceField(choices=[str(by) for by in EndedBy], allow_blank=True)
    end_reason = serializers.CharField(allow_null=True, help_text="Of whoever cancelled.")
    sequence = serializers.IntegerField()
    origin = serializers.ChoiceField(choices=[str(origin) for origin in Origin])
    follows = serializers.UUIDField(source="follows_id", allow_null=True)
    series = serializers.UUIDField(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()

    @extend_schema_field(MeetingOfVisitOut(allow_null=True))
    def get_meeting(self, row: Any) -> Any:
        facts = facts_of(row)
        return None if facts is None else MeetingOfVisitOut(facts).data

    def get_status(self, row: Any) -> AppointmentStatus:
        return AppointmentStatus(row.stands)


class AppointmentOut(_VisitOut):
    doctor = DoctorOfVisitOut()
    refund_rule = RefundRuleOut(source="*")
    payment = serializers.SerializerMethodField()

    @extend_schema_field(ToPayOut(allow_null=True))
    def get_payment(self, row: Any) -> Any:
        if row.pay_by is None or row.is_over:
            return None
        return ToPayOut({"kind": PurchaseKind.APPOINTMENT, "id": row.pk, "pay_by": row.pay_by}).data


class DoctorAppointmentOut(_VisitOut):
    patient = PatientOfVisitOut()
    reason = serializers.CharField(source="told_reason", allow_null=True, help_text="Null until the visit is agreed.")


class VisitStepOut(serializers.Serializer[Any]):
    at = serializers.DateTimeField(source="created_at")
    verb = serializers.CharField()
    status = serializers.ChoiceField(choices=STATUSES)
    facts = serializers.DictField(child=serializers.JSONField())


class _DetailOut(serializers.Serializer[Any]):
    files = serializers.SerializerMethodField(help_text="What was given with the booking and is still kept.")
    history = VisitStepOut(many=True, source="events.all")

    def get_files(self, row: Any) -> list[UUID]:
        return [attached.file_id for attached in row.attached_files.all()]


class AppointmentDetailOut(_DetailOut, AppointmentOut):
    pass


class DoctorAppointmentDetailOut(_DetailOut, DoctorAppointmentOut):
    pass


class SeriesOut(serializers.Serializer[Any]):
    id = serializers.UUIDField(help_text="As `series` of each visit.")
    appointments = AppointmentOut(many=True)


class WaitIn(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=KINDS)
    earliest_minute = serializers.IntegerField(
        min_value=0, max_value=DAY_MINUTES - 1, required=False, default=0, help_text="After midnight there."
    )
    latest_minute = serializers.IntegerField(
        min_value=1, max_value=DAY_MINUTES, required=False, default=DAY_MINUTES, help_text="To begin before it."
    )

    def get_fields(self) -> dict[str, Any]:
        first = serializers.DateField(source="first_day", help_text="The first day, by the doctor's clock.")
        return {**super().get_fields(), "from": first, "to": serializers.DateField(source="last_day")}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["earliest_minute"] >= attrs["latest_minute"]:
            raise ValidationError({"latest_minute": [ErrorDetail("This is not later than the earliest.", "too_early")]})
        return attrs


class WaitOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    doctor = DoctorOfVisitOut()
    kind = serializers.ChoiceField(choices=KINDS)
    earliest_minute = serializers.IntegerField()
    latest_minute = serializers.IntegerField()
    status = serializers.ChoiceField(choices=[str(status) for status in WaitingStatus])
    appointment = serializers.UUIDField(source="offer_id", allow_null=True, help_text="The time held for you.")
    created_at = serializers.DateTimeField()

    def get_fields(self) -> dict[str, Any]:
        first = serializers.DateField(source="first_day")
        return {**super().get_fields(), "from": first, "to": serializers.DateField(source="last_day")}


class EarningOut(serializers.Serializer[Any]):
    """A payment (`id`) that paid for an appointment."""

    id = serializers.UUIDField()
    appointment = serializers.UUIDField(source="purchase.reference")
    currency = serializers.CharField()
    paid = serializers.IntegerField(source="amount_minor", help_text="In the currency's smallest unit, as all here.")
    fee = serializers.IntegerField(help_text="The platform's.")
    returned = serializers.IntegerField(source="refunded_minor", help_text="To the patient.")
    net = serializers.IntegerField(help_text="Yours.")
    payout_status = serializers.ChoiceField(choices=[str(one) for one in PayoutStatus], allow_null=True)
    paid_at = serializers.DateTimeField()


class EarningTotalOut(serializers.Serializer[Any]):
    currency = serializers.CharField()
    sold = serializers.IntegerField(source="sold_minor")
    fees = serializers.IntegerField(source="fees_minor", help_text="The platform's.")
    returned = serializers.IntegerField(source="returned_minor", help_text="To patients.")
    net = serializers.IntegerField(source="net_minor", help_text="What was sold, less the fees and what went back.")
    paid_out = serializers.IntegerField(source="paid_out_minor")
    on_the_way = serializers.IntegerField(source="on_the_way_minor")
    owed = serializers.IntegerField(source="owed_minor", help_text="Not yet on its way; below zero: you owe it.")


class EarnedMonthOut(serializers.Serializer[Any]):
    month = serializers.CharField(help_text="As 2030-05, by your own clock.")
    currency = serializers.CharField()
    count = serializers.IntegerField()
    paid = serializers.IntegerField(source="sold_minor")
    net = serializers.IntegerField(source="net_minor", help_text="Less the platform's fee and what went back.")
