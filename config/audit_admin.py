"""The audit log for administrators: read, searched and copied, never written."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString

from common.admin import ReadOnlyAdmin
from common.audit.recording import record
from common.audit.states import Deed
from common.models import AuditAnchor, AuditEntry, AuditLink
from common.spreadsheets import defused

COLUMNS = (
    *("id", "at", "actor_kind", "actor_id", "partner_id", "realm", "deed", "act", "route", "subject_kind"),
    *("subject_id", "reason", "facts", "outcome", "request_id", "network"),
)
ENDING = 12  # characters of an id that a list shows


class Line:
    """What `csv.writer` writes to: it hands the line back."""

    def write(self, line: str) -> str:
        return line


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """Who did what and who read whose health. Search by the id of an actor, a subject, a partner or a request."""

    list_display = ("at", "actor_kind", "who", "deed", "act", "about", "outcome", "reason")
    list_filter = ("deed", "actor_kind", "realm", "at", "outcome")
    search_fields = ("=actor_id", "=subject_id", "=partner_id", "=request_id", "=act")
    date_hierarchy = None
    ordering = ("-id",)
    readonly_fields = ("number", "hash")
    fields = ("number", *COLUMNS, "hash")

    @admin.display(description="who", ordering="actor_id")
    def who(self, row: AuditEntry) -> SafeString | str:
        return _searched("actor_id", row.actor_id)

    @admin.display(description="about", ordering="subject_id")
    def about(self, row: AuditEntry) -> SafeString | str:
        return format_html("{} {}", row.subject_kind, _searched("subject_id", row.subject_id))

    @admin.display(description="place in the chain")
    def number(self, row: AuditEntry) -> int | str:
        return AuditLink.objects.filter(entry_id=row.pk).values_list("number", flat=True).first() or "waits for it"

    @admin.display(description="SHA-256")
    def hash(self, row: AuditEntry) -> str:
        link = AuditLink.objects.filter(entry_id=row.pk).first()
        return bytes(link.hash).hex() if link else ""

    def get_urls(self) -> list[URLPattern]:
        own = path("export.csv", self.admin_site.admin_view(self.export), name="common_auditentry_export")
        return [own, *super().get_urls()]

    def export(self, request: HttpRequest) -> StreamingHttpResponse:
        """Return what the list shows under its filters, as a file; that it was taken is an entry itself."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = self.get_changelist_instance(request).get_queryset(request)
        record(deed=Deed.READ, act="admin.audit_export")
        reply = StreamingHttpResponse(_lines(rows), content_type="text/csv; charset=utf-8")
        reply["Content-Disposition"] = 'attachment; filename="audit.csv"'
        return reply


@admin.register(AuditAnchor)
class AuditAnchorAdmin(ReadOnlyAdmin):
    """The signed marks on the chain; `manage.py verify_audit` holds the chain against them."""

    list_display = ("number", "at", "key")
    fields = ("number", "at", "key")
    ordering = ("-number",)


def _searched(column: str, value: str) -> SafeString | str:
    """Return the end of the value as a link to everything of the same; the row's page has it whole."""
    shown = f"…{value[-ENDING:]}" if len(value) > ENDING else value
    link = '<a class="whitespace-nowrap" href="?{}={}" title="{}">{}</a>'
    return format_html(link, column, value, value, shown) if value else ""


def _lines(rows: QuerySet[AuditEntry]) -> Iterator[str]:
    out: Any = csv.writer(Line())
    yield out.writerow(COLUMNS)
    for row in rows.values_list(*COLUMNS).iterator(chunk_size=2000):
        yield out.writerow([defused("" if cell is None else str(cell)) for cell in row])
