"""Notifications and deliveries in the administration: read, never written by hand, no texts that carry a code."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from common.admin import ReadOnlyAdmin, ReadOnlyInline
from common.errors import DomainError
from notifications import announcement_admin, reports, services, support_admin  # noqa: F401 - register their pages
from notifications.models import Delivery, MessageSettings, Mute, Notification, OptOut, PushDevice, TapLink
from notifications.webhooks import admin as webhooks  # noqa: F401 - registers its own
from notifications.wording_admin import WordingAdmin


class DeliveryInline(ReadOnlyInline):
    model = Delivery
    fields = ("channel", "to", "status", "attempts", "error_code", "sent_at", "ended_at")


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "kind", "title", "user", "member", "is_critical", "read_at")
    list_filter = ("kind", "is_critical")
    search_fields = ("=id", "=subject_id", "=user__phone", "=member__phone")
    list_select_related = ("user", "member")
    ordering = ("-id",)
    inlines = (DeliveryInline,)
    readonly_fields = ("report_link",)

    def get_urls(self) -> list[Any]:
        report = path("report/<uuid:subject_id>/", self.admin_site.admin_view(self.report), name="notifications_report")
        return [report, *super().get_urls()]

    def report(self, request: HttpRequest, subject_id: uuid.UUID) -> HttpResponse:
        """Who was reached about one request, camp, order … by what, and when."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": "Delivery report",
            "subject_id": subject_id,
            "summary": reports.of_subject(subject_id),
        }
        return TemplateResponse(request, "admin/deliveries.html", context)

    @admin.display(description="delivery report")
    def report_link(self, row: Notification) -> SafeString | str:
        if row.subject_id is None:
            return ""
        return format_html(
            '<a href="{}">Of everything</a>', reverse("admin:notifications_report", args=[row.subject_id])
        )


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    names = ("delivery", "deliveries")
    list_display = ("run_at", "kind", "channel", "to", "status", "attempts", "error_code", "sent_at", "ended_at")
    list_filter = ("status", "channel", "notification__kind")
    search_fields = ("=id", "=to", "=provider_id", "=notification__subject_id")
    list_select_related = ("notification",)
    ordering = ("-id",)
    exclude = ("body", "invitation")
    actions = ("send_again", "leave_unsent")

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

    @admin.action(description="Do not send what waits", permissions=["replay"])
    def leave_unsent(self, request: HttpRequest, rows: QuerySet[Delivery]) -> None:
        for pk in rows.order_by("pk").values_list("pk", flat=True):
            try:
                services.leave_unsent(delivery_id=pk)
            except DomainError as exc:
                self.message_user(request, f"{pk}: {exc.message}", messages.ERROR)
            else:
                self.message_user(request, f"{pk} is not sent.", messages.SUCCESS)


@admin.register(OptOut)
class OptOutAdmin(ReadOnlyAdmin):
    names = ("opt-out", "opt-outs")
    list_display = ("phone", "channel", "created_at")
    list_filter = ("channel",)
    search_fields = ("=phone",)
    ordering = ("-pk",)


@admin.register(TapLink)
class TapLinkAdmin(ReadOnlyAdmin):
    """Links in messages, by what they are for and how they were answered; the links themselves are kept nowhere."""

    list_display = ("expires_at", "matter", "subject_id", "user", "used_at", "act")
    list_filter = ("matter", "act")
    search_fields = ("=subject_id", "=user__phone")
    list_select_related = ("user",)
    exclude = ("digest",)
    ordering = ("-pk",)


@admin.register(PushDevice)
class PushDeviceAdmin(ReadOnlyAdmin):
    list_display = ("seen_at", "user", "member", "platform", "app_version", "language")
    list_filter = ("platform",)
    search_fields = ("=id", "=user__phone", "=member__phone")
    list_select_related = ("user", "member")
    ordering = ("-id",)
    exclude = ("token", "token_digest")


@admin.register(Mute)
class MuteAdmin(ReadOnlyAdmin):
    list_display = ("user", "member", "group", "channel", "created_at")
    list_filter = ("group", "channel")
    search_fields = ("=user__phone", "=member__phone")
    list_select_related = ("user", "member")
    ordering = ("-pk",)


@admin.register(MessageSettings)
class MessageSettingsAdmin(ReadOnlyAdmin):
    names = ("quiet hours", "quiet hours")
    list_display = ("user", "member", "quiet_from", "quiet_until", "updated_at")
    search_fields = ("=user__phone", "=member__phone")
    list_select_related = ("user", "member")
    ordering = ("-pk",)


__all__ = ["DeliveryAdmin", "NotificationAdmin", "OptOutAdmin", "WordingAdmin"]
