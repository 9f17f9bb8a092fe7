"""What partners, members and their devices say and are told."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.conf import settings
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from common.api.fields import (
    CodeField,
    LatitudeField,
    LongitudeField,
    NumberField,
    PasswordField,
    PhoneField,
    ZoneField,
)
from partners.models import Partner
from partners.searching import SHORTEST, words_of
from partners.states import PartnerKind, PartnerStatus, Role

KINDS = [kind.value for kind in PartnerKind]
LANGUAGES = [code for code, _ in settings.LANGUAGES]
ROLES = [role.value for role in Role]
PINCODE = r"^[0-9]{4,6}$"  # six digits in India, four in Bangladesh
FARTHEST_KM = 200
DEFAULT_KM = 25
NOT_HERE = "This cannot be changed here."


Serializer = serializers.Serializer[Any]


def in_columns(attrs: dict[str, Any]) -> dict[str, Any]:
    """Return the values with degrees as the columns keep them: six decimals, 11 cm."""
    given = [name for name in ("lat", "lng") if name in attrs]
    return attrs | {name: round(Decimal(str(attrs[name])), 6) for name in given}


def refuse_fixed(said: Any, *names: str) -> dict[str, list[ErrorDetail]]:
    """Return an error for each name in the body that cannot be changed: it is refused, not ignored."""
    return {name: [ErrorDetail(NOT_HERE, "read_only")] for name in names if name in said}


# What comes in


class OrganisationIn(Serializer):
    name = serializers.CharField(max_length=200)
    kind = serializers.ChoiceField(KINDS)
    license_number = serializers.CharField(max_length=80)
    phone = PhoneField()
    email = serializers.EmailField(max_length=254)
    address = serializers.CharField(max_length=500)
    city = serializers.CharField(max_length=80)
    state = serializers.CharField(max_length=80)
    pincode = serializers.RegexField(PINCODE)
    lat = LatitudeField()
    lng = LongitudeField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return in_columns(attrs)


class PartnerOwnerIn(Serializer):
    name = serializers.CharField(max_length=120)
    phone = PhoneField()
    password = PasswordField()
    language = serializers.ChoiceField(LANGUAGES, default="en")


class PartnerRegisterIn(Serializer):
    organisation = OrganisationIn()
    owner = PartnerOwnerIn()


class MemberLoginIn(Serializer):
    phone = PhoneField()
    password = PasswordField()


class MemberRefreshIn(Serializer):
    refresh = serializers.CharField(max_length=4096)


class MemberPasswordChangeIn(Serializer):
    current_password = PasswordField()
    password = PasswordField()


class MemberCodeIn(Serializer):
    phone = PhoneField()
    language = serializers.ChoiceField(LANGUAGES, default="en", help_text="For a number that no member signs in with.")


class MemberPasswordResetIn(Serializer):
    challenge_id = serializers.UUIDField()
    code = CodeField()
    password = PasswordField()


class PartnerProfileIn(Serializer):
    phone = PhoneField(required=False)
    email = serializers.EmailField(max_length=254, required=False)
    website = serializers.URLField(max_length=200, required=False, allow_blank=True)
    address = serializers.CharField(max_length=500, required=False)
    city = serializers.CharField(max_length=80, required=False)
    district = serializers.CharField(max_length=80, required=False, allow_blank=True)
    state = serializers.CharField(max_length=80, required=False)
    pincode = serializers.RegexField(PINCODE, required=False)
    lat = LatitudeField(required=False)
    lng = LongitudeField(required=False)
    zone = ZoneField(required=False)
    service_hours = serializers.CharField(max_length=80, required=False, allow_blank=True)
    has_components = serializers.BooleanField(required=False, allow_null=True)
    has_apheresis = serializers.BooleanField(required=False, allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        refused = refuse_fixed(self.initial_data, "name", "kind", "status", "license_number", "facility_code")
        if ("lat" in attrs) != ("lng" in attrs):
            missing = "lng" if "lat" in attrs else "lat"
            refused[missing] = [ErrorDetail("Latitude and longitude change together.", "required")]
        if refused:
            raise ValidationError(refused)
        return in_columns(attrs)


class MemberIn(PartnerOwnerIn):
    role = serializers.ChoiceField(ROLES)


class MemberChangeIn(Serializer):
    name = serializers.CharField(max_length=120, required=False)
    role = serializers.ChoiceField(ROLES, required=False)
    language = serializers.ChoiceField(LANGUAGES, required=False)
    is_active = serializers.BooleanField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        refused = refuse_fixed(self.initial_data, "phone", "password")
        if refused:
            raise ValidationError(refused)
        return attrs


class FilterIn(Serializer):
    kind = serializers.ChoiceField(
        KINDS, required=False, help_text="`hospital` and `blood_bank` also find those that are both."
    )
    live = serializers.BooleanField(
        required=False, default=None, allow_null=True, help_text="Whether it answers here; listings do not."
    )


class DirectoryIn(FilterIn):
    q = serializers.CharField(
        max_length=80, required=False, help_text="Beginnings of words of name, city or licence, in any order."
    )
    city = serializers.CharField(max_length=80, required=False)
    state = serializers.CharField(max_length=80, required=False)

    def validate_q(self, text: str) -> list[str]:
        words = words_of(text)
        if not words:
            raise ValidationError(f"Give at least {SHORTEST} letters or digits.", "too_short")
        return words


class NearbyIn(FilterIn):
    lat = LatitudeField()
    lng = LongitudeField()
    radius_km = NumberField(min_value=0.1, max_value=FARTHEST_KM, default=DEFAULT_KM)


# What goes out


class PublicPartnerOut(Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(KINDS)
    live = serializers.BooleanField(source="is_live", help_text="Whether it works with this product.")
    claimed = serializers.BooleanField(source="is_claimed", help_text="Whether somebody says it is theirs.")
    license_number = serializers.CharField()
    category = serializers.CharField(help_text="government, private, charity or unknown")
    phone = serializers.CharField()
    email = serializers.CharField()
    website = serializers.CharField()
    address = serializers.CharField()
    city = serializers.CharField()
    district = serializers.CharField()
    state = serializers.CharField()
    pincode = serializers.CharField()
    lat = serializers.FloatField()
    lng = serializers.FloatField()
    zone = serializers.CharField()
    service_hours = serializers.CharField()
    has_components = serializers.BooleanField(allow_null=True)
    has_apheresis = serializers.BooleanField(allow_null=True)
    rating_average = serializers.FloatField(allow_null=True, help_text="1 to 5 stars, by donors and families who came.")
    rating_count = serializers.IntegerField()


class NearbyPartnerOut(PublicPartnerOut):
    distance_km = serializers.SerializerMethodField(help_text="To the metre.")

    def get_distance_km(self, partner: Partner) -> float:
        return round(partner.distance_km, 3)


class PartnerOut(PublicPartnerOut):
    """The partner as its members see it: while a claim waits, as the claimant describes it."""

    status = serializers.ChoiceField([status.value for status in PartnerStatus])
    in_directory = serializers.BooleanField()
    facility_code = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()

    def to_representation(self, instance: Partner) -> dict[str, Any]:
        return super().to_representation(instance.as_claimed())


class MemberOut(Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()
    phone = serializers.CharField()
    role = serializers.ChoiceField(ROLES)
    language = serializers.CharField()
    is_active = serializers.BooleanField()
    created_at = serializers.DateTimeField()


class PartnerRegisteredOut(Serializer):
    status = serializers.ChoiceField(source="partner.status", choices=[str(status) for status in PartnerStatus])
    partner = PartnerOut()
    member = MemberOut(source="*")


class MemberTokensOut(Serializer):
    access = serializers.CharField()
    refresh = serializers.CharField()


class MemberSignedInOut(Serializer):
    access = serializers.CharField(source="tokens.access")
    refresh = serializers.CharField(source="tokens.refresh")
    partner = PartnerOut(source="member.partner")
    member = MemberOut()


class MemberCodeOut(Serializer):
    challenge_id = serializers.UUIDField(source="id")
    expires_at = serializers.DateTimeField()
    resend_after = serializers.DateTimeField(help_text="Another code can be asked for from then on.")


class MemberSessionOut(Serializer):
    id = serializers.UUIDField()
    device = serializers.CharField(help_text="As it describes itself.")
    address = serializers.IPAddressField(allow_null=True)
    created_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(help_text="To five minutes.")
    is_current = serializers.SerializerMethodField()

    def get_is_current(self, session: Any) -> bool:
        return bool(session.pk == self.context["request"].auth.pk)
