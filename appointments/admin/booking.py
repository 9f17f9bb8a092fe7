"""Appointments and the waitlist for administrators: read only."""

from __future__ import annotations

from django.contrib import admin

from appointments.models import Appointment, AppointmentEvent, Waiting
from common.admin import ReadOnlyAdmin, ReadOnlyInline


class AppointmentEventInline(ReadOnlyInline):
    model = AppointmentEvent
    fields = ("created_at", "verb", "status", "actor", "facts")
    ordering = ("pk",)
    show_change_link = False


@admin.register(Appointment)
class AppointmentAdmin(ReadOnlyAdmin):
    """Appointments with their history; why the patient comes is the doctor's to read."""

    list_display = ("starts_at", "status", "kind", "doctor", "patient", "terms", "created_at")
    list_filter = ("status", "kind", "terms", "origin", "ended_by")
    list_select_related = ("doctor", "patient")
    search_fields = ("id", "doctor__name", "=patient__public_id", "series")
    ordering = ("-pk",)
    exclude = ("reason", "end_reason")
    inlines = (AppointmentEventInline,)


@admin.register(Waiting)
class WaitingAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "status", "kind", "doctor", "patient", "first_day", "last_day")
    list_filter = ("status", "kind")
    list_select_related = ("doctor", "patient")
    search_fields = ("id", "doctor__name")
    ordering = ("-pk",)
