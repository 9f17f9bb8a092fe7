"""What doctors say and what is shown of them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from zoneinfo import ZoneInfo

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from appointments.selectors.searching import FoundDoctor, Wanted
from appointments.selectors.slots import FreeTimes
from appointments.states import DoctorOrder, DoctorStatus, SlotsEmpty, VisitKind
from common.api.fields import LatitudeField, LineField, LongitudeField, MomentField, NumberField, ZoneField
from common.geo import Point
from common.money import LARGEST, Currency
from partners.searching import SHORTEST, words_of
from payments.api.serializers import MoneyOut

Serializer = serializers.Serializer[Any]
KINDS = [str(kind) for kind in VisitKind]
WALL_CLOCK: Final = re.compile(r"([01][0-9]|2[0-3]|24(?=:00)):([0-5][0-9])")
LANGUAGE = r"^[a-z]{2,3}\Z"
FARTHEST_KM, DEFAULT_KM = 200, 25
OLDEST_REGISTRATION = 1940


def unique(values: list[Any]) -> list[Any]:
    return list(dict.fromkeys(values))


# What comes in


class DoctorProfileIn(Serializer):
    name = LineField(max_length=120, required=False, help_text="As the council wrote it; your account's unless told.")
    title = LineField(max_length=20, required=False, allow_blank=True)
    registration_number = LineField(max_length=40)
    council = LineField(max_length=80)
    registered_in = serializers.IntegerField(min_value=OLDEST_REGISTRATION, max_value=9999, help_text="A year.")
    qualifications = LineField(max_length=200)
    specialisations = serializers.ListField(
        child=serializers.CharField(max_length=40), min_length=1, max_length=5, help_text="Of GET /specialisations."
    )
    languages = serializers.ListField(
        child=serializers.RegexField(LANGUAGE),
        min_length=1,
        max_length=10,
        help_text="ISO 639 codes: en, hi, bn, mr, …",
    )
    about = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    video_fee = serializers.IntegerField(
        source="video_fee_minor",
        min_value=0,
        max_value=LARGEST,
        required=False,
        allow_null=True,
        help_text="Minor units of the currency; null: no video consults.",
    )
    in_person_fee = serializers.IntegerField(
        source="in_person_fee_minor",
        min_value=0,
        max_value=LARGEST,
        required=False,
        allow_null=True,
        help_text="Minor units of the currency; null: no visits in person.",
    )
    currency = serializers.ChoiceField(list(Currency), required=False)
    pay_at_visit = serializers.BooleanField(required=False, help_text="Visits in person may be paid there.")
    consult_minutes = serializers.IntegerField(min_value=5, max_value=240, required=False)
    buffer_before_minutes = serializers.IntegerField(min_value=0, max_value=120, required=False)
    buffer_after_minutes = serializers.IntegerField(min_value=0, max_value=120, required=False)
    notice_minutes = serializers.IntegerField(min_value=0, max_value=30 * 24 * 60, required=False)
    horizon_days = serializers.IntegerField(min_value=1, max_value=365, required=False)
    full_refund_hours = serializers.IntegerField(min_value=0, max_value=30 * 24, required=False)
    late_refund_percent = serializers.IntegerField(min_value=0, max_value=100, required=False)
    zone = ZoneField(required=False, help_text="Of your weekly hours; your account's unless told.")
    documents = serializers.ListField(
        child=serializers.UUIDField(),
        min_length=1,
        max_length=10,
        required=False,
        help_text="Of POST /me/documents, for the administrators' eyes.",
    )

    def validate_specialisations(self, codes: list[str]) -> list[str]:
        return unique(codes)

    def validate_languages(self, codes: list[str]) -> list[str]:
        return unique(codes)

    def validate_documents(self, ids: list[Any]) -> list[Any]:
        return unique(ids)


class DoctorApplyIn(DoctorProfileIn):
    documents = serializers.ListField(
        child=serializers.UUIDField(),
        min_length=2,
        max_length=10,
        help_text="Of POST /me/documents: the registration certificate and an identity card with your photo, at least.",
    )


class PracticePlaceIn(Serializer):
    name = LineField(max_length=120)
    address = LineField(max_length=300)
    city = LineField(max_length=80)
    lat = LatitudeField()
    lng = LongitudeField()


class WallClockField(serializers.CharField):
    """HH:MM on the wall clock, as minutes after midnight."""

    default_error_messages = {"wall_clock": "Give a time as HH:MM, from 00:00 to 24:00."}

    def to_internal_value(self, data: Any) -> Any:
        found = WALL_CLOCK.fullmatch(super().to_internal_value(data))
        if found is None:
            self.fail("wall_clock")
        return int(found[1]) * 60 + int(found[2])

    def to_representation(self, value: Any) -> str:
        return f"{value // 60:02d}:{value % 60:02d}"


class WeekRowIn(Serializer):
    weekday = serializers.IntegerField(min_value=1, max_value=7, help_text="Monday is 1.")
    begins = WallClockField(source="from_minute", help_text="In the doctor's zone.")
    ends = WallClockField(source="to_minute", help_text="Earlier than it begins: on the next day.")
    kinds = serializers.ListField(child=serializers.ChoiceField(KINDS), min_length=1, max_length=2)
    place = serializers.UUIDField(required=False, allow_null=True, help_text="For visits in person.")
    valid_from = serializers.DateField(required=False, allow_null=True)
    valid_until = serializers.DateField(required=False, allow_null=True, help_text="Its last day.")


class WeekIn(Serializer):
    hours = serializers.ListField(child=WeekRowIn(), max_length=100)


class ExceptionIn(Serializer):
    leave = serializers.BooleanField(help_text="Whether it takes time away; otherwise it adds hours.")
    starts_at = MomentField()
    ends_at = MomentField()
    kinds = serializers.ListField(child=serializers.ChoiceField(KINDS), min_length=1, max_length=2, required=False)
    place = serializers.UUIDField(required=False, allow_null=True)
    note = LineField(max_length=120, required=False, allow_blank=True, help_text="For your own eyes.")
    cancel_booked = serializers.BooleanField(
        default=False, help_text="Cancel what patients have booked in the leave; they get all their money back."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        for name in ("starts_at", "ends_at"):
            if attrs[name].second or attrs[name].microsecond:
                raise ValidationError({name: [ErrorDetail("Give whole minutes.", "whole_minutes")]})
        if not attrs["leave"] and not attrs.get("kinds"):
            raise ValidationError({"kinds": [ErrorDetail("Extra hours are for something.", "required")]})
        return attrs


class SearchIn(Serializer):
    kind = serializers.ChoiceField(KINDS, required=False)
    specialisation = serializers.CharField(max_length=40, required=False)
    language = serializers.RegexField(LANGUAGE, required=False)
    fee_max = serializers.IntegerField(
        min_value=0, max_value=LARGEST, required=False, help_text="Minor units of `currency`."
    )
    currency = serializers.ChoiceField(list(Currency), required=False, help_text="INR where fees are compared.")
    available_by = MomentField(required=False, help_text="Free at the latest then.")
    q = serializers.CharField(
        max_length=80, required=False, help_text="Beginnings of words of name, qualifications or specialisations."
    )
    city = serializers.CharField(max_length=80, required=False, help_text="Where patients are seen in person.")
    lat = LatitudeField(required=False)
    lng = LongitudeField(required=False)
    radius_km = NumberField(min_value=0.1, max_value=FARTHEST_KM, default=DEFAULT_KM)
    order = serializers.ChoiceField([str(order) for order in DoctorOrder], default=str(DoctorOrder.NEXT_FREE))

    def validate_q(self, text: str) -> list[str]:
        words = words_of(text)
        if not words:
            raise ValidationError(f"Give at least {SHORTEST} letters or digits.", "too_short")
        return words

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("lat" in attrs) != ("lng" in attrs):
            missing = "lng" if "lat" in attrs else "lat"
            raise ValidationError({missing: [ErrorDetail("Latitude and longitude go together.", "required")]})
        return attrs


def wanted_of(said: dict[str, Any]) -> Wanted:
    compared = "fee_max" in said or said["order"] == DoctorOrder.FEE
    currency = said.get("currency", Currency.INR if compared else None)
    return Wanted(
        kind=VisitKind(said["kind"]) if "kind" in said else None,
        specialisation=said.get("specialisation", ""),
        language=said.get("language", ""),
        words=said.get("q", ()),
        fee_max=said.get("fee_max"),
        currency=currency and Currency(currency),
        available_by=said.get("available_by"),
        city=said.get("city", ""),
        near=Point(said["lat"], said["lng"]) if "lat" in said else None,
        radius_km=said["radius_km"],
    )


def moment(text: str) -> dt.datetime:
    """Raises: ValueError"""
    found = dt.datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(text)
    return found


# How a cursor's position reads.
POSITIONS: Final[Mapping[DoctorOrder, Callable[[str], Any]]] = {
    DoctorOrder.NEXT_FREE: moment,
    DoctorOrder.FEE: int,
    DoctorOrder.RATING: int,
}


class SlotsIn(Serializer):
    begin = MomentField(help_text="`from`: slots begin then or later.")
    to = MomentField(help_text="And before this; 31 days at most.")
    kind = serializers.ChoiceField(KINDS, required=False, help_text="Both kinds unless told.")
    zone = ZoneField(required=False, help_text="In which the times are written; the doctor's unless told.")

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        return {"from": fields.pop("begin"), **fields}  # a word that Python keeps for itself


class DoctorRatingIn(Serializer):
    stars = serializers.IntegerField(min_value=1, max_value=5)
    comment = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")


# What goes out


class SpecialisationOut(Serializer):
    code = serializers.CharField()
    name = serializers.CharField()
    name_hi = serializers.CharField()
    name_bn = serializers.CharField()


class RegistrationOut(Serializer):
    number = serializers.CharField(source="registration_number")
    council = serializers.CharField()
    year = serializers.IntegerField(source="registered_in")


class FeesOut(Serializer):
    video = MoneyOut(source="video_fee", allow_null=True)
    in_person = MoneyOut(source="in_person_fee", allow_null=True)


class PracticePlaceOut(Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()
    address = serializers.CharField()
    city = serializers.CharField()
    lat = serializers.FloatField()
    lng = serializers.FloatField()


class FoundPlaceOut(PracticePlaceOut):
    distance_km = serializers.FloatField(allow_null=True, help_text="From where you look for doctors nearby.")

    def to_representation(self, instance: Any) -> dict[str, Any]:
        away = instance.distance_km
        shown: dict[str, Any] = PracticePlaceOut(instance.place).data
        return {**shown, "distance_km": None if away is None else round(away, 3)}


class DoctorOut(Serializer):
    """What everybody sees of a doctor."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    name = serializers.CharField()
    qualifications = serializers.CharField()
    specialisations = serializers.ListField(child=serializers.CharField())
    languages = serializers.ListField(child=serializers.CharField())
    registration = RegistrationOut(source="*")
    fees = FeesOut(source="*")
    pay_at_visit = serializers.BooleanField()
    consult_minutes = serializers.IntegerField()
    zone = serializers.CharField()
    rating_average = serializers.FloatField(allow_null=True, help_text="1 to 5 stars, by patients.")
    rating_count = serializers.IntegerField(source="ratings")


