from django.urls import path

from notifications.api import preference_views as own
from notifications.api.views import InboundView, InboxView, ReadView, StatusView

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
    path("webhooks/twilio/status", StatusView.as_view(), name="twilio-status"),
    path("webhooks/twilio/inbound", InboundView.as_view(), name="twilio-inbound"),
]
