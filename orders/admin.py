"""Orders for administrators: all but names, addresses and codes, to read; what a suspended bank left, to close."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from common.admin import ActionForm, ReadOnlyAdmin, ReadOnlyInline, money_column, words_box
from common.errors import DomainError
from orders.models import (
    BookingEvent,
    Box,
    ContractBill,
    CourierBooking,
    CourierNotice,
    Order,
    OrderBag,
    OrderEvent,
    OrderLine,
    Reading,
    Rider,
)
from orders.services import road


def actor_of(request: HttpRequest) -> str:
    return f"admin {request.user.pk}"


class WordsForm(ActionForm):
    """The box beside the actions: from whom it is known."""

    words = words_box("Known from", max_length=300)


class LineInline(ReadOnlyInline):
    model = OrderLine
    fields = ("place", "component", "blood_group", "units")


class BagInline(ReadOnlyInline):
    model = OrderBag
    fields = ("unit", "box", "fate")
    raw_id_fields = ("unit",)


class EventInline(ReadOnlyInline):
    model = OrderEvent
    fields = ("created_at", "verb", "status", "role", "actor", "facts")
    ordering = ("pk",)


class BoxInline(ReadOnlyInline):
    model = Box
    fields = ("label", "min_c", "max_c", "out_since", "breached_at", "packed_at", "closed_at")


class ReadingInline(ReadOnlyInline):
    model = Reading
    fields = ("at", "sensor", "temperature_c", "is_inside", "received_at")
    ordering = ("at",)


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    list_display = (
        "__str__",
        "created_at",
        "status",
        "terms",
        money_column("total_minor", called="total"),
        "bank",
        "buyer_partner",
        "needed_by",
    )
    list_filter = ("status", "terms", "end_reason", "courier_kind")
    list_select_related = ("bank", "buyer_partner")
    search_fields = ("id", "bank__name", "buyer_partner__name")
    ordering = ("-pk",)
    exclude = ("patient_name", "ward", "address", "lat", "lng", "code_digest", "code_sealed")
    inlines = (LineInline, BagInline, BoxInline, EventInline)
    action_form = WordsForm
    actions = ("close_delivered", "close_failed")

    @admin.action(description="The bank is suspended: it was delivered (known from …)", permissions=["close"])
    def close_delivered(self, request: HttpRequest, chosen: QuerySet[Order]) -> None:
        self._close(request, chosen, is_delivered=True)

    @admin.action(description="The bank is suspended: it failed (known from …)", permissions=["close"])
    def close_failed(self, request: HttpRequest, chosen: QuerySet[Order]) -> None:
        self._close(request, chosen, is_delivered=False)

    def has_close_permission(self, request: HttpRequest) -> bool:
        """Orders are changed by these actions alone, by those who may change them."""
        return request.user.has_perm("orders.change_order")

    def _close(self, request: HttpRequest, chosen: QuerySet[Order], *, is_delivered: bool) -> None:
        reason = request.POST.get("words", "").strip()
        if not reason:
            self.message_user(request, "Say from whom it is known.", messages.ERROR)
            return
        for order in chosen:
            try:
                road.close_as_administrator(
                    order_id=order.pk, actor=actor_of(request), reason=reason, is_delivered=is_delivered
                )
            except DomainError as exc:
                self.message_user(request, f"{order.pk}: {exc.message}", messages.ERROR)
            else:
                self.message_user(request, f"{order.pk}: closed.", messages.SUCCESS)


@admin.register(Box)
class BoxAdmin(ReadOnlyAdmin):
    list_display = ("label", "bank", "order", "packed_at", "breached_at", "closed_at")
    list_filter = (("breached_at", admin.EmptyFieldListFilter), ("closed_at", admin.EmptyFieldListFilter))
    list_select_related = ("bank", "order")
    search_fields = ("label",)
    ordering = ("-pk",)
    inlines = (ReadingInline,)


@admin.register(Rider)
class RiderAdmin(ReadOnlyAdmin):
    list_display = ("name", "partner", "vehicle", "is_active", "located_at")
    list_filter = ("is_active",)
    list_select_related = ("partner",)
    search_fields = ("name", "partner__name")
    ordering = ("-pk",)
    exclude = ("phone", "lat", "lng")


class BookingEventInline(ReadOnlyInline):
    model = BookingEvent
    fields = ("created_at", "verb", "status", "actor", "facts")
    ordering = ("pk",)


@admin.register(CourierBooking)
class CourierBookingAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "order", "status", "courier", "failure", "is_cancel_wanted", "asked", "ask_at")
    list_filter = ("status", "is_cancel_wanted")
    list_select_related = ("order",)
    search_fields = ("id", "provider_ref", "order__id")
    ordering = ("-pk",)
    inlines = (BookingEventInline,)


@admin.register(CourierNotice)
class CourierNoticeAdmin(ReadOnlyAdmin):
    list_display = ("received_at", "kind", "reference", "outcome", "event_id")
    list_filter = ("outcome", "kind")
    search_fields = ("event_id", "reference")
    ordering = ("-pk",)
    exclude = ("code", "digest")


@admin.register(ContractBill)
class ContractBillAdmin(ReadOnlyAdmin):
    list_display = ("bank", "hospital", "month", "number", money_column(), "paid_at")
    list_filter = ("currency", ("paid_at", admin.EmptyFieldListFilter))
    list_select_related = ("bank", "hospital")
    search_fields = ("bank__name", "hospital__name")
    ordering = ("-pk",)