class FoundDoctorOut(DoctorOut):
    next_video_at = serializers.DateTimeField(allow_null=True, help_text="The first free time by video.")
    next_in_person_at = serializers.DateTimeField(allow_null=True, help_text="The first free time in person.")
    places = FoundPlaceOut(many=True)

    def to_representation(self, instance: FoundDoctor) -> dict[str, Any]:
        moment = self.fields["next_video_at"].to_representation
        found = instance.next
        return {
            **DoctorOut(instance.doctor).data,
            "next_video_at": found.video_at and moment(found.video_at),
            "next_in_person_at": found.in_person_at and moment(found.in_person_at),
            "places": FoundPlaceOut(instance.places, many=True).data,
        }


class PublicDoctorOut(FoundDoctorOut):
    about = serializers.CharField()
    notice_minutes = serializers.IntegerField(help_text="A slot is bookable so long before it begins.")
    horizon_days = serializers.IntegerField(help_text="How far ahead one may book.")
    full_refund_hours = serializers.IntegerField(help_text="Cancelled so long before, everything goes back.")
    late_refund_percent = serializers.IntegerField(help_text="What goes back of a cancelling after that.")

    def to_representation(self, instance: FoundDoctor) -> dict[str, Any]:
        names = ("about", "notice_minutes", "horizon_days", "full_refund_hours", "late_refund_percent")
        return {**super().to_representation(instance), **{name: getattr(instance.doctor, name) for name in names}}


