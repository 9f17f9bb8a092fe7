"""What was read from files, by whom or what, and what a doctor made of it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from appointments.analysis.states import (
    OPEN_ANALYSIS,
    Analyser,
    AnalysisFailure,
    AnalysisStatus,
    Interpretation,
    ObservationStatus,
)
from appointments.models.columns import choices
from appointments.models.files import FileVersion
from common import clock
from common.ids import uuid7
from common.labels import minute


class Analysis(models.Model):
    """One reading of one version by one analyser, which its owner agreed to; a row of the worker's queue while open.

    `look_at` is when a worker takes it up (again): whoever does puts it ahead by a lease. Signed, it never changes: a
    trigger refuses it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    version = models.ForeignKey(FileVersion, on_delete=models.PROTECT, related_name="analyses")
    patient = models.ForeignKey("users.User", on_delete=models.PROTECT, related_name="+")
    analyser = models.CharField(max_length=10, choices=choices(Analyser))
    consent = models.ForeignKey("users.Consent", on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=10, choices=choices(AnalysisStatus), default=AnalysisStatus.QUEUED)
    failure = models.CharField(max_length=20, blank=True, choices=choices(AnalysisFailure))
    tries = models.PositiveSmallIntegerField(default=0)
    look_at = models.DateTimeField(null=True)
    pages = models.PositiveSmallIntegerField(null=True)
    skipped = models.JSONField(default=list, help_text="Rows passed over: page, line, code and reason; no text.")
    engine = models.CharField(max_length=80, blank=True, help_text="The rules, or the model that answered.")
    prompt_version = models.CharField(max_length=20, blank=True)
    input_tokens = models.PositiveIntegerField(null=True)
    output_tokens = models.PositiveIntegerField(null=True)
    requested_at = models.DateTimeField(default=clock.now, editable=False)
    finished_at = models.DateTimeField(null=True)
    signed_at = models.DateTimeField(null=True)
    signed_by = models.ForeignKey("users.User", on_delete=models.PROTECT, null=True, related_name="+")
    note = models.CharField(max_length=500, blank=True, help_text="The doctor's, for the patient.")

    class Meta:
        verbose_name_plural = "analyses"
        constraints = [
            models.CheckConstraint(condition=Q(analyser__in=list(Analyser)), name="analyser_is_known"),
            models.CheckConstraint(condition=Q(status__in=list(AnalysisStatus)), name="analysis_status_is_known"),
            models.CheckConstraint(
                condition=Q(status=AnalysisStatus.FAILED) & ~Q(failure="")
                | ~Q(status=AnalysisStatus.FAILED) & Q(failure=""),
                name="analysis_failed_for_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(status=AnalysisStatus.SIGNED, signed_at__isnull=False, signed_by__isnull=False)
                | ~Q(status=AnalysisStatus.SIGNED) & Q(signed_at=None, signed_by=None),
                name="analysis_is_signed_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(status__in=list(OPEN_ANALYSIS), look_at__isnull=False)
                | ~Q(status__in=list(OPEN_ANALYSIS)) & Q(look_at=None),
                name="open_analysis_is_due",
            ),
            models.UniqueConstraint(
                fields=["version", "analyser"], condition=Q(status__in=list(OPEN_ANALYSIS)), name="analysis_open_once"
            ),
        ]
        indexes = [
            models.Index(fields=["look_at"], name="analyses_due", condition=Q(look_at__isnull=False)),
            models.Index(fields=["patient", "-id"], name="analyses_of_patient"),
        ]

    def __str__(self) -> str:
        return f"Analysis of {minute(self.requested_at)}"

    @property
    def state(self) -> AnalysisStatus:
        return AnalysisStatus(self.status)


class Observation(models.Model):
    """One value of a report, in the unit of its code. Not a diagnosis; nothing, until a doctor has signed it.

    `value` is what holds now, `read_value` what the analyser read, `printed` how the page had it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    analysis = models.ForeignKey(Analysis, on_delete=models.CASCADE, related_name="observations")
    patient = models.ForeignKey("users.User", on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=12, help_text="LOINC.")
    name = models.CharField(max_length=60)
    value = models.DecimalField(max_digits=12, decimal_places=4)
    read_value = models.DecimalField(max_digits=12, decimal_places=4)
    unit = models.CharField(max_length=12, help_text="UCUM.")
    low = models.DecimalField(max_digits=12, decimal_places=4, null=True)
    high = models.DecimalField(max_digits=12, decimal_places=4, null=True)
    interpretation = models.CharField(max_length=8, choices=choices(Interpretation))
    printed = models.CharField(max_length=40)
    page = models.PositiveSmallIntegerField()
    line = models.PositiveSmallIntegerField(null=True, help_text="None: read from a picture.")
    taken_on = models.DateField(null=True)
    status = models.CharField(max_length=10, choices=choices(ObservationStatus), default=ObservationStatus.READ)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["analysis", "code"], name="observation_once_per_analysis"),
            models.CheckConstraint(
                condition=Q(interpretation__in=list(Interpretation)), name="interpretation_is_known"
            ),
            models.CheckConstraint(condition=Q(status__in=list(ObservationStatus)), name="observation_status_is_known"),
            models.CheckConstraint(
                condition=Q(low=None) | Q(high=None) | Q(low__lt=models.F("high")), name="reference_range_is_a_range"
            ),
            models.CheckConstraint(condition=Q(value__gte=0), name="observation_is_not_negative"),
            models.CheckConstraint(
                condition=Q(status=ObservationStatus.CORRECTED) | Q(value=models.F("read_value")),
                name="only_a_doctor_corrects",
            ),
        ]
        indexes = [
            models.Index(fields=["patient", "code", "-id"], name="observations_of_code"),
            models.Index(fields=["patient", "-id"], name="observations_of_patient"),
        ]

    def __str__(self) -> str:
        return f"Observation of {minute(self.created_at)}"

    @property
    def signed(self) -> bool:
        return self.status != ObservationStatus.READ


class SharedHaemoglobin(models.Model):
    """That a person let a signed haemoglobin speak for, or against, giving blood."""

    observation = models.OneToOneField(Observation, on_delete=models.CASCADE, related_name="shared")
    patient = models.ForeignKey("users.User", on_delete=models.PROTECT, related_name="+")
    shared_at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return f"Shared on {minute(self.shared_at)}"
