"""Cases that an administrator works on."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q

from common import clock
from common.ids import uuid7
from common.labels import minute
from partners.models.organisations import Member, Partner
from partners.states import UNDECIDED, ComplaintCategory, ComplaintStatus, SubjectKind


class Complaint(models.Model):
    """A case that an administrator works on: of a person about a partner, or of a partner about a person it met.

    One of the two authors, and one of the two it is about; `note` is for administrators alone.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    status = models.CharField(max_length=10, choices=[(s, s) for s in ComplaintStatus], default=ComplaintStatus.OPEN)
    category = models.CharField(max_length=16, choices=[(c, c.replace("_", " ")) for c in ComplaintCategory])
    text = models.TextField()
    by_person = models.ForeignKey("users.User", on_delete=models.PROTECT, null=True, related_name="+")
    by_partner = models.ForeignKey(Partner, on_delete=models.PROTECT, null=True, related_name="+")
    by_member = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, related_name="+")
    about_partner = models.ForeignKey(Partner, on_delete=models.PROTECT, null=True, related_name="complaints")
    about_person = models.ForeignKey("users.User", on_delete=models.PROTECT, null=True, related_name="+")
    subject_kind = models.CharField(max_length=16, blank=True, choices=[(k, k) for k in SubjectKind])
    subject_id = models.UUIDField(null=True)
    answer = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True)
    note = models.TextField(blank=True)
    taken_by = models.ForeignKey("users.User", on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=list(ComplaintStatus)), name="complaint_status_is_known"),
            models.CheckConstraint(
                condition=Q(category__in=list(ComplaintCategory)), name="complaint_category_is_known"
            ),
            models.CheckConstraint(
                condition=Q(
                    by_person__isnull=False,
                    about_partner__isnull=False,
                    by_partner=None,
                    by_member=None,
                    about_person=None,
                )
                | Q(
                    by_partner__isnull=False,
                    by_member__isnull=False,
                    about_person__isnull=False,
                    by_person=None,
                    about_partner=None,
                ),
                name="complaint_has_two_sides",
            ),
            models.CheckConstraint(
                condition=Q(subject_kind="", subject_id=None)
                | Q(subject_kind__in=list(SubjectKind), subject_id__isnull=False),
                name="complaint_subject_is_whole",
            ),
            models.UniqueConstraint(
                fields=["by_person", "by_partner", "about_partner", "about_person"],
                condition=Q(status__in=[str(state) for state in sorted(UNDECIDED)]),
                nulls_distinct=False,
                name="one_open_complaint_each",
            ),
        ]
        indexes = [
            models.Index(fields=["by_person", "-id"], name="complaints_of_person"),
            models.Index(fields=["by_partner", "-id"], name="complaints_of_partner"),
            models.Index(fields=["about_partner", "created_at"], name="complaints_about_partner"),
            models.Index(fields=["status", "id"], name="complaints_by_status"),
        ]

    def __str__(self) -> str:
        return f"Complaint of {minute(self.created_at)}"

    @property
    def subject(self) -> dict[str, Any] | None:
        """What it happened at, by kind and id."""
        return {"kind": self.subject_kind, "id": self.subject_id} if self.subject_kind else None


class ComplaintEvent(models.Model):
    """Who did what to a case. Never changed."""

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, related_name="events")
    verb = models.CharField(max_length=12)
    actor = models.CharField(max_length=120)
    text = models.TextField(blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
