"""Donors, and the facts that decide whether and when a donor may give."""

from __future__ import annotations

import datetime as dt

from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models import Q

from common import clock
from common.blood import BloodGroup, DonationType, Sex
from common.fields import EncryptedTextField
from common.geo import Point
from common.ids import uuid7
from common.labels import minute
from common.points import place_column
from users.models.accounts import User
from users.models.columns import LATITUDE, LONGITUDE, NO_PLACE, choices
from users.models.consents import ConsentNotice
from users.states import ScoreReason, Tag

TAGS = ((10, Tag.PLATINUM), (5, Tag.GOLD), (2, Tag.BRONZE))  # verified donations; design §5 «Reliability»


class Donor(models.Model):
    """A person who may give blood.

    `lat` and `lng` repeat the person's location, and the `…_from`/`…_until` dates repeat what the eligibility rules
    make of deferrals, donations and birthday, because matching has to find donors by one index. Services keep them
    true; accepting and verifying ask the rules again.
    """

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="donor")
    blood_group = models.CharField(max_length=4, choices=choices(BloodGroup))
    group_confirmed_at = models.DateTimeField(null=True, blank=True)
    group_confirmed_by = models.UUIDField(null=True, blank=True, help_text="The partner that typed the blood.")
    sex = models.CharField(max_length=6, choices=choices(Sex))
    date_of_birth = models.DateField()
    weight_kg = models.DecimalField(max_digits=4, decimal_places=1, null=True, blank=True)
    available = models.BooleanField(default=True)
    on_leaderboard = models.BooleanField(default=False)
    lat = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    lng = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    place = place_column()
    whole_blood_from = models.DateField(null=True)
    whole_blood_until = models.DateField(null=True)
    apheresis_from = models.DateField(null=True)
    apheresis_until = models.DateField(null=True)
    window_rules = models.CharField(
        max_length=16, default="", db_default="", help_text="Fingerprint of the rules that the dates come from."
    )
    score = models.IntegerField(default=0)
    verified_donations = models.PositiveIntegerField(default=0)
    strikes = models.PositiveSmallIntegerField(default=0, help_text="Broken promises since the last lock.")
    locked_until = models.DateTimeField(null=True, blank=True)
    test_world = models.UUIDField(null=True, editable=False, help_text="Repeats the person's.")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(blood_group__in=list(BloodGroup)), name="donor_group_is_known"),
            models.CheckConstraint(condition=Q(sex__in=list(Sex)), name="donor_sex_is_known"),
            models.CheckConstraint(condition=NO_PLACE | (LATITUDE & LONGITUDE), name="donor_place_is_on_earth"),
        ]
        indexes = [
            # A donor is in the index of one group: the search walks outwards among those who can help.
            *(
                GistIndex(
                    fields=["place"],
                    name=f"donor_place_{group.lower().replace('-', '_neg').replace('+', '_pos')}",
                    condition=Q(available=True, blood_group=str(group)),
                )
                for group in BloodGroup
            ),
            models.Index(fields=["test_world"], name="donor_in_test_data", condition=Q(test_world__isnull=False)),
            models.Index(fields=["locked_until"], name="donor_locked", condition=Q(locked_until__isnull=False)),
            models.Index(
                fields=["-verified_donations", "-score", "user"],
                name="donor_leaderboard",
                condition=Q(on_leaderboard=True),
            ),
        ]

    def __str__(self) -> str:
        return f"Donor {self.user.public_id}"

    @property
    def tag(self) -> Tag:
        return next((tag for least, tag in TAGS if self.verified_donations >= least), Tag.NONE)

    @property
    def location(self) -> Point | None:
        return None if self.lat is None or self.lng is None else Point(float(self.lat), float(self.lng))

    @property
    def lock_in_force(self) -> dt.datetime | None:
        """When the lock ends; None without one, also before the sweep has cleared one that is over."""
        return self.locked_until if self.is_locked(clock.now()) else None

    def is_locked(self, now: dt.datetime) -> bool:
        return self.locked_until is not None and now < self.locked_until


class PastDonation(models.Model):
    """That a donor gave, and when: what the intervals count from. Verified here or declared by the person."""

    donor = models.ForeignKey(Donor, on_delete=models.CASCADE, related_name="past_donations")
    donation_type = models.CharField(max_length=20, choices=choices(DonationType))
    donated_on = models.DateField()
    red_cells_lost = models.BooleanField(default=False, help_text="Of an apheresis: the red cells were not returned.")
    donation_id = models.UUIDField(null=True, help_text="The verified donation; none when only declared.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(donation_type__in=list(DonationType)), name="past_donation_type"),
            models.UniqueConstraint(fields=["donation_id"], name="past_donation_once"),
            models.UniqueConstraint(
                fields=["donor", "donation_type", "donated_on"],
                condition=Q(donation_id=None),
                name="declared_donation_once",
            ),
        ]


