from __future__ import annotations

from typing import Any

from rest_framework import serializers

from common.blood import BloodGroup, DonationType
from donations.states import ConsentForm
from stock.components import Component
from stock.states import UnitStatus
from users.states import Tag

TYPES = [str(kind) for kind in DonationType]
GROUPS = [str(group) for group in BloodGroup]


class VerifyIn(serializers.Serializer[Any]):
    donation_type = serializers.ChoiceField(choices=TYPES)
    volume_ml = serializers.IntegerField(min_value=50, max_value=1000)
    haemoglobin_g_dl = serializers.DecimalField(max_digits=4, decimal_places=2, min_value=3, max_value=25)
    blood_group = serializers.ChoiceField(
        choices=GROUPS, required=False, help_text="As typed at the visit; freezes the donor's group."
    )
    weight_kg = serializers.DecimalField(max_digits=4, decimal_places=1, min_value=20, max_value=300, required=False)
    systolic_mmhg = serializers.IntegerField(min_value=40, max_value=300, required=False)
    diastolic_mmhg = serializers.IntegerField(min_value=20, max_value=200, required=False)
    pulse_bpm = serializers.IntegerField(min_value=20, max_value=250, required=False)
    platelet_count = serializers.IntegerField(
        min_value=1, max_value=2000, required=False, help_text="10^9 a litre; apheresis of platelets needs 150."
    )
    red_cells_lost = serializers.BooleanField(
        default=False, help_text="Of an apheresis: the red cells were not returned; the next interval is longer."
    )
    temperature_c = serializers.DecimalField(max_digits=3, decimal_places=1, min_value=30, max_value=45, required=False)
    consent = serializers.ChoiceField(
        choices=[str(form) for form in ConsentForm],
        required=False,
        help_text="How the donor consented; unless told, `digital` if it was given in the app.",
    )


class UnitBriefOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    din = serializers.CharField(help_text="Donation identification number (ISBT 128).")
    component = serializers.ChoiceField(choices=[str(component) for component in Component])
    status = serializers.ChoiceField(choices=[str(status) for status in UnitStatus])
    expires_at = serializers.DateTimeField()


class DonationOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    assignment = serializers.UUIDField(source="assignment_id", allow_null=True)
    enrolment = serializers.UUIDField(
        source="enrolment_id", allow_null=True, help_text="The place in a camp; one of the two is null."
    )
    donation_type = serializers.ChoiceField(choices=TYPES)
    blood_group = serializers.ChoiceField(choices=GROUPS)
    volume_ml = serializers.IntegerField()
    haemoglobin_g_dl = serializers.FloatField()
    donated_at = serializers.DateTimeField()


class PartnerNameOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    city = serializers.CharField()


class MyDonationOut(DonationOut):
    partner = PartnerNameOut()


class DonorNameOut(serializers.Serializer[Any]):
    public_id = serializers.CharField(source="user.public_id")
    name = serializers.CharField(source="user.name")
    tag = serializers.ChoiceField(choices=[str(tag) for tag in Tag])


class PartnerDonationOut(DonationOut):
    donor = DonorNameOut()
    unit = UnitBriefOut()
    weight_kg = serializers.FloatField(allow_null=True)
    systolic_mmhg = serializers.IntegerField(allow_null=True)
    diastolic_mmhg = serializers.IntegerField(allow_null=True)
    pulse_bpm = serializers.IntegerField(allow_null=True)
    platelet_count = serializers.IntegerField(allow_null=True)
    temperature_c = serializers.FloatField(allow_null=True)
    consent = serializers.ChoiceField(choices=["", *(str(form) for form in ConsentForm)])


class RatingIn(serializers.Serializer[Any]):
    stars = serializers.IntegerField(min_value=1, max_value=5)
    comment = serializers.CharField(max_length=1000, required=False, allow_blank=True, default="")


class RatingOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    assignment = serializers.UUIDField(source="assignment_id")
    stars = serializers.IntegerField()
    comment = serializers.CharField()
    created_at = serializers.DateTimeField()


class LeaderboardQuery(serializers.Serializer[Any]):
    city = serializers.CharField(max_length=80, required=False)


class LeaderOut(serializers.Serializer[Any]):
    rank = serializers.IntegerField()
    name = serializers.CharField(source="user.name")
    city = serializers.CharField(source="user.city")
    tag = serializers.ChoiceField(choices=[str(tag) for tag in Tag])
    verified_donations = serializers.IntegerField()
    score = serializers.IntegerField()
