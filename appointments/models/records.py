"""What patients say of themselves and doctors write about them. Sealed at rest; what is signed never changes."""

from __future__ import annotations

import json
from typing import Any

from django.db import models
from django.db.models import Q

from appointments.models.columns import choices
from appointments.records.states import ISSUED, NoteStatus, PrescriptionStatus
from common import clock
from common.fields import EncryptedTextField
from common.ids import uuid7
from common.labels import minute

CODE_LENGTH = 32


def seal(facts: Any) -> str:
    """Return the facts as one text, the same for the same facts."""
    return json.dumps(facts, ensure_ascii=False, sort_keys=True, default=str)


class PatientVersion(models.Model):
    """What a patient said of the own health at one time; the newest counts. Never changed: a trigger refuses it.

    `facts` holds all of it as JSON, health, emergency contact and ABHA alike.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    patient = models.ForeignKey("users.User", on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    facts = EncryptedTextField()
    changed = models.JSONField(help_text="The names of what differs from the version before.")
    changed_by = models.ForeignKey("users.User", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["patient", "number"], name="patient_version_once")]

    def __str__(self) -> str:
        return f"Version {self.number}, {minute(self.created_at)}"

    @property
    def said(self) -> dict[str, Any]:
        return dict(json.loads(self.facts or "{}"))


class VisitNote(models.Model):
    """What a doctor writes about one visit: findings, diagnoses, plan. `content` is JSON; signed, it stays for good."""

    appointment = models.OneToOneField(
        "appointments.Appointment", on_delete=models.PROTECT, primary_key=True, related_name="note"
    )
    doctor = models.ForeignKey("appointments.Doctor", on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey("users.User", on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=10, choices=choices(NoteStatus), default=NoteStatus.DRAFT)
    content = EncryptedTextField()
    signed_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=clock.now)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=list(NoteStatus)), name="note_status_is_known"),
            models.CheckConstraint(
                condition=Q(status=NoteStatus.DRAFT, signed_at=None)
                | Q(status=NoteStatus.SIGNED, signed_at__isnull=False),
                name="note_signed_has_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=["patient", "-signed_at"], name="notes_of_patient", condition=Q(status="signed")),
        ]

    def __str__(self) -> str:
        return f"Notes of {minute(self.created_at)}"

    @property
    def state(self) -> NoteStatus:
        return NoteStatus(self.status)

    @property
    def said(self) -> dict[str, Any]:
        return dict(json.loads(self.content or "{}"))


class NoteAddendum(models.Model):
    """What a doctor adds to notes that are signed, to complete or correct them. Never changed."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    note = models.ForeignKey(VisitNote, on_delete=models.PROTECT, related_name="addenda")
    patient = models.ForeignKey("users.User", on_delete=models.PROTECT, related_name="+")
    text = EncryptedTextField(max_length=5000)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [models.Index(fields=["note", "id"], name="addenda_of_note")]

    def __str__(self) -> str:
        return f"Addendum of {minute(self.created_at)}"


class Prescription(models.Model):
    """Medicines for a patient after a visit. Signed, it can be revoked and nothing else.

    `content` is JSON: lines and advice; once signed also what is printed of patient and doctor, as it was on the day.
    `patient_name` stands alone, because it goes when the patient is forgotten. Who has the code can see that it is
    genuine.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    appointment = models.ForeignKey("appointments.Appointment", on_delete=models.PROTECT, related_name="prescriptions")
    doctor = models.ForeignKey("appointments.Doctor", on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey("users.User", on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=10, choices=choices(PrescriptionStatus), default=PrescriptionStatus.DRAFT)
    number = models.CharField(max_length=20, null=True)  # noqa: DJ001 - none, and not empty: it is unique
    code = models.CharField(max_length=CODE_LENGTH, null=True)  # noqa: DJ001 - likewise
    content = EncryptedTextField()
    patient_name = EncryptedTextField(null=True)
    signed_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    revoke_reason = EncryptedTextField(null=True, max_length=500)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=list(PrescriptionStatus)), name="prescription_status_is_known"
            ),
            models.CheckConstraint(
                condition=Q(status=PrescriptionStatus.DRAFT)
                | Q(number__isnull=False, code__isnull=False, signed_at__isnull=False),
                name="prescription_signed_has_a_number",
            ),
            models.CheckConstraint(
                condition=Q(revoked_at=None) | Q(status=PrescriptionStatus.REVOKED, revoke_reason__isnull=False),
                name="prescription_revoked_has_a_reason",
            ),
            models.UniqueConstraint(fields=["number"], name="prescription_number_once"),
            models.UniqueConstraint(fields=["code"], name="prescription_code_once"),
        ]
        indexes = [
            models.Index(fields=["appointment", "id"], name="prescriptions_of_visit"),
            models.Index(
                fields=["patient", "-signed_at"], name="prescriptions_of_patient", condition=Q(status__in=list(ISSUED))
            ),
            models.Index(fields=["created_at"], name="prescriptions_drafted", condition=Q(status="draft")),
        ]

    def __str__(self) -> str:
        return self.number or f"Draft of {minute(self.created_at)}"

    @property
    def state(self) -> PrescriptionStatus:
        return PrescriptionStatus(self.status)

    @property
    def said(self) -> dict[str, Any]:
        return dict(json.loads(self.content or "{}"))
