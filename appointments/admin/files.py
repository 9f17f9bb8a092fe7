"""Files and analyses for administrators: that they are there and how they stand, never what stands in them."""

from __future__ import annotations

from django.contrib import admin

from appointments.models import Analysis, AppointmentFile, FileVersion, MedicalFile, Observation, SharedHaemoglobin
from common.admin import ReadOnlyAdmin, ReadOnlyInline


class VersionInline(ReadOnlyInline):
    model = FileVersion
    fields = ("number", "content_type", "size", "scan", "scan_tries", "look_at", "created_at")
    ordering = ("number",)


@admin.register(MedicalFile)
class MedicalFileAdmin(ReadOnlyAdmin):
    list_display = ("id", "patient", "kind", "status", "newest", "created_at", "destroy_at")
    list_filter = ("kind", "status")
    list_select_related = ("patient",)
    search_fields = ("id", "patient__public_id")
    ordering = ("-pk",)
    exclude = ("title", "taken_on")
    inlines = (VersionInline,)


@admin.register(FileVersion)
class FileVersionAdmin(ReadOnlyAdmin):
    list_display = ("id", "file", "number", "content_type", "size", "scan", "scan_tries", "look_at")
    list_filter = ("scan", "content_type")
    search_fields = ("id", "file__id")
    ordering = ("-pk",)
    exclude = ("name", "content")


@admin.register(Analysis)
class AnalysisAdmin(ReadOnlyAdmin):
    list_display = (
        "id",
        "analyser",
        "status",
        "failure",
        "tries",
        "engine",
        "input_tokens",
        "output_tokens",
        "requested_at",
    )
    list_filter = ("analyser", "status", "failure")
    search_fields = ("id", "version__file__id", "patient__public_id")
    ordering = ("-pk",)
    exclude = ("skipped", "note")


@admin.register(Observation)
class ObservationAdmin(ReadOnlyAdmin):
    list_display = ("id", "analysis", "code", "status", "page", "line", "created_at")
    list_filter = ("status",)
    search_fields = ("id", "analysis__id")
    ordering = ("-pk",)
    exclude = ("value", "read_value", "low", "high", "interpretation", "printed")


@admin.register(SharedHaemoglobin)
class SharedHaemoglobinAdmin(ReadOnlyAdmin):
    list_display = ("id", "patient", "shared_at")
    ordering = ("-pk",)
    exclude = ("observation",)


@admin.register(AppointmentFile)
class AppointmentFileAdmin(ReadOnlyAdmin):
    list_display = ("id", "appointment", "file", "attached_at")
    ordering = ("-pk",)
