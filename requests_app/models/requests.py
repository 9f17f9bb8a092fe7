"""Blood requests, the waves in which donors are asked, and the promises they give."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models import F, Q

from common import clock
from common.blood import BloodGroup
from common.geo import Point
from common.ids import uuid7
from common.labels import day, minute, units
from common.points import place_column
from requests_app.states import (
    LIVE_ASSIGNMENT,
    LIVE_REQUEST,
    AssignmentStatus,
    RequestStatus,
    StopReason,
    Urgency,
    WaveKind,
)
from stock.components import Component


class BloodRequest(models.Model):
    """A partner needs units of one component for recipients of one group.

    `units_promised` counts the living promises, `units_fulfilled` the donations; together never more than `units`.
    The place is the partner's at the time of asking.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    partner = models.ForeignKey("partners.Partner", on_delete=models.PROTECT, related_name="+")
    posted_by = models.ForeignKey("partners.Member", on_delete=models.PROTECT, null=True, related_name="+")
    status = models.CharField(max_length=10, choices=[(s, s) for s in RequestStatus], default=RequestStatus.OPEN)
    blood_group = models.CharField(max_length=4, choices=[(g, g) for g in BloodGroup])
    component = models.CharField(max_length=24, choices=[(c, c.replace("_", " ")) for c in Component])
    units = models.PositiveSmallIntegerField()
    units_promised = models.PositiveSmallIntegerField(default=0)
    units_fulfilled = models.PositiveSmallIntegerField(default=0)
    urgency = models.CharField(max_length=8, choices=[(u, u) for u in Urgency])
    needed_by = models.DateTimeField()
    expires_at = models.DateTimeField(help_text="Nobody can accept from then on.")
    radius_km = models.DecimalField(max_digits=5, decimal_places=2, default=Decimal(10))
    note = models.CharField(max_length=500, blank=True, help_text="Shown to donors who are asked.")
    lat = models.DecimalField(max_digits=9, decimal_places=6)
    lng = models.DecimalField(max_digits=9, decimal_places=6)
    place = place_column()
    next_wave_at = models.DateTimeField(null=True, help_text="When donors are asked next; none when all were.")
    cancel_reason = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=list(RequestStatus)), name="request_status_is_known"),
            models.CheckConstraint(condition=Q(urgency__in=list(Urgency)), name="request_urgency_is_known"),
            models.CheckConstraint(condition=Q(blood_group__in=list(BloodGroup)), name="request_group_is_known"),
            models.CheckConstraint(condition=Q(component__in=list(Component)), name="request_component_is_known"),
            models.CheckConstraint(condition=Q(units__gt=0), name="request_asks_for_units"),
            models.CheckConstraint(
                condition=Q(units__gte=F("units_promised") + F("units_fulfilled")), name="request_not_overfilled"
            ),
            models.CheckConstraint(condition=Q(radius_km__gt=0), name="request_radius_is_positive"),
        ]
        indexes = [
            models.Index(fields=["partner", "-id"], name="requests_of_partner"),
            models.Index(fields=["expires_at"], name="request_expiring", condition=Q(status__in=sorted(LIVE_REQUEST))),
            models.Index(fields=["next_wave_at"], name="request_wave_due", condition=Q(status=RequestStatus.OPEN)),
            GistIndex(fields=["place"], name="request_place", condition=Q(status=RequestStatus.OPEN)),
        ]

    def __str__(self) -> str:
        return f"Request of {day(self.created_at)}, {self.blood_group}, {units(self.units)}"

    @property
    def state(self) -> RequestStatus:
        return RequestStatus(self.status)

    @property
    def recipient_group(self) -> BloodGroup:
        return BloodGroup(self.blood_group)

    @property
    def units_left(self) -> int:
        """Units that nobody has promised or given."""
        return self.units - self.units_promised - self.units_fulfilled

    @property
    def location(self) -> Point:
        return Point(float(self.lat), float(self.lng))

    @property
    def is_live(self) -> bool:
        return self.status in LIVE_REQUEST

    def state_at(self, now: dt.datetime) -> RequestStatus:
        """What the request is by its hour, whether or not a sweep has written it down."""
        return RequestStatus.EXPIRED if self.is_live and now >= self.expires_at else self.state

    def is_open_at(self, now: dt.datetime) -> bool:
        """Whether a donor may still answer: by its hour, not only by its status."""
        return self.state_at(now) in LIVE_REQUEST


