"""What messages cost, what a day may cost, and what it has cost."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from common import clock
from common.labels import minute
from common.money import Currency


class ChannelTerms(models.Model):
    """The price of a channel and the most that a day of it may cost, since then; the newest row holds.

    A row is never changed, so that the rows are the history.
    """

    channel = models.CharField(max_length=10)
    price_minor = models.PositiveIntegerField(help_text="Of one segment, message or call, in minor units.")
    daily_limit_minor = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="In minor units; no limit when empty."
    )
    currency = models.CharField(max_length=3, choices=[(c, c) for c in Currency], default=Currency.INR)
    reason = models.CharField(max_length=200, help_text="Where the price is from, or why the limit changes.")
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", editable=False
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        verbose_name_plural = "channel terms"
        indexes = [models.Index(fields=["channel", "-id"], name="newest_terms_of_channel")]

    def __str__(self) -> str:
        return f"{self.channel}, {minute(self.created_at)}"


class ChannelSpend(models.Model):
    """What one day of one channel has cost: counted as deliveries are leased, each once."""

    day = models.DateField(help_text="In the product's zone.")
    channel = models.CharField(max_length=10)
    spent_minor = models.PositiveBigIntegerField(default=0)
    messages = models.PositiveIntegerField(default=0)
    held = models.PositiveIntegerField(default=0, help_text="How often a message had to wait for the next day.")
    told_at = models.DateTimeField(null=True, help_text="When administrators heard that the budget is used up.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["day", "channel"], name="one_spend_per_day_and_channel"),
            models.CheckConstraint(condition=Q(spent_minor__gte=0), name="spend_is_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.channel}, {self.day}"
