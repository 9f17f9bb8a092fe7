"""Bags of blood. A verified donation makes the first, in quarantine."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from common import clock
from common.blood import BloodGroup
from common.ids import uuid7
from stock.components import Component
from stock.states import UnitStatus


class DinCounter(models.Model):
    """The last donation number that a partner gave in a year."""

    partner = models.ForeignKey("partners.Partner", on_delete=models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["partner", "year"], name="din_counter_once"),
            models.CheckConstraint(condition=Q(last__lte=999_999), name="din_counter_has_six_digits"),
        ]


class Unit(models.Model):
    """One bag: what it holds, whose it is, where it stands."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    partner = models.ForeignKey("partners.Partner", on_delete=models.PROTECT, related_name="+")
    din = models.CharField(max_length=13, help_text="Donation identification number (ISBT 128), without flags.")
    component = models.CharField(max_length=24, choices=[(c, c.replace("_", " ")) for c in Component])
    status = models.CharField(max_length=12, choices=[(s, s) for s in UnitStatus], default=UnitStatus.QUARANTINED)
    blood_group = models.CharField(max_length=4, choices=[(g, g) for g in BloodGroup])
    volume_ml = models.PositiveSmallIntegerField()
    collected_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["din", "component"], name="unit_din_component_once"),
            models.CheckConstraint(condition=Q(status__in=list(UnitStatus)), name="unit_status_is_known"),
            models.CheckConstraint(condition=Q(component__in=list(Component)), name="unit_component_is_known"),
            models.CheckConstraint(condition=Q(blood_group__in=list(BloodGroup)), name="unit_group_is_known"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("collected_at")), name="unit_expires_after_collection"),
            models.CheckConstraint(condition=Q(volume_ml__gt=0), name="unit_has_volume"),
        ]
        indexes = [models.Index(fields=["partner", "status", "component", "blood_group"], name="units_of_partner")]


class Movement(models.Model):
    """One change of a unit. Never changed."""

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="movements")
    verb = models.CharField(max_length=12)
    actor = models.CharField(max_length=60)
    facts = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=clock.now)
