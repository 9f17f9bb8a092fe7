"""Webhooks, each kept once by its provider's id."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from common.notices import StoredNotice
from payments.states import NoticeOutcome, Provider


class ProviderNotice(StoredNotice):
    """What a provider told us, without its body: the truth is asked for, and the body holds a payer's data."""

    provider = models.CharField(max_length=10, choices=[(p, p) for p in Provider])
    our_id = models.CharField(max_length=60, blank=True)
    refs = ArrayField(models.CharField(max_length=120), default=list)
    outcome = models.CharField(max_length=10, choices=[(o, o) for o in NoticeOutcome], default=NoticeOutcome.WAITING)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "event_id"], name="notice_once"),
            models.CheckConstraint(condition=Q(outcome__in=list(NoticeOutcome)), name="notice_outcome_is_known"),
        ]
        indexes = [models.Index(fields=["received_at"], name="notice_by_age")]
