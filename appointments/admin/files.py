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
    list_display = ("created_at", "patient", "kind", "status", "newest", "destroy_at")
    list_filter = ("kind", "status")
    list_select_related = ("patient",)
    search_fields = ("id", "patient__public_id")
    ordering = ("-pk",)
    exclude = ("title", "taken_on")
    inlines = (VersionInline,)


@admin.register(FileVersion)
class FileVersionAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "file", "number", "content_type", "size", "scan", "scan_tries", "look_at")
    list_select_related = ("file",)
    list_filter = ("scan", "content_type")
    search_fields = ("id", "file__id")
    ordering = ("-pk",)
    exclude = ("name", "content")


@admin.register(Analysis)
class AnalysisAdmin(ReadOnlyAdmin):
    list_display = (
        *("requested_at", "patient", "analyser", "status", "failure", "tries", "engine"),
        *("input_tokens", "output_tokens"),
    )
    list_select_related = ("patient",)
    list_filter = ("analyser", "status", "failure")
    search_fields = ("id", "version__file__id", "patient__public_id")
    ordering = ("-pk",)
    exclude = ("skipped", "note")


@admin.register(Observation)
class ObservationAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "analysis", "code", "status", "page", "line")
    list_select_related = ("analysis",)
    list_filter = ("status",)
    search_fields = ("id", "analysis__id")
    ordering = ("-pk",)
    exclude = ("value", "read_value", "low", "high", "interpretation", "printed")


@admin.register(SharedHaemoglobin)
class SharedHaemoglobinAdmin(ReadOnlyAdmin):
    list_display = ("shared_at", "patient")
    search_fields = ("patient__public_id",)
    list_select_related = ("patient",)
    ordering = ("-pk",)
    exclude = ("observation",)


@admin.register(AppointmentFile)
class AppointmentFileAdmin(ReadOnlyAdmin):
    list_display = ("attached_at", "appointment", "file")
    search_fields = ("=appointment__id", "=file__id")
    list_select_related = ("appointment", "file")
    ordering = ("-pk",)
