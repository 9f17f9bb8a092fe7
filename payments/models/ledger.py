"""The double-entry ledger. Triggers keep every entry balanced and every row unchanged (see the first migration)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from common import clock
from common.ids import uuid7
from common.money import Currency
from payments.parties import Party, party_of
from payments.states import AccountKind


class Account(models.Model):
    """One account of one owner in one currency; without an owner it is the platform's."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner_user = models.ForeignKey("users.User", on_delete=models.PROTECT, null=True, related_name="+")
    owner_partner = models.ForeignKey("partners.Partner", on_delete=models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=12, choices=[(k, k) for k in AccountKind])
    detail = models.CharField(max_length=20, blank=True, help_text="Which one of several, as a provider's name.")
    currency = models.CharField(max_length=3, choices=[(c, c) for c in Currency])

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["owner_user", "owner_partner", "kind", "detail", "currency"],
                name="account_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(condition=Q(kind__in=list(AccountKind)), name="account_kind_is_known"),
            models.CheckConstraint(condition=Q(currency__in=list(Currency)), name="account_currency_is_known"),
            models.CheckConstraint(condition=Q(owner_user=None) | Q(owner_partner=None), name="account_has_one_owner"),
        ]

    def __str__(self) -> str:
        return " ".join(filter(None, [self.kind, self.detail, self.currency]))

    @property
    def owner(self) -> Party:
        return party_of(self.owner_user_id, self.owner_partner_id)


class Entry(models.Model):
    """One movement of money, written once: its `reference` is unique."""

    reference = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=20)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name_plural = "entries"

    def __str__(self) -> str:
        return self.reference


class Posting(models.Model):
    """One side of an entry: a debit is positive, a credit negative."""

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="postings")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="postings", db_index=False)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(amount_minor=0), name="posting_moves_something")]
        indexes = [
            models.Index(fields=["account", "id"], include=["amount_minor"], name="postings_of_account"),
        ]
