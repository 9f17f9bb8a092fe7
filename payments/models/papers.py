"""Invoices and credit notes, numbered without gaps per seller and financial year."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from common import clock
from common.ids import uuid7
from common.money import Currency, Money
from payments.models.paying import Payment, Refund
from payments.states import InvoiceKind


class InvoiceCounter(models.Model):
    """The last number given. Whoever takes the next one holds the row until the invoice is committed with it."""

    seller_user = models.ForeignKey("users.User", on_delete=models.PROTECT, null=True, related_name="+")
    seller_partner = models.ForeignKey("partners.Partner", on_delete=models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=12)
    year = models.PositiveSmallIntegerField(help_text="In which the financial year begins.")
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["seller_user", "seller_partner", "kind", "year"],
                name="invoice_counter_once",
                nulls_distinct=False,
            )
        ]


class Invoice(models.Model):
    """What was sold or taken back, as it was on that day: later changes of names do not reach it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=12, choices=[(k, k) for k in InvoiceKind])
    seller_user = models.ForeignKey("users.User", on_delete=models.PROTECT, null=True, related_name="+")
    seller_partner = models.ForeignKey("partners.Partner", on_delete=models.PROTECT, null=True, related_name="+")
    year = models.PositiveSmallIntegerField()
    number = models.PositiveIntegerField()
    code = models.CharField(max_length=16)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="invoices")
    refund = models.OneToOneField(Refund, on_delete=models.PROTECT, null=True, related_name="credit_note")
    credits = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="credit_notes")
    seller = models.JSONField()
    buyer = models.JSONField()
    lines = models.JSONField()
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3, choices=[(c, c) for c in Currency])
    issued_on = models.DateField()
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["seller_user", "seller_partner", "kind", "year", "number"],
                name="invoice_number_once",
                nulls_distinct=False,
            ),
            models.UniqueConstraint(
                fields=["payment"], condition=Q(kind=InvoiceKind.INVOICE), name="invoice_once_per_payment"
            ),
            models.CheckConstraint(condition=Q(kind__in=list(InvoiceKind)), name="invoice_kind_is_known"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="invoice_amount_is_positive"),
            models.CheckConstraint(
                condition=Q(kind=InvoiceKind.INVOICE, refund=None, credits=None)
                | Q(kind=InvoiceKind.CREDIT_NOTE, refund__isnull=False, credits__isnull=False),
                name="credit_note_names_what_it_credits",
            ),
        ]
        indexes = [models.Index(fields=["seller_partner", "-id"], name="invoices_of_partner")]

    def __str__(self) -> str:
        return self.code

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, Currency(self.currency))
