"""Webhooks in the administration: endpoints without their secrets, what they were sent, and sending it again."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from common.admin import ReadOnlyAdmin, ReadOnlyInline
from common.errors import DomainError
from notifications.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from notifications.webhooks.services import queueing


class AttemptInline(ReadOnlyInline):
    model = WebhookAttempt
    fields = ("number", "started_at", "duration_ms", "http_status", "error", "excerpt")


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(ReadOnlyAdmin):
    list_display = ("url", "partner", "status", "disabled_reason", "failing_since", "created_at")
    list_filter = ("status", "disabled_reason")
    search_fields = ("=id", "url", "partner__name")
    list_select_related = ("partner",)
    ordering = ("-id",)
    exclude = ("secret", "old_secret")


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    names = ("webhook delivery", "webhook deliveries")
    list_display = ("created_at", "type", "status", "attempts_made", "last_status", "last_error", "next_at", "endpoint")
    list_filter = ("status", "last_error", "type")
    search_fields = ("=id", "=message_id", "=endpoint__id")
    list_select_related = ("endpoint",)
    ordering = ("-id",)
    inlines = (AttemptInline,)
    actions = ("send_again",)

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("notifications.change_webhookdelivery")

    @admin.action(description="Send once more", permissions=["replay"])
    def send_again(self, request: HttpRequest, rows: QuerySet[WebhookDelivery]) -> None:
        for pk in rows.order_by("pk").values_list("pk", flat=True):
            try:
                queueing.replay_any(delivery_id=pk)
            except DomainError as exc:
                self.message_user(request, f"{pk}: {exc.message}", messages.ERROR)
            else:
                self.message_user(request, f"{pk} goes once more.", messages.SUCCESS)
