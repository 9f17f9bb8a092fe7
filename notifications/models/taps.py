"""Links in messages by which people answer with one tap."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from common import clock
from common.ids import uuid7
from common.labels import minute
from notifications.states import TapAct, TapMatter


class TapLink(models.Model):
    """One person's one answer to one matter. Who has the link may give it; only the token's digest is kept."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    digest = models.CharField(max_length=64)
    user = models.ForeignKey("users.User", on_delete=models.CASCADE, related_name="+")
    matter = models.CharField(max_length=8, choices=[(m, m) for m in TapMatter])
    subject_id = models.UUIDField()
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField(default=clock.now)
    used_at = models.DateTimeField(null=True)
    act = models.CharField(max_length=8, blank=True, help_text="What was answered.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["digest"], name="tap_link_digest_once"),
            models.CheckConstraint(condition=Q(matter__in=list(TapMatter)), name="tap_matter_is_known"),
            models.CheckConstraint(
                condition=Q(act="", used_at=None) | Q(act__in=list(TapAct), used_at__isnull=False),
                name="tap_is_used_by_an_act",
            ),
        ]
        indexes = [
            models.Index(fields=["expires_at"], name="tap_links_to_drop"),
            models.Index(fields=["user"], name="tap_links_of_person"),
        ]

    def __str__(self) -> str:
        return f"{self.matter}, until {minute(self.expires_at)}"