class DoctorProfileOut(DoctorOut):
    """The doctor as he sees himself."""

    status = serializers.ChoiceField([str(status) for status in DoctorStatus])
    reason = serializers.CharField(source="reject_reason", help_text="Why it was rejected or suspended.")
    about = serializers.CharField()
    buffer_before_minutes = serializers.IntegerField()
    buffer_after_minutes = serializers.IntegerField()
    notice_minutes = serializers.IntegerField()
    horizon_days = serializers.IntegerField()
    full_refund_hours = serializers.IntegerField()
    late_refund_percent = serializers.IntegerField()
    approved_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class WeekRowOut(Serializer):
    weekday = serializers.IntegerField()
    begins = WallClockField(source="from_minute")
    ends = WallClockField(source="to_minute", help_text="24:00 is the midnight that ends the day.")
    kinds = serializers.ListField(child=serializers.ChoiceField(KINDS))
    place = serializers.UUIDField(source="place_id", allow_null=True)
    valid_from = serializers.DateField(allow_null=True)
    valid_until = serializers.DateField(allow_null=True)


class WeekOut(Serializer):
    zone = serializers.CharField()
    hours = WeekRowOut(many=True)


class ExceptionOut(Serializer):
    id = serializers.UUIDField()
    leave = serializers.BooleanField(source="is_leave")
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    kinds = serializers.ListField(child=serializers.ChoiceField(KINDS))
    place = serializers.UUIDField(source="place_id", allow_null=True)
    note = serializers.CharField()


