"""What was settled with a partner for a month."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from common import clock
from common.ids import uuid7
from common.money import Currency
from payments.models.paying import Payout


class Settlement(models.Model):
    """A partner's month from the ledger. Amounts are what is owed to the partner: below zero, what it owes.

    `sold` is after the platform's fee, `returned` what went back to payers, `collected` what the partner took by
    hand, `paid_out` earlier payouts. Never changed: a trigger refuses it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    partner = models.ForeignKey("partners.Partner", on_delete=models.PROTECT, related_name="+")
    month = models.DateField(help_text="Its first day.")
    currency = models.CharField(max_length=3, choices=[(c, c) for c in Currency])
    opening_minor = models.BigIntegerField()
    sold_minor = models.BigIntegerField()
    returned_minor = models.BigIntegerField()
    collected_minor = models.BigIntegerField()
    paid_out_minor = models.BigIntegerField()
    other_minor = models.BigIntegerField()
    closing_minor = models.BigIntegerField()
    payout = models.OneToOneField(Payout, on_delete=models.PROTECT, null=True, related_name="settlement")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["partner", "month", "currency"], name="settlement_once_per_month"),
            models.CheckConstraint(
                condition=Q(
                    closing_minor=F("opening_minor")
                    + F("sold_minor")
                    + F("returned_minor")
                    + F("collected_minor")
                    + F("paid_out_minor")
                    + F("other_minor")
                ),
                name="settlement_adds_up",
            ),
        ]
        indexes = [models.Index(fields=["partner", "-id"], name="settlements_of_partner")]

    def __str__(self) -> str:
        return f"Settlement of {self.month:%Y-%m}"
