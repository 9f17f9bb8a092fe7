from django.urls import path

from notifications.api.views import InboundView, InboxView, ReadView, StatusView

urlpatterns = [
    path("me/notifications", InboxView.as_view(), name="notifications"),
    path("me/notifications/<uuid:notification_id>/read", ReadView.as_view(), name="notification-read"),
    path("webhooks/twilio/status", StatusView.as_view(), name="twilio-status"),
    path("webhooks/twilio/inbound", InboundView.as_view(), name="twilio-inbound"),
]
