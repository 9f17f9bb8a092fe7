"""What banks charge, and what they have agreed with hospitals."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import F, Q

from common import clock
from common.ids import uuid7
from common.money import BASIS_POINTS, LARGEST, Currency
from partners.models.organisations import Partner


class PriceList(models.Model):
    """What a bank charges: for processing by component, for delivery by distance, and for cancelling late.

    Blood itself is never sold (India: Drugs Rules; only a processing charge is allowed). Taxes are in basis points.
    """

    partner = models.OneToOneField(Partner, on_delete=models.PROTECT, primary_key=True, related_name="+")
    currency = models.CharField(max_length=3, choices=[(c, c) for c in Currency])
    tax_name = models.CharField(max_length=20, default="GST")
    processing_tax_bp = models.PositiveIntegerField(default=0)
    delivery_tax_bp = models.PositiveIntegerField(default=0)
    cancel_accepted_minor = models.PositiveBigIntegerField(default=0, help_text="Kept when bags were reserved.")
    cancel_packed_minor = models.PositiveBigIntegerField(default=0, help_text="Kept when bags were packed.")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(currency__in=list(Currency)), name="price_list_currency_is_known"),
            models.CheckConstraint(
                condition=Q(processing_tax_bp__lte=BASIS_POINTS, delivery_tax_bp__lte=BASIS_POINTS),
                name="price_list_taxes_are_shares",
            ),
            models.CheckConstraint(
                condition=Q(cancel_accepted_minor__lte=LARGEST, cancel_packed_minor__lte=LARGEST),
                name="price_list_fees_are_payable",
            ),
        ]

    def __str__(self) -> str:
        return f"Prices of {self.partner}"


class ProcessingCharge(models.Model):
    """What one bag of a component costs."""

    price_list = models.ForeignKey(PriceList, on_delete=models.CASCADE, related_name="processing")
    component = models.CharField(max_length=24)
    charge_minor = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["price_list", "component"], name="processing_charge_once"),
            models.CheckConstraint(condition=Q(charge_minor__lte=LARGEST), name="processing_charge_is_payable"),
        ]


class DeliveryBand(models.Model):
    """What a delivery costs up to a distance; beyond the farthest band there is none."""

    price_list = models.ForeignKey(PriceList, on_delete=models.CASCADE, related_name="delivery")
    up_to_km = models.DecimalField(max_digits=6, decimal_places=2)
    charge_minor = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["price_list", "up_to_km"], name="delivery_band_once"),
            models.CheckConstraint(
                condition=Q(up_to_km__gt=0, charge_minor__lte=LARGEST), name="delivery_band_is_payable"
            ),
        ]


class Contract(models.Model):
    """A bank's own prices for one hospital, which pays once a month instead of before each delivery."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    bank = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    hospital = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, help_text="The last day; empty: until it is ended.")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=60, blank=True)
    made_by = models.CharField(max_length=60)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["bank", "hospital"], condition=Q(ended_at=None), name="one_contract_between_two"
            ),
            models.CheckConstraint(condition=~Q(bank=F("hospital")), name="contract_is_between_two"),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="contract_ends_after_start"
            ),
        ]
        indexes = [
            models.Index(fields=["hospital", "-id"], name="contracts_of_hospital"),
            models.Index(fields=["bank", "-id"], name="contracts_of_bank"),
        ]

    def __str__(self) -> str:
        return f"Contract from {self.starts_on:%Y-%m-%d}"

    def is_in_force(self, day: dt.date) -> bool:
        return self.ended_at is None and self.starts_on <= day and (self.ends_on is None or day <= self.ends_on)


class ContractCharge(models.Model):
    """What one bag of a component costs this hospital; other components cost what the price list says."""

    contract = models.ForeignKey(Contract, on_delete=models.CASCADE, related_name="processing")
    component = models.CharField(max_length=24)
    charge_minor = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["contract", "component"], name="contract_charge_once"),
            models.CheckConstraint(condition=Q(charge_minor__lte=LARGEST), name="contract_charge_is_payable"),
        ]
