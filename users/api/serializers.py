from __future__ import annotations

from typing import Any

from django.conf import settings
from rest_framework import serializers

from common.api.fields import CodeField, LineField, PasswordField, PhoneField, PlaceOut, ZoneField
from common.blood import BloodGroup, DonationType, Sex
from users.fitness import HOME, JURISDICTIONS, shown_code
from users.states import EmailStatus, Purpose, ScoreReason, Tag

PERSON_PURPOSES = (Purpose.REGISTER, Purpose.LOGIN, Purpose.RESET_PASSWORD)
LANGUAGES = [code for code, _ in settings.LANGUAGES]


class OtpIn(serializers.Serializer[Any]):
    phone = PhoneField()
    purpose = serializers.ChoiceField(choices=[str(purpose) for purpose in PERSON_PURPOSES])
    language = serializers.ChoiceField(choices=LANGUAGES, default="en")


class OtpOut(serializers.Serializer[Any]):
    challenge_id = serializers.UUIDField(source="id")
    expires_at = serializers.DateTimeField()
    resend_after = serializers.DateTimeField(help_text="Another code can be asked for from then on.")


class RegisterIn(serializers.Serializer[Any]):
    challenge_id = serializers.UUIDField()
    code = CodeField()
    name = LineField(max_length=120)
    password = PasswordField()
    language = serializers.ChoiceField(choices=LANGUAGES, required=False)


class LoginIn(serializers.Serializer[Any]):
    phone = PhoneField()
    password = PasswordField()


class CodeLoginIn(serializers.Serializer[Any]):
    challenge_id = serializers.UUIDField()
    code = CodeField()


class PasswordResetIn(CodeLoginIn):
    password = PasswordField()


class PasswordChangeIn(serializers.Serializer[Any]):
    current_password = PasswordField()
    password = PasswordField()


class RefreshIn(serializers.Serializer[Any]):
    refresh = serializers.CharField(max_length=4000)


class TokensOut(serializers.Serializer[Any]):
    access = serializers.CharField(help_text="Lives one hour.")
    refresh = serializers.CharField(help_text="Lives seven days; each use gives a new one.")


class UserOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    public_id = serializers.CharField(help_text="Short enough to be told on the phone; has a check character.")
    name = serializers.CharField()
    phone = serializers.CharField()
    email = serializers.CharField()
    email_status = serializers.ChoiceField(
        choices=[str(status) for status in EmailStatus], help_text="E-mails go to a verified address only."
    )
    language = serializers.CharField()
    zone = serializers.CharField()
    city = serializers.CharField()
    location = PlaceOut(allow_null=True)
    is_donor = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()

    def get_is_donor(self, user: Any) -> bool:
        return hasattr(user, "donor")


class SignedInOut(TokensOut):
    user = UserOut()


class SessionOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    device = serializers.CharField()
    address = serializers.IPAddressField(allow_null=True)
    created_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(help_text="Exact to five minutes.")
    is_current = serializers.SerializerMethodField()

    def get_is_current(self, session: Any) -> bool:
        return session.pk == self.context["request"].auth.pk


class ProfileIn(serializers.Serializer[Any]):
    name = LineField(max_length=120, required=False)
    email = serializers.EmailField(required=False, allow_blank=True, max_length=254)
    language = serializers.ChoiceField(choices=LANGUAGES, required=False)
    zone = ZoneField(required=False)
    city = serializers.CharField(max_length=80, required=False, allow_blank=True)


class DonorIn(serializers.Serializer[Any]):
    """What may be left out stays as it is."""

    blood_group = serializers.ChoiceField(choices=[str(group) for group in BloodGroup])
    sex = serializers.ChoiceField(choices=[str(sex) for sex in Sex])
    date_of_birth = serializers.DateField()
    weight_kg = serializers.DecimalField(
        max_digits=4, decimal_places=1, min_value=20, max_value=300, required=False, allow_null=True
    )
    available = serializers.BooleanField(
        required=False, help_text="True at first; true agrees to the current notice of the purpose `donor_matching`."
    )
    on_leaderboard = serializers.BooleanField(required=False, help_text="Agrees to be shown by name; false at first.")
    last_donated_on = serializers.DateField(
        required=False, allow_null=True, help_text="A donation of whole blood given elsewhere."
    )
    notice_version = serializers.IntegerField(
        min_value=1, max_value=32767, required=False, help_text="The version that was read; an old one is refused."
    )