class ZonedField(serializers.DateTimeField):
    """A moment as it is, with the offset of its own zone."""

    def to_representation(self, value: dt.datetime) -> str:
        return value.isoformat()


class SlotOut(Serializer):
    starts_at = ZonedField()
    ends_at = ZonedField()
    kind = serializers.ChoiceField(KINDS)
    place = serializers.UUIDField(source="place_id", allow_null=True)


class SlotsOut(Serializer):
    zone = serializers.CharField(help_text="In which the times are written.")
    slots = SlotOut(many=True)
    empty_because = serializers.ChoiceField(
        [str(why) for why in SlotsEmpty],
        allow_null=True,
        help_text="`not_offered`: no such consults; `not_then`: free at another time; `booked_up`: not free at all.",
    )
    next_free_at = ZonedField(allow_null=True, help_text="The first free time, where there are no slots.")


def slots_shown(found: FreeTimes, zone: str) -> dict[str, Any]:
    """Return the times as they are shown: in the zone."""
    wall = ZoneInfo(zone)
    slots = [
        {
            "starts_at": slot.starts_at.astimezone(wall),
            "ends_at": slot.ends_at.astimezone(wall),
            "kind": slot.kind,
            "place_id": slot.place_id,
        }
        for slot in found.slots
    ]
    following = found.next_free_at and found.next_free_at.astimezone(wall)
    return {"zone": zone, "slots": slots, "empty_because": found.empty_because, "next_free_at": following}


class DoctorRatingOut(Serializer):
    stars = serializers.IntegerField()
    comment = serializers.CharField()
    created_at = serializers.DateTimeField()