class Wave(models.Model):
    """One round of asking. Stored with what it reached and why it stopped."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    request = models.ForeignKey(BloodRequest, on_delete=models.CASCADE, related_name="waves")
    number = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=8, choices=[(k, k) for k in WaveKind], default=WaveKind.RING)
    radius_km = models.DecimalField(max_digits=5, decimal_places=2)
    asked = models.PositiveIntegerField(default=0)
    answered = models.PositiveIntegerField(default=0)
    declined = models.PositiveIntegerField(default=0, db_default=0)
    started_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True)
    stop_reason = models.CharField(max_length=16, blank=True, choices=[(r, r) for r in StopReason])

    class Meta:
        constraints = [models.UniqueConstraint(fields=["request", "number"], name="wave_number_once")]

    def __str__(self) -> str:
        return f"Wave {self.number}, {minute(self.started_at)}"


class Ask(models.Model):
    """That a donor was asked for a request: once, whatever happens."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    request = models.ForeignKey(BloodRequest, on_delete=models.CASCADE, related_name="asks")
    wave = models.ForeignKey(Wave, on_delete=models.CASCADE, related_name="asks")
    donor = models.ForeignKey("users.Donor", on_delete=models.CASCADE, related_name="+")
    distance_km = models.DecimalField(max_digits=7, decimal_places=3)
    created_at = models.DateTimeField()
    declined_at = models.DateTimeField(null=True, help_text="When the donor said that he cannot come.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["request", "donor"], name="donor_asked_once_per_request")]
        indexes = [models.Index(fields=["donor", "created_at"], name="asks_of_donor")]


class Standby(models.Model):
    """A donor who found the request full and would come if a place became free."""

    request = models.ForeignKey(BloodRequest, on_delete=models.CASCADE, related_name="standbys")
    donor = models.ForeignKey("users.Donor", on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=clock.now)
    offered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["request", "donor"], name="standby_once")]


class Assignment(models.Model):
    """One donor's promise of one unit, and how it ended."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    request = models.ForeignKey(BloodRequest, on_delete=models.PROTECT, related_name="assignments")
    donor = models.ForeignKey("users.Donor", on_delete=models.PROTECT, related_name="+")
    status = models.CharField(
        max_length=10, choices=[(s, s) for s in AssignmentStatus], default=AssignmentStatus.ACCEPTED
    )
    distance_km = models.DecimalField(max_digits=7, decimal_places=3)
    code_digest = models.CharField(max_length=64, blank=True)
    attempts_left = models.PositiveSmallIntegerField()
    expires_at = models.DateTimeField(help_text="Arrive before this.")
    reason = models.CharField(max_length=300, blank=True)
    accepted_at = models.DateTimeField()
    arrived_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=list(AssignmentStatus)), name="assignment_status_is_known"),
            models.UniqueConstraint(
                fields=["donor"], condition=Q(status__in=sorted(LIVE_ASSIGNMENT)), name="one_open_promise_per_donor"
            ),
        ]
        indexes = [
            models.Index(fields=["donor", "-id"], name="assignments_of_donor"),
            models.Index(fields=["expires_at"], name="assignment_due", condition=Q(status=AssignmentStatus.ACCEPTED)),
        ]

    def __str__(self) -> str:
        return f"Promise of {minute(self.accepted_at)}"

    @property
    def state(self) -> AssignmentStatus:
        return AssignmentStatus(self.status)

    @property
    def is_live(self) -> bool:
        return self.status in LIVE_ASSIGNMENT


class RequestEvent(models.Model):
    """Who did what to a request or one of its assignments. Never changed."""

    request = models.ForeignKey(BloodRequest, on_delete=models.CASCADE, related_name="events")
    assignment = models.ForeignKey(Assignment, on_delete=models.CASCADE, null=True, related_name="events")
    verb = models.CharField(max_length=16)
    actor = models.CharField(max_length=60, help_text="member:…, donor:… or system")
    facts = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [models.Index(fields=["request", "id"], name="events_of_request")]
