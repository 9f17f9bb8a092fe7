"""The second factor of administrators: a secret that their telephone shares with us, and codes for when it is lost."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from common import clock
from common.fields import EncryptedTextField
from common.ids import uuid7
from common.labels import minute
from users.models.columns import choices
from users.states import SecondFactorVerb


class SecondFactor(models.Model):
    """A secret for time-based codes (RFC 6238). It counts from the moment at which a code of it was shown to us."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="second_factor")
    secret = EncryptedTextField()
    created_at = models.DateTimeField(default=clock.now, editable=False)
    confirmed_at = models.DateTimeField(null=True)
    last_step = models.PositiveBigIntegerField(
        null=True,
        help_text="The newest interval of 30 seconds whose code was taken; older ones are not taken any more.",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(confirmed_at=None, last_step=None) | Q(confirmed_at__isnull=False, last_step__isnull=False),
                name="second_factor_confirmed_by_a_code",
            )
        ]


class RecoveryCode(models.Model):
    """Opens the second step once, in place of a code of the telephone. Only a keyed digest is kept."""

    factor = models.ForeignKey(SecondFactor, on_delete=models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64, unique=True)
    used_at = models.DateTimeField(null=True)


class SecondFactorEvent(models.Model):
    """What was done to somebody's second factor, by whom and why. Append-only."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="second_factor_events")
    verb = models.CharField(max_length=16, choices=choices(SecondFactorVerb))
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    reason = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(verb__in=[str(verb) for verb in SecondFactorVerb]), name="second_factor_event_verb"
            ),
            models.CheckConstraint(
                condition=~Q(verb=SecondFactorVerb.RESET) | ~Q(reason=""), name="second_factor_reset_has_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.verb}, {minute(self.created_at)}"
