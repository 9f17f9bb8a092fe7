"""Medical files of a patient, their versions, and what is attached to an appointment."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from appointments.analysis.states import Availability, FileKind, FileStatus, ScanStatus
from appointments.models.columns import choices
from common import clock
from common.fields import EncryptedTextField
from common.ids import uuid7
from common.labels import minute


class MedicalFile(models.Model):
    """A report, a picture or a letter that a patient keeps here; its content is that of the newest version.

    One that is deleted is seen by nobody and destroyed at `destroy_at`; then only the row is left, without a word.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    patient = models.ForeignKey("users.User", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20, choices=choices(FileKind))
    title = EncryptedTextField(null=True, max_length=120)
    taken_on = models.DateField(null=True, help_text="The day of the sample, the picture or the letter.")
    status = models.CharField(max_length=10, choices=choices(FileStatus), default=FileStatus.KEPT)
    newest = models.PositiveSmallIntegerField(default=1, help_text="Number of the newest version.")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    destroy_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=list(FileKind)), name="medical_file_kind_is_known"),
            models.CheckConstraint(condition=Q(status__in=list(FileStatus)), name="medical_file_status_is_known"),
            models.CheckConstraint(
                condition=~Q(status=FileStatus.DELETED) | Q(destroy_at__isnull=False), name="deleted_file_has_an_end"
            ),
            models.CheckConstraint(
                condition=~Q(status=FileStatus.DESTROYED) | Q(title__isnull=True, taken_on=None),
                name="destroyed_file_says_nothing",
            ),
        ]
        indexes = [
            models.Index(fields=["patient", "-id"], name="files_of_patient", condition=Q(status="kept")),
            models.Index(fields=["patient", "id"], name="every_file_of_patient"),
            models.Index(fields=["destroy_at"], name="files_to_destroy", condition=Q(status="deleted")),
        ]

    def __str__(self) -> str:
        return f"File of {minute(self.created_at)}"

    @property
    def state(self) -> FileStatus:
        return FileStatus(self.status)


class FileVersion(models.Model):
    """One content of a file. `content` is gone when it was destroyed or found infected; what it took is given back.

    `look_at` says when the scanner is to be asked (again).
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    file = models.ForeignKey(MedicalFile, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    content = models.OneToOneField("common.PrivateFile", on_delete=models.SET_NULL, null=True, related_name="+")
    name = models.CharField(max_length=100, blank=True)
    content_type = models.CharField(max_length=20)
    size = models.PositiveIntegerField(help_text="bytes")
    scan = models.CharField(max_length=10, choices=choices(ScanStatus), default=ScanStatus.UNSCANNED)
    look_at = models.DateTimeField(null=True)
    scan_tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["file", "number"], name="file_version_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="file_version_is_numbered"),
            models.CheckConstraint(condition=Q(scan__in=list(ScanStatus)), name="scan_status_is_known"),
            models.CheckConstraint(
                condition=~Q(scan=ScanStatus.INFECTED) | Q(content=None), name="infected_file_is_not_kept"
            ),
        ]
        indexes = [
            models.Index(
                fields=["look_at"], name="versions_to_scan", condition=Q(scan="unscanned", look_at__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return f"Version {self.number}, {minute(self.created_at)}"

    @property
    def availability(self) -> Availability:
        """Whether it may be opened: never before a scanner that is set up has looked at it."""
        if self.scan == ScanStatus.INFECTED:
            return Availability.INFECTED
        if self.scan == ScanStatus.UNSCANNED and settings.FILE_SCANNER:
            return Availability.SCANNING
        return Availability.READY

    @property
    def is_open(self) -> bool:
        return self.content_id is not None and self.availability is Availability.READY


class AppointmentFile(models.Model):
    """A file that a patient gave with a booking."""

    appointment = models.ForeignKey("appointments.Appointment", on_delete=models.CASCADE, related_name="attached_files")
    file = models.ForeignKey(MedicalFile, on_delete=models.CASCADE, related_name="attached_to")
    attached_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["appointment", "file"], name="file_once_per_appointment")]

    def __str__(self) -> str:
        return f"Attached on {minute(self.attached_at)}"
