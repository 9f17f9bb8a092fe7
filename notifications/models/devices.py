"""Devices that take push messages."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from common import clock
from common.fields import EncryptedTextField
from common.ids import uuid7
from common.labels import minute
from notifications.states import Platform

ONE_OWNER = Q(user__isnull=False, session__isnull=False, member=None, member_session=None) | Q(
    member__isnull=False, member_session__isnull=False, user=None, session=None
)


class PushDevice(models.Model):
    """An app on a device on which somebody is signed in. It counts for as long as its session is open.

    A token that comes back under another account is another row: what was queued for the old one goes nowhere.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey("users.User", on_delete=models.CASCADE, null=True, related_name="+")
    session = models.ForeignKey("users.Session", on_delete=models.CASCADE, null=True, related_name="+")
    member = models.ForeignKey("partners.Member", on_delete=models.CASCADE, null=True, related_name="+")
    member_session = models.ForeignKey("partners.MemberSession", on_delete=models.CASCADE, null=True, related_name="+")
    token = EncryptedTextField(help_text="The registration token that the provider gave the app.")
    token_digest = models.CharField(max_length=64, help_text="Keyed, to find the token by.")
    platform = models.CharField(max_length=8, choices=[(p, p) for p in Platform])
    app_version = models.CharField(max_length=20, blank=True)
    language = models.CharField(max_length=5, blank=True, help_text="Of the app; the account's where it says none.")
    created_at = models.DateTimeField(default=clock.now)
    seen_at = models.DateTimeField(default=clock.now, help_text="When the app last registered.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["token_digest"], name="push_token_once"),
            models.CheckConstraint(condition=ONE_OWNER, name="push_device_has_one_owner"),
            models.CheckConstraint(condition=Q(platform__in=list(Platform)), name="push_platform_is_known"),
        ]
        indexes = [
            models.Index(fields=["seen_at"], name="push_device_age"),
        ]

    def __str__(self) -> str:
        return f"{self.platform}, seen {minute(self.seen_at)}"
