"""Notifications and deliveries in the administration: read, never written by hand, no texts that carry a code."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from common.admin import ReadOnlyAdmin, ReadOnlyInline
from common.errors import DomainError
from notifications import services
from notifications.models import Delivery, Notification, OptOut
from notifications.webhooks import admin as webhooks  # noqa: F401 - registers its own


class DeliveryInline(ReadOnlyInline):
    model = Delivery
    fields = ("channel", "to", "status", "attempts", "error_code", "sent_at", "ended_at")


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    list_display = ("id", "kind", "user", "member", "title", "is_critical", "created_at", "read_at")
    list_filter = ("kind", "is_critical")
    search_fields = ("=id", "=subject_id", "=user__phone", "=member__phone")
    list_select_related = ("user", "member")
    ordering = ("-id",)
    inlines = (DeliveryInline,)


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = ("id", "kind", "channel", "to", "status", "attempts", "error_code", "run_at", "sent_at", "ended_at")
    list_filter = ("status", "channel", "notification__kind")
    search_fields = ("=id", "=to", "=provider_id")
    list_select_related = ("notification",)
    ordering = ("-id",)
    exclude = ("body", "invitation")
    actions = ("send_again",)

    @admin.display(ordering="notification__kind")
    def kind(self, row: Delivery) -> str:
        return row.notification.kind

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("notifications.change_delivery")

    @admin.action(description="Send the dead ones once more", permissions=["replay"])
    def send_again(self, request: HttpRequest, rows: QuerySet[Delivery]) -> None:
        for pk in rows.order_by("pk").values_list("pk", flat=True):
            try:
                services.replay(delivery_id=pk)
            except DomainError as exc:
                self.message_user(request, f"{pk}: {exc.message}", messages.ERROR)
            else:
                self.message_user(request, f"{pk} goes once more.", messages.SUCCESS)


@admin.register(OptOut)
class OptOutAdmin(ReadOnlyAdmin):
    list_display = ("phone", "channel", "created_at")
    list_filter = ("channel",)
    search_fields = ("=phone",)
    ordering = ("-pk",)