class DonorOut(serializers.Serializer[Any]):
    blood_group = serializers.ChoiceField(choices=[str(group) for group in BloodGroup])
    is_group_confirmed = serializers.SerializerMethodField()
    sex = serializers.ChoiceField(choices=[str(sex) for sex in Sex])
    date_of_birth = serializers.DateField()
    weight_kg = serializers.FloatField(allow_null=True)
    available = serializers.BooleanField()
    on_leaderboard = serializers.BooleanField()
    location = PlaceOut(allow_null=True, help_text="Set by PUT /me/location; without it nobody can find you.")
    score = serializers.IntegerField()
    tag = serializers.ChoiceField(choices=[str(tag) for tag in Tag])
    verified_donations = serializers.IntegerField()
    locked_until = serializers.DateTimeField(allow_null=True, source="lock_in_force")
    updated_at = serializers.DateTimeField()

    def get_is_group_confirmed(self, donor: Any) -> bool:
        return donor.group_confirmed_at is not None


class EligibilityQuery(serializers.Serializer[Any]):
    donation_type = serializers.ChoiceField(
        choices=[str(kind) for kind in DonationType], default=str(DonationType.WHOLE_BLOOD)
    )


class ReasonOut(serializers.Serializer[Any]):
    code = serializers.CharField()
    until = serializers.DateField(allow_null=True, help_text="Null: until something changes, or for good.")
    message = serializers.CharField()


class EligibilityOut(serializers.Serializer[Any]):
    eligible = serializers.BooleanField()
    provisional = serializers.BooleanField(help_text="Always true: the medical officer decides.")
    next_eligible_on = serializers.DateField(allow_null=True)
    permanent = serializers.BooleanField()
    reasons = ReasonOut(many=True)


class DeferralIn(serializers.Serializer[Any]):
    code = serializers.CharField(max_length=40)
    occurred_on = serializers.DateField()
    resolved_on = serializers.DateField(required=False, allow_null=True)


class DeferralOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    code = serializers.SerializerMethodField()
    occurred_on = serializers.DateField()
    resolved_on = serializers.DateField(allow_null=True)
    recorded_by_partner = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()

    def get_code(self, deferral: Any) -> str:
        return shown_code(deferral.code)

    def get_recorded_by_partner(self, deferral: Any) -> bool:
        return deferral.recorded_by is not None


class ScoreEntryOut(serializers.Serializer[Any]):
    delta = serializers.IntegerField()
    reason = serializers.ChoiceField(choices=[str(reason) for reason in ScoreReason])
    assignment = serializers.UUIDField(
        source="assignment_id", help_text="The promise it is about: an assignment, or an enrolment in a camp."
    )
    created_at = serializers.DateTimeField()


class ScoreOut(serializers.Serializer[Any]):
    score = serializers.IntegerField()
    tag = serializers.ChoiceField(choices=[str(tag) for tag in Tag])
    verified_donations = serializers.IntegerField()
    strikes = serializers.IntegerField(help_text="Broken promises since the last lock; the third locks.")
    locked_until = serializers.DateTimeField(allow_null=True)
    entries = ScoreEntryOut(many=True)


class DeferralCodesQuery(serializers.Serializer[Any]):
    jurisdiction = serializers.ChoiceField(
        choices=[HOME, *JURISDICTIONS.values()],
        default=HOME,
        help_text="The country whose rules are meant; a person's is that of the telephone number.",
    )


class DeferralCodeOut(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()
    defer_days = serializers.IntegerField(allow_null=True, help_text="Null: until it is over, or for good.")
    permanent = serializers.BooleanField()
