"""Documents that people keep here, and what they were attached to."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from common import clock
from common.ids import uuid7
from common.labels import minute
from users.models.accounts import User
from users.models.columns import choices
from users.states import DocumentKind


class Document(models.Model):
    """A file that a person gave us to show to somebody: for the person's eyes, and for those it was attached for."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="documents")
    file = models.OneToOneField("common.PrivateFile", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=choices(DocumentKind))
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=list(DocumentKind)), name="document_kind_is_known"),
        ]
        indexes = [models.Index(fields=["owner", "-id"], name="documents_of_person")]

    def __str__(self) -> str:
        return f"{self.kind}, {minute(self.created_at)}"


class DocumentUse(models.Model):
    """What a document is shown for; while that is open, whoever decides about it may see the document."""

    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="uses")
    purpose = models.CharField(max_length=80, help_text="What it was attached to: «attender_request:<id>».")
    attached_at = models.DateTimeField(default=clock.now, editable=False)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["document", "purpose"], name="document_once_per_purpose")]
        indexes = [models.Index(fields=["purpose", "id"], name="documents_of_purpose")]
