from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from notifications.kinds import Kind
from notifications.models import Notification


class InboxQuery(serializers.Serializer[Any]):
    unread = serializers.BooleanField(required=False, allow_null=True, default=None)


class SubjectOut(serializers.Serializer[Any]):
    kind = serializers.CharField(help_text="`request`, `assignment` or `donation`.")
    id = serializers.UUIDField()


class NotificationOut(serializers.Serializer[Notification]):
    reads = ("subject_kind", "subject_id")  # what `get_subject` looks at

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=[(kind.value, kind.value) for kind in Kind])
    title = serializers.CharField()
    body = serializers.CharField()
    subject = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()
    read_at = serializers.DateTimeField(allow_null=True)

    @extend_schema_field(SubjectOut(allow_null=True))
    def get_subject(self, row: Notification) -> Mapping[str, Any] | None:
        if row.subject_id is None:
            return None
        return {"kind": row.subject_kind, "id": str(row.subject_id)}


class ReceiptQuery(serializers.Serializer[Any]):
    delivery = serializers.UUIDField(help_text="Whose status this is; as given when it was sent.")
    attempt = serializers.IntegerField(required=False, default=None, min_value=1)


class ReceiptIn(serializers.Serializer[Any]):
    """Twilio's status callback, for messages (`Message…`) and calls (`Call…`)."""

    MessageSid = serializers.CharField(required=False, allow_blank=True, default="", max_length=64)
    MessageStatus = serializers.CharField(required=False, allow_blank=True, default="", max_length=40)
    CallSid = serializers.CharField(required=False, allow_blank=True, default="", max_length=64)
    CallStatus = serializers.CharField(required=False, allow_blank=True, default="", max_length=40)
    ErrorCode = serializers.CharField(required=False, default="", allow_blank=True, max_length=40)


class ReplyIn(serializers.Serializer[Any]):
    """A message that somebody wrote to us."""

    From = serializers.CharField(max_length=64, help_text="E.164, after `whatsapp:` on that channel.")
    Body = serializers.CharField(required=False, default="", allow_blank=True, trim_whitespace=False)
