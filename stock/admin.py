"""Bags, donations and reservations in the administration: everything to be seen, nothing to be changed."""

from __future__ import annotations

import contextlib
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from common.admin import ReadOnlyAdmin, ReadOnlyInline
from partners import selectors as partners
from stock.din import DinInvalid, parse_din
from stock.models import (
    Collection,
    Crossmatch,
    Movement,
    Reservation,
    StockCount,
    StockPolicy,
    TestResult,
    Threshold,
    Transfer,
    TransferAsk,
    TransferEvent,
    TransferUnit,
    Unit,
)


class PartnerFilter(admin.SimpleListFilter):
    """Those that have or had bags: asked of the counts, which are few, not of the bags."""

    title = "partner"
    parameter_name = "partner"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the partners with stock by name."""
        ids = set(StockCount.objects.values_list("partner_id", flat=True))
        named = ((str(pk), card.name) for pk, card in partners.cards(ids).items())
        return sorted(named, key=lambda pair: pair[1])

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow the rows to the partner that was chosen from the list."""
        chosen = self.value()
        known = {pk for pk, _ in self.lookup_choices}
        return queryset.filter(partner=chosen) if chosen in known else queryset


class MovementInline(ReadOnlyInline):
    model = Movement
    fields = ("created_at", "verb", "status", "partner", "actor", "facts")
    ordering = ("pk",)
    show_change_link = False


class CrossmatchInline(ReadOnlyInline):
    model = Crossmatch
    fields = ("recorded_at", "result", "recipient", "recorded_by")
    ordering = ("pk",)
    show_change_link = False


class ReservationInline(ReadOnlyInline):
    model = Reservation
    fields = ("created_at", "purpose", "until", "ended_at", "ended_by")
    ordering = ("pk",)
    show_change_link = False


@admin.register(Unit)
class UnitAdmin(ReadOnlyAdmin):
    list_display = ("din", "component", "blood_group", "status", "expires_at", "partner", "collected_at")
    list_filter = ("status", PartnerFilter, "blood_group", "component", "counted", "discard_reason")
    search_fields = ("=din", "partner__name")
    search_help_text = "A donation number, as stored, as printed or as scanned; or a partner's name."
    list_select_related = ("partner",)
    ordering = ("-id",)
    fields = (
        ("din", "component", "blood_group"),
        ("status", "partner", "split_from"),
        ("collected_at", "expires_at", "reserved_until"),
        ("volume_ml", "anticoagulant"),
        ("storage_min_c", "storage_max_c"),
        ("irradiated", "leukoreduced"),
        ("cmv_negative", "k_negative"),
        ("discard_reason", "recalled_at", "counted"),
    )
    inlines = (MovementInline, ReservationInline, CrossmatchInline)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find bags by the text of a bar code, too."""
        with contextlib.suppress(DinInvalid):
            search_term = parse_din(search_term).value
        return super().get_search_results(request, queryset, search_term)


class TestInline(ReadOnlyInline):
    __test__ = False  # no test class for pytest
    model = TestResult
    fields = ("test", "finding", "recorded_by", "recorded_at")
    show_change_link = False


@admin.register(Collection)
class CollectionAdmin(ReadOnlyAdmin):
    list_display = ("din", "partner", "blood_group", "group_confirmed_at", "reactive_at", "created_at")
    list_filter = (("reactive_at", admin.EmptyFieldListFilter), "blood_group", PartnerFilter)
    search_fields = ("=din",)
    list_select_related = ("partner",)
    ordering = ("-created_at", "-din")
    inlines = (TestInline,)


@admin.register(StockPolicy)
class StockPolicyAdmin(ReadOnlyAdmin):
    list_display = ("partner", "o_neg_floor", "requires_crossmatch")
    list_filter = ("requires_crossmatch",)
    search_fields = ("partner__name",)
    list_select_related = ("partner",)
    ordering = ("pk",)


@admin.register(Threshold)
class ThresholdAdmin(ReadOnlyAdmin):
    list_display = ("partner", "component", "blood_group", "minimum", "is_below")
    list_filter = ("is_below", "component", "blood_group")
    search_fields = ("partner__name",)
    list_select_related = ("partner",)
    ordering = ("-pk",)


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
