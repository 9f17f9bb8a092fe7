"""The keys with which a partner's own systems call."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Final

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from common import clock
from common.ids import uuid7
from partners.models.organisations import Member, Partner
from partners.scopes import Scope
from partners.states import KeyMode

LONGEST_OVERLAP: Final = dt.timedelta(days=7)
MOST_CALLS: Final = 6000  # a minute
_NO_DIGEST: Final = ""


class ApiKey(models.Model):
    """A secret that a program of the partner shows; only its digest is kept.

    While a rotation's overlap lasts, the secret before it opens too. The key acts as `member`, an account that nobody
    signs in to: of the partner itself, or of its test twin.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="api_keys")
    member = models.OneToOneField(Member, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=80)
    mode = models.CharField(max_length=4, choices=[(mode, mode) for mode in KeyMode])
    prefix = models.CharField(max_length=12, unique=True)
    digest = models.CharField(max_length=64)
    previous_digest = models.CharField(max_length=64, blank=True)
    previous_until = models.DateTimeField(null=True)
    rotated_at = models.DateTimeField(null=True)
    scopes = ArrayField(models.CharField(max_length=24))
    networks = ArrayField(models.CharField(max_length=43), default=list)
    calls_per_minute = models.PositiveIntegerField()
    expires_at = models.DateTimeField()
    warned_days = models.PositiveSmallIntegerField(null=True, help_text="The last warning: so many days before.")
    last_used_at = models.DateTimeField(null=True)
    last_used_address = models.GenericIPAddressField(null=True)
    made_by = models.CharField(max_length=60)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(mode__in=list(KeyMode)), name="api_key_mode_is_known"),
            models.CheckConstraint(
                condition=Q(scopes__contained_by=[str(scope) for scope in Scope], scopes__len__gt=0),
                name="api_key_scopes_are_known",
            ),
            models.CheckConstraint(
                condition=Q(previous_digest=_NO_DIGEST, previous_until=None)
                | ~Q(previous_digest=_NO_DIGEST)
                & Q(
                    previous_until__isnull=False,
                    rotated_at__isnull=False,
                    previous_until__lte=F("rotated_at") + LONGEST_OVERLAP,
                ),
                name="api_key_overlap_ends",
            ),
            models.CheckConstraint(
                condition=Q(revoked_at=None, revoked_by="") | Q(revoked_at__isnull=False) & ~Q(revoked_by=""),
                name="api_key_revoked_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(calls_per_minute__gte=1, calls_per_minute__lte=MOST_CALLS), name="api_key_rate_is_a_rate"
            ),
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="api_key_expires_later"),
        ]
        indexes = [
            models.Index(fields=["partner", "-id"], name="api_keys_of_partner"),
            models.Index(fields=["expires_at"], name="api_keys_in_use", condition=Q(revoked_at=None)),
        ]

    partner_id: uuid.UUID

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix})"

    @property
    def is_test(self) -> bool:
        return self.mode == KeyMode.TEST

    @property
    def begins(self) -> str:
        """What may be shown of the key, by which its owners know it."""
        return f"jsk_{self.mode}_{self.prefix}"

    def is_open(self, now: dt.datetime) -> bool:
        return self.revoked_at is None and now < self.expires_at

    def overlap_ends(self, now: dt.datetime) -> dt.datetime | None:
        """Until when the secret before the last rotation opens too; None when it no longer does."""
        return self.previous_until if self.previous_until is not None and now < self.previous_until else None
