"""Where partners want to be told what happens, what they were told, and each try to do so."""

from __future__ import annotations

import datetime as dt

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from common import clock
from common.fields import EncryptedTextField
from common.ids import uuid7
from notifications.webhooks.states import DisabledReason, EndpointStatus, Failure, WebhookStatus


class WebhookEndpoint(models.Model):
    """An address of a partner's system. `secret` signs; `old_secret` too, until its time is up."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    partner = models.ForeignKey("partners.Partner", on_delete=models.PROTECT, related_name="+")
    url = models.CharField(max_length=500)
    description = models.CharField(max_length=200, blank=True)
    event_types = ArrayField(models.CharField(max_length=60), help_text="Types, families («order.*») or «*».")
    status = models.CharField(max_length=10, choices=[(s, s) for s in EndpointStatus], default=EndpointStatus.ENABLED)
    disabled_reason = models.CharField(max_length=10, blank=True, choices=[(r, r) for r in DisabledReason])
    disabled_at = models.DateTimeField(null=True)
    secret = EncryptedTextField(null=True)
    old_secret = EncryptedTextField(null=True)
    old_secret_until = models.DateTimeField(null=True)
    rotated_at = models.DateTimeField(default=clock.now)
    failing_since = models.DateTimeField(null=True, help_text="Nothing was taken since; null after each success.")
    warned_at = models.DateTimeField(null=True, help_text="When its owners were told that it fails.")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=list(EndpointStatus)), name="webhook_endpoint_status_known"),
            models.CheckConstraint(
                condition=Q(status="enabled", disabled_reason="", disabled_at=None)
                | Q(status="disabled", disabled_reason__in=list(DisabledReason), disabled_at__isnull=False)
                | Q(status="deleted"),
                name="webhook_endpoint_says_why_disabled",
            ),
            models.CheckConstraint(
                condition=Q(status="deleted", secret__isnull=True, old_secret__isnull=True)
                | ~Q(status="deleted") & Q(secret__isnull=False),
                name="webhook_endpoint_has_secret_while_it_lives",
            ),
            models.CheckConstraint(
                condition=Q(old_secret__isnull=True, old_secret_until=None)
                | Q(old_secret__isnull=False, old_secret_until__isnull=False),
                name="webhook_old_secret_has_an_end",
            ),
        ]
        indexes = [
            models.Index(fields=["partner", "-id"], name="webhook_endpoints_of_partner"),
            models.Index(
                fields=["old_secret_until"], name="webhook_old_secret_ends", condition=Q(old_secret_until__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.url

    @property
    def state(self) -> EndpointStatus:
        return EndpointStatus(self.status)

    def secrets_at(self, moment: dt.datetime) -> list[str]:
        """Return what signs at this moment, the newest first: an old secret dies by the clock."""
        found = [self.secret] if self.secret else []
        if self.old_secret and self.old_secret_until and moment < self.old_secret_until:
            found.append(self.old_secret)
        return found


class WebhookDelivery(models.Model):
    """One message to one endpoint. Its body never changes; nor does the id that it carries, whatever is retried."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries")
    message_id = models.CharField(max_length=60, help_text="Sent as webhook-id.")
    type = models.CharField(max_length=60)
    aggregate = models.CharField(max_length=80, help_text="What it happened to: of one, messages go in order.")
    number = models.BigIntegerField(default=0, help_text="Of the event: their order.")
    body = models.TextField(help_text="JSON, as it is sent.")
    status = models.CharField(max_length=10, choices=[(s, s) for s in WebhookStatus], default=WebhookStatus.PENDING)
    next_at = models.DateTimeField(null=True, help_text="The next attempt, or the end of the lease.")
    tries = models.PositiveSmallIntegerField(default=0, help_text="Attempts since it was made, or replayed.")
    attempts_made = models.PositiveIntegerField(default=0)
    first_tried_at = models.DateTimeField(null=True, help_text="Since it was made, or replayed.")
    last_status = models.PositiveSmallIntegerField(null=True, help_text="HTTP, of the latest attempt.")
    last_error = models.CharField(max_length=20, blank=True, choices=[(f, f) for f in Failure])
    created_at = models.DateTimeField(default=clock.now, editable=False)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "message_id"], name="webhook_once_per_endpoint_and_event"),
            models.CheckConstraint(condition=Q(status__in=list(WebhookStatus)), name="webhook_status_is_known"),
            models.CheckConstraint(
                condition=Q(status__in=["pending", "sending"], next_at__isnull=False, ended_at=None)
                | Q(status__in=["succeeded", "failed"], next_at=None, ended_at__isnull=False),
                name="webhook_is_due_or_over",
            ),
        ]
        indexes = [
            models.Index(
                fields=["endpoint", "next_at"], name="webhook_due", condition=Q(status__in=["pending", "sending"])
            ),
            models.Index(
                fields=["endpoint", "aggregate", "number", "id"],
                name="webhook_in_order",
                condition=Q(status__in=["pending", "sending"]),
            ),
            models.Index(fields=["endpoint", "-id"], name="webhook_log"),
            models.Index(fields=["endpoint", "status", "-id"], name="webhook_log_by_status"),
            models.Index(fields=["endpoint", "type", "-id"], name="webhook_log_by_type"),
            models.Index(fields=["ended_at"], name="webhook_over", condition=Q(ended_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.type}, {self.message_id}"

    @property
    def state(self) -> WebhookStatus:
        return WebhookStatus(self.status)


class WebhookAttempt(models.Model):
    """One try: when, for how long, and what was answered. Never changed."""

    delivery = models.ForeignKey(WebhookDelivery, on_delete=models.CASCADE, related_name="attempts")
    number = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField(null=True)
    http_status = models.PositiveSmallIntegerField(null=True)
    error = models.CharField(max_length=20, blank=True, choices=[(f, f) for f in Failure])
    excerpt = models.CharField(max_length=500, blank=True, help_text="How the answer began, without secrets.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["delivery", "number"], name="webhook_attempt_once")]
