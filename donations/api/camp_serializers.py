from __future__ import annotations

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from common.api.fields import LatitudeField, LineField, LongitudeField, MomentField, NumberField
from donations.api.qr import ticket_qr
from donations.api.serializers import GROUPS, DonorNameOut, PartnerNameOut, UnitBriefOut
from donations.states import CampStatus, CheckInOutcome, ConsentForm, EnrolmentStatus
from donations.tickets import LONGEST, ticket_key, write_ticket
from stock.api.serializers import DinField

STATUSES = [str(status) for status in CampStatus]
MOST_PLACES = 1000
MOST_SCANS = 500


class CampPlaceIn(serializers.Serializer[Any]):
    name = LineField(max_length=120)
    address = LineField(max_length=300)
    lat = LatitudeField()
    lng = LongitudeField()


class CampIn(serializers.Serializer[Any]):
    title = LineField(max_length=120)
    description = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")
    place = CampPlaceIn()
    starts_at = MomentField(help_text="In the future, within a year.")
    ends_at = MomentField(help_text="Within 24 hours of the beginning.")
    capacity = serializers.IntegerField(min_value=1, max_value=MOST_PLACES)


class CampChangeIn(serializers.Serializer[Any]):
    title = LineField(max_length=120, required=False)
    description = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    place = CampPlaceIn(required=False)
    starts_at = MomentField(required=False)
    ends_at = MomentField(required=False)
    capacity = serializers.IntegerField(min_value=1, max_value=MOST_PLACES, required=False)


def columns_of(values: dict[str, Any]) -> dict[str, Any]:
    """Return the body's values by the names of the columns."""
    columns = dict(values)
    place = columns.pop("place", None)
    if place is not None:
        columns |= {"place_name": place["name"], "address": place["address"]}
        columns |= {axis: Decimal(str(round(place[axis], 6))) for axis in ("lat", "lng")}
    return columns


class WithinQuery(serializers.Serializer[Any]):
    """`from` and `to`, which no attribute can be called."""

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        fields["from"] = MomentField(required=False, help_text="Camps that end after it.")
        fields["to"] = MomentField(required=False, help_text="Camps that begin before it.")
        return fields


class CampQuery(WithinQuery):
    status = serializers.ChoiceField(choices=STATUSES, required=False)


class CampsNearbyQuery(WithinQuery):
    lat = LatitudeField()
    lng = LongitudeField()
    radius_km = NumberField(min_value=0.1, max_value=100, default=20)


class CampPlaceOut(serializers.Serializer[Any]):
    name = serializers.CharField(source="place_name")
    address = serializers.CharField()
    lat = serializers.FloatField()
    lng = serializers.FloatField()


class CampOut(serializers.Serializer[Any]):
    """A camp as everybody sees it."""

    id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=STATUSES, source="stands")
    title = serializers.CharField()
    description = serializers.CharField()
    partner = PartnerNameOut()
    place = CampPlaceOut(source="*")
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    zone = serializers.CharField(help_text="IANA zone in which the camp is held.")
    capacity = serializers.IntegerField()
    places_left = serializers.IntegerField(help_text="Places that may still be taken.")


class NearCampOut(CampOut):
    distance_km = serializers.SerializerMethodField()

    def get_distance_km(self, camp: Any) -> float:
        return round(float(camp.distance_km), 2)


class PartnerCampOut(serializers.Serializer[Any]):
    """A camp as its partner sees it."""

    id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=STATUSES, source="stands")
    title = serializers.CharField()
    description = serializers.CharField()
    place = CampPlaceOut(source="*")
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    zone = serializers.CharField()
    capacity = serializers.IntegerField()
    enrolled = serializers.IntegerField(help_text="Places that are taken.")
    cancel_reason = serializers.CharField()
    published_at = serializers.DateTimeField(allow_null=True)
    reported_at = serializers.DateTimeField(allow_null=True)
    ticket_key = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()

    def get_ticket_key(self, camp: Any) -> str:
        """Ed25519 public key (base64url) by which a scanner without network tells a genuine ticket."""
        return ticket_key()


class CampReasonIn(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=300)


class EnrolmentOut(serializers.Serializer[Any]):
    """A place in a camp as its donor sees it."""

    id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=[str(status) for status in EnrolmentStatus])
    camp = CampOut()
    enrolled_at = serializers.DateTimeField()
    checked_in_at = serializers.DateTimeField(allow_null=True)
    ticket = serializers.SerializerMethodField()
    ticket_qr = serializers.SerializerMethodField()

    def get_ticket(self, enrolment: Any) -> str | None:
        """The text of the QR code; null once the place is over."""
        if not enrolment.is_live:
            return None
        return write_ticket(enrolment_id=enrolment.pk, camp_id=enrolment.camp_id)

    def get_ticket_qr(self, enrolment: Any) -> str | None:
        """What to show at the camp: a data URI with an SVG image."""
        text = self.get_ticket(enrolment)
        return None if text is None else ticket_qr(text)


class PartnerEnrolmentOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=[str(status) for status in EnrolmentStatus])
    blood_group = serializers.ChoiceField(choices=GROUPS, source="donor.blood_group", help_text="From the profile.")
    is_group_confirmed = serializers.SerializerMethodField()
    donor = serializers.SerializerMethodField()
    enrolled_at = serializers.DateTimeField()
    checked_in_at = serializers.DateTimeField(allow_null=True)

    def get_is_group_confirmed(self, enrolment: Any) -> bool:
        return enrolment.donor.group_confirmed_at is not None

    @extend_schema_field(DonorNameOut(allow_null=True))
    def get_donor(self, enrolment: Any) -> Any:
        """Who the donor is; null until checked in."""
        return DonorNameOut(enrolment.donor).data if enrolment.checked_in_at is not None else None


class TicketScanIn(serializers.Serializer[Any]):
    token = serializers.CharField(max_length=LONGEST, help_text="The text of the donor's QR code.")
    at = MomentField(required=False, help_text="When it was scanned; now unless told.")


class CheckInsIn(serializers.Serializer[Any]):
    default_error_messages = {"one_of_both": "Send either `token` or `check_ins`."}

    token = serializers.CharField(max_length=LONGEST, required=False, help_text="The text of the donor's QR code.")
    check_ins = serializers.ListField(
        child=TicketScanIn(),
        min_length=1,
        max_length=MOST_SCANS,
        required=False,
        help_text="Collected without network.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("token" in attrs) == ("check_ins" in attrs):
            self.fail("one_of_both")
        return attrs


class CheckedInOut(serializers.Serializer[Any]):
    outcome = serializers.ChoiceField(choices=[str(outcome) for outcome in CheckInOutcome])
    enrolment = serializers.UUIDField(source="enrolment_id", allow_null=True)


class CheckInsOut(serializers.Serializer[Any]):
    results = CheckedInOut(many=True)


class CampDonationIn(serializers.Serializer[Any]):
    enrolment = serializers.UUIDField(source="enrolment_id")
    volume_ml = serializers.IntegerField(min_value=50, max_value=1000)
    haemoglobin_g_dl = serializers.DecimalField(max_digits=4, decimal_places=2, min_value=3, max_value=25)
    blood_group = serializers.ChoiceField(
        choices=GROUPS, required=False, help_text="As typed at the camp; freezes the donor's group."
    )
    donated_at = MomentField(required=False, help_text="The check-in unless told.")
    din = DinField(required=False, help_text="The number on the bag; your next one unless told.")
    consent = serializers.ChoiceField(
        choices=[str(ConsentForm.PAPER)], required=False, help_text="That the donor has signed the centre's form."
    )
    weight_kg = serializers.DecimalField(max_digits=4, decimal_places=1, min_value=20, max_value=300, required=False)
    systolic_mmhg = serializers.IntegerField(min_value=40, max_value=300, required=False)
    diastolic_mmhg = serializers.IntegerField(min_value=20, max_value=200, required=False)
    pulse_bpm = serializers.IntegerField(min_value=20, max_value=250, required=False)
    temperature_c = serializers.DecimalField(max_digits=3, decimal_places=1, min_value=30, max_value=45, required=False)


class CampDeferralIn(serializers.Serializer[Any]):
    enrolment = serializers.UUIDField(source="enrolment_id")
    code = serializers.CharField(max_length=40, help_text="A deferral code; `GET /deferral-codes` lists most.")
    pause_until = serializers.DateField(required=False, allow_null=True, default=None)


class CampUnitIn(serializers.Serializer[Any]):
    blood_group = serializers.ChoiceField(choices=GROUPS, help_text="As labelled; to be confirmed.")
    volume_ml = serializers.IntegerField(min_value=50, max_value=1000)
    collected_at = MomentField(required=False, help_text="The camp's beginning unless told.")
    din = DinField(required=False, help_text="The number on the bag; your next one unless told.")


class CampReportIn(serializers.Serializer[Any]):
    donations = serializers.ListField(
        child=CampDonationIn(), max_length=MOST_PLACES, default=list, help_text="Of those who were checked in."
    )
    deferred = serializers.ListField(
        child=CampDeferralIn(), max_length=MOST_PLACES, default=list, help_text="Who came and was found unfit."
    )
    units = serializers.ListField(
        child=CampUnitIn(), max_length=MOST_PLACES, default=list, help_text="Bags of anybody else; nobody is credited."
    )


class CollectedOut(serializers.Serializer[Any]):
    enrolment = serializers.UUIDField(source="enrolment_id", allow_null=True)
    unit = UnitBriefOut()


class CampReportOut(serializers.Serializer[Any]):
    camp = PartnerCampOut()
    units = CollectedOut(many=True, source="collected", help_text="In the order of the report.")
    deferred = serializers.IntegerField()
    released = serializers.IntegerField(help_text="Who came and is not in the report.")
    missed = serializers.IntegerField(help_text="Who did not come.")
