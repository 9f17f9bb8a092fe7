"""What payers dispute at their banks."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from common import clock
from common.ids import uuid7
from common.money import Currency, Money, in_words
from payments.models.paying import REFERENCE, Payment, Refund
from payments.states import DisputeStatus, Provider


class Dispute(models.Model):
    """A payer has asked the bank for the money back, and the bank decides.

    `hold` keeps what is disputed from being given back or paid out a second time: a refund from outside that is pending
    as long as the dispute is open. There is none where nothing was left to hold.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="disputes")
    provider = models.CharField(max_length=10, choices=[(p, p) for p in Provider])
    provider_ref = models.CharField(max_length=REFERENCE)
    status = models.CharField(max_length=6, choices=[(s, s) for s in DisputeStatus], default=DisputeStatus.OPEN)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3, choices=[(c, c) for c in Currency])
    reason = models.CharField(max_length=60, blank=True, help_text="In the provider's words.")
    answer_by = models.DateTimeField(null=True, help_text="Until when the provider takes evidence.")
    hold = models.OneToOneField(Refund, on_delete=models.PROTECT, null=True, related_name="dispute")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "provider_ref"], name="dispute_once"),
            models.CheckConstraint(condition=Q(status__in=list(DisputeStatus)), name="dispute_status_is_known"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="dispute_amount_is_positive"),
        ]
        indexes = [models.Index(fields=["status", "id"], name="dispute_by_status")]

    def __str__(self) -> str:
        return f"{in_words(self.amount)} wanted back"

    @property
    def state(self) -> DisputeStatus:
        return DisputeStatus(self.status)

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, Currency(self.currency))
