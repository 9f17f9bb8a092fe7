"""Boxes, couriers, places and temperatures on the road."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from common import clock
from common.fields import E164Field, e164_check
from common.ids import uuid7


class Box(models.Model):
    """One box of an order, the band its bags need, and the excursion it is in.

    `out_since` is since when its readings have been out of the band; `breached_at` is written once.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    order = models.ForeignKey("orders.Order", on_delete=models.PROTECT, related_name="boxes")
    bank = models.ForeignKey("partners.Partner", on_delete=models.PROTECT, related_name="+")
    label = models.CharField(max_length=60)
    min_c = models.DecimalField(max_digits=4, decimal_places=1, null=True, help_text="Empty: colder is fine.")
    max_c = models.DecimalField(max_digits=4, decimal_places=1)
    out_since = models.DateTimeField(null=True)
    breached_at = models.DateTimeField(null=True)
    packed_at = models.DateTimeField(default=clock.now)
    closed_at = models.DateTimeField(null=True, help_text="Delivered, unpacked or come back: its label is free again.")

    class Meta:
        verbose_name_plural = "boxes"
        constraints = [
            models.UniqueConstraint(fields=["bank", "label"], condition=Q(closed_at=None), name="box_in_one_order"),
        ]
        indexes = [models.Index(fields=["order", "id"], name="boxes_of_order")]

    def __str__(self) -> str:
        return self.label


class Reading(models.Model):
    """What one sensor of a box measured at one moment, whenever it was told."""

    id = models.BigAutoField(primary_key=True)
    box = models.ForeignKey(Box, on_delete=models.CASCADE, related_name="readings")
    sensor = models.CharField(max_length=60)
    at = models.DateTimeField()
    temperature_c = models.DecimalField(max_digits=5, decimal_places=2)
    is_inside = models.BooleanField()
    received_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["box", "sensor", "at"], name="reading_once"),
        ]


class Ping(models.Model):
    """Where an order's courier was at one moment."""

    id = models.BigAutoField(primary_key=True)
    order = models.ForeignKey("orders.Order", on_delete=models.CASCADE, related_name="pings")
    at = models.DateTimeField()
    lat = models.DecimalField(max_digits=9, decimal_places=6)
    lng = models.DecimalField(max_digits=9, decimal_places=6)
    received_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "at"], name="ping_once"),
            models.CheckConstraint(
                condition=Q(lat__gte=-90, lat__lte=90, lng__gte=-180, lng__lte=180), name="ping_is_on_earth"
            ),
        ]


class Rider(models.Model):
    """Somebody who carries boxes for a bank."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    partner = models.ForeignKey("partners.Partner", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=120)
    phone = E164Field()
    vehicle = models.CharField(max_length=40, blank=True)
    is_active = models.BooleanField(default=True)
    lat = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    lng = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    located_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["partner", "phone"], condition=Q(is_active=True), name="rider_phone_once_per_bank"
            ),
            e164_check("phone", name="rider_phone_is_e164"),
        ]
        indexes = [models.Index(fields=["partner", "-id"], name="riders_of_bank")]

    def __str__(self) -> str:
        return self.name
