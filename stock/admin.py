from __future__ import annotations

from django.contrib import admin

from common.admin import ReadOnlyAdmin, ReadOnlyInline
from stock.models import Movement, Unit


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
