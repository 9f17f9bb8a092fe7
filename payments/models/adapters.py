"""What adapters remember together, in whatever process they run: access tokens, and what was decided once."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from common import clock
from common.fields import EncryptedTextField
from payments.states import Decided, Provider


class ProviderToken(models.Model):
    """The access token of one account at a provider. `name` is the provider and a digest of the account.

    `asked_at` are the times at which one was asked for lately; until `renewing_until` somebody is asking.
    """

    name = models.CharField(max_length=60, primary_key=True)
    token = EncryptedTextField(null=True)
    issued_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    renewing_until = models.DateTimeField(null=True)
    asked_at = ArrayField(models.DateTimeField(), default=list)

    def __str__(self) -> str:
        return self.name


class ProviderDecision(models.Model):
    """What was decided, once, about `ref` at a provider that would do it twice if it were asked twice.

    `ref` is the provider's name of a charge, or our id of a refund; `theirs` what a refund is called there, `about`
    the charge that it is of.
    """

    provider = models.CharField(max_length=10, choices=[(p, p) for p in Provider])
    ref = models.CharField(max_length=120)
    decided = models.CharField(max_length=8, choices=[(d, d) for d in Decided])
    decided_at = models.DateTimeField(default=clock.now)
    theirs = models.CharField(max_length=120, blank=True)
    about = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "ref"], name="provider_decision_once"),
            models.UniqueConstraint(
                fields=["provider", "theirs"], condition=~Q(theirs=""), name="provider_decision_theirs_once"
            ),
            models.CheckConstraint(condition=Q(decided__in=list(Decided)), name="provider_decision_is_known"),
        ]
        indexes = [
            models.Index(fields=["provider", "about"], name="provider_decision_about", condition=~Q(about="")),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.ref}: {self.decided}"
