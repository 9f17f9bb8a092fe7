"""Records for administrators: that they are there and how they stand, never what stands in them.

The one exception is the reason for which a glass was broken: it is what they review.
"""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from appointments.models import (
    BreakGlass,
    DoctorReferral,
    NoteAddendum,
    PatientVersion,
    Prescription,
    RecordGrant,
    RecordRead,
    VisitNote,
)
from appointments.services.granting import review_break_glass
from common.admin import ReadOnlyAdmin, ReadOnlyInline
from common.errors import DomainError


class ReadInline(ReadOnlyInline):
    model = RecordRead
    fields = ("read_at", "scope", "object_id", "ground")
    ordering = ("-pk",)


@admin.register(PatientVersion)
class PatientVersionAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "patient", "number")
    list_select_related = ("patient",)
    search_fields = ("patient__public_id",)
    ordering = ("-pk",)
    exclude = ("facts", "changed")


@admin.register(VisitNote)
class VisitNoteAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "appointment", "doctor", "status", "signed_at")
    list_select_related = ("appointment", "doctor")
    list_filter = ("status",)
    search_fields = ("appointment__id", "doctor__registration_number")
    ordering = ("-pk",)
    exclude = ("content",)


@admin.register(NoteAddendum)
class NoteAddendumAdmin(ReadOnlyAdmin):
    names = ("note addendum", "note addenda")
    list_display = ("created_at", "note")
    search_fields = ("=note__appointment__id",)
    list_select_related = ("note",)
    ordering = ("-pk",)
    exclude = ("text",)


@admin.register(Prescription)
class PrescriptionAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "status", "doctor", "signed_at", "revoked_at")
    list_select_related = ("doctor",)
    list_filter = ("status",)
    search_fields = ("number", "doctor__registration_number")
    ordering = ("-pk",)
    exclude = ("content", "patient_name", "revoke_reason", "code")


@admin.register(RecordGrant)
class RecordGrantAdmin(ReadOnlyAdmin):
    list_display = ("starts_at", "origin", "doctor", "patient", "scopes", "ends_at", "revoked_at")
    list_select_related = ("doctor", "patient")
    list_filter = ("origin",)
    search_fields = ("id", "patient__public_id", "doctor__registration_number")
    ordering = ("-pk",)
    inlines = (ReadInline,)


@admin.register(DoctorReferral)
class DoctorReferralAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "from_doctor", "to_doctor", "status", "urgency", "answer_by")
    list_select_related = ("from_doctor", "to_doctor")
    list_filter = ("status", "urgency")
    search_fields = ("id", "patient__public_id")
    ordering = ("-pk",)
    exclude = ("reason", "answer")


@admin.register(RecordRead)
class RecordReadAdmin(ReadOnlyAdmin):
    list_display = ("read_at", "doctor", "patient", "scope", "ground", "object_id")
    list_select_related = ("doctor", "patient")
    list_filter = ("ground", "scope")
    search_fields = ("patient__public_id", "doctor__registration_number")
    ordering = ("-pk",)


@admin.register(BreakGlass)
class BreakGlassAdmin(ReadOnlyAdmin):
    """Records that were opened in an emergency: read the reason and what was read, then say whether it was one."""

    list_display = ("created_at", "doctor", "patient", "why", "reviewed_at", "is_justified")
    list_filter = ("is_justified", ("reviewed_at", admin.EmptyFieldListFilter))
    list_select_related = ("grant__doctor", "grant__patient")
    search_fields = ("grant__patient__public_id", "grant__doctor__registration_number")
    ordering = ("-pk",)
    actions = ("justified", "unjustified")
    readonly_fields = ("why",)

    def has_review_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("appointments.change_breakglass")

    @admin.display(description="doctor")
    def doctor(self, row: BreakGlass) -> str:
        return f"{row.grant.doctor.name} ({row.grant.doctor.registration_number})"

    @admin.display(description="patient")
    def patient(self, row: BreakGlass) -> str:
        return row.grant.patient.public_id

    @admin.display(description="reason")
    def why(self, row: BreakGlass) -> str:
        return row.reason or ""

    @admin.action(description="Was an emergency", permissions=["review"])
    def justified(self, request: HttpRequest, chosen: QuerySet[BreakGlass]) -> None:
        self._review(request, chosen, is_justified=True)

    @admin.action(description="Was none: close what is still open", permissions=["review"])
    def unjustified(self, request: HttpRequest, chosen: QuerySet[BreakGlass]) -> None:
        self._review(request, chosen, is_justified=False)

    def _review(self, request: HttpRequest, chosen: QuerySet[BreakGlass], *, is_justified: bool) -> None:
        for pk in chosen.values_list("pk", flat=True):
            try:
                review_break_glass(grant_id=pk, actor=f"admin:{request.user.pk}", is_justified=is_justified)
            except DomainError as exc:
                self.message_user(request, f"{pk}: {exc.message}", messages.ERROR)