class Deferral(models.Model):
    """A reason not to give, as of a day; the rules say for how long."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    donor = models.ForeignKey(Donor, on_delete=models.CASCADE, related_name="deferrals")
    code = models.CharField(max_length=40)
    occurred_on = models.DateField()
    resolved_on = models.DateField(null=True, blank=True)
    recorded_by = models.UUIDField(null=True, help_text="The partner that found it; none when declared.")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["donor", "code", "occurred_on"], name="deferral_once"),
            models.CheckConstraint(
                condition=Q(resolved_on=None) | Q(resolved_on__gte=models.F("occurred_on")),
                name="deferral_resolved_after_it_occurred",
            ),
        ]


class ScoreEntry(models.Model):
    """One line of the ledger that explains a donor's score. Never changed."""

    donor = models.ForeignKey(Donor, on_delete=models.PROTECT, related_name="score_entries")
    delta = models.SmallIntegerField()
    reason = models.CharField(max_length=12, choices=choices(ScoreReason))
    assignment_id = models.UUIDField(help_text="The promise that was kept or broken.")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["assignment_id"], name="score_once_per_assignment"),
            models.CheckConstraint(condition=Q(reason__in=list(ScoreReason)), name="score_reason_is_known"),
        ]
        indexes = [models.Index(fields=["donor", "-id"], name="score_of_donor")]


class EligibilityRule(models.Model):
    """One dated rule of donor selection with its source; `users.eligibility.rules.Rule` says what the columns mean.

    Loaded from the packaged data by a migration; a medical officer may end a row and add its successor.
    """

    kind = models.CharField(max_length=10)
    code = models.CharField(max_length=60)
    jurisdiction = models.CharField(max_length=5)
    applies_to = models.CharField(max_length=120, help_text="Donation types, separated by blanks.")
    sex = models.CharField(max_length=6, blank=True)
    field = models.CharField(max_length=20, blank=True)
    op = models.CharField(max_length=2, blank=True)
    value = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)
    unit = models.CharField(max_length=20, blank=True)
    first_time = models.BooleanField(default=False)
    over_volume_ml = models.PositiveSmallIntegerField(null=True, blank=True)
    previous = models.CharField(max_length=120, blank=True, help_text="Donation types, separated by blanks.")
    red_cells_lost = models.BooleanField(null=True, blank=True)
    counts_from = models.CharField(max_length=30, blank=True)
    defer_days = models.PositiveIntegerField(null=True, blank=True)
    until_resolved = models.BooleanField(default=False)
    permanent = models.BooleanField(default=False)
    declarable = models.BooleanField(default=False)
    private = models.BooleanField(default=False)
    enabled = models.BooleanField(default=True)
    message = models.TextField()
    source = models.TextField()
    source_item = models.CharField(max_length=60, blank=True)
    status = models.CharField(max_length=10)
    effective_from = models.DateField()
    effective_to = models.DateField(null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(effective_to=None) | Q(effective_to__gt=models.F("effective_from")),
                name="rule_ends_after_it_begins",
            )
        ]
        indexes = [models.Index(fields=["jurisdiction", "kind", "code"], name="rule_by_code")]

    def __str__(self) -> str:
        return f"{self.code}, {self.jurisdiction}, from {self.effective_from:%Y-%m-%d}"


class VisitAnswers(models.Model):
    """What a donor answered before one visit, and the consent given with it.

    Sealed: only the partner of the visit reads it, while the donor is there. `is_record` says that the visit became one
    of which the law asks for records.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    assignment_id = models.UUIDField(help_text="The promise of the visit.")
    donor = models.ForeignKey(Donor, on_delete=models.PROTECT, related_name="+")
    version = models.CharField(max_length=32, help_text="Of the questions as they were asked.")
    language = models.CharField(max_length=5)
    answers = EncryptedTextField(help_text="JSON: each question in its words, and the answer.")
    notice = models.ForeignKey(ConsentNotice, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField()
    is_record = models.BooleanField(default=False)
    keep_until = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["assignment_id"], name="answers_once_per_visit")]
        indexes = [models.Index(fields=["keep_until"], name="answers_to_be_dropped")]

    def __str__(self) -> str:
        return f"Answers of {minute(self.answered_at)}"
