"""Families' requests for a patient, and the sources that are asked for each."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Final

from django.db import models
from django.db.models import F, Q

from common import clock
from common.blood import BloodGroup, Sex
from common.fields import EncryptedTextField
from common.ids import uuid7
from common.labels import day, units
from requests_app.models.requests import BloodRequest
from requests_app.states import LIVE_FAMILY, FamilyStatus, RefuseReason, SourceKind, SourceStatus, Urgency
from stock.compatibility import UNKNOWN, Recipient
from stock.components import Component

PURPOSE: Final = "attender_request:"


def purpose_of(attender_request_id: uuid.UUID) -> str:
    """Return under which name documents, bags and transfers belong to a family's request."""
    return f"{PURPOSE}{attender_request_id}"


class AttenderRequestQuerySet(models.QuerySet["AttenderRequest"]):
    def standing(self, status: FamilyStatus, now: dt.datetime) -> AttenderRequestQuerySet:
        """Those in this state at the moment, also where no sweep has written it down yet."""
        over = Q(status__in=sorted(LIVE_FAMILY), needed_by__lte=now)
        if status is FamilyStatus.EXPIRED:
            return self.filter(Q(status=status) | over)
        return self.filter(status=status).exclude(over)


class AttenderRequest(models.Model):
    """A family needs units for a patient; the partner serves it: the chosen hospital, or the bank nearest to it.

    `units_issued` counts bags handed out for the patient, `units_donated` what donors gave for him; together never more
    than `units`. The `…_open` columns say which sources may still be asked, `look_again_at` when a silent hospital's
    reservation is over.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    requester = models.ForeignKey(
        "users.User",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="Nobody, where the account was erased so long ago that nothing is kept of it.",
    )
    sole = models.BooleanField(help_text="Raised by somebody who has proven no identity: one open at a time.")
    partner = models.ForeignKey("partners.Partner", on_delete=models.PROTECT, related_name="+")
    place_name = models.CharField(
        max_length=200, blank=True, help_text="The hospital, where it is not on the platform."
    )
    place_lat = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    place_lng = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    status = models.CharField(max_length=10, choices=[(s, s) for s in FamilyStatus], default=FamilyStatus.OPEN)
    patient_name = EncryptedTextField()
    patient_age = models.PositiveSmallIntegerField(help_text="Completed years.")
    patient_sex = models.CharField(max_length=6, choices=[(s, s) for s in Sex])
    doctor = EncryptedTextField()
    blood_group = models.CharField(max_length=7, choices=[(g, g) for g in (*BloodGroup, UNKNOWN)])
    component = models.CharField(max_length=24, choices=[(c, c.replace("_", " ")) for c in Component])
    units = models.PositiveSmallIntegerField()
    units_issued = models.PositiveSmallIntegerField(default=0)
    units_donated = models.PositiveSmallIntegerField(default=0)
    urgency = models.CharField(max_length=8, choices=[(u, u) for u in Urgency])
    needed_by = models.DateTimeField()
    stock_open = models.BooleanField(default=True)
    transfer_open = models.BooleanField(default=True)
    donors_open = models.BooleanField(default=True)
    look_again_at = models.DateTimeField(null=True)
    refuse_reason = models.CharField(max_length=20, blank=True, choices=[(r, r) for r in RefuseReason])
    refuse_note = models.CharField(max_length=300, blank=True)
    cancel_reason = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects = AttenderRequestQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=list(FamilyStatus)), name="family_status_is_known"),
            models.CheckConstraint(condition=Q(urgency__in=list(Urgency)), name="family_urgency_is_known"),
            models.CheckConstraint(
                condition=Q(blood_group__in=[*BloodGroup, UNKNOWN]), name="family_group_is_known_or_said_unknown"
            ),
            models.CheckConstraint(condition=Q(component__in=list(Component)), name="family_component_is_known"),
            models.CheckConstraint(condition=Q(patient_sex__in=list(Sex)), name="family_patient_sex_is_known"),
            models.CheckConstraint(condition=Q(units__gt=0), name="family_asks_for_units"),
            models.CheckConstraint(
                condition=Q(units__gte=F("units_issued") + F("units_donated")), name="family_not_overfilled"
            ),
            models.CheckConstraint(
                condition=~Q(status=FamilyStatus.FULFILLED) | Q(units=F("units_issued") + F("units_donated")),
                name="family_fulfilled_in_full",
            ),
            models.CheckConstraint(
                condition=Q(refuse_reason="") | Q(status=FamilyStatus.REFUSED, refuse_reason__in=list(RefuseReason)),
                name="family_refusal_has_a_reason",
            ),
            models.UniqueConstraint(
                fields=["requester"],
                condition=Q(sole=True, status__in=sorted(LIVE_FAMILY)),
                name="one_open_request_of_the_unverified",
            ),
        ]
        indexes = [
            models.Index(fields=["requester", "-id"], name="families_of_person"),
            models.Index(fields=["partner", "-id"], name="families_of_partner"),
            models.Index(fields=["needed_by"], name="family_expiring", condition=Q(status__in=sorted(LIVE_FAMILY))),
            models.Index(fields=["look_again_at"], name="family_unanswered", condition=Q(status=FamilyStatus.OPEN)),
        ]

    def __str__(self) -> str:
        return f"Family's request of {day(self.created_at)}, {self.blood_group}, {units(self.units)}"

    @property
    def state(self) -> FamilyStatus:
        return FamilyStatus(self.status)

    @property
    def recipient(self) -> Recipient:
        return UNKNOWN if self.blood_group == UNKNOWN else BloodGroup(self.blood_group)

    @property
    def is_critical(self) -> bool:
        return self.urgency == Urgency.CRITICAL

    @property
    def purpose(self) -> str:
        return purpose_of(self.pk)

    @property
    def units_given(self) -> int:
        return self.units_issued + self.units_donated

    @property
    def units_left(self) -> int:
        """Units that the patient still needs."""
        return self.units - self.units_given

    def state_at(self, now: dt.datetime) -> FamilyStatus:
        """What the request is by its hour, whether or not a sweep has written it down."""
        return FamilyStatus.EXPIRED if self.state in LIVE_FAMILY and now >= self.needed_by else self.state

    def is_live_at(self, now: dt.datetime) -> bool:
        return self.state_at(now) in LIVE_FAMILY


class AttenderStep(models.Model):
    """One source that was asked for units, and what became of it: bags of a holding, a transfer, or a blood request."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    request = models.ForeignKey(AttenderRequest, on_delete=models.PROTECT, related_name="steps")
    kind = models.CharField(max_length=8, choices=[(k, k) for k in SourceKind])
    status = models.CharField(max_length=12, choices=[(s, s) for s in SourceStatus], default=SourceStatus.ASKED)
    units = models.PositiveSmallIntegerField(
        help_text="How many it was to give, lowered when fewer are needed or come."
    )
    units_given = models.PositiveSmallIntegerField(default=0)
    reason = models.CharField(max_length=40, blank=True)
    until = models.DateTimeField(null=True, help_text="Until when its bags are kept.")
    holding = models.UUIDField(null=True)
    transfer = models.UUIDField(null=True)
    need = models.UUIDField(null=True, help_text="What several transfers for the same bags have in common.")
    blood_request = models.OneToOneField(
        BloodRequest, on_delete=models.PROTECT, null=True, related_name="attender_step"
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=list(SourceKind)), name="source_kind_is_known"),
            models.CheckConstraint(condition=Q(status__in=list(SourceStatus)), name="source_status_is_known"),
            models.UniqueConstraint(fields=["transfer"], name="source_once_per_transfer"),
        ]
        indexes = [models.Index(fields=["request", "id"], name="steps_of_family")]

    @property
    def state(self) -> SourceStatus:
        return SourceStatus(self.status)

    def state_at(self, now: dt.datetime) -> SourceStatus:
        """What it is at the moment: bags whose time is over are kept no longer, swept or not."""
        is_over = self.state is SourceStatus.RESERVED and self.until is not None and self.until <= now
        return SourceStatus.LAPSED if is_over else self.state


class AttenderEvent(models.Model):
    """One thing that happened to a family's request or to one of its sources. Never changed: a trigger refuses it."""

    request = models.ForeignKey(AttenderRequest, on_delete=models.PROTECT, related_name="events")
    step = models.ForeignKey(AttenderStep, on_delete=models.PROTECT, null=True, related_name="events")
    verb = models.CharField(max_length=16)
    status = models.CharField(max_length=12, help_text="After it.")
    units = models.PositiveSmallIntegerField(null=True)
    reason = models.CharField(max_length=40, blank=True)
    actor = models.CharField(max_length=60, help_text="user:…, member:… or system")
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [models.Index(fields=["request", "id"], name="events_of_family")]
