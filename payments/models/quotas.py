"""How much of a plan's quotas is used."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from common import clock
from common.ids import uuid7
from common.labels import day
from payments.states import QuotaKind


class QuotaCounter(models.Model):
    """What a person has used of one quota since `window`; the start of a period, or the epoch for what is kept."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey("users.User", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=[(k, k) for k in QuotaKind])
    window = models.DateTimeField()
    used = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "kind", "window"], name="quota_counter_once"),
            models.CheckConstraint(condition=Q(used__gte=0), name="quota_not_below_zero"),
            models.CheckConstraint(condition=Q(kind__in=list(QuotaKind)), name="quota_kind_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} from {day(self.window)}"


class QuotaTake(models.Model):
    """What one thing took of a quota, so that it takes once and gives back once."""

    counter = models.ForeignKey(QuotaCounter, on_delete=models.PROTECT, related_name="takes")
    kind = models.CharField(max_length=12, choices=[(k, k) for k in QuotaKind])
    reference = models.UUIDField()
    amount = models.BigIntegerField()
    created_at = models.DateTimeField(default=clock.now, editable=False)
    returned_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "reference"], name="quota_take_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="quota_take_is_positive"),
        ]
