"""What administrators have written in place of the packaged texts."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from common import clock
from notifications.states import TextForm


class Wording(models.Model):
    """One version of the wording of a kind in a language and form; the highest version counts. Never changed.

    A version without title and body goes back to the packaged text.
    """

    kind = models.CharField(max_length=40)
    language = models.CharField(max_length=5)
    form = models.CharField(max_length=10, choices=[(f, f) for f in TextForm])
    version = models.PositiveIntegerField()
    title = models.CharField(max_length=120, blank=True)
    body = models.TextField(blank=True)
    written_by = models.ForeignKey("users.User", on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "language", "form", "version"], name="wording_version_once"),
            models.CheckConstraint(condition=Q(form__in=list(TextForm)), name="wording_form_is_known"),
            models.CheckConstraint(condition=Q(version__gte=1), name="wording_version_from_one"),
            models.CheckConstraint(condition=Q(title="") | ~Q(body=""), name="wording_with_a_title_has_a_body"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}, {self.language}, {self.form}, {self.version}"

    @property
    def is_packaged(self) -> bool:
        return not self.body
