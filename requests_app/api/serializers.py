from __future__ import annotations

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from common.api.fields import MomentField, NumberField
from common.blood import BloodGroup
from requests_app.states import Answered, AssignmentStatus, RequestStatus, StopReason, Urgency, WaveKind
from stock.components import Component
from users.states import Tag

GROUPS = [str(group) for group in BloodGroup]
COMPONENTS = [str(component) for component in Component]
URGENCIES = [str(urgency) for urgency in Urgency]
MOST_UNITS = 50
ANSWERED = [str(answered) for answered in Answered]


def answered(given: object) -> str:
    return str(Answered.ANSWERED if given else Answered.MISSING)


class RequestIn(serializers.Serializer[Any]):
    blood_group = serializers.ChoiceField(choices=GROUPS, help_text="The recipient's group.")
    component = serializers.ChoiceField(choices=COMPONENTS)
    units = serializers.IntegerField(min_value=1, max_value=MOST_UNITS)
    urgency = serializers.ChoiceField(choices=URGENCIES)
    needed_by = MomentField(help_text="Within the next 30 days.")
    radius_km = serializers.DecimalField(
        max_digits=5, decimal_places=2, min_value=Decimal("0.5"), max_value=Decimal(100), required=False
    )
    note = serializers.CharField(max_length=500, required=False, allow_blank=True)


class RequestQuery(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=[str(status) for status in RequestStatus], required=False)
    updated_since = MomentField(required=False)


class ReasonIn(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=300)


class OptionalReasonIn(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")


class WaveOut(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=[str(kind) for kind in WaveKind])
    radius_km = serializers.FloatField()
    asked = serializers.IntegerField()
    answered = serializers.IntegerField()
    declined = serializers.IntegerField()
    started_at = serializers.DateTimeField()
    stopped_at = serializers.DateTimeField(allow_null=True)
    stop_reason = serializers.ChoiceField(choices=["", *(str(reason) for reason in StopReason)])


class RequestOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=[str(status) for status in RequestStatus])
    blood_group = serializers.ChoiceField(choices=GROUPS)
    component = serializers.ChoiceField(choices=COMPONENTS)
    units = serializers.IntegerField()
    units_promised = serializers.IntegerField(help_text="Donors on their way, one unit each.")
    units_fulfilled = serializers.IntegerField()
    urgency = serializers.ChoiceField(choices=URGENCIES)
    needed_by = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    radius_km = serializers.FloatField()
    note = serializers.CharField()
    cancel_reason = serializers.CharField()
    next_wave_at = serializers.DateTimeField(
        allow_null=True, help_text="When donors are asked next; in quiet hours only critical requests ask."
    )
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    waves = WaveOut(many=True, source="asked_in")


class RingOut(serializers.Serializer[Any]):
    up_to_km = serializers.FloatField()
    blood_group = serializers.ChoiceField(choices=GROUPS)
    donors = serializers.IntegerField()


class CandidatesOut(serializers.Serializer[Any]):
    total = serializers.IntegerField()
    rings = RingOut(many=True)


class NearbyQuery(serializers.Serializer[Any]):
    radius_km = NumberField(min_value=0.1, max_value=200, required=False)


class PartnerBriefOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    phone = serializers.CharField()
    address = serializers.CharField()
    city = serializers.CharField()
    lat = serializers.FloatField()
    lng = serializers.FloatField()


class OpenRequestOut(serializers.Serializer[Any]):
    """A request as a donor sees it."""

    id = serializers.UUIDField(source="request.id")
    status = serializers.ChoiceField(choices=[str(status) for status in RequestStatus])
    blood_group = serializers.ChoiceField(choices=GROUPS, source="request.blood_group")
    component = serializers.ChoiceField(choices=COMPONENTS, source="request.component")
    units = serializers.IntegerField(source="request.units")
    units_left = serializers.IntegerField(help_text="Places that may still be taken.")
    urgency = serializers.ChoiceField(choices=URGENCIES, source="request.urgency")
    needed_by = serializers.DateTimeField(source="request.needed_by")
    note = serializers.CharField(help_text="Empty once the request is closed.")
    partner = PartnerBriefOut(source="request.partner")
    distance_km = serializers.SerializerMethodField()

    def get_distance_km(self, near: Any) -> float | None:
        return None if near.distance_km is None else round(float(near.distance_km), 2)


