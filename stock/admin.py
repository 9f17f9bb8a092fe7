from __future__ import annotations

from django.contrib import admin

from common.admin import ReadOnlyAdmin, ReadOnlyInline
from stock.models import Movement, Transfer, TransferAsk, TransferEvent, TransferUnit, Unit


class MovementInline(ReadOnlyInline):
    model = Movement
    fields = ("created_at", "verb", "actor", "facts")


@admin.register(Unit)
class UnitAdmin(ReadOnlyAdmin):
    list_display = ("din", "component", "blood_group", "status", "partner", "collected_at", "expires_at")
    list_filter = ("status", "component", "blood_group")
    search_fields = ("=din", "partner__name")
    list_select_related = ("partner",)
    ordering = ("-id",)
    inlines = (MovementInline,)


class TransferAskInline(ReadOnlyInline):
    model = TransferAsk
    fields = ("partner", "distance_km", "asked_at", "answer_by", "answer", "answered_at", "reason")


class TransferUnitInline(ReadOnlyInline):
    model = TransferUnit
    fields = ("unit", "fate", "note")


class TransferEventInline(ReadOnlyInline):
    model = TransferEvent
    fields = ("created_at", "verb", "status", "actor", "partner", "facts")


@admin.register(Transfer)
class TransferAdmin(ReadOnlyAdmin):
    list_display = (
        "created_at",
        "partner",
        "sender",
        "blood_group",
        "component",
        "units",
        "units_offered",
        "units_received",
        "urgency",
        "status",
        "needed_by",
    )
    list_filter = ("status", "urgency", "component", "blood_group")
    search_fields = ("=id", "=need", "partner__name", "sender__name")
    list_select_related = ("partner", "sender")
    ordering = ("-id",)
    inlines = (TransferAskInline, TransferUnitInline, TransferEventInline)
