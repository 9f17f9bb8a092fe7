"""Requests and promises in the administration: read, never written by hand, no codes."""

from __future__ import annotations

from django.contrib import admin

from common.admin import ReadOnlyAdmin, ReadOnlyInline
from requests_app.models import (
    Assignment,
    AttenderEvent,
    AttenderRequest,
    AttenderStep,
    BloodRequest,
    RequestEvent,
    Wave,
)


class WaveInline(ReadOnlyInline):
    model = Wave
    fields = ("number", "kind", "radius_km", "asked", "answered", "started_at", "stopped_at", "stop_reason")


class AssignmentInline(ReadOnlyInline):
    model = Assignment
    fields = ("accepted_at", "donor", "status", "distance_km", "arrived_at", "ended_at")
    list_select_related = ("donor__user",)


class EventInline(ReadOnlyInline):
    model = RequestEvent
    fields = ("created_at", "verb", "actor", "facts")


@admin.register(BloodRequest)
class BloodRequestAdmin(ReadOnlyAdmin):
    list_display = (
        "created_at",
        "partner",
        "blood_group",
        "component",
        "units",
        "units_promised",
        "units_fulfilled",
        "urgency",
        "status",
        "needed_by",
    )
    list_filter = ("status", "urgency", "blood_group", "component")
    search_fields = ("=id", "partner__name", "partner__city")
    list_select_related = ("partner",)
    ordering = ("-id",)
    exclude = ("place",)
    inlines = (WaveInline, AssignmentInline, EventInline)


@admin.register(Wave)
class WaveAdmin(ReadOnlyAdmin):
    list_display = ("started_at", "request", "number", "kind", "radius_km", "asked", "answered", "stop_reason")
    list_filter = ("kind", "stop_reason")
    search_fields = ("=id", "=request__id")
    list_select_related = ("request__partner",)
    ordering = ("-id",)


@admin.register(Assignment)
class AssignmentAdmin(ReadOnlyAdmin):
    list_display = ("accepted_at", "request", "donor", "status", "distance_km", "expires_at", "arrived_at")
    list_filter = ("status",)
    search_fields = ("=id", "=request__id", "donor__user__public_id", "donor__user__phone")
    list_select_related = ("request__partner", "donor__user")
    ordering = ("-id",)
    exclude = ("code_digest",)


class SourceInline(ReadOnlyInline):
    model = AttenderStep
    fields = ("created_at", "kind", "status", "units", "units_given", "until", "transfer", "blood_request", "reason")


class FamilyEventInline(ReadOnlyInline):
    model = AttenderEvent
    fields = ("created_at", "verb", "status", "units", "reason", "actor")


@admin.register(AttenderRequest)
class AttenderRequestAdmin(ReadOnlyAdmin):
    names = ("family's request", "families' requests")
    list_display = (
        "created_at",
        "partner",
        "blood_group",
        "component",
        "units",
        "units_issued",
        "units_donated",
        "urgency",
        "status",
        "needed_by",
    )
    list_filter = ("status", "urgency", "blood_group", "component", "sole")
    search_fields = ("=id", "partner__name", "partner__city", "=requester__phone")
    list_select_related = ("partner",)
    ordering = ("-id",)
    inlines = (SourceInline, FamilyEventInline)
