"""Who may read a patient, until when and why; and who has."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import DurationField, ExpressionWrapper, F, Q, Value

from appointments.models.columns import choices
from appointments.records.states import LOGGED_GROUNDS, GrantOrigin, ReferralStatus, ReferralUrgency, Scope
from common import clock
from common.fields import EncryptedTextField
from common.ids import uuid7
from common.labels import minute

LONGEST_GRANT: Final = dt.timedelta(days=366)


def _longest_end() -> ExpressionWrapper:
    longest = Value(LONGEST_GRANT, output_field=DurationField())
    return ExpressionWrapper(F("starts_at") + longest, output_field=models.DateTimeField())


class DoctorReferral(models.Model):
    """One doctor asks another to see a patient. Accepting gives the other what `scopes` says, for `days` days."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    patient = models.ForeignKey("users.User", on_delete=models.PROTECT, related_name="+")
    from_doctor = models.ForeignKey("appointments.Doctor", on_delete=models.PROTECT, related_name="+")
    to_doctor = models.ForeignKey("appointments.Doctor", on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=10, choices=choices(ReferralStatus), default=ReferralStatus.ASKED)
    urgency = models.CharField(max_length=10, choices=choices(ReferralUrgency))
    reason = EncryptedTextField(max_length=2000)
    answer = EncryptedTextField(null=True, max_length=500, help_text="Why the other has declined.")
    scopes = ArrayField(models.CharField(max_length=12, choices=choices(Scope)))
    days = models.PositiveSmallIntegerField()
    answer_by = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=list(ReferralStatus)), name="referral_status_is_known"),
            models.CheckConstraint(condition=Q(urgency__in=list(ReferralUrgency)), name="referral_urgency_is_known"),
            models.CheckConstraint(
                condition=Q(scopes__contained_by=list(Scope), scopes__len__gt=0), name="referral_scopes_are_known"
            ),
            models.CheckConstraint(condition=Q(days__gte=1, days__lte=90), name="referral_days_are_few"),
            models.CheckConstraint(condition=~Q(from_doctor=F("to_doctor")), name="referral_is_to_another"),
            models.UniqueConstraint(
                fields=["patient", "from_doctor", "to_doctor"],
                condition=Q(status__in=[ReferralStatus.ASKED, ReferralStatus.ACCEPTED]),
                name="one_open_referral",
            ),
        ]
        indexes = [
            models.Index(fields=["from_doctor", "-id"], name="referrals_sent"),
            models.Index(fields=["to_doctor", "-id"], name="referrals_received"),
            models.Index(fields=["patient", "-id"], name="referrals_of_patient"),
            models.Index(fields=["answer_by"], name="referrals_asked", condition=Q(status="asked")),
        ]

    def __str__(self) -> str:
        return f"Referral of {minute(self.created_at)}"

    @property
    def state(self) -> ReferralStatus:
        return ReferralStatus(self.status)


class RecordGrant(models.Model):
    """A doctor may read this of a patient until then: by the patient's word, a referral, or an emergency."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    patient = models.ForeignKey("users.User", on_delete=models.PROTECT, related_name="+")
    doctor = models.ForeignKey("appointments.Doctor", on_delete=models.PROTECT, related_name="+")
    origin = models.CharField(max_length=10, choices=choices(GrantOrigin))
    referral = models.ForeignKey(DoctorReferral, on_delete=models.PROTECT, null=True, related_name="grants")
    scopes = ArrayField(models.CharField(max_length=12, choices=choices(Scope)))
    starts_at = models.DateTimeField(default=clock.now)
    ends_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(origin__in=list(GrantOrigin)), name="grant_origin_is_known"),
            models.CheckConstraint(
                condition=Q(scopes__contained_by=list(Scope), scopes__len__gt=0), name="grant_scopes_are_known"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at"), ends_at__lte=_longest_end()), name="grant_ends_within_a_year"
            ),
            models.CheckConstraint(
                condition=Q(origin=GrantOrigin.REFERRAL, referral__isnull=False)
                | (~Q(origin=GrantOrigin.REFERRAL) & Q(referral=None)),
                name="grant_of_a_referral_names_it",
            ),
            models.UniqueConstraint(
                fields=["patient", "doctor"],
                condition=Q(origin=GrantOrigin.PATIENT, revoked_at=None),
                name="one_grant_of_the_patient",
            ),
        ]
        indexes = [
            models.Index(fields=["doctor", "patient", "ends_at"], name="grants_open", condition=Q(revoked_at=None)),
            models.Index(fields=["patient", "-id"], name="grants_of_patient"),
        ]

    def __str__(self) -> str:
        return f"Grant of {minute(self.starts_at)}, {self.origin}"

    def is_open(self, now: dt.datetime) -> bool:
        return self.revoked_at is None and self.starts_at <= now < self.ends_at


class BreakGlass(models.Model):
    """A doctor has opened a patient's records in an emergency; administrators look at each one afterwards."""

    grant = models.OneToOneField(RecordGrant, on_delete=models.PROTECT, primary_key=True, related_name="emergency")
    reason = EncryptedTextField(max_length=500)
    created_at = models.DateTimeField(default=clock.now)
    reviewed_at = models.DateTimeField(null=True)
    reviewed_by = models.CharField(max_length=60, blank=True, help_text="admin:…")
    is_justified = models.BooleanField(null=True)

    class Meta:
        verbose_name_plural = "break-glass accesses"
        constraints = [
            models.CheckConstraint(
                condition=Q(reviewed_at=None, is_justified=None)
                | Q(reviewed_at__isnull=False, is_justified__isnull=False),
                name="break_glass_review_has_an_end",
            ),
        ]

    def __str__(self) -> str:
        return f"Emergency of {minute(self.created_at)}"


class RecordRead(models.Model):
    """Somebody but the patient has read this of a patient. Never changed, and gone only with the patient: a trigger."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    patient = models.ForeignKey("users.User", on_delete=models.PROTECT, related_name="+")
    doctor = models.ForeignKey("appointments.Doctor", on_delete=models.PROTECT, related_name="+")
    scope = models.CharField(max_length=12, choices=choices(Scope))
    object_id = models.UUIDField(null=True, help_text="One file, analysis, visit or prescription; none for a list.")
    ground = models.CharField(max_length=10, choices=[(str(one), str(one)) for one in LOGGED_GROUNDS])
    grant = models.ForeignKey(RecordGrant, on_delete=models.PROTECT, null=True, related_name="reads")
    read_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(scope__in=list(Scope)), name="read_scope_is_known"),
            models.CheckConstraint(condition=Q(ground__in=list(LOGGED_GROUNDS)), name="read_ground_is_known"),
        ]
        indexes = [models.Index(fields=["patient", "-id"], name="reads_of_patient")]

    def __str__(self) -> str:
        return f"Read on {minute(self.read_at)}"