class AssignmentOut(serializers.Serializer[Any]):
    """A promise as its donor sees it."""

    id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=[str(status) for status in AssignmentStatus])
    request = serializers.UUIDField(source="request_id")
    blood_group = serializers.ChoiceField(choices=GROUPS, source="request.blood_group")
    component = serializers.ChoiceField(choices=COMPONENTS, source="request.component")
    partner = PartnerBriefOut(source="request.partner")
    distance_km = serializers.FloatField()
    expires_at = serializers.DateTimeField(help_text="Arrive before this.")
    accepted_at = serializers.DateTimeField()
    arrived_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    reason = serializers.SerializerMethodField()

    def get_reason(self, assignment: Any) -> str:
        """Why it ended. What was found at a visit is told by the rules (`GET /me/donor/eligibility`), not here."""
        return "" if assignment.status == AssignmentStatus.DEFERRED else assignment.reason


class PromiseOut(AssignmentOut):
    arrival_code = serializers.CharField(help_text="Six digits to show at the partner. Told only in this answer.")
    arrival_qr = serializers.CharField(help_text="The same as a QR code: a data URI with an SVG image.")


class DonorBriefOut(serializers.Serializer[Any]):
    """A donor as the partner sees him: name and phone only once he has arrived."""

    tag = serializers.ChoiceField(choices=[str(tag) for tag in Tag])
    score = serializers.IntegerField()
    blood_group = serializers.ChoiceField(choices=GROUPS)
    is_group_confirmed = serializers.SerializerMethodField()

    def get_is_group_confirmed(self, donor: Any) -> bool:
        return donor.group_confirmed_at is not None


class VisitorOut(serializers.Serializer[Any]):
    public_id = serializers.CharField(source="user.public_id")
    name = serializers.CharField(source="user.name")
    phone = serializers.CharField(source="user.phone")
    sex = serializers.CharField()
    date_of_birth = serializers.DateField()


class PartnerAssignmentOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=[str(status) for status in AssignmentStatus])
    request = serializers.UUIDField(source="request_id")
    donor = DonorBriefOut()
    visitor = serializers.SerializerMethodField()
    distance_km = serializers.FloatField()
    attempts_left = serializers.IntegerField(help_text="Tries of the arrival code.")
    expires_at = serializers.DateTimeField()
    accepted_at = serializers.DateTimeField()
    arrived_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField()
    questionnaire = serializers.SerializerMethodField()

    @extend_schema_field(serializers.ChoiceField(choices=ANSWERED))
    def get_questionnaire(self, assignment: Any) -> str:
        """Whether the questions before the visit were answered, and the consent given, in the app."""
        return answered(assignment.has_answers)

    @extend_schema_field(VisitorOut(allow_null=True))
    def get_visitor(self, assignment: Any) -> Any:
        """Who the donor is; null before arrival."""
        return VisitorOut(assignment.donor).data if assignment.arrived_at is not None else None


class ArrivalIn(serializers.Serializer[Any]):
    code = serializers.CharField(max_length=200, help_text="Six digits, or the text of the scanned QR code.")


class DeferIn(serializers.Serializer[Any]):
    code = serializers.CharField(
        max_length=40, help_text="A deferral code; `GET /deferral-codes` lists most. `centre_temporary` says no reason."
    )
    pause_until = serializers.DateField(
        required=False, allow_null=True, default=None, help_text="When it will be over; `centre_temporary` needs it."
    )
    note = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")


class StandbyOut(serializers.Serializer[Any]):
    ahead = serializers.IntegerField(help_text="How many stand by before you.")
