"""What people are told: one notification per person and event, one delivery per channel."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from common import clock
from common.fields import EncryptedTextField
from common.ids import uuid7
from common.labels import minute
from notifications.states import Channel, DeliveryStatus


class Notification(models.Model):
    """One message to one person about one event. A person's own are the inbox."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    dedupe_key = models.CharField(max_length=120, help_text="Event and recipient; a retried event tells nobody twice.")
    kind = models.CharField(max_length=40)
    user = models.ForeignKey("users.User", on_delete=models.CASCADE, null=True, related_name="+")
    member = models.ForeignKey("partners.Member", on_delete=models.CASCADE, null=True, related_name="+")
    title = models.CharField(max_length=120, blank=True)
    body = models.TextField(blank=True, help_text="What the inbox shows; never a code.")
    subject_kind = models.CharField(max_length=20, blank=True)
    subject_id = models.UUIDField(null=True)
    is_critical = models.BooleanField(default=False, help_text="A voice call follows when no text arrives.")
    created_at = models.DateTimeField(default=clock.now)
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["dedupe_key"], name="one_message_per_person_and_event")]
        indexes = [
            models.Index(fields=["user", "-id"], name="inbox_of_person", condition=Q(user__isnull=False)),
            models.Index(fields=["member", "-id"], name="inbox_of_member", condition=Q(member__isnull=False)),
            models.Index(fields=["created_at"], name="notification_age"),
            models.Index(
                fields=["subject_id", "id"], name="notification_of_subject", condition=Q(subject_id__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}, {minute(self.created_at)}"


class Delivery(models.Model):
    """One notification on its way through one channel; a push to one of the recipient's devices."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    notification = models.ForeignKey(Notification, on_delete=models.CASCADE, related_name="deliveries")
    channel = models.CharField(max_length=10, choices=[(c, c) for c in Channel])
    to = models.CharField(max_length=254, help_text="E.164, an e-mail address, or the id of a device.")
    language = models.CharField(max_length=5, default="en")
    subject = models.CharField(max_length=120, blank=True, help_text="Of an e-mail; the title of a push.")
    invitation = EncryptedTextField(null=True, help_text="What an e-mail brings for the calendar (RFC 5546).")
    body = EncryptedTextField(null=True, help_text="Wiped once its fate is known, when it carries a code.")
    is_secret = models.BooleanField(default=False, help_text="The body carries a code.")
    priority = models.PositiveSmallIntegerField(default=5, help_text="0 goes first.")
    segments = models.PositiveSmallIntegerField(default=1, db_default=1, help_text="What an SMS is billed by.")
    cost_minor = models.PositiveIntegerField(null=True, help_text="What it was counted at, when it was first leased.")
    status = models.CharField(max_length=10, choices=[(s, s) for s in DeliveryStatus], default=DeliveryStatus.QUEUED)
    run_at = models.DateTimeField()
    valid_until = models.DateTimeField(help_text="Not worth sending after this.")
    attempts = models.PositiveSmallIntegerField(default=0)
    attempted_at = models.DateTimeField(null=True, help_text="When the latest attempt was leased.")
    lease_until = models.DateTimeField(null=True)
    locked_by = models.CharField(max_length=64, blank=True)
    provider_id = models.CharField(max_length=64, blank=True)
    error_code = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    sent_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["notification", "channel"],
                condition=~Q(channel=Channel.PUSH),
                name="one_delivery_per_channel",
            ),
            models.UniqueConstraint(
                fields=["notification", "to"], condition=Q(channel=Channel.PUSH), name="one_push_per_device"
            ),
            models.UniqueConstraint(
                fields=["provider_id"], condition=~Q(provider_id=""), name="delivery_provider_id_once"
            ),
            models.CheckConstraint(condition=Q(status__in=list(DeliveryStatus)), name="delivery_status_is_known"),
            models.CheckConstraint(condition=Q(channel__in=list(Channel)), name="delivery_channel_is_known"),
        ]
        indexes = [
            models.Index(
                fields=["priority", "run_at", "id"],
                name="delivery_due",
                condition=Q(status__in=["queued", "failed"]),
            ),
            models.Index(fields=["lease_until"], name="delivery_leased", condition=Q(status="sending")),
            models.Index(fields=["run_at"], name="delivery_in_doubt", condition=Q(status="in_doubt")),
        ]

    is_over: bool  # the day's budget; filled where deliveries are leased only

    def __str__(self) -> str:
        return f"{self.channel}, {self.status}, {minute(self.created_at)}"

    @property
    def state(self) -> DeliveryStatus:
        return DeliveryStatus(self.status)


class OptOut(models.Model):
    """A number that said STOP to a channel and has not said START since."""

    phone = models.CharField(max_length=16)
    channel = models.CharField(max_length=10, choices=[(c, c) for c in Channel])
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["phone", "channel"], name="opt_out_once")]

    def __str__(self) -> str:
        return f"{self.channel}, {self.created_at:%Y-%m-%d}"
