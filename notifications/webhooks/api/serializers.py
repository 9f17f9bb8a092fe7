from __future__ import annotations

from typing import Any

from rest_framework import serializers

from common.api.fields import LineField, MomentField
from notifications.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from notifications.webhooks.addresses import LONGEST_URL
from notifications.webhooks.states import DisabledReason, EndpointStatus, Failure, WebhookStatus

SHOWN = [status.value for status in EndpointStatus if status is not EndpointStatus.DELETED]
MOST_FILTERS = 100


def filters_field(**kwargs: Any) -> serializers.ListField:
    """Types of the catalogue, families as `order.*`, or `*`."""
    return serializers.ListField(
        child=serializers.CharField(max_length=60),
        min_length=1,
        max_length=MOST_FILTERS,
        help_text="Types of the catalogue, families as `order.*`, or `*` for everything.",
        **kwargs,
    )


class EndpointIn(serializers.Serializer[Any]):
    url = serializers.CharField(max_length=LONGEST_URL)
    description = LineField(required=False, default="", allow_blank=True, max_length=200)
    event_types = filters_field(required=False, default=["*"])


class EndpointChangeIn(serializers.Serializer[Any]):
    url = serializers.CharField(required=False, max_length=LONGEST_URL)
    description = LineField(required=False, allow_blank=True, max_length=200)
    event_types = filters_field(required=False)


class EndpointOut(serializers.Serializer[WebhookEndpoint]):
    id = serializers.UUIDField()
    url = serializers.CharField()
    description = serializers.CharField()
    event_types = serializers.ListField(child=serializers.CharField())
    status = serializers.ChoiceField(SHOWN)
    disabled_reason = serializers.ChoiceField([reason.value for reason in DisabledReason], allow_blank=True)
    disabled_at = serializers.DateTimeField(allow_null=True)
    failing_since = serializers.DateTimeField(allow_null=True, help_text="Since when no message was taken.")
    secret_rotated_at = serializers.DateTimeField(source="rotated_at")
    old_secret_until = serializers.DateTimeField(
        allow_null=True, help_text="Until when the last secret signs beside the new one."
    )
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class OpenedOut(serializers.Serializer[Any]):
    endpoint = EndpointOut()
    secret = serializers.CharField(help_text="`whsec_` and base64; it is never shown again.")


class EventTypeOut(serializers.Serializer[Any]):
    type = serializers.CharField()
    family = serializers.CharField()
    meaning = serializers.CharField()
    example = serializers.DictField(help_text="A whole message.")


class EventTypesOut(serializers.Serializer[Any]):
    event_types = EventTypeOut(many=True)


class DeliveryQuery(serializers.Serializer[Any]):
    status = serializers.ChoiceField(
        [s.value for s in WebhookStatus], required=False, allow_null=True, default=None, help_text="Only these."
    )
    type = serializers.CharField(
        required=False, allow_null=True, default=None, max_length=60, help_text="Only messages of this type."
    )
    since = MomentField(required=False, allow_null=True, default=None, help_text="Only messages made then or later.")


class DeliveryOut(serializers.Serializer[WebhookDelivery]):
    id = serializers.UUIDField()
    message_id = serializers.CharField(help_text="The `webhook-id` header: the same at each attempt.")
    type = serializers.CharField()
    status = serializers.ChoiceField([s.value for s in WebhookStatus])
    attempts_made = serializers.IntegerField()
    next_attempt_at = serializers.DateTimeField(source="next_at", allow_null=True)
    last_status = serializers.IntegerField(allow_null=True, help_text="HTTP, of the latest attempt.")
    last_error = serializers.ChoiceField([f.value for f in Failure], allow_blank=True)
    created_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)


class AttemptOut(serializers.Serializer[WebhookAttempt]):
    number = serializers.IntegerField()
    started_at = serializers.DateTimeField()
    duration_ms = serializers.IntegerField(allow_null=True)
    http_status = serializers.IntegerField(allow_null=True)
    error = serializers.ChoiceField([f.value for f in Failure], allow_blank=True)
    excerpt = serializers.CharField(help_text="How the answer began, at most 500 characters.")


class DeliveryDetailOut(DeliveryOut):
    body = serializers.CharField(help_text="What is sent, byte for byte.")
    attempts = AttemptOut(many=True, source="tried")


class ReplayIn(serializers.Serializer[Any]):
    since = MomentField()


class ReplayedOut(serializers.Serializer[Any]):
    queued = serializers.IntegerField(help_text="How many go again.")
    left = serializers.IntegerField(help_text="How many more failed since then: ask again.")
