"""What people have agreed to, in which words."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from common.ids import uuid7
from common.labels import minute
from users.models.accounts import User
from users.models.columns import choices
from users.states import ConsentPurpose


class ConsentNotice(models.Model):
    """What a person is told before agreeing: for what, with which data, in which words. Never changed.

    A new text is a new version, loaded by a migration in every language at once.
    """

    purpose = models.CharField(max_length=24, choices=choices(ConsentPurpose))
    version = models.PositiveSmallIntegerField()
    language = models.CharField(max_length=5)
    data = models.JSONField(help_text="The items of data, one line each.")
    text = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["purpose", "version", "language"], name="consent_notice_once"),
            models.CheckConstraint(condition=Q(purpose__in=list(ConsentPurpose)), name="consent_purpose_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose}, {self.language}, {self.version}"


class Consent(models.Model):
    """That a person agreed to a notice, and when it was taken back. Kept as proof."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="consents")
    notice = models.ForeignKey(ConsentNotice, on_delete=models.PROTECT, related_name="+")
    granted_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "notice"], condition=Q(withdrawn_at=None), name="one_open_consent_per_notice"
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None) | Q(withdrawn_at__gte=models.F("granted_at")),
                name="consent_withdrawn_after_it_was_granted",
            ),
        ]

    def __str__(self) -> str:
        return f"Consent of {minute(self.granted_at)}"
