from django.urls import path

from notifications.api import preference_views as own
from notifications.api import support_views as support
from notifications.api.report_views import RequestDeliveriesView
from notifications.api.views import InboundView, InboxView, ReadView, StatusView

MINE, OURS = "support-tickets", "partner/support-tickets"
urlpatterns = [
    path("me/notifications", InboxView.as_view(), name="notifications"),
    path("me/notifications/<uuid:notification_id>/read", ReadView.as_view(), name="notification-read"),
    path("me/notification-preferences", own.PreferencesView.as_view(), name="notification-preferences"),
    path("me/push-devices", own.PushDevicesView.as_view(), name="push-devices"),
    path("me/push-devices/<uuid:device_id>", own.PushDeviceView.as_view(), name="push-device"),
    path(
        "partner/me/notification-preferences",
        own.MemberPreferencesView.as_view(),
        name="partner-notification-preferences",
    ),
    path("partner/me/push-devices", own.MemberPushDevicesView.as_view(), name="partner-push-devices"),
    path("partner/me/push-devices/<uuid:device_id>", own.MemberPushDeviceView.as_view(), name="partner-push-device"),
    path("contact", support.ContactView.as_view(), name="contact"),
    path(MINE, support.TicketsView.as_view(), name="support-tickets"),
    path(f"{MINE}/<uuid:ticket_id>", support.TicketView.as_view(), name="support-ticket"),
    path(f"{MINE}/<uuid:ticket_id>/messages", support.TicketMessagesView.as_view(), name="support-messages"),
    path(f"{MINE}/<uuid:ticket_id>/files", support.TicketFilesView.as_view(), name="support-files"),
    path(f"{MINE}/<uuid:ticket_id>/close", support.CloseTicketView.as_view(), name="support-close"),
    path(f"{MINE}/<uuid:ticket_id>/reopen", support.ReopenTicketView.as_view(), name="support-reopen"),
    path(OURS, support.PartnerTicketsView.as_view(), name="partner-support-tickets"),
    path(f"{OURS}/<uuid:ticket_id>", support.PartnerTicketView.as_view(), name="partner-support-ticket"),
    path(
        f"{OURS}/<uuid:ticket_id>/messages",
        support.PartnerTicketMessagesView.as_view(),
        name="partner-support-messages",
    ),
    path(f"{OURS}/<uuid:ticket_id>/files", support.PartnerTicketFilesView.as_view(), name="partner-support-files"),
    path(f"{OURS}/<uuid:ticket_id>/close", support.PartnerCloseTicketView.as_view(), name="partner-support-close"),
    path(f"{OURS}/<uuid:ticket_id>/reopen", support.PartnerReopenTicketView.as_view(), name="partner-support-reopen"),
    path(
        "partner/requests/<uuid:request_id>/deliveries",
        RequestDeliveriesView.as_view(),
        name="partner-request-deliveries",
    ),
    path("webhooks/twilio/status", StatusView.as_view(), name="twilio-status"),
    path("webhooks/twilio/inbound", InboundView.as_view(), name="twilio-inbound"),
]
