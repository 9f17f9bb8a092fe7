"""Identity, consents, and what is held of a person."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from common.api.fields import PasswordField
from users.identity.offline import LARGEST_ZIP
from users.states import (
    STANDING_PURPOSES,
    AssuranceLabel,
    AttestationFailure,
    AttestationStatus,
    ConsentStatus,
    IdentityMethod,
)


@extend_schema_field({"type": "string", "format": "byte"})
class Base64Field(serializers.CharField):
    """Bytes in base64 (RFC 4648, section 4)."""

    default_error_messages = {"base64_invalid": "This is not base64."}

    def __init__(self, *, most: int, **kwargs: Any) -> None:
        super().__init__(max_length=(most + 2) // 3 * 4, write_only=True, **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        text = super().to_internal_value(data)
        try:
            return base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            self.fail("base64_invalid")


class AadhaarIn(serializers.Serializer[Any]):
    number = serializers.CharField(max_length=20, write_only=True, help_text="Looked at once, never kept.")
    consent = serializers.BooleanField(help_text="Agrees to the current notice of the purpose `identity`.")
    notice_version = serializers.IntegerField(
        min_value=1, max_value=32767, required=False, help_text="The version that was read; an old one is refused."
    )


class OfflineFileIn(serializers.Serializer[Any]):
    file = Base64Field(most=LARGEST_ZIP, help_text="The ZIP as UIDAI gave it, in base64; at most 256 KiB of ZIP.")
    share_code = serializers.CharField(max_length=32, trim_whitespace=False, write_only=True)
    consent = serializers.BooleanField(help_text="Agrees to the current notice of the purpose `identity`.")
    notice_version = serializers.IntegerField(
        min_value=1, max_value=32767, required=False, help_text="The version that was read; an old one is refused."
    )


class IdentityOut(serializers.Serializer[Any]):
    level = serializers.IntegerField(min_value=0, max_value=3)
    label = serializers.ChoiceField(choices=[str(label) for label in AssuranceLabel])  # type: ignore[assignment]
    since = serializers.DateTimeField(allow_null=True)
    method = serializers.ChoiceField(choices=[str(method) for method in IdentityMethod], allow_null=True)
    last4 = serializers.CharField(allow_null=True)


class WayOut(serializers.Serializer[Any]):
    level = serializers.IntegerField(min_value=1, max_value=3)
    label = serializers.ChoiceField(choices=[str(label) for label in AssuranceLabel])  # type: ignore[assignment]
    method = serializers.ChoiceField(choices=[str(method) for method in IdentityMethod])
    offered = serializers.BooleanField(help_text="Whether it is open here.")


class AttestationIn(serializers.Serializer[Any]):
    number = serializers.CharField(
        max_length=24, write_only=True, help_text="Aadhaar number or virtual id: given to the provider, never kept."
    )
    consent = serializers.BooleanField(help_text="Agrees to the notice of the purpose `identity_provider`.")
    notice_version = serializers.IntegerField(min_value=1, max_value=32767, help_text="The version that was read.")


class ProviderCodeIn(serializers.Serializer[Any]):
    code = serializers.RegexField(r"^[0-9]{4,8}\Z", write_only=True, help_text="As the provider sent it.")


class AttestationOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    provider = serializers.CharField()
    status = serializers.ChoiceField(choices=[str(status) for status in AttestationStatus])
    failure = serializers.ChoiceField(
        choices=[str(failure) for failure in AttestationFailure], allow_blank=True, help_text="Empty unless `failed`."
    )
    tries_left = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()


class NoticeOut(serializers.Serializer[Any]):
    version = serializers.IntegerField()
    language = serializers.CharField()
    data = serializers.ListField(child=serializers.CharField())  # type: ignore[assignment]
    text = serializers.CharField()


class ConsentIn(serializers.Serializer[Any]):
    purpose = serializers.ChoiceField(choices=[str(purpose) for purpose in STANDING_PURPOSES])
    notice_version = serializers.IntegerField(min_value=1, max_value=32767, help_text="The version that was read.")


class ConsentOut(serializers.Serializer[Any]):
    purpose = serializers.ChoiceField(choices=[str(purpose) for purpose in STANDING_PURPOSES])
    status = serializers.ChoiceField(choices=[str(status) for status in ConsentStatus])
    granted_version = serializers.IntegerField(allow_null=True)
    granted_at = serializers.DateTimeField(allow_null=True)
    withdrawn_at = serializers.DateTimeField(allow_null=True)
    notice = NoticeOut(help_text="The one that holds now.")


class HeldOut(serializers.Serializer[Any]):
    name = serializers.CharField(source="holding.name")
    count = serializers.IntegerField()
    why = serializers.CharField(source="holding.why")
    seen_by = serializers.CharField(source="holding.seen_by")
    kept = serializers.CharField(source="holding.kept")
    after_erasure = serializers.CharField(source="holding.after_erasure", help_text="Empty: nothing stays.")


class ExportOut(serializers.Serializer[Any]):
    exported_at = serializers.DateTimeField()
    holdings = serializers.DictField(
        child=serializers.ListField(child=serializers.DictField()), help_text="By the names of `/me/data-summary`."
    )


class ErasureIn(serializers.Serializer[Any]):
    current_password = PasswordField()


class ErasureOut(serializers.Serializer[Any]):
    erased_at = serializers.DateTimeField()
