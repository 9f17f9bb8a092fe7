from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from common.api.fields import LatitudeField, LongitudeField, MomentField, NumberField, PlaceOut
from common.blood import BloodGroup
from stock.components import Component, load_components
from stock.din import DinInvalid, parse_din
from stock.reports import BUCKETS, LATER, WASTE
from stock.states import OWN_REASONS, CrossmatchResult, DiscardReason, Finding, MandatoryTest, UnitStatus

GROUPS = [str(group) for group in BloodGroup]
COMPONENTS = [str(component) for component in Component]
STATUSES = [str(status) for status in UnitStatus]
ANTICOAGULANTS = sorted({row.anticoagulant for row in load_components()} - {"any"})
MOST_UNITS = 500
MOST_KINDS = len(GROUPS) * len(COMPONENTS)
LARGEST_COUNT = 1000
MOST_COUNTED = 5000


@extend_schema_field(
    {"type": "string", "description": "As stored, printed with its check, or scanned.", "maxLength": 32}
)
class DinField(serializers.CharField):
    """A donation identification number; the value is its 13 characters."""

    default_error_messages = {"din_invalid": "This is not a valid donation identification number."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=32, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        try:
            return parse_din(super().to_internal_value(data)).value
        except DinInvalid:
            self.fail("din_invalid")


class ScannedUnitIn(serializers.Serializer[Any]):
    din = DinField()
    component = serializers.ChoiceField(choices=COMPONENTS)
    blood_group = serializers.ChoiceField(choices=GROUPS, help_text="As labelled; to be confirmed.")
    collected_at = MomentField()
    volume_ml = serializers.IntegerField(min_value=1, max_value=1000, required=False)
    anticoagulant = serializers.ChoiceField(choices=ANTICOAGULANTS, required=False)
    expires_at = MomentField(required=False, help_text="As labelled; by component and anticoagulant unless told.")
    irradiated = serializers.BooleanField(default=False)
    leukoreduced = serializers.BooleanField(default=False)
    cmv_negative = serializers.BooleanField(default=False)
    k_negative = serializers.BooleanField(default=False)


class ScanIn(serializers.Serializer[Any]):
    units = serializers.ListField(child=ScannedUnitIn(), min_length=1, max_length=MOST_UNITS)


class UnitQuery(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=STATUSES, required=False)
    component = serializers.ChoiceField(choices=COMPONENTS, required=False)
    blood_group = serializers.ChoiceField(choices=GROUPS, required=False)
    expires_before = MomentField(required=False)


class WhichIn(serializers.Serializer[Any]):
    component = serializers.CharField(
        max_length=24,
        required=False,
        allow_blank=True,
        default="",
        help_text="Name or short code, where several units carry the number.",
    )


class UnitOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    din = serializers.CharField(help_text="Donation identification number (ISBT 128).")
    component = serializers.ChoiceField(choices=COMPONENTS)
    status = serializers.ChoiceField(choices=STATUSES, source="stands")
    blood_group = serializers.ChoiceField(choices=GROUPS)
    volume_ml = serializers.IntegerField()
    anticoagulant = serializers.CharField(help_text="Empty where it is not known.")
    collected_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    storage_min_c = serializers.FloatField(allow_null=True, help_text="Null where colder is fine.")
    storage_max_c = serializers.FloatField(allow_null=True)
    irradiated = serializers.BooleanField()
    leukoreduced = serializers.BooleanField()
    cmv_negative = serializers.BooleanField()
    k_negative = serializers.BooleanField()
    counted = serializers.BooleanField(help_text="Known from a count only.")
    split_from = serializers.UUIDField(source="split_from_id", allow_null=True)
    reserved_until = serializers.DateTimeField(allow_null=True)
    discard_reason = serializers.ChoiceField(choices=["", *(str(reason) for reason in DiscardReason)])
    recalled_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


class UnitsOut(serializers.Serializer[Any]):
    units = UnitOut(many=True)


class HistoryOut(serializers.Serializer[Any]):
    verb = serializers.CharField()
    status = serializers.ChoiceField(choices=STATUSES, help_text="After it.")
    actor = serializers.CharField(help_text="Of your own steps; empty for another organisation's.")
    facts = serializers.DictField(help_text="Of your own steps; empty for another organisation's.")
    created_at = serializers.DateTimeField()


class MovementOut(HistoryOut):
    id = serializers.IntegerField()
    unit = serializers.UUIDField(source="unit_id")
    din = serializers.CharField(source="unit.din")
    component = serializers.ChoiceField(choices=COMPONENTS, source="unit.component")
    blood_group = serializers.ChoiceField(choices=GROUPS, source="unit.blood_group")


class TestOut(serializers.Serializer[Any]):
    test = serializers.ChoiceField(choices=[str(test) for test in MandatoryTest])
    finding = serializers.ChoiceField(choices=[str(finding) for finding in Finding])
    recorded_by = serializers.CharField()
    recorded_at = serializers.DateTimeField()


class UnitDetailOut(UnitOut):
    group_confirmed_at = serializers.DateTimeField(source="donation.group_confirmed_at", allow_null=True)
    tests = TestOut(source="donation.results", many=True)
    parts = UnitOut(many=True)
    history = HistoryOut(source="movements", many=True)


class ResultsIn(serializers.Serializer[Any]):
    """A name that is no test is refused: a result under a misspelt name would be lost."""

    default_error_messages = {"unknown_test": "There is no such test."}

    hiv = serializers.ChoiceField(choices=[str(finding) for finding in Finding], required=False)
    hbsag = serializers.ChoiceField(choices=[str(finding) for finding in Finding], required=False)
    hcv = serializers.ChoiceField(choices=[str(finding) for finding in Finding], required=False)
    syphilis = serializers.ChoiceField(choices=[str(finding) for finding in Finding], required=False)
    malaria = serializers.ChoiceField(choices=[str(finding) for finding in Finding], required=False)

    def to_internal_value(self, data: Any) -> Any:
        unknown = set(data) - set(self.fields) if isinstance(data, dict) else ()
        if unknown:
            message = serializers.ErrorDetail(str(self.error_messages["unknown_test"]), code="unknown_test")
            raise serializers.ValidationError({name: [message] for name in sorted(unknown)})
        return super().to_internal_value(data)


class TestsIn(serializers.Serializer[Any]):
    results = ResultsIn(required=False, default=dict)
    blood_group = serializers.ChoiceField(choices=GROUPS, required=False, help_text="As confirmed in the laboratory.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs["results"] and "blood_group" not in attrs:
            raise serializers.ValidationError("Give at least one result, or the group.", code="required")
        return attrs


class RecalledOut(UnitOut):
    partner = serializers.UUIDField(source="partner_id", help_text="Who had it last.")


class TestedOut(serializers.Serializer[Any]):
    unit = UnitDetailOut()
    discarded = RecalledOut(many=True, help_text="Units of the donation that were taken off a shelf now.")
    recalled = RecalledOut(many=True, help_text="The look-back: units of the donation that had left before.")


class PartIn(serializers.Serializer[Any]):
    component = serializers.ChoiceField(choices=COMPONENTS)
    volume_ml = serializers.IntegerField(min_value=1, max_value=1000)
    anticoagulant = serializers.ChoiceField(choices=ANTICOAGULANTS, required=False)


class SplitIn(serializers.Serializer[Any]):
    components = serializers.ListField(child=PartIn(), min_length=1, max_length=len(COMPONENTS))
    separated_at = MomentField(required=False, help_text="When it was done, where that is written down later.")


class CrossmatchIn(serializers.Serializer[Any]):
    result = serializers.ChoiceField(choices=[str(result) for result in CrossmatchResult])
    recipient = serializers.CharField(
        max_length=60,
        required=False,
        allow_blank=True,
        default="",
        help_text="Your number of the case, no name; needed for a unit that is kept for nobody.",
    )


class EmergencyIn(serializers.Serializer[Any]):
    authorised_by = serializers.ListField(
        child=serializers.UUIDField(), min_length=2, max_length=2, help_text="Ids of two members of yours."
    )


class PolicyShape(serializers.Serializer[Any]):
    requires_crossmatch = serializers.BooleanField(
        help_text="Red cells and whole blood leave only with a compatible crossmatch on record."
    )


class PolicyIn(PolicyShape):
    pass


class PolicyOut(PolicyShape):
    o_neg_floor = serializers.IntegerField(help_text="Set with the thresholds.")


class DiscardIn(serializers.Serializer[Any]):
    reason = serializers.ChoiceField(choices=[str(reason) for reason in OWN_REASONS])
    note = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")


class TransfuseIn(serializers.Serializer[Any]):
    recipient = serializers.CharField(
        max_length=60, required=False, allow_blank=True, default="", help_text="Your number of the case; no name."
    )
    emergency = EmergencyIn(required=False, help_text="Without a crossmatch that your policy asks for.")
    was_given = serializers.BooleanField(
        default=False, help_text="For a recalled unit: it was given before the recall was known."
    )


class LevelOut(serializers.Serializer[Any]):
    component = serializers.ChoiceField(choices=COMPONENTS)
    blood_group = serializers.ChoiceField(choices=GROUPS)
    available = serializers.IntegerField()
    reserved = serializers.IntegerField()
    quarantined = serializers.IntegerField()
    in_transit = serializers.IntegerField()


class StockOut(serializers.Serializer[Any]):
    levels = LevelOut(many=True)


class CountIn(serializers.Serializer[Any]):
    component = serializers.ChoiceField(choices=COMPONENTS)
    blood_group = serializers.ChoiceField(choices=GROUPS)
    units = serializers.IntegerField(
        min_value=0, max_value=LARGEST_COUNT, help_text="On the shelf, those that are reserved included."
    )
    expires_at = MomentField(required=False, help_text="Of units that are new; a full life from now unless told.")


def each_kind_once(items: list[dict[str, Any]]) -> None:
    """Refuse a list that names a component and group twice."""
    kinds = [(item["component"], item["blood_group"]) for item in items]
    if len(set(kinds)) < len(kinds):
        raise serializers.ValidationError("Name each component and group once.", code="named_twice")


def not_too_many(items: list[dict[str, Any]]) -> None:
    """Refuse a list that counts more units than one call may take in."""
    if sum(item["units"] for item in items) > MOST_COUNTED:
        message = f"Count at most {MOST_COUNTED} units in one call, and other kinds in another."
        raise serializers.ValidationError(message, code="too_many_units")


class CountsIn(serializers.Serializer[Any]):
    counts = serializers.ListField(
        child=CountIn(),
        min_length=1,
        max_length=MOST_KINDS,
        validators=[each_kind_once, not_too_many],
        help_text=f"At most {MOST_COUNTED} units in one call; kinds that are not named stay as they are.",
    )
    all_released = serializers.BooleanField(help_text="True: every unit counted is tested and released.")


class CountedOut(serializers.Serializer[Any]):
    intakes = UnitOut(many=True)
    discards = UnitOut(many=True)
    levels = LevelOut(many=True)


class ThresholdIn(serializers.Serializer[Any]):
    component = serializers.ChoiceField(choices=COMPONENTS)
    blood_group = serializers.ChoiceField(choices=GROUPS)
    minimum = serializers.IntegerField(min_value=1, max_value=LARGEST_COUNT)


class ThresholdsIn(serializers.Serializer[Any]):
    thresholds = serializers.ListField(child=ThresholdIn(), max_length=MOST_KINDS, validators=[each_kind_once])
    o_neg_floor = serializers.IntegerField(min_value=0, max_value=LARGEST_COUNT, required=False, default=0)


class ThresholdOut(serializers.Serializer[Any]):
    component = serializers.ChoiceField(choices=COMPONENTS)
    blood_group = serializers.ChoiceField(choices=GROUPS)
    minimum = serializers.IntegerField()
    is_below = serializers.BooleanField(help_text="Warned of, and not made up for yet.")


class ThresholdsOut(serializers.Serializer[Any]):
    thresholds = ThresholdOut(many=True)
    o_neg_floor = serializers.IntegerField(
        help_text="O- units of each component that are kept for those who can have no other."
    )


class PeriodQuery(serializers.Serializer[Any]):
    def get_fields(self) -> dict[str, Any]:
        """`from` is no name that Python would take for an attribute."""
        return {
            "from": serializers.DateField(help_text="The first day, in your zone."),
            "to": serializers.DateField(help_text="The last day; at most 366 days in all."),
        }


class WasteOut(serializers.Serializer[Any]):
    component = serializers.ChoiceField(choices=COMPONENTS)
    blood_group = serializers.ChoiceField(choices=GROUPS)
    taken_in = serializers.IntegerField(help_text="Collected, scanned, counted, received, or made of another unit.")
    separated = serializers.IntegerField(help_text="Became their components: no waste.")
    wasted = serializers.IntegerField()
    share = serializers.FloatField(allow_null=True, help_text="Of those taken in; null where none were.")
    reasons = serializers.DictField(child=serializers.IntegerField(), help_text=f"Of: {', '.join(WASTE)}.")


class WastageOut(serializers.Serializer[Any]):
    zone = serializers.CharField(help_text="Whose days these are.")
    taken_in = serializers.IntegerField(help_text="Without those that became their components.")
    wasted = serializers.IntegerField()
    share = serializers.FloatField(allow_null=True)
    rows = WasteOut(many=True)

    def get_fields(self) -> dict[str, Any]:
        """`from` is no name that Python would take for an attribute."""
        days = {"from": serializers.DateField(source="start"), "to": serializers.DateField(source="end")}
        return {**days, **super().get_fields()}


class AgeOut(serializers.Serializer[Any]):
    component = serializers.ChoiceField(choices=COMPONENTS)
    blood_group = serializers.ChoiceField(choices=GROUPS)
    units = serializers.IntegerField(help_text="On the shelf: quarantined, available or reserved.")
    counted = serializers.IntegerField(help_text="Known from a count only: tested and released on your word.")
    within_1_day = serializers.IntegerField(help_text="Expire by the end of tomorrow.")
    within_3_days = serializers.IntegerField()
    within_7_days = serializers.IntegerField()
    buckets = serializers.DictField(
        child=serializers.IntegerField(), help_text=f"By days left: {', '.join((*BUCKETS, LATER))}."
    )
    first_expires_at = serializers.DateTimeField()
    oldest_collected_at = serializers.DateTimeField()


class AgesOut(serializers.Serializer[Any]):
    rows = AgeOut(many=True)


class SearchQuery(serializers.Serializer[Any]):
    blood_group = serializers.ChoiceField(choices=GROUPS, help_text="The recipient's.")
    component = serializers.ChoiceField(choices=COMPONENTS)
    units = serializers.IntegerField(min_value=1, max_value=50, default=1)
    lat = LatitudeField()
    lng = LongitudeField()
    radius_km = NumberField(min_value=0.1, max_value=200, default=25)


class HolderOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    kind = serializers.CharField()
    phone = serializers.CharField()
    address = serializers.CharField()
    city = serializers.CharField()
    location = PlaceOut()


class GroupOfferOut(serializers.Serializer[Any]):
    blood_group = serializers.ChoiceField(choices=GROUPS)
    units = serializers.IntegerField()
    compatible = serializers.BooleanField()
    identical = serializers.BooleanField()


class OfferOut(serializers.Serializer[Any]):
    partner = HolderOut()
    distance_km = serializers.SerializerMethodField()
    units = serializers.IntegerField(help_text="Available and compatible.")
    groups = GroupOfferOut(many=True)

    def get_distance_km(self, offer: Any) -> float:
        return round(float(offer.distance_km), 2)
